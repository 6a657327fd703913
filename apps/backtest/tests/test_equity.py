"""The curve against a row-by-row computation in Decimals and Fractions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.exits import RunFailed
from backtest.config_parts import WindDownMode
from backtest.equity import MAX_CURVE_POINTS, EquityCurve, MarkColumn, line, mark_column
from backtest.outcome import MONEY_UNIT
from backtest.runner import Run
from backtest.wiring import RunPlan
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.instrument import Steps
from gridcore.pnl import fill_leg
from gridcore.sides import DirectionType
from simvenue import LegState
from tapes import Tape
from tapes.scan import ScanIndex

START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
INITIAL = Decimal(1000)
STEP = Decimal("0.001")
UNIT = Decimal("0.1")
MakeTape = Callable[..., Tape]
Leg = tuple[int, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the curve asks of the venue: cash, and (size, entry) of both legs by symbol."""

    wallet: Decimal
    positions: dict[str, tuple[Leg, Leg]]

    def legs(self, symbol: str) -> tuple[LegState, LegState]:
        long, short = self.positions[symbol]
        return (
            LegState(direction=DirectionType.LONG, size=Steps(long[0]), entry=long[1]),
            LegState(direction=DirectionType.SHORT, size=Steps(short[0]), entry=short[1]),
        )

    def equity(self, prices: dict[str, int]) -> int:
        """Cash and unrealised profit at prices in ticks, in units of 1e-8."""
        total = self.wallet
        for symbol, (long, short) in self.positions.items():
            price = UNIT * prices[symbol]
            if long[1] is not None:
                total += STEP * long[0] * (price - long[1])
            if short[1] is not None:
                total += STEP * short[0] * (short[1] - price)
        return round(total * 10**8)


FLAT: tuple[Leg, Leg] = ((0, None), (0, None))
EMPTY = Account(wallet=INITIAL, positions={"A": FLAT, "B": FLAT})


def column(symbol: str, times: Sequence[int], values: Sequence[int]) -> MarkColumn:
    return MarkColumn(
        symbol=symbol,
        times=np.asarray(times, dtype=np.int64),
        index=ScanIndex.build(np.asarray(values, dtype=np.int64)),
        unit=UNIT,
        qty_step=STEP,
    )


def naive_drawdown(points: Sequence[tuple[int, int]]) -> tuple[int, Fraction, int]:
    """(deepest amount, deepest part of the peak in force, longest time below a peak)."""
    peak_at, peak = points[0]
    amount, ratio, longest, below = 0, Fraction(0), 0, False
    for at, equity in points[1:]:
        if equity < peak:
            amount = max(amount, peak - equity)
            ratio = max(ratio, Fraction(peak - equity, peak))
        if equity < peak or below:
            longest = max(longest, at - peak_at)
        below = equity < peak
        if not below:
            peak_at, peak = at, equity
    return amount, ratio, longest


def naive_points(
    columns: Sequence[MarkColumn], changes: Sequence[tuple[int, Account]]
) -> list[tuple[int, int]]:
    """Equity at every row in the order of time; a change holds from its place in that order on."""
    merged = sorted(
        (int(time), number, row)
        for number, one in enumerate(columns)
        for row, time in enumerate(one.times)
    )
    prices = {one.symbol: int(one.index.values[0]) for one in columns}
    points = []
    for place, (time, number, row) in enumerate(merged):
        prices[columns[number].symbol] = int(columns[number].index.values[row])
        account = [EMPTY, *(one for since, one in changes if since <= place)][-1]
        known = {symbol: account.positions[symbol] for symbol in prices}
        held = Account(wallet=account.wallet, positions=known)
        points.append((time, held.equity(prices)))
    return points


def rows_at(columns: Sequence[MarkColumn], place: int) -> list[int]:
    """How many rows of each column come before a place in the order of time."""
    merged = sorted(
        (int(time), number, row)
        for number, one in enumerate(columns)
        for row, time in enumerate(one.times)
    )
    return [sum(number == feed for _, number, _ in merged[:place]) for feed in range(len(columns))]


