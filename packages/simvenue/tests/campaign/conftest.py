"""Shared by the tests of the campaign: worlds without faults, played or not, and placements."""

from collections.abc import Callable, Sequence

import pytest

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.instrument import Steps, Ticks
from gridcore.intents import encode_wire_id
from gridcore.session.effects import Approved, Effects, PlaceOrder, Request, TimeInForce
from gridcore.sides import DirectionType, SideType, closes
from simvenue.campaign.own_orders import OwnOrders
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.shrink import with_faults
from simvenue.campaign.world import Watcher, World

SMOOTH_SEED = 80


class Recording:
    """Keeps everything that the session was given and gave."""

    def __init__(self) -> None:
        self.rows: list[tuple[Event, Instant, Effects]] = []

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        self.rows.append((event, now, effects))

    def finished(self, world: World) -> None:
        """The run is over: what was kept stays."""


@pytest.fixture
def make_world() -> Callable[..., World]:
    """A world of a drawn scenario without any fault, not played yet."""

    def make(*watchers: Watcher, seed: int = SMOOTH_SEED) -> World:
        return World(with_faults(scenario_of(seed), ()), watchers)

    return make


@pytest.fixture(scope="module")
def played() -> tuple[World, Recording]:
    """A world without faults, played to its end, and what happened in it. Only to be read."""
    recording = Recording()
    world = World(with_faults(scenario_of(SMOOTH_SEED), ()), (recording,))
    world.play()
    return world, recording


@pytest.fixture
def place() -> Callable[..., PlaceOrder]:
    """A placement of the world's first strategy with the identity that belongs to its level."""

    def make(
        world: World,
        direction: DirectionType,
        side: SideType,
        price: int,
        *,
        suffix: int = 1,
        qty: int = 1,
    ) -> PlaceOrder:
        setup = world.scenario.setups[0]
        symbol = setup.instrument.symbol
        identity = OwnOrders(world.scenario.setups).identity(symbol, direction, side, price)
        assert identity is not None, "the strategy trades its own symbol"
        return PlaceOrder(
            symbol=symbol,
            strat_id=setup.strat_id,
            client_order_id=identity,
            wire_id=encode_wire_id(identity, suffix),
            direction=direction,
            side=side,
            price=Ticks(price),
            qty=Steps(qty),
            reduce_only=closes(direction, side),
            time_in_force=TimeInForce.POST_ONLY,
            level=0,
        )

    return make


@pytest.fixture
def sent() -> Callable[..., Effects]:
    """The effects of an event that sends these requests; placements come approved."""

    def make(*requests: PlaceOrder | Request) -> Effects:
        approved: Sequence[Request] = [
            Approved(request) if isinstance(request, PlaceOrder) else request
            for request in requests
        ]
        return Effects(records=(), requests=approved, notices=())

    return make
