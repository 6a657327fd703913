"""The recorded market: the tape, its poison, and what the simulator will tell of it."""

from pathlib import Path

from bench.recorder import market


def test_every_row_of_the_tape_is_told_once_with_ascending_ids(tmp_path: Path) -> None:
    tape = market.make_market(tmp_path, 500, 0)

    told = market.told_trades(tape)

    assert [trade.seq for trade in told] == list(range(100_000_001, 100_000_501))
    assert sorted(trade.trade_id for trade in told) == [trade.trade_id for trade in told]
    assert told[0].at_us == int(tape.trades.time[0]) // 1_000 * 1_000


def test_what_came_before_the_beginning_is_left_out(tmp_path: Path) -> None:
    tape = market.make_market(tmp_path, 50, 0)

    assert len(market.told_trades(tape, first=100_000_041)) == 10


def test_poison_is_spread_and_larger_than_a_bigint_of_1e_8(tmp_path: Path) -> None:
    tape = market.make_market(tmp_path, 100, 2)

    large = [number for number, one in enumerate(market.told_trades(tape)) if one.size > 1e10]

    assert large == market.poisoned(100, 2) == [20, 60]
    assert min(10**8 * int(market.told_trades(tape)[number].size) for number in large) > 2**63
