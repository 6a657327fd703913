"""Steps: all rows of one timestamp, in order of (seq, stream); stretches in which none matters."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit_sim.market.facts import BTCUSDT, ETHUSDT
from bybit_sim.market.feed import Feed
from bybit_sim.market.words import MarketRow, Step, TickerRow, TradeRow
from gridcore.clock import Instant
from simvenue import VenueBand
from tapes import Tape

MakeTape = Callable[..., Tape]
BAND = VenueBand(
    trade_low=90,
    trade_high=110,
    mark_low=Decimal(9),
    mark_high=Decimal(11),
    bid_high=108,
    ask_low=93,
)
BANDS = {"BTCUSDT": BAND, "ETHUSDT": BAND}
NEVER = Instant(2**61)


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


def test_a_stretch_ends_before_a_row_that_matters_on_any_symbol(
    tape: MakeTape, start: Instant
) -> None:
    bitcoin = tape([(0, 100, 1, 1), (1, 101, 1, 1), (8, 102, 1, 1)])
    ether = tape([(1, 100, 1, 1), (6, 120, 1, 1)], facts=ETHUSDT)
    feed = Feed([(BTCUSDT, bitcoin), (ETHUSDT, ether)])

    stretch = feed.take_stretch(BANDS, NEVER, 1000)

    assert stretch is not None
    assert [(run.symbol, run.times.tolist()) for run in stretch.runs] == [("BTCUSDT", [start])]
    assert [(row.symbol, row.at - start) for row in stretch.newest] == [
        ("BTCUSDT", 1),
        ("ETHUSDT", 1),
    ]
    assert feed.take_stretch(BANDS, NEVER, 1000) is None
    step = feed.next_step()
    assert step is not None
    assert step.at == start + 6


def test_a_stretch_passes_over_tickers_and_ends_before_a_deadline(
    tape: MakeTape, start: Instant
) -> None:
    """The first ticker and one in which a quote disappears are left to be played alone."""
    recorded = tape(
        [(0, 100, 1, 1, 1), (2, 100, 1, 1, 3), (4, 100, 1, 1, 5), (9, 100, 1, 1, 9)],
        [
            (1, 2, 100, 99, 101, 1000, 0),
            (3, 4, 100, 98, 101, 1000, 0),
            (4, 6, 100, 97, 101, 1000, 0),
            (6, 7, 100, 96, 101, 1000, 0),
            (8, 8, 100, None, 101, 1000, 0),
        ],
    )
    feed = Feed([(BTCUSDT, recorded)])
    found: list[list[object]] = []
    while feed.next_at() is not None:
        stretch = feed.take_stretch(BANDS, Instant(start + 6), 1000) if len(found) < 3 else None
        stretch = stretch or feed.take_stretch(BANDS, NEVER, 1000)
        if stretch is None:
            step = feed.next_step()
            assert step is not None
            found.append(["step", *[row.seq for row in step.rows]])
        else:
            assert [len(run.times) for run in stretch.runs] in ([], [1])
            found.append([row.seq for row in stretch.newest])

    assert found == [[1], ["step", 2], [5, 6], [7], ["step", 8], [9]]


Recorded = list[tuple[int | None, ...]]
price = st.integers(85, 115)
quote = st.one_of(st.none(), price)
rows = st.lists(st.tuples(st.integers(0, 9), price, st.integers(1, 3), st.just(1)), min_size=1)
seen = st.lists(
    st.tuples(
        st.integers(0, 9),
        price,
        quote,
        quote,
        st.one_of(st.none(), st.integers(980, 1020)),
        st.one_of(st.none(), st.integers(-2, 2)),
    ),
    max_size=20,
)


def numbered(trades: Recorded, tickers: Recorded) -> tuple[Recorded, Recorded]:
    """Both in order of time, with the places of their rows on one tape."""
    kinds = sorted(
        [(row[0], False, row) for row in trades] + [(row[0], True, row) for row in tickers],
        key=lambda entry: entry[0] or 0,
    )
    places = [(*entry, place + 1) for place, entry in enumerate(kinds)]
    return (
        [(*row, place) for _, is_ticker, row, place in places if not is_ticker],
        [(row[0], place, *row[1:]) for _, is_ticker, row, place in places if is_ticker],
    )


def inside(row: MarketRow, before: dict[str, TickerRow]) -> bool:
    """Whether a row may be passed over: inside the band, no value appears or disappears."""
    if isinstance(row, TradeRow):
        return 90 < row.price < 110
    values = (row.mark, row.bid, row.ask, row.funding_rate)
    known = before.get(row.symbol)
    return (
        known is not None
        and [value is None for value in values]
        == [value is None for value in (known.mark, known.bid, known.ask, known.funding_rate)]
        and (row.mark is None or 9 < row.mark < 11)
        and (row.bid is None or row.bid < 108)
        and (row.ask is None or row.ask > 93)
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bitcoin=rows,
    bitcoin_seen=seen,
    ether=rows,
    ether_seen=seen,
    limit=st.integers(1, 8),
    shift=st.integers(-9, 9),
    before=st.lists(st.integers(0, 9), max_size=3),
)
def test_stretches_and_steps_together_are_all_rows_in_order(
    tape: MakeTape,
    start: Instant,
    bitcoin: Recorded,
    bitcoin_seen: Recorded,
    ether: Recorded,
    ether_seen: Recorded,
    limit: int,
    shift: int,
    before: list[int],
) -> None:
    tapes = [
        (facts, tape(*numbered(trades, tickers), facts=facts))
        for facts, trades, tickers in (
            (BTCUSDT, bitcoin, bitcoin_seen),
            (ETHUSDT, ether, ether_seen),
        )
    ]
    plain, quick = Feed(tapes), Feed(tapes)
    for feed in (plain, quick):
        feed.shift("ETHUSDT", shift)
    expected = [row for step in steps(plain) for row in step.rows]
    deadlines = [Instant(start + at) for at in sorted(before)]

    known: dict[str, TickerRow] = {}
    done = 0
    while (at := quick.next_at()) is not None:
        ahead = [due for due in deadlines if due > at]
        stretch = quick.take_stretch(BANDS, ahead[0] if ahead else NEVER, limit)
        if stretch is None:
            step = quick.next_step()
            assert step is not None
            passed = list(step.rows)
        else:
            reached = stretch.newest[-1].at
            passed = [row for row in expected[done:] if row.at <= reached]
            assert not ahead or reached < ahead[0]
            newest = {(row.symbol, type(row)): row for row in passed}
            assert sorted(newest.values(), key=passed.index) == list(stretch.newest)
            for symbol in ("BTCUSDT", "ETHUSDT"):
                trades = [
                    (row.at, row.price, row.qty, row.side)
                    for row in passed
                    if isinstance(row, TradeRow) and row.symbol == symbol
                ]
                assert len(trades) <= limit
                columns = [
                    (run.times, run.prices, run.qtys, run.sides)
                    for run in stretch.runs
                    if run.symbol == symbol
                ]
                table = np.array(trades[:-1]).T.tolist()
                assert [[column.tolist() for column in run] for run in columns] == [table] * (
                    len(trades) > 1
                )
        assert passed == expected[done : done + len(passed)]
        for row in passed:
            assert stretch is None or inside(row, known)
            if isinstance(row, TickerRow):
                known[row.symbol] = row
        done += len(passed)

    assert done == len(expected)
