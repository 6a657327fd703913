"""The exchange's refusals, each with its code (bybit.md A.4, A.6)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gridcore.clock import Instant
from gridcore.events import Event, OrderUpdate, PlaceAccepted, PlaceRejected
from gridcore.session.effects import PlaceOrder
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.limits import WireIds
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Trading = Callable[..., list[Any]]
NOW = Instant(10)


def code(events: list[Event]) -> int:
    reply = events[0]
    assert isinstance(reply, PlaceAccepted | PlaceRejected)
    return reply.code if isinstance(reply, PlaceRejected) else 0


def long_of(venue: SimVenue, place: Placing, trade: Trading, steps: int) -> None:
    """Open a long leg at 50,000.0."""
    trade(venue, 1, 500_010)
    venue.submit(place("opening", 500_000, steps), Instant(1))
    trade(venue, 2, 499_999)
    trade(venue, 3, 500_010)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"symbol": "DOGEUSDT"}, 10001),
        ({"qty": 0}, 10001),
        ({"qty": -5}, 10001),
        ({"qty": 100_001}, 10001),
        ({"price": 0}, 10001),
        ({"price": -1}, 10001),
        ({"price": 49_999, "qty": 1}, 110094),
        ({"price": 50_000, "qty": 1}, 0),
        ({"side": SELL, "direction": LONG}, 110017),
        ({"side": BUY, "direction": SHORT}, 110017),
        ({"reduce_only": True}, 110017),
        ({"price": 500_000, "qty": 20_000}, 110007),
        ({}, 0),
    ],
)
def test_a_placement_is_refused_with_the_exchange_s_code(
    make_venue: Venues, place: Placing, changes: dict[str, Any], expected: int
) -> None:
    venue = make_venue()
    fields = {"price": 400_000, "qty": 10, **changes}

    events = venue.submit(place("a", **fields), NOW)

    assert code(events) == expected


def test_a_refused_placement_leaves_no_trace(make_venue: Venues, place: Placing) -> None:
    venue = make_venue()
    before = venue.snapshot()

    for changes in ({"qty": 0}, {"side": SELL}, {"qty": 20_000}, {"symbol": "X"}):
        venue.submit(place("a", **{"price": 500_000, "qty": 10, **changes}), NOW)

    assert venue.snapshot() == before


def test_a_wire_id_is_used_once_even_when_its_order_is_gone_110072(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)
    venue.submit(place("a", 400_000), NOW)
    trade(venue, 11, 399_999)

    assert code(venue.submit(place("a", 300_000), NOW)) == 110072
    assert code(venue.submit(place("b", 300_000), NOW)) == 0


def test_a_wire_id_of_a_refused_placement_may_be_used_again(
    make_venue: Venues, place: Placing
) -> None:
    venue = make_venue()
    venue.submit(place("a", 400_000, 0), NOW)

    assert code(venue.submit(place("a", 400_000), NOW)) == 0


def test_only_the_newest_wire_ids_are_remembered() -> None:
    wire_ids = WireIds(capacity=2)
    for name in ("a", "b", "c"):
        wire_ids.use(name)

    assert wire_ids.used() == ["b", "c"]
    assert "a" not in wire_ids


def test_the_five_hundred_and_first_order_of_a_symbol_is_refused_110020(
    make_venue: Venues, place: Placing
) -> None:
    venue = make_venue(initial_balance=Decimal(10**9))

    codes = [code(venue.submit(place(f"w{n}", 400_000 + n), NOW)) for n in range(501)]

    assert codes == [0] * 500 + [110020]


def test_a_close_is_cut_to_what_no_other_close_covers_110017(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    long_of(venue, place, trade, 10)

    first = venue.submit(place("c1", 510_000, 6, side=SELL), NOW)
    second = venue.submit(place("c2", 511_000, 6, side=SELL), NOW)
    third = venue.submit(place("c3", 512_000, 6, side=SELL), NOW)

    sizes = [event.qty for event in first + second if isinstance(event, OrderUpdate)]
    assert sizes == [6, 4]
    assert code(third) == 110017


def test_resting_opens_are_charged_before_the_first_price_is_known(
    make_venue: Venues, place: Placing
) -> None:
    venue = make_venue()
    venue.submit(place("a", 500_000, 1_900), NOW)  # margin 9,500 of 10,000

    assert code(venue.submit(place("b", 500_000, 100), NOW)) == 110007


def test_closes_need_no_minimum_value(make_venue: Venues, place: Placing, trade: Trading) -> None:
    venue = make_venue()
    long_of(venue, place, trade, 10)
    trade(venue, 4, 40_000)

    assert code(venue.submit(place("c1", 49_999, 1, side=SELL), NOW)) == 0


def test_an_open_needs_its_margin_and_its_taker_fee_110007_ls_25(
    make_venue: Venues, place: Placing
) -> None:
    # 2 coins at 50,000: margin 10,000 at leverage 10, taker fee 55.
    assert (
        code(make_venue(initial_balance=Decimal(10_055)).submit(place("a", 500_000, 2_000), NOW))
        == 0
    )
    short_by_little = make_venue(initial_balance=Decimal("10054.99"))
    assert code(short_by_little.submit(place("a", 500_000, 2_000), NOW)) == 110007


def test_resting_opens_and_losses_use_up_margin_and_closes_bypass_it(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    long_of(venue, place, trade, 1_000)  # margin 5,000 of 10,000
    venue.submit(place("rest", 400_000, 1_000), NOW)  # margin 4,000

    assert code(venue.submit(place("x", 400_000, 250), NOW)) == 110007
    assert code(venue.submit(place("y", 400_000, 200), NOW)) == 0
    trade(venue, 20, 497_000)
    assert code(venue.submit(place("z", 400_000, 10), NOW)) == 110007
    assert code(venue.submit(place("c", 500_000, 1_000, side=SELL), NOW)) == 0
