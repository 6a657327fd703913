"""At most one live order per level at the venue, but for a twin and the time of its healing."""

from collections.abc import Callable

import pytest

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.events import Ticker
from gridcore.instrument import Steps
from gridcore.session.effects import NO_EFFECTS, Effects, PlaceOrder
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.level_law import LevelChecker
from simvenue.campaign.world import World

MakeWorld = Callable[..., World]
Sent = Callable[..., Effects]
Place = Callable[..., PlaceOrder]


def orders_at_one_level(world: World, place: Place, count: int = 2) -> list[PlaceOrder]:
    """Opens well below the market, large enough for the exchange."""
    first = world.scenario.tickers[0]
    instrument = world.scenario.symbols[0].instrument
    price = int(first.last) * 9 // 10
    least = int(instrument.min_notional / instrument.notional(price, 1)) + 1
    qty = Steps(max(least, instrument.min_steps))
    return [place(world, LONG, BUY, price, suffix=n + 1, qty=qty) for n in range(count)]


def look(checker: LevelChecker, world: World, at: int) -> None:
    symbol = world.scenario.symbols[0].instrument.symbol
    ticker = Ticker(symbol=symbol, at=Instant(at), last=1, mark=None)
    checker.handled(world, ticker, Instant(at), NO_EFFECTS)


def test_two_orders_of_the_session_at_one_level_break_the_law(
    make_world: MakeWorld, place: Place, sent: Sent
) -> None:
    checker, world = LevelChecker(), make_world()
    start = world.scenario.start
    first, second = orders_at_one_level(world, place)
    checker.handled(world, world.scenario.tickers[0], start, sent(first, second))
    world.venue.submit(first, start)
    look(checker, world, start + 1)
    world.venue.submit(second, start)
    with pytest.raises(LawBroken, match="expected one order"):
        look(checker, world, start + 2)


def test_a_twin_of_another_hand_is_tolerated_for_75_seconds(
    make_world: MakeWorld, place: Place, sent: Sent
) -> None:
    checker, world = LevelChecker(), make_world()
    start = world.scenario.start
    ours, twin = orders_at_one_level(world, place)
    checker.handled(world, world.scenario.tickers[0], start, sent(ours))
    world.venue.submit(ours, start)
    world.venue.submit(twin, start)
    look(checker, world, start + 1)
    look(checker, world, start + 75 * SECOND_US)
    with pytest.raises(LawBroken, match="expected one order"):
        look(checker, world, start + 76 * SECOND_US)


def test_long_and_short_at_one_price_are_two_levels(
    make_world: MakeWorld, place: Place, sent: Sent
) -> None:
    checker, world = LevelChecker(), make_world()
    start = world.scenario.start
    (long,) = orders_at_one_level(world, place, 1)
    short = place(world, SHORT, SELL, long.price, qty=long.qty)
    checker.handled(world, world.scenario.tickers[0], start, sent(long, short))
    world.venue.submit(long, start)
    world.venue.submit(short, start)
    look(checker, world, start + 1)


def test_what_is_left_of_a_twin_at_the_end_breaks_the_law(
    make_world: MakeWorld, place: Place
) -> None:
    checker, world = LevelChecker(), make_world()
    start = world.scenario.start
    for order in orders_at_one_level(world, place):
        world.venue.submit(order, start)
    look(checker, world, start + 1)
    world.now = Instant(start + 30 * MINUTE_US)
    with pytest.raises(LawBroken, match="expected one order"):
        checker.finished(world)
