from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from appkit.exits import RunFailed
from backtest.feeds import Stream, TickerStream, TradeStream
from backtest.opening import outage_events, setup_of, start_of, streams_of, valuing_stream
from backtest.wiring import RunPlan
from gridcore.clock import SECOND_US, Instant
from gridcore.config import CloseGate, IdentitySalt
from gridcore.events import StreamLost, StreamRestored
from gridcore.session.effects import TimeInForce
from tapes import Tape
from tapes.scan import load_or_build

START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
MakePlan = Callable[..., RunPlan]
MakeTape = Callable[..., Tape]


def after(seconds: int) -> Instant:
    return Instant(START + seconds * SECOND_US)


def opened(plan: RunPlan) -> list[Stream]:
    return streams_of(plan, {symbol: load_or_build(tape) for symbol, tape in plan.tapes.items()})


@pytest.fixture
def tapes(
    tmp_path: Path, write_trade_tape: MakeTape, write_ticker_tape: MakeTape
) -> dict[str, Tape]:
    """One tape with tickers, then one of trades that begins later."""
    with_tickers = write_ticker_tape(
        tmp_path / "a",
        [(1, START, 1000), (3, after(5), 1000)],
        [
            (0, (START, 1000, None, None, 10_000, None)),
            (2, (after(4), 1000, None, None, 10_000, None)),
        ],
    )
    trades = write_trade_tape(
        tmp_path / "b", [500] * 4, times=[after(one) for one in (1, 2, 3, 9)], symbol="ETHUSDT"
    )
    return {"BTCUSDT": with_tickers, "ETHUSDT": trades}


def test_a_setup_holds_what_the_plan_says(tapes: dict[str, Tape], make_plan: MakePlan) -> None:
    plan = make_plan(tapes)
    strategy = replace(
        plan.strategies[1],
        anchor_price=Decimal("50.5"),
        identity_salt=IdentitySalt.NONE,
        time_in_force=TimeInForce.GTC,
        close_gate=CloseGate.STRICT,
    )

    setup = setup_of(plan, strategy)

    assert (setup.strat_id, setup.instrument.symbol) == ("grid-ETHUSDT", "ETHUSDT")
    assert (setup.taker_fee, setup.anchor_price) == (Decimal("0.00055"), Decimal("50.5"))
    assert (setup.salt, setup.time_in_force) == (IdentitySalt.NONE, TimeInForce.GTC)
    assert setup.close_gate is CloseGate.STRICT
    assert setup.tiers is plan.symbols["ETHUSDT"].tiers
    assert (setup.grid, setup.risk, setup.sizing) == (
        strategy.grid,
        strategy.risk,
        strategy.sizing,
    )
    assert setup.safety == plan.safety


def test_trades_come_before_tickers_and_symbols_in_the_order_of_the_plan(
    tapes: dict[str, Tape], make_plan: MakePlan
) -> None:
    streams = opened(make_plan(tapes))

    assert [(type(one), one.symbol) for one in streams] == [
        (TradeStream, "BTCUSDT"),
        (TradeStream, "ETHUSDT"),
        (TickerStream, "BTCUSDT"),
    ]
    assert [one.number for one in streams] == [0, 1, 2]


def test_streams_keep_to_the_window(tapes: dict[str, Tape], make_plan: MakePlan) -> None:
    streams = opened(make_plan(tapes, start=after(2), end=after(5)))

    assert [(one.cursor, one.stop) for one in streams] == [(1, 1), (1, 3), (1, 2)]


def test_a_run_starts_with_the_first_row_of_any_stream(
    tapes: dict[str, Tape], make_plan: MakePlan
) -> None:
    whole, late = make_plan(tapes), make_plan(tapes, start=Instant(START + 1))

    assert start_of(whole, opened(whole)) == START
    assert start_of(late, opened(late)) == after(1)


def test_a_window_without_a_row_is_refused(tapes: dict[str, Tape], make_plan: MakePlan) -> None:
    plan = make_plan(tapes, start=after(60))

    with pytest.raises(RunFailed, match="no row between start and end"):
        start_of(plan, opened(plan))


def test_tickers_value_a_position_where_they_are_recorded_else_trades(
    tapes: dict[str, Tape], make_plan: MakePlan
) -> None:
    streams = opened(make_plan(tapes))

    assert valuing_stream(streams, "BTCUSDT") is streams[2]
    assert valuing_stream(streams, "ETHUSDT") is streams[1]


def test_outages_of_all_symbols_are_told_in_order_of_time(
    tmp_path: Path, write_trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    plan = make_plan(
        {
            "BTCUSDT": write_trade_tape(
                tmp_path / "a", [1000] * 9, gaps=[(after(1), after(4)), (after(6), after(7))]
            ),
            "ETHUSDT": write_trade_tape(
                tmp_path / "b", [1000] * 9, symbol="ETHUSDT", gaps=[(after(2), after(3))]
            ),
        }
    )

    events = outage_events(plan, START)

    assert [(type(one), one.symbol, one.at) for one in events] == [
        (StreamLost, "BTCUSDT", after(1)),
        (StreamLost, "ETHUSDT", after(2)),
        (StreamRestored, "ETHUSDT", after(3)),
        (StreamRestored, "BTCUSDT", after(4)),
        (StreamLost, "BTCUSDT", after(6)),
        (StreamRestored, "BTCUSDT", after(7)),
    ]
    assert {one.reason for one in events if isinstance(one, StreamLost)} == {"hand-made"}


def test_an_outage_outside_the_window_is_not_told(
    trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    gaps = [(after(1), after(2)), (after(3), after(5)), (after(6), after(7))]
    plan = make_plan({"BTCUSDT": trade_tape([1000] * 9, gaps=gaps)}, end=after(6))

    events = outage_events(plan, after(2))

    assert [one.at for one in events] == [after(3), after(5)]
