"""Public trades: their frames and recent-trade rows (bybit.md A.3, B.3)."""

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.trade_log import TRADES_PER_FRAME, TradeLog
from gridcore.clock import Instant


def followed(seed: int = 1) -> TradeLog:
    log = TradeLog(BTCUSDT, seed)
    log.followed = True
    return log


def elements(log: TradeLog) -> list[dict[str, object]]:
    frames = log.take_frames(Instant(9_000_000))
    return [element for frame in frames for element in orjson.loads(frame.body)["data"]]


def test_a_trade_is_told_with_all_its_fields_and_numbers_as_text() -> None:
    log = followed()
    log.add(Instant(1_672_304_486_865_123), 165_785, 10, -1)

    (frame,) = log.take_frames(Instant(1_672_304_486_868_000))

    decoded = orjson.loads(frame.body)
    (element,) = decoded.pop("data")
    identity = element.pop("i")
    assert frame.topic == "publicTrade.BTCUSDT"
    assert decoded == {
        "topic": "publicTrade.BTCUSDT",
        "type": "snapshot",
        "ts": 1_672_304_486_868,
    }
    assert element == {
        "T": 1_672_304_486_865,
        "s": "BTCUSDT",
        "S": "Sell",
        "v": "0.010",
        "p": "16578.50",
        "L": "PlusTick",
        "BT": False,
        "RPI": False,
        "seq": 100_000_001,
    }
    assert [len(part) for part in identity.split("-")] == [8, 4, 4, 4, 12]


def test_tick_directions_follow_the_price() -> None:
    log = followed()
    for price in (100, 101, 101, 99, 99, 99, 100):
        log.add(Instant(1), price, 1, 1)

    assert [element["L"] for element in elements(log)] == [
        "PlusTick",
        "PlusTick",
        "ZeroPlusTick",
        "MinusTick",
        "ZeroMinusTick",
        "ZeroMinusTick",
        "PlusTick",
    ]


def test_a_trade_of_an_unknown_side_bought_when_the_price_did_not_fall() -> None:
    log = followed()
    for price in (100, 101, 101, 99, 99):
        log.add(Instant(1), price, 1, 0)

    assert [element["S"] for element in elements(log)] == ["Buy", "Buy", "Buy", "Sell", "Sell"]


def test_a_size_of_zero_moves_the_price_and_is_not_told() -> None:
    """Bars may have no volume; a trade of nothing does not exist."""
    log = followed()
    log.add(Instant(1), 100, 0, 0)

    assert log.last_price == 100
    assert log.waiting == 0
    assert log.rows(10) == []


def test_at_most_1024_trades_go_into_one_frame_and_none_is_lost() -> None:
    log = followed()
    count = 2 * TRADES_PER_FRAME + 5
    ones = np.ones(count, np.int64)
    log.add_many(np.arange(count), 7 * ones, ones, ones)

    frames = log.take_frames(Instant(5))

    told = [orjson.loads(frame.body)["data"] for frame in frames]
    assert [len(data) for data in told] == [1024, 1024, 5]
    sequence = [element["seq"] for data in told for element in data]
    assert sequence == list(range(sequence[0], sequence[0] + count))
    assert log.take_frames(Instant(6)) == []


def test_trades_that_nobody_follows_do_not_wait() -> None:
    log = TradeLog(BTCUSDT, 1)
    log.add(Instant(1), 100, 1, 1)

    assert log.waiting == 0
    assert len(log.rows(5)) == 1


def test_recent_trades_are_newest_first_and_at_most_a_thousand() -> None:
    log = TradeLog(BTCUSDT, 1)
    for number in range(1_200):
        log.add(Instant(number * 1000), 100 + number, 5, -1)

    rows = log.rows(2)

    assert rows[0] == {
        "execId": rows[0]["execId"],
        "symbol": "BTCUSDT",
        "price": "129.90",
        "size": "0.005",
        "side": "Sell",
        "time": "1199",
        "isBlockTrade": False,
        "isRPITrade": False,
        "seq": "100001200",
    }
    assert rows[1]["price"] == "129.80"
    assert len(log.rows(5_000)) == 1_000


@given(
    trades=st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 3), st.sampled_from([-1, 0, 1])),
        min_size=1,
        max_size=40,
    ),
    cut=st.integers(0, 40),
)
def test_runs_of_trades_are_logged_like_one_by_one(
    trades: list[tuple[int, int, int]], cut: int
) -> None:
    one_by_one, together = followed(), followed()
    for at, (price, qty, side) in enumerate(trades):
        one_by_one.add(Instant(at), price, qty, side)

    table = np.array([(at, *trade) for at, trade in enumerate(trades)]).T
    for part in (table[:, :cut], table[:, cut:]):
        if part.size:
            together.add_many(*part)

    assert together.rows(100) == one_by_one.rows(100)
    assert together.take_frames(Instant(99)) == one_by_one.take_frames(Instant(99))
    assert (together.last_price, together.direction) == (
        one_by_one.last_price,
        one_by_one.direction,
    )
    assert together.seq == one_by_one.seq


@pytest.mark.parametrize(("seeds", "same"), [((3, 3), True), ((3, 4), False)])
def test_trade_ids_come_from_the_seed(seeds: tuple[int, int], same: bool) -> None:
    identities = []
    for seed in seeds:
        log = followed(seed)
        log.add(Instant(1), 100, 1, 1)
        identities.append(elements(log)[0]["i"])

    assert (identities[0] == identities[1]) is same
