"""What stands before the first row: it fills, closes and margins like what the venue did itself."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.config import ConfigError
from gridcore.events import Execution, OrderStatus, PlaceAccepted
from gridcore.instrument import Steps, Ticks
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType
from simvenue import SimVenue
from simvenue.standing import Standing, StandingLeg, StandingOrder, stand

SYMBOL = "BTCUSDT"
START = Instant(1_767_229_200_000_000)
MakeVenue = Callable[..., SimVenue]


def order(direction: DirectionType, side: SideType, price: int, filled: int = 0) -> StandingOrder:
    return StandingOrder(
        symbol=SYMBOL,
        order_id=f"old-{direction.value}-{price}",
        wire_id=f"wire-{direction.value}-{price}",
        direction=direction,
        side=side,
        price=Ticks(price),
        qty=Steps(4),
        filled=Steps(filled),
        at=START,
    )


def test_a_standing_close_fills_from_the_standing_leg(make_venue: MakeVenue) -> None:
    venue = make_venue()
    leg = StandingLeg(symbol=SYMBOL, direction=LONG, size=Steps(4), entry=Decimal("99.5"))
    stand(venue, Standing(orders=(order(LONG, SELL, 1010),), legs=(leg,)))
    wallet = venue.wallet

    venue.on_trade(SYMBOL, START, Ticks(1000), Steps(1), 1)
    events: list[Any] = venue.on_trade(SYMBOL, Instant(START + SECOND_US), Ticks(1011), Steps(9), 1)

    (execution,) = [event for event in events if isinstance(event, Execution)]
    assert (execution.order_id, execution.closed) == ("old-long-1010", 4)
    assert venue.legs(SYMBOL)[0].size == 0
    profit = Decimal("0.004") * (Decimal(101) - Decimal("99.5"))
    assert venue.wallet == wallet + profit - execution.fee


def test_what_stands_is_listed_with_what_it_has_filled(make_venue: MakeVenue) -> None:
    venue = make_venue()
    stand(venue, Standing(orders=(order(LONG, BUY, 990), order(SHORT, SELL, 1010, filled=1))))

    listed = [
        (row.order_id, row.status, row.filled, row.leaves) for row in venue.open_orders(SYMBOL)
    ]

    assert listed == [
        ("old-long-990", OrderStatus.NEW, 0, 4),
        ("old-short-1010", OrderStatus.PARTIALLY_FILLED, 1, 3),
    ]
    assert venue.initial_margin() > 0


def test_an_order_or_a_leg_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="filled"):
        order(LONG, BUY, 990, filled=4)
    with pytest.raises(ConfigError, match="size"):
        StandingLeg(symbol=SYMBOL, direction=LONG, size=Steps(0), entry=Decimal(1))


def test_an_id_that_stands_is_not_minted_again(make_venue: MakeVenue, place: Any) -> None:
    venue = make_venue()
    old = replace(order(LONG, BUY, 990), order_id="O00000007")
    stand(venue, Standing(orders=(old,)))

    accepted, *_ = venue.submit(place("new", 980, 100), START)

    assert isinstance(accepted, PlaceAccepted)
    assert accepted.order_id == "O00000008"