def value_at(points: Sequence[tuple[int, int]], time: int) -> int:
    return [round(INITIAL * 10**8), *(equity for at, equity in points if at <= time)][-1]


entries = st.decimals("90", "110", places=7)
legs = st.one_of(st.just((0, None)), st.tuples(st.integers(1, 5000), entries))
accounts = st.builds(
    lambda wallet, a, b: Account(wallet=wallet, positions={"A": a, "B": b}),
    st.decimals("500", "2000", places=8),
    st.tuples(legs, legs),
    st.tuples(legs, legs),
)
rows = st.lists(
    st.tuples(st.integers(0, 2 * HOUR_US), st.integers(900, 1100)), min_size=1, max_size=40
).map(sorted)


@given(st.lists(rows, min_size=1, max_size=2), st.data())
def test_curve_hours_and_drawdown_equal_a_row_by_row_computation(
    drawn: list[list[tuple[int, int]]], data: st.DataObject
) -> None:
    """Equity = wallet + sum of unrealised profit at the marks; Y-3 [REC] for the drawdown."""
    columns = [
        column(symbol, [START + at for at, _ in one], [price for _, price in one])
        for symbol, one in zip("AB", drawn, strict=False)
    ]
    count = sum(map(len, drawn))
    places = data.draw(st.lists(st.integers(0, count - 1), max_size=5).map(sorted))
    changes = [(place, data.draw(accounts)) for place in places]
    final = data.draw(st.decimals("500", "2000", places=8))
    end = Instant(max(int(one.times[-1]) for one in columns) + data.draw(st.integers(0, 9)))
    curve = EquityCurve(columns, [(0, len(one.times)) for one in columns], START, INITIAL)
    for place, account in changes:
        curve.change(account, rows_at(columns, place))

    found = curve.finish([len(one.times) for one in columns], end, final)

    points = naive_points(columns, changes)
    units = round(final * 10**8)
    whole = [(int(START), round(INITIAL * 10**8)), *points, (int(end), units)]
    amount, ratio, longest = naive_drawdown(whole)
    assert found.drawdown.amount == amount * MONEY_UNIT
    assert float(found.drawdown.deepest_pct) == pytest.approx(float(ratio) * 100, abs=1e-10)
    assert found.drawdown.longest_us == longest
    sampled = list(zip(found.at.tolist(), found.equity.tolist(), strict=True))
    assert sampled[-1] == (end, units)
    if len(columns) == 1:
        assert sampled in (points, [*points, (end, units)])
    else:
        assert sampled[0][0] == START
        chosen = [one for one in sampled[:-1] if one[0] < end][:: max(1, len(sampled) // 50)]
        assert all(equity == value_at(points, at) for at, equity in chosen)
    hours = list(zip(found.hourly_at.tolist(), found.hourly.tolist(), strict=True))
    assert hours[-1] == (end, units)
    assert hours[:-1] == [(hour, value_at(points, hour)) for hour in range(START, end, HOUR_US)]
    assert found.final == units


def test_a_long_curve_is_thinned_but_keeps_both_ends_and_the_exact_drawdown() -> None:
    count = 60_001
    values = np.full(count, 1000)
    values[31_337] = 1  # one row among those that no sample shows
    one = column("A", (START + np.arange(count) * SECOND_US).tolist(), values.tolist())
    curve = EquityCurve([one], [(0, count)], START, INITIAL)
    held: tuple[Leg, Leg] = ((1000, Decimal(100)), (0, None))
    curve.change(Account(wallet=INITIAL, positions={"A": held}), [1])

    found = curve.finish([count], Instant(int(one.times[-1])), INITIAL)

    assert len(found.at) <= MAX_CURVE_POINTS
    assert (found.at[0], found.at[-1]) == (one.times[0], one.times[-1])
    assert found.drawdown.amount == Decimal("99.9")
    assert found.drawdown.trough_at == one.times[31_337]
    assert found.drawdown.recovered_at == one.times[31_338]
    assert len(found.hourly_at) == 60_000 // 3600 + 2


def test_years_of_two_symbols_have_more_hours_than_points() -> None:
    """Whole hours are counted for the returns, however few points the picture has."""
    years = 4 * 8766
    times = [int(START), int(START) + years * HOUR_US]
    columns = [column("A", times, [1000, 1010]), column("B", times, [1000, 990])]
    curve = EquityCurve(columns, [(0, 2), (0, 2)], START, INITIAL)

    found = curve.finish([2, 2], Instant(times[1]), INITIAL)

    assert len(found.at) <= MAX_CURVE_POINTS
    assert len(found.hourly_at) == years + 1


def test_a_point_after_the_last_row_tells_what_closing_the_positions_cost() -> None:
    one = column("A", [START, START + SECOND_US], [1000, 1000])
    curve = EquityCurve([one], [(0, 2)], START, INITIAL)

    found = curve.finish([2], Instant(START + SECOND_US), INITIAL - 3)

    assert found.equity.tolist() == [100_000_000_000, 100_000_000_000, 99_700_000_000]
    assert found.hourly.tolist() == [100_000_000_000, 99_700_000_000]
    assert found.drawdown.amount == 3


def test_a_window_without_rows_of_the_valuing_column_keeps_the_balance() -> None:
    one = column("A", [START], [1000])
    curve = EquityCurve([one], [(1, 1)], START, INITIAL)

    found = curve.finish([1], Instant(START + 5), INITIAL)

    assert (found.at.tolist(), found.equity.tolist()) == ([START + 5], [100_000_000_000])


def test_a_line_is_cash_less_entries_and_the_net_position_times_the_price() -> None:
    account = Account(
        wallet=Decimal("1000.00000001"),
        positions={"A": ((3000, Decimal(100)), (1000, Decimal(90)))},
    )

    base, slopes = line(account, [("A", STEP, 10_000)])

    assert (base, slopes) == (79_000_000_001, [20_000_000])
    assert base + slopes[0] * 1010 == account.equity({"A": 1010})


def test_a_tick_times_step_finer_than_money_is_refused() -> None:
    fine = MarkColumn(
        symbol="A",
        times=np.asarray([START], dtype=np.int64),
        index=ScanIndex.build(np.asarray([1], dtype=np.int64)),
        unit=Decimal("0.0001"),
        qty_step=Decimal("0.00001"),
    )

    with pytest.raises(RunFailed, match="multiple of 1E-8"):
        EquityCurve([fine], [(0, 1)], START, INITIAL)


def test_unknown_marks_take_the_latest_known_one_and_leading_ones_the_first(
    tmp_path: Path, write_ticker_tape: MakeTape
) -> None:
    marks = [None, None, 10_010, None, 10_030, None]
    rows = [
        (number, (START + number, 1000, None, None, mark, None))
        for number, mark in enumerate(marks, 1)
    ]
    tape = write_ticker_tape(tmp_path / "tape", [(0, START, 1000)], rows)

    found = mark_column(tape, "BTCUSDT", STEP, ScanIndex.build(tape.trades.price))

    assert found.index.values.tolist() == [10_010, 10_010, 10_010, 10_010, 10_030, 10_030]
    assert (found.unit, found.unit_slope) == (Decimal("0.01"), 1000)


def test_complete_marks_are_used_as_they_are_and_trades_where_there_are_no_tickers(
    tmp_path: Path, write_ticker_tape: MakeTape, write_trade_tape: MakeTape
) -> None:
    marked = write_ticker_tape(
        tmp_path / "a", [(0, START, 1000)], [(1, (START, 1000, None, None, 9_990, None))]
    )
    traded = write_trade_tape(tmp_path / "b", [1000, 1001])

    by_mark = mark_column(marked, "BTCUSDT", STEP, ScanIndex.build(marked.trades.price))
    by_trade = mark_column(traded, "BTCUSDT", STEP, ScanIndex.build(traded.trades.price))

    assert by_mark.index.values.tolist() == [9_990]
    assert by_trade.index.values.tolist() == [1000, 1001]
    assert by_trade.unit == UNIT


def test_tickers_that_never_state_a_mark_are_refused(
    tmp_path: Path, write_ticker_tape: MakeTape
) -> None:
    tape = write_ticker_tape(
        tmp_path / "tape", [(0, START, 1000)], [(1, (START, 1000, None, None, None, None))]
    )

    with pytest.raises(RunFailed, match="never state a mark"):
        mark_column(tape, "BTCUSDT", STEP, ScanIndex.build(tape.trades.price))


@pytest.mark.parametrize("symbols", [("BTCUSDT",), ("BTCUSDT", "ETHUSDT")])
def test_the_curve_of_a_run_is_what_its_fills_and_entries_add_up_to(
    tmp_path: Path,
    write_trade_tape: MakeTape,
    make_waves: Callable[..., list[int]],
    make_plan: Callable[..., RunPlan],
    symbols: tuple[str, ...],
) -> None:
    """A-12: at every row, equity is the sum of the ledger and the legs that the fills made."""
    tapes = {
        symbol: write_trade_tape(
            tmp_path / symbol,
            make_waves(300, seed=number + 3),
            symbol=symbol,
            # Each instant belongs to one row, so that an entry's time says where it stands.
            times=[START + row * 60 * SECOND_US + number for row in range(300)],
        )
        for number, symbol in enumerate(symbols)
    }
    plan = make_plan(tapes, spec={"funding_interval_us": HOUR_US})
    run = Run(plan, tick_by_tick=False, progress=None)

    outcome = run.play()

    assert len(outcome.fills) > 20
    entries_left, fills_left = list(outcome.ledger), list(outcome.fills)
    merged = sorted(
        (int(time), symbol, int(price))
        for symbol, tape in tapes.items()
        for time, price in zip(tape.trades.time, tape.trades.price, strict=True)
    )
    held: dict[tuple[str, DirectionType], tuple[Decimal, Decimal | None]] = {}
    prices: dict[str, Decimal] = {}
    wallet, points = Decimal(0), []
    for time, symbol, price in merged:
        prices[symbol] = UNIT * price
        while entries_left and entries_left[0].at <= time:
            wallet += entries_left.pop(0).amount
        while fills_left and fills_left[0].at <= time:
            fill = fills_left.pop(0)
            size, entry = held.get((fill.symbol, fill.direction), (Decimal(0), None))
            leg = fill_leg(fill.direction, size, entry, fill.side, fill.price, fill.qty)
            held[fill.symbol, fill.direction] = (leg.size, leg.entry)
        open_profit = sum(
            (size * (prices[of] - entry) * (1 if direction is DirectionType.LONG else -1))
            for (of, direction), (size, entry) in held.items()
            if entry is not None
        )
        points.append((time, round((wallet + open_profit) * 10**8)))
    whole = [(int(START), round(outcome.initial_balance * 10**8)), *points]
    amount, ratio, longest = naive_drawdown(whole)
    assert outcome.drawdown.amount == amount * MONEY_UNIT > 0
    assert float(outcome.drawdown.deepest_pct) == pytest.approx(float(ratio) * 100)
    assert outcome.drawdown.longest_us == longest
    assert outcome.equity[-1] == points[-1][1] == round(outcome.final_equity * 10**8)
    if len(symbols) == 1:
        assert list(zip(outcome.equity_at.tolist(), outcome.equity.tolist(), strict=True)) == points


def test_the_last_point_of_a_run_that_closes_everything_is_its_wallet(
    swings: Tape, make_plan: Callable[..., RunPlan]
) -> None:
    plan = make_plan({"BTCUSDT": swings}, wind_down=WindDownMode.CLOSE_ALL)

    outcome = Run(plan, tick_by_tick=False, progress=None).play()

    assert outcome.equity[-1] == outcome.final_wallet * 10**8
    assert outcome.final_equity == outcome.final_wallet
    assert outcome.equity_at[-1] == swings.trades.time[-1]
