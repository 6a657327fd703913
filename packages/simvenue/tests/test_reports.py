"""State told as events: liquidation prices are those of the kernel."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import NO_LIQUIDATION, PositionUpdate, WalletUpdate
from gridcore.instrument import Steps
from gridcore.pnl import pair_liquidation
from gridcore.session.effects import PlaceOrder
from gridcore.sides import LONG, SELL, SHORT
from simvenue.messages import SymbolSpec
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Trading = Callable[..., list[Any]]


def open_legs(
    venue: SimVenue, place: Placing, trade: Trading, long: int, short: int, price: int = 500_000
) -> None:
    """Open both legs at one price, by a trade on either side of it."""
    trade(venue, 1, price)
    if long:
        venue.submit(place("l", price, long), Instant(1))
        trade(venue, 2, price - 1)
    if short:
        trade(venue, 2, price)
        venue.submit(place("s", price, short, side=SELL, direction=SHORT), Instant(2))
        trade(venue, 3, price + 1)


@given(
    long=st.integers(0, 12_000),
    short=st.integers(0, 12_000),
    mark=st.integers(300_000, 800_000),
    balance=st.integers(20_000, 2_000_000),
)
def test_a_position_s_liquidation_price_is_that_of_the_kernel(
    make_venue: Venues,
    make_spec: Callable[..., SymbolSpec],
    place: Placing,
    trade: Trading,
    long: int,
    short: int,
    mark: int,
    balance: int,
) -> None:
    venue = make_venue(initial_balance=Decimal(balance))
    open_legs(venue, place, trade, long, short)
    trade(venue, 4, mark)
    long_leg, short_leg = venue.legs("BTCUSDT")

    updates = venue.position_updates("BTCUSDT", Instant(5))

    step = Decimal("0.001")
    expected = pair_liquidation(
        long_size=step * long_leg.size,
        long_entry=long_leg.entry,
        short_size=step * short_leg.size,
        short_entry=short_leg.entry,
        mark=Decimal("0.1") * mark,
        wallet=venue.wallet,
        tiers=make_spec().tiers,
    )
    for update, price in zip(updates, expected, strict=True):
        assert isinstance(update, PositionUpdate)
        if isinstance(price, Decimal):
            assert isinstance(update.liquidation, Decimal)
            assert abs(update.liquidation - price) < Decimal("1e-15")
        else:
            assert update.liquidation is price


def test_flat_legs_have_no_entry_and_no_liquidation_price(make_venue: Venues) -> None:
    updates = make_venue().position_updates("BTCUSDT", Instant(7))

    assert updates == [
        PositionUpdate(
            symbol="BTCUSDT",
            at=Instant(7),
            direction=direction,
            size=Steps(0),
            entry=None,
            liquidation=NO_LIQUIDATION,
            mark=None,
        )
        for direction in (LONG, SHORT)
    ]


def test_what_is_available_is_cash_and_profit_less_initial_margin(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    open_legs(venue, place, trade, 1_000, 0)  # fee 10, margin 4,999.9 at 49,999.9
    venue.submit(place("rest", 400_000, 100), Instant(4))  # margin 400

    assert venue.wallet_update(Instant(9)) == WalletUpdate(
        at=Instant(9), balance=Decimal("9990"), available=Decimal("4589.91")
    )


def test_nothing_is_available_when_the_margin_exceeds_the_balance(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    open_legs(venue, place, trade, 1_900, 0)
    trade(venue, 5, 480_000)

    assert venue.wallet_update(Instant(9)).available == 0
