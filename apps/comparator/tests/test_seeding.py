"""How an account stood: what is missing or cannot be used is named (V-3, V-4, A-16)."""

from decimal import Decimal

import pytest
import sqlalchemy as sa

from apps.comparator.tests.little_market import BALANCE, START
from apps.comparator.tests.recording import Recording
from comparator.seeding import Seed, SeedMissing, seed_of
from grid_db import models
from grid_db.repositories import as_admin
from gridcore.clock import SECOND_US, Instant
from gridcore.sides import BUY, LONG

LATER = Instant(START + 150 * SECOND_US)


def seeded(recording: Recording, at: Instant = LATER) -> Seed:
    with recording.database.get_readonly_session() as session:
        return seed_of(
            as_admin(session),
            account_id=recording.account_id,
            recorder_run=recording.recording_run,
            setups=recording.setup.setups(),
            at=at,
        )


def test_before_the_first_grid_an_account_is_flat_with_its_whole_balance(
    recording: Recording,
) -> None:
    seed = seeded(recording, START)

    assert seed.cash == BALANCE
    assert seed.opening.standing.orders == ()
    assert seed.opening.standing.legs == ()
    assert dict(seed.opening.grids) == {}


def test_legs_are_what_the_executions_before_add_up_to(recording: Recording) -> None:
    """18.12; what happens at the instant itself comes after it."""
    at = next(fill.at for fill in recording.outcome.fills if fill.at >= LATER)
    before = [fill for fill in recording.outcome.fills if fill.at < at]
    held = dict.fromkeys(("long", "short"), Decimal(0))
    for fill in before:
        opening = (fill.side is BUY) is (fill.direction is LONG)
        held[fill.direction.value] += fill.qty if opening else -fill.qty

    seed = seeded(recording, at)

    (setup,) = recording.setup.setups()
    found = {
        leg.direction.value: setup.instrument.qty(leg.size) for leg in seed.opening.standing.legs
    }
    assert found == {name: qty for name, qty in held.items() if qty}
    assert found
    assert seed.cash == BALANCE + sum(fill.realised - fill.fee for fill in before)


def test_orders_stand_in_the_order_in_which_they_were_sent(recording: Recording) -> None:
    orders = seeded(recording).opening.standing.orders

    minted = [int(order.wire_id.partition("-")[2], 36) for order in orders]
    assert len(orders) > 3
    assert minted == sorted(minted)
    assert any(order.filled for order in orders) or recording.plan.venue.partial_fills


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (sa.delete(models.WalletSnapshot), "no USDT wallet was recorded before"),
        (
            sa.delete(models.PositionSnapshot).where(models.PositionSnapshot.side == "Sell"),
            "found the long leg alone",
        ),
        (
            sa.update(models.PositionSnapshot).values(entry_price=Decimal(0)),
            "with an entry of 0",
        ),
        (
            sa.update(models.PositionSnapshot).values(size=Decimal("0.0123456")),
            "leg",
        ),
        (sa.delete(models.GridStateSnapshot), "no grid of grid-BTCUSDT was recorded before"),
        (sa.update(models.GridStateSnapshot).values(grid_count=2), "no grid of grid"),
        (sa.update(models.GridStateSnapshot).values(grid_json="[7]"), "cannot be read"),
        (sa.update(models.OrderState).values(leaves_qty=Decimal("0.0005")), "order"),
    ],
)
def test_what_is_missing_or_cannot_be_used_is_named(
    recording: Recording, statement: sa.Executable, text: str
) -> None:
    recording.change(statement)

    with pytest.raises(SeedMissing, match=text):
        seeded(recording)


def test_a_direction_comes_from_the_leg_else_from_side_and_purpose(recording: Recording) -> None:
    with_index = [order.direction for order in seeded(recording).opening.standing.orders]
    recording.change(sa.update(models.OrderState).values(position_idx=None))

    assert [order.direction for order in seeded(recording).opening.standing.orders] == with_index
