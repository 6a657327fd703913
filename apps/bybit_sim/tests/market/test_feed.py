"""Steps: all rows of one timestamp, in order of (seq, stream); runs that no row interrupts."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit_sim.market.facts import BTCUSDT, ETHUSDT
from bybit_sim.market.feed import Feed
from bybit_sim.market.words import Step, TickerRow, TradeRow
from gridcore.clock import Instant
from simvenue import VenueBand
from tapes import Tape

MakeTape = Callable[..., Tape]
BAND = VenueBand(
    trade_low=90, trade_high=110, mark_low=None, mark_high=None, bid_high=None, ask_low=None
)
BANDS = {"BTCUSDT": BAND, "ETHUSDT": BAND}


def steps(feed: Feed) -> list[Step]:
    found = []
    while (step := feed.next_step()) is not None:
        found.append(step)
    return found


def shape(step: Step) -> list[tuple[str, str, int]]:
    return [
        ("trade" if isinstance(row, TradeRow) else "ticker", row.symbol, row.seq)
        for row in step.rows
    ]


def test_rows_of_one_time_are_one_step(tape: MakeTape, start: Instant) -> None:
    feed = Feed([(BTCUSDT, tape([(0, 100, 1, 1), (5, 101, 1, 1), (5, 102, 1, 1)]))])

    found = steps(feed)

    assert [step.at - start for step in found] == [0, 5]
    assert [row.price for row in found[1].rows if isinstance(row, TradeRow)] == [101, 102]
    assert feed.next_at() is None


def test_trades_and_tickers_of_one_time_come_in_their_sequence(tape: MakeTape) -> None:
    recorded = tape(
        [(0, 100, 1, 1, 1), (0, 101, 1, 1, 3)],
        [(0, 2, 100, 99, 101, 1000, 0), (0, 4, 101, 99, 102, 1000, 0)],
    )

    (step,) = steps(Feed([(BTCUSDT, recorded)]))

    assert shape(step) == [
        ("trade", "BTCUSDT", 1),
        ("ticker", "BTCUSDT", 2),
        ("trade", "BTCUSDT", 3),
        ("ticker", "BTCUSDT", 4),
    ]


def test_symbols_of_one_time_come_in_the_order_of_their_tapes(tape: MakeTape) -> None:
    bitcoin, ether = tape([(0, 100, 1, 1), (7, 100, 1, 1)]), tape([(7, 5, 1, 1)], facts=ETHUSDT)

    found = steps(Feed([(ETHUSDT, ether), (BTCUSDT, bitcoin)]))

    assert [[row.symbol for row in step.rows] for step in found] == [
        ["BTCUSDT"],
        ["ETHUSDT", "BTCUSDT"],
    ]


def test_a_feed_says_which_tapes_have_tickers(tape: MakeTape) -> None:
    recorded = tape([(0, 100, 1, 1, 1)], [(0, 2, 100, 99, 101, 1000, 0)])

    feed = Feed([(BTCUSDT, recorded), (ETHUSDT, tape([(0, 1, 1, 1)], facts=ETHUSDT))])

    assert feed.symbols == ("BTCUSDT", "ETHUSDT")
    assert feed.has_tickers("BTCUSDT")
    assert not feed.has_tickers("ETHUSDT")


def test_a_feed_that_continues_goes_on_with_its_shift(tape: MakeTape) -> None:
    parts = [[(BTCUSDT, tape([(9, 200, 1, 1)]))], []]
    feed = Feed([(BTCUSDT, tape([(0, 100, 1, 1)]))], more=lambda: parts.pop(0))
    feed.shift("BTCUSDT", 4)
    feed.shift("BTCUSDT", 1)

    prices = [row.price for step in steps(feed) for row in step.rows if isinstance(row, TradeRow)]

    assert prices == [105, 205]


def test_runs_end_before_a_row_that_matters_on_any_symbol(tape: MakeTape, start: Instant) -> None:
    bitcoin = tape([(0, 100, 1, 1), (1, 101, 1, 1), (8, 102, 1, 1)])
    ether = tape([(1, 100, 1, 1), (6, 120, 1, 1)], facts=ETHUSDT)
    feed = Feed([(BTCUSDT, bitcoin), (ETHUSDT, ether)])

    runs = feed.take_runs(BANDS, None, 1000)

    assert [(run.symbol, list(run.times), run.newest.at - start) for run in runs] == [
        ("BTCUSDT", [start], 1),
        ("ETHUSDT", [], 1),
    ]
    assert feed.take_runs(BANDS, None, 1000) == []
    step = feed.next_step()
    assert step is not None
    assert step.at == start + 6


def test_runs_end_before_a_ticker_and_before_a_deadline(tape: MakeTape, start: Instant) -> None:
    recorded = tape(
        [(0, 100, 1, 1, 1), (2, 100, 1, 1, 2), (4, 100, 1, 1, 3), (9, 100, 1, 1, 5)],
        [(6, 4, 100, 99, 101, 1000, 0)],
    )
    feed = Feed([(BTCUSDT, recorded)])

    first = feed.take_runs(BANDS, Instant(start + 4), 1000)
    second = feed.take_runs(BANDS, None, 1000)

    assert [run.newest.at - start for run in first] == [2]
    assert [run.newest.at - start for run in second] == [4]
    assert feed.take_runs(BANDS, None, 1000) == []


rows = st.lists(
    st.tuples(st.integers(0, 6), st.integers(85, 115), st.integers(1, 3), st.just(1)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bitcoin=rows,
    ether=rows,
    limit=st.integers(1, 8),
    shift=st.integers(-3, 3),
)
def test_runs_and_steps_together_are_all_rows_in_order(
    tape: MakeTape,
    start: Instant,
    bitcoin: list[tuple[int, ...]],
    ether: list[tuple[int, ...]],
    limit: int,
    shift: int,
) -> None:
    tapes = [
        (facts, tape(sorted(recorded, key=lambda row: row[0]), facts=facts))
        for facts, recorded in ((BTCUSDT, bitcoin), (ETHUSDT, ether))
    ]
    plain, quick = Feed(tapes), Feed(tapes)
    for feed in (plain, quick):
        feed.shift("ETHUSDT", shift)
    expected = [
        (row.symbol, row.at, row.price)
        for step in steps(plain)
        for row in step.rows
        if not isinstance(row, TickerRow)
    ]

    found: list[tuple[str, int, int]] = []
    reached = 0
    while quick.next_at() is not None:
        runs = quick.take_runs(BANDS, None, limit)
        for run in runs:
            assert all(90 < price < 110 for price in (*run.prices, run.newest.price))
            found += [
                (run.symbol, at, price) for at, price in zip(run.times, run.prices, strict=True)
            ]
            found.append((run.symbol, run.newest.at, run.newest.price))
        step = None if runs else quick.next_step()
        if step is not None:
            assert step.at >= reached
            found += [
                (row.symbol, row.at, row.price) for row in step.rows if isinstance(row, TradeRow)
            ]
        reached = max([reached, *(run.newest.at for run in runs)])

    for symbol in ("BTCUSDT", "ETHUSDT"):
        assert [one for one in found if one[0] == symbol] == [
            one for one in expected if one[0] == symbol
        ]
