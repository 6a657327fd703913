"""The rows of one tape: as recorded, shifted, and in runs that stop where a row matters."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.sources import END, TickerSource, TradeSource, rows_between
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

    found = source.quiet_until(between(low, high), 100)

    assert found == (END if expected == END else start + expected)


def test_no_run_is_longer_than_the_limit(source: TradeSource, start: Instant) -> None:
    assert source.quiet_until(EVERYWHERE, 3) == start + 9


def test_a_run_is_columns_and_the_newest_trade(source: TradeSource, start: Instant) -> None:
    source.shift = 7

    run = source.take_run(start + 9, 100)

    assert run is not None
    assert (list(run.times), list(run.prices)) == ([start, start + 5], [107, 112])
    assert (list(run.qtys), list(run.sides)) == ([1, 2], [1, -1])
    assert (run.newest.at, run.newest.price) == (start + 5, 117)
    assert source.next_at == start + 9
    assert source.take_run(start + 9, 100) is None


def test_a_price_that_a_shift_would_bring_below_a_tick_is_never_part_of_a_run(
    source: TradeSource, start: Instant
) -> None:
    source.shift = -100

    assert source.quiet_until(EVERYWHERE, 100) == start


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
