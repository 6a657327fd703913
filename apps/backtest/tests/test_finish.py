from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backtest.finish import PRICE_POINTS, outcome_of
from backtest.runner import Run
from backtest.wiring import RunPlan
from gridcore.clock import HOUR_US, SECOND_US
from gridcore.sides import DirectionType
from tapes import Tape

START = 1_767_229_200_000_000
SYMBOL = "BTCUSDT"
MakePlan = Callable[..., RunPlan]
MakeTape = Callable[..., Tape]


def played(plan: RunPlan) -> Run:
    run = Run(plan, tick_by_tick=False, progress=None)
    run.play()
    return run


@pytest.fixture
def run(swings: Tape, make_plan: MakePlan) -> Run:
    return played(make_plan({SYMBOL: swings}))


def test_legs_are_those_of_the_venue_at_its_last_mark(run: Run, swings: Tape) -> None:
    outcome = outcome_of(run, 600)

    mark = Decimal("0.1") * int(swings.trades.price[-1])
    for leg, held in zip(outcome.legs, run.venue.legs(SYMBOL), strict=True):
        assert (leg.direction, leg.size, leg.entry) == (held.direction, held.size, held.entry)
        assert (leg.qty, leg.mark) == (Decimal("0.001") * held.size, mark)
    assert [leg.direction for leg in outcome.legs] == [DirectionType.LONG, DirectionType.SHORT]
    assert any(leg.size for leg in outcome.legs)


def test_a_leg_that_cannot_be_liquidated_has_no_such_price(
    swings: Tape, make_plan: MakePlan
) -> None:
    """A long worth less than the wallet survives a price of zero."""
    plan = make_plan({SYMBOL: swings}, amount="200", leverage=50)

    long, short = outcome_of(played(plan), 600).legs

    assert long.size > 0
    assert long.liquidation is None
    assert short.size == 0 or isinstance(short.liquidation, Decimal)


def test_the_legs_explain_the_equity(run: Run) -> None:
    """Equity = wallet + unrealised profit of both legs at the mark."""
    outcome = outcome_of(run, 600)

    open_profit = Decimal(0)
    for leg in outcome.legs:
        if leg.entry is not None and leg.mark is not None:
            sign = 1 if leg.direction is DirectionType.LONG else -1
            open_profit += sign * leg.qty * (leg.mark - leg.entry)
    assert outcome.final_equity == outcome.final_wallet + open_profit
    assert outcome.equity[-1] == round(outcome.final_equity * 10**8)


def test_arrays_belong_together_and_times_never_decrease(run: Run) -> None:
    outcome = outcome_of(run, 600)

    pairs = [
        (outcome.equity_at, outcome.equity),
        (outcome.hourly_at, outcome.hourly_equity),
        (outcome.price_at[SYMBOL], outcome.price[SYMBOL]),
    ]
    for at, values in pairs:
        assert len(at) == len(values) > 0
        assert (np.diff(at) >= 0).all()
        assert outcome.start <= at[0] <= at[-1] <= outcome.end
    assert {outcome.equity.dtype, outcome.hourly_equity.dtype} == {np.dtype(np.int64)}
    assert outcome.equity_at[-1] == outcome.hourly_at[-1] == outcome.end
    assert outcome.equity[-1] == outcome.hourly_equity[-1]


def test_counts_are_those_of_the_run(run: Run) -> None:
    outcome = outcome_of(run, 123)

    assert outcome.ticks == 123
    assert (outcome.wakes, outcome.orders_placed, outcome.orders_cancelled) == (
        run.wakes,
        run.placed,
        run.cancelled,
    )
    assert outcome.max_open_orders == run.most_orders > 0
    assert outcome.denials == run.session.denials()
    assert outcome.strategies == {"grid-BTCUSDT": SYMBOL}
    assert outcome.initial_balance == 100_000


def test_rejections_are_told_in_the_order_of_their_codes(run: Run) -> None:
    run.rejected = {"110094": 1, "110007": 2}

    assert list(outcome_of(run, 600).orders_rejected.items()) == [("110007", 2), ("110094", 1)]


def test_a_long_market_is_shown_by_a_limited_number_of_prices(
    trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    prices = [10_000 + row % 3 for row in range(12_000)]
    tape = trade_tape(prices)

    outcome = outcome_of(played(make_plan({SYMBOL: tape})), 12_000)

    assert len(outcome.price_at[SYMBOL]) == PRICE_POINTS
    assert (outcome.price_at[SYMBOL][0], outcome.price_at[SYMBOL][-1]) == (
        tape.trades.time[0],
        tape.trades.time[-1],
    )
    assert outcome.price[SYMBOL][:3].tolist() == pytest.approx([1000.0, 1000.1, 1000.2])


def test_marks_are_shown_and_value_the_legs_where_they_are_recorded(
    tmp_path: Path, write_ticker_tape: MakeTape, make_plan: MakePlan
) -> None:
    """The tape ends with a trade; equity and pictures still stand on the latest mark."""
    trades = [(0, START, 10_000), (9, START + 9 * SECOND_US, 9_970)]
    tickers = [
        (number, (START + number * SECOND_US, 10_000, None, None, 100_000 + number, None))
        for number in range(1, 9)
    ]
    tape = write_ticker_tape(tmp_path / "tape", trades, tickers)

    outcome = outcome_of(played(make_plan({SYMBOL: tape})), 10)

    assert outcome.end == START + 9 * SECOND_US
    assert [leg.mark for leg in outcome.legs] == [Decimal("1000.08")] * 2
    assert outcome.price[SYMBOL].tolist() == pytest.approx(
        [1000 + number / 100 for number in range(1, 9)]
    )
    assert len(outcome.fills) > 0
    assert outcome.equity_at[-1] == outcome.end
    assert outcome.equity[-1] == round(outcome.final_equity * 10**8)


def test_hours_are_whole_hours_of_utc_and_the_end(
    trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    tape = trade_tape([10_000] * 10, every_us=25 * 60 * SECOND_US)

    outcome = outcome_of(played(make_plan({SYMBOL: tape})), 10)

    assert [(at - START) / HOUR_US for at in outcome.hourly_at] == [0, 1, 2, 3, 3.75]
