"""The rows of one tape: as recorded, shifted, and in runs that stop where a row matters."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.sources import END, TICKERS_PER_TRADE, TickerSource, TradeSource, rows_between
from gridcore.clock import Instant
from simvenue import VenueBand
from tapes import Tape

MakeTape = Callable[..., Tape]
EVERYWHERE = VenueBand(
    trade_low=None, trade_high=None, mark_low=None, mark_high=None, bid_high=None, ask_low=None
)
TRADES = [(0, 100, 1, 1), (5, 105, 2, -1), (5, 110, 3, 0), (9, 95, 4, 1)]


def between(low: int | None, high: int | None) -> VenueBand:
    return VenueBand(
        trade_low=low, trade_high=high, mark_low=None, mark_high=None, bid_high=None, ask_low=None
    )


@pytest.fixture
def source(tape: MakeTape) -> TradeSource:
    return TradeSource(BTCUSDT, tape(TRADES), 0, None, None)


def test_trades_come_in_order_until_there_is_none(source: TradeSource, start: Instant) -> None:
    rows = [source.take() for _ in range(4)]

    assert [(row.at - start, row.price, row.qty, row.side) for row in rows] == TRADES
    assert source.next_at == END


def test_only_rows_of_the_asked_time_are_played(tape: MakeTape, start: Instant) -> None:
    recorded = tape(TRADES)
    source = TradeSource(BTCUSDT, recorded, 0, Instant(start + 5), Instant(start + 9))

    assert [source.take().price, source.take().price] == [105, 110]
    assert source.next_at == END
    assert rows_between(recorded.trades.time, Instant(start + 9), Instant(start + 5)) == (3, 3)


def test_a_shift_moves_prices_but_never_to_0(source: TradeSource) -> None:
    source.shift = -100

    assert [source.take().price for _ in range(4)] == [1, 5, 10, 1]


@pytest.mark.parametrize(
    ("low", "high", "shift", "expected"),
    [
        (None, None, 0, END),
        (95, None, 0, 9),
        (94, 110, 0, 5),
        (100, None, 0, 0),
        (None, 106, 1, 5),
        (None, 107, 1, 5),
        (None, 112, 1, END),
    ],
)
def test_the_first_trade_at_or_beyond_the_band_matters(
    source: TradeSource,
    start: Instant,
    low: int | None,
    high: int | None,
    shift: int,
    expected: int,
) -> None:
    source.shift = shift

    found = source.quiet_until(between(low, high), END, 100)

    assert found == (END if expected == END else start + expected)


def test_no_more_rows_are_looked_at_than_the_limit(source: TradeSource, start: Instant) -> None:
    assert source.quiet_until(EVERYWHERE, END, 3) == start + 9


def test_nothing_is_quiet_beyond_the_horizon(source: TradeSource, start: Instant) -> None:
    assert source.quiet_until(EVERYWHERE, start + 3, 100) == start + 3
    assert source.quiet_until(between(100, None), start, 100) == start
    assert source.quiet_until(between(None, 105), start + 7, 100) == start + 5


def test_a_run_is_all_trades_before_a_time_but_the_newest(
    source: TradeSource, start: Instant
) -> None:
    source.shift = 7

    run = source.take_run(start + 9)

    assert run is not None
    assert (run.times.tolist(), run.prices.tolist()) == ([start, start + 5], [107, 112])
    assert (run.qtys.tolist(), run.sides.tolist()) == ([1, 2], [1, -1])
    assert (source.next_at, source.take().price) == (start + 5, 117)
    assert source.take_run(start + 10) is None
    assert source.take_run(start + 9) is None
    assert source.next_at == start + 9


def test_a_price_that_a_shift_would_bring_below_a_tick_is_never_part_of_a_run(
    source: TradeSource, start: Instant
) -> None:
    source.shift = -100
    assert source.quiet_until(EVERYWHERE, END, 100) == start

    source.shift = -95
    assert source.quiet_until(EVERYWHERE, END, 100) == start + 9


def test_tickers_come_in_their_units_with_unknown_values_absent(
    tape: MakeTape, start: Instant
) -> None:
    recorded = tape(
        [(0, 100, 1, 1, 1)],
        [(3, 2, 100, 99, None, 10_004, -3), (4, 3, 101, None, 102, None, None)],
    )
    source = TickerSource(BTCUSDT, recorded, 1, None, None)

    assert (source.next_at, source.next_seq()) == (start + 3, 2)
    first, second = source.take(), source.take()
    assert (first.last, first.bid, first.ask) == (100, 99, None)
    assert (first.mark, first.funding_rate) == (Decimal("100.04"), Decimal("-0.0003"))
    assert (second.mark, second.bid, second.funding_rate) == (None, None, None)
    assert source.next_at == END


def test_a_shift_moves_last_quotes_and_mark(tape: MakeTape) -> None:
    recorded = tape([(0, 100, 1, 1, 1)], [(3, 2, 100, 99, 101, 1_004, 0)])
    source = TickerSource(BTCUSDT, recorded, 1, None, None)
    source.shift = 5

    row = source.take()

    assert (row.last, row.bid, row.ask, row.mark) == (105, 104, 106, Decimal("10.54"))


def quiet_tickers(
    tape: MakeTape, start: Instant, rows: list[tuple[int | None, ...]], **band: int | Decimal
) -> Callable[[int], int]:
    """Where tickers after the first stop being quiet, in us after the start, by shift; END too.

    A row is (last, bid, ask, mark in 0.01, funding rate).
    """
    seen = [(place, place + 2, *row) for place, row in enumerate(rows)]
    source = TickerSource(BTCUSDT, tape([(0, 100, 1, 1, 1)], seen), 1, None, None)
    source.take()
    names = ("trade_low", "trade_high", "mark_low", "mark_high", "bid_high", "ask_low")
    whole = VenueBand(**{name: band.get(name) for name in names})  # type: ignore[arg-type]

    def found(shift: int) -> int:
        source.shift = shift
        until = source.quiet_until(whole, END, 100)
        return END if until == END else until - start

    return found


CALM = (100, 99, 101, 1_000, 1)


@pytest.mark.parametrize(
    ("row", "band", "expected"),
    [
        (CALM, {}, END),
        ((500, 99, 101, 1_000, 9), {}, END),
        ((100, 99, 101, 1_001, 1), {"mark_high": Decimal("10.01")}, 1),
        ((100, 99, 101, 1_001, 1), {"mark_high": Decimal("10.011")}, END),
        ((100, 99, 101, 999, 1), {"mark_low": Decimal("9.99")}, 1),
        ((100, 99, 101, 999, 1), {"mark_low": Decimal("9.989")}, END),
        ((100, 100, 101, 1_000, 1), {"bid_high": 100}, 1),
        ((100, 100, 101, 1_000, 1), {"bid_high": 101}, END),
        ((100, 99, 100, 1_000, 1), {"ask_low": 100}, 1),
        ((100, 99, 100, 1_000, 1), {"ask_low": 99}, END),
        ((100, None, 101, 1_000, 1), {}, 1),
        ((100, 99, None, 1_000, 1), {}, 1),
        ((100, 99, 101, None, 1), {}, 1),
        ((100, 99, 101, 1_000, None), {}, 1),
    ],
)
def test_a_ticker_matters_at_a_bound_and_when_a_value_disappears(
    tape: MakeTape,
    start: Instant,
    row: tuple[int | None, ...],
    band: dict[str, int | Decimal],
    expected: int,
) -> None:
    assert quiet_tickers(tape, start, [CALM, row], **band)(0) == expected


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_a_ticker_matters_in_which_a_value_appears(
    tape: MakeTape, start: Instant, place: int
) -> None:
    without = tuple(None if at == place else value for at, value in enumerate(CALM))

    assert quiet_tickers(tape, start, [without, without, CALM])(0) == 2


def test_bounds_of_tickers_count_from_the_shifted_prices(tape: MakeTape, start: Instant) -> None:
    """A tick is 0.10: ten units of the mark."""
    rows: list[tuple[int | None, ...]] = [CALM, CALM]

    by_mark = quiet_tickers(tape, start, rows, mark_high=Decimal("10.3"), mark_low=Decimal("9.8"))
    by_bid = quiet_tickers(tape, start, rows, bid_high=101)
    by_ask = quiet_tickers(tape, start, rows, ask_low=99)

    assert [by_mark(shift) for shift in (-2, -1, 2, 3)] == [1, END, END, 1]
    assert [by_bid(shift) for shift in (1, 2)] == [END, 1]
    assert [by_ask(shift) for shift in (-1, -2)] == [END, 1]


def test_tickers_that_a_shift_would_bring_below_the_least_matter(
    tape: MakeTape, start: Instant
) -> None:
    by_bid = quiet_tickers(tape, start, [(100, 9, 101, 10_000, 1)] * 2)
    by_ask = quiet_tickers(tape, start, [(100, 99, 9, 10_000, 1)] * 2)
    by_mark = quiet_tickers(tape, start, [(100, 500, 501, 1_000, 1)] * 2)

    assert [by_bid(shift) for shift in (-8, -9)] == [END, 1]
    assert [by_ask(shift) for shift in (-7, -8)] == [END, 1]
    assert [by_mark(shift) for shift in (-98, -99, -100)] == [END, END, 1]


def test_the_first_ticker_matters_and_the_horizon_and_the_limit_end_the_search(
    tape: MakeTape, start: Instant
) -> None:
    seen = [(place, place + 2, *CALM) for place in range(30)]
    source = TickerSource(BTCUSDT, tape([(0, 100, 1, 1, 1)], seen), 1, None, None)

    assert source.quiet_until(EVERYWHERE, END, 100) == start
    source.take()
    assert source.quiet_until(EVERYWHERE, start + 7, 100) == start + 7
    assert source.quiet_until(EVERYWHERE, start + 1, 100) == start + 1
    assert source.quiet_until(EVERYWHERE, END, 2) == start + 1 + 2 * TICKERS_PER_TRADE


def test_of_tickers_passed_over_only_the_newest_is_left(tape: MakeTape, start: Instant) -> None:
    seen = [(place, place + 2, 100 + place, 99, 101, 1_000, 1) for place in range(5)]
    source = TickerSource(BTCUSDT, tape([(0, 100, 1, 1, 1)], seen), 1, None, None)

    source.pass_over(start + 3)

    assert source.take().last == 102
    source.pass_over(start + 3)
    assert source.take().last == 103
