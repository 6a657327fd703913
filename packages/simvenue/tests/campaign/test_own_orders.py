"""Whose an order at the venue is, by its wire id alone."""

from collections.abc import Callable

from gridcore.intents import encode_wire_id
from gridcore.session.effects import PlaceOrder
from gridcore.sides import BUY, LONG, SHORT
from simvenue.campaign.own_orders import OwnOrders
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.world import World

SETUPS = scenario_of(1).setups
SYMBOL = SETUPS[0].instrument.symbol


def test_an_order_is_ours_when_its_id_decodes_to_the_identity_of_its_level() -> None:
    own = OwnOrders(SETUPS)
    identity = own.identity(SYMBOL, LONG, BUY, 1_000)
    assert identity is not None
    wire_id = encode_wire_id(identity, 7)
    assert own.owns(SYMBOL, wire_id, LONG, BUY, 1_000)
    assert not own.owns(SYMBOL, wire_id, LONG, BUY, 1_001)
    assert not OwnOrders(SETUPS).owns(SYMBOL, wire_id, SHORT, BUY, 1_000)


def test_an_id_that_does_not_decode_or_another_symbol_is_not_ours() -> None:
    own = OwnOrders(SETUPS)
    assert not own.owns(SYMBOL, "manual-1", LONG, BUY, 1_000)
    assert not own.owns("ELSEUSDT", "0123456789abcdef-1", LONG, BUY, 1_000)
    assert own.identity("ELSEUSDT", LONG, BUY, 1_000) is None


def test_placements_of_the_fixture_are_ours(
    make_world: Callable[..., World], place: Callable[..., PlaceOrder]
) -> None:
    world = make_world()
    order = place(world, LONG, BUY, 900)
    assert OwnOrders(world.scenario.setups).owns(order.symbol, order.wire_id, LONG, BUY, 900)
