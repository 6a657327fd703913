"""A strategy's setup is one value with the defaults of the architecture, and is read (LS-28)."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gridcore.config import CloseGate, IdentitySalt
from gridcore.intents import client_order_id
from gridcore.session.effects import Effects, PlaceOrder, TimeInForce
from gridcore.session.ownership import ForeignOrders, OrphanOrders
from gridcore.session.setup import AccountPolicies, StrategySetup
from gridcore.sides import BUY, LONG

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

Setups = Callable[..., StrategySetup]
Runs = Callable[..., "Run"]
Places = Callable[[Effects], list[PlaceOrder]]


def test_what_is_not_said_is_the_default(make_setup: Setups) -> None:
    setup = make_setup()

    assert setup.close_gate is CloseGate.ALLOW_EQUAL
    assert setup.time_in_force is TimeInForce.POST_ONLY
    assert setup.salt is IdentitySalt.STRAT_ID
    assert setup.anchor_price is None


def test_a_setup_is_compared_by_its_values(make_setup: Setups) -> None:
    assert make_setup() == make_setup()
    assert make_setup() != make_setup(taker_fee=Decimal("0.001"))


@pytest.mark.parametrize(
    ("salt", "salted_with"), [(IdentitySalt.STRAT_ID, "grid"), (IdentitySalt.NONE, None)]
)
def test_the_salt_enters_the_identity_of_every_order(
    make_setup: Setups,
    started: Runs,
    places: Places,
    salt: IdentitySalt,
    salted_with: str | None,
) -> None:
    run = started(make_setup(salt=salt))

    first = places(run.tick(10_000))[0]

    assert first.client_order_id == client_order_id(salted_with, "BTCUSDT", BUY, "990.0", LONG)
    assert first.wire_id.split("-")[0] == first.client_order_id


@pytest.mark.parametrize("time_in_force", TimeInForce)
def test_orders_live_as_long_as_the_setup_says(
    make_setup: Setups, started: Runs, places: Places, time_in_force: TimeInForce
) -> None:
    run = started(make_setup(time_in_force=time_in_force))

    assert {order.time_in_force for order in places(run.tick(10_000))} == {time_in_force}


def test_the_anchor_price_is_the_centre_of_the_first_grid(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup(anchor_price=Decimal(1000)))

    run.tick(10_050)

    assert [row[2] for row in run.book()] == [9801, 9900, 10_201]


def test_by_default_foreign_orders_are_ignored_and_orphans_refused_a03() -> None:
    policies = AccountPolicies()

    assert policies.foreign_orders is ForeignOrders.IGNORE
    assert policies.orphan_orders is OrphanOrders.REFUSE
