"""What is booked per leg: entry, profit, fees of what is open."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.exchange.legs import BookedLeg
from gridcore.clock import Instant
from gridcore.sides import BUY, LONG, SELL, SHORT


def d(text: str) -> Decimal:
    return Decimal(text)


def test_an_opening_fill_averages_the_entry_and_collects_its_fee() -> None:
    leg = BookedLeg(symbol="BTCUSDT", direction=LONG)

    assert leg.fill(BUY, d("100"), d("2"), d("0.2"), Instant(5), 7) is None
    assert leg.fill(BUY, d("106"), d("1"), d("0.1"), Instant(6), 8) is None

    assert (leg.size, leg.entry, leg.open_fee, leg.realised_now) == (
        d("3"),
        d("102"),
        d("0.3"),
        d("-0.3"),
    )
    assert (leg.created_at, leg.opened_at, leg.updated_at, leg.seq) == (5, 5, 6, 8)


def test_a_closing_fill_takes_its_share_of_the_opening_fees() -> None:
    leg = BookedLeg(symbol="BTCUSDT", direction=SHORT)
    leg.fill(SELL, d("100"), d("4"), d("0.4"), Instant(1), 1)

    closed = leg.fill(BUY, d("90"), d("1"), d("0.05"), Instant(2), 2)

    assert closed == (d("1"), d("100"), d("10"), d("0.1"))
    assert (leg.size, leg.open_fee, leg.realised_now) == (d("3"), d("0.3"), d("9.55"))


def test_a_leg_that_opens_anew_forgets_what_it_realised_before() -> None:
    leg = BookedLeg(symbol="BTCUSDT", direction=LONG)
    leg.fill(BUY, d("100"), d("1"), d("0.1"), Instant(1), 1)
    leg.fill(SELL, d("110"), d("1"), d("0.1"), Instant(2), 2)
    assert (leg.realised_now, leg.realised) == (d("9.8"), d("9.8"))

    leg.fill(BUY, d("100"), d("1"), d("0.1"), Instant(3), 3)

    assert (leg.realised_now, leg.realised) == (d("-0.1"), d("9.7"))
    assert (leg.created_at, leg.opened_at) == (1, 3)


def test_funding_counts_as_realised() -> None:
    leg = BookedLeg(symbol="BTCUSDT", direction=LONG)
    leg.fill(BUY, d("100"), d("1"), d("0"), Instant(1), 1)

    leg.fund(d("-0.25"), Instant(2), 2)

    assert (leg.realised_now, leg.realised, leg.seq, leg.updated_at) == (
        d("-0.25"),
        d("-0.25"),
        2,
        2,
    )


def test_indices_and_sides_are_those_of_hedge_mode() -> None:
    long, short = (BookedLeg(symbol="X", direction=each) for each in (LONG, SHORT))

    assert (long.position_idx, long.side) == (1, BUY)
    assert (short.position_idx, short.side) == (2, SELL)


@given(
    opened=st.lists(st.tuples(st.integers(1, 50), st.integers(1, 99)), min_size=1, max_size=6),
    parts=st.lists(st.integers(1, 50), max_size=12),
)
def test_closing_everything_hands_out_every_opening_fee(
    opened: list[tuple[int, int]], parts: list[int]
) -> None:
    leg = BookedLeg(symbol="BTCUSDT", direction=LONG)
    for qty, fee in opened:
        leg.fill(BUY, d("100"), Decimal(qty), Decimal(fee) / 100, Instant(1), 1)
    shares = Decimal(0)
    for part in [*parts, 10_000]:
        taken = min(Decimal(part), leg.size)
        if taken:
            closed = leg.fill(SELL, d("100"), taken, d("0"), Instant(2), 2)
            assert closed is not None
            shares += closed.open_fee

    assert shares == sum(Decimal(fee) / 100 for _, fee in opened)
    assert leg.open_fee == 0
