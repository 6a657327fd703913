"""The drawn market: how it moves, and that it stays one a market can have."""

import itertools
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.events import Ticker
from gridcore.instrument import Instrument
from simvenue.campaign.market_walk import Walk, WalkStyle, merged

INSTRUMENT = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)


def style(*, bad_prints: int = 0, quoted: bool = True) -> WalkStyle:
    return WalkStyle(
        instrument=INSTRUMENT,
        unit=1_000,
        bad_prints=bad_prints,
        quoted=quoted,
        funding_rate=None,
    )


def storm(seed: int, *, bad_prints: int = 0, quoted: bool = True) -> list[Ticker]:
    walk = Walk(Random(seed), style(bad_prints=bad_prints, quoted=quoted), 500_000)
    return walk.storm(Instant(0), Instant(10 * MINUTE_US))


@given(st.integers(0, 10_000))
def test_tickers_of_a_storm_are_half_a_second_to_five_seconds_apart(seed: int) -> None:
    rows = storm(seed)
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(rows)]
    assert all(SECOND_US // 2 <= gap < 5 * SECOND_US for gap in gaps)
    assert rows[0].at == 0
    assert rows[-1].at < 10 * MINUTE_US


@given(st.integers(0, 10_000))
def test_the_price_stays_between_half_and_twice_where_it_began(seed: int) -> None:
    rows = storm(seed)
    assert all(250_000 <= row.last <= 1_000_000 for row in rows)


def test_a_storm_moves_by_many_grid_steps() -> None:
    prices = [int(row.last) for row in storm(1)]
    travelled = sum(abs(b - a) for a, b in itertools.pairwise(prices))
    assert travelled > 50 * 1_000


@given(st.integers(0, 10_000))
def test_a_calm_moves_by_less_than_a_tenth_of_a_grid_step(seed: int) -> None:
    walk = Walk(Random(seed), style(bad_prints=1000), 500_000)
    rows = walk.calm(Instant(0), Instant(5 * MINUTE_US), 5 * SECOND_US)
    prices = [int(row.last) for row in rows]
    assert max(prices) - min(prices) <= 100
    assert 55 <= len(rows) <= 65


def test_a_bad_print_is_far_off_a_mark_that_stays_where_it_was() -> None:
    rows = storm(1, bad_prints=1000)
    for row in rows:
        assert row.mark is not None
        assert abs(INSTRUMENT.price(row.last) / row.mark - 1) > Decimal("0.04")


def test_quotes_enclose_the_price_and_are_absent_when_the_style_says_so() -> None:
    assert all(row.bid is not None and row.ask is not None for row in storm(2))
    assert all(row.bid < row.last < row.ask for row in storm(2))  # type: ignore[operator]
    assert all(row.bid is None and row.ask is None for row in storm(2, quoted=False))


def test_tapes_are_merged_by_time_and_then_in_the_order_given() -> None:
    first, second = storm(3), storm(4)
    rows = merged([first, second])
    assert len(rows) == len(first) + len(second)
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert rows[0] is first[0]
    assert rows[1] is second[0]
