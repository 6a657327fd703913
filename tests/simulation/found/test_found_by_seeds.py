"""Defects that seeds of the campaign found, each as the smallest story that still shows it.

A seed means another scenario once the generator changes: these say all that they depend on.
"""

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from gridcore.clock import MINUTE_US, SECOND_US
from gridcore.config import SafetyConfig
from gridcore.events import (
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
    PlaceRejected,
    PositionsSnapshot,
    PositionUpdate,
)
from gridcore.session.effects import (
    AskSnapshot,
    CancelOrder,
    LedgerKind,
    PlaceOrder,
    SnapshotKind,
)
from gridcore.session.modes import ModeCause
from simvenue.campaign.words import FaultKind as K

if TYPE_CHECKING:
    from tests.simulation.found.conftest import Found

AT_HOME = 10_000
LOW, HIGH = 9_890, 10_110
"""Beyond the nearest level below and above: the order there fills."""


def test_a_cancel_that_is_told_gone_of_a_live_order_is_repeated_ever_more_slowly_a13_a14(
    found: "Found",
) -> None:
    found.market(1, 5, AT_HOME)
    found.market(5, 120, 9_000)
    found.fault(K.CANCEL_REFUSED, 4, 64, number=110_001)

    found.play()

    first = found.sent(CancelOrder)[0][1].order_id
    asked = [now for now, cancel in found.sent(CancelOrder) if cancel.order_id == first]
    waits_s = [(later - earlier) // SECOND_US for earlier, later in pairwise(asked)]
    assert waits_s == [7, 7, 7, 9, 17, 31]


def test_an_order_refused_although_a_copy_of_its_request_landed_is_adopted_when_listed_a08(
    found: "Found",
) -> None:
    found.market(1, 100, AT_HOME)
    found.fault(K.WITHDRAWAL, "0.99", number=1_000_000)
    found.fault(K.PUSH_LOST, "0.98", 5)
    found.fault(K.REQUEST_REPEATED, "0.99", 2, number=2_000_000)
    found.fault(K.DEPOSIT, "1.05", number=1_000_000)
    found.fault(K.REPLY_LOST, "1.05", 5)

    found.play()

    assert found.told("order_lives_on")
    assert found.told("order_landed_after_all") == []


def test_two_funding_payments_that_cancel_out_are_found_without_a_push_of_either(
    found: "Found",
) -> None:
    found.funding_rate = Decimal("0.001")
    found.funding_every_s = 3_600
    found.market(1, 4, AT_HOME)
    found.tick(4, LOW)
    found.tick("4.5", HIGH)
    found.market(5, 60, AT_HOME)
    found.fault(K.PUBLIC_STREAM_LOST, 4, 5)
    found.fault(K.PUSH_LOST, 3_599, 3_601)

    found.play()

    booked = [entry for entry in found.entries() if entry.kind is LedgerKind.FUNDING]
    assert [entry.amount for entry in booked] == [Decimal("-0.1"), Decimal("0.1")]


def test_legs_are_not_taken_over_while_pushes_of_executions_go_on_being_lost_l44(
    found: "Found",
) -> None:
    """Order after order fills; half of the pushes come, answers are 3 s old when they arrive."""
    found.seed = 10
    found.grid_count = 240
    found.market(1, 5, AT_HOME)
    found.fault(K.PUBLIC_STREAM_LOST, 5, 130)
    found.fault(K.PUSH_LOST, 5, 130, chance=500)
    found.fault(K.SNAPSHOT_DELAYED, 5, 130, number=3_000_000)
    for fill in range(110):
        found.tick(6 + fill, 9_890 * 99**fill // 100**fill)

    found.play()

    assert found.told("reconcile_begun")
    assert found.told("leg_taken_over") == []


def test_legs_are_not_taken_over_for_executions_that_an_answer_need_not_know_yet_l44(
    found: "Found",
) -> None:
    """As before, but answers lag up to 1.9 s behind: they say nothing of the last moment."""
    found.seed = 21
    found.grid_count = 240
    found.market(1, 5, AT_HOME)
    found.fault(K.PUBLIC_STREAM_LOST, 5, 130)
    found.fault(K.PUSH_LOST, 5, 130, chance=500)
    found.fault(K.SNAPSHOT_STALE, 5, 130, number=1_900_000)
    for row in range(220):
        found.tick(6 + row * Decimal("0.5"), 9_890 * 995**row // 1000**row)

    found.play()

    assert found.told("reconcile_begun")
    assert found.told("leg_taken_over") == []


def test_a_restart_on_the_same_day_does_not_lift_the_loss_limit_a31_a32(found: "Found") -> None:
    found.safety = SafetyConfig(session_loss_limit=Decimal("0.01"))
    found.funding_rate = Decimal("-0.001")
    found.funding_every_s = 60
    found.market(1, 4, AT_HOME)
    found.market(4, 5, LOW)
    found.market(5, 100, AT_HOME)
    found.fault(K.CRASH, 80, 90)

    world = found.play()

    tripped = found.told("loss_limit")
    assert tripped == [found.at("4.02")]
    assert world.restarts == 1
    earned = [entry.amount for entry in found.entries() if entry.kind is not LedgerKind.CASH]
    assert sum(earned) > 0, "the day's loss has been made good by then"
    assert ModeCause.LOSS_LIMIT in found.moments[-1].causes
    assert [now for now, _ in found.sent(PlaceOrder) if now > tripped[0]] == []


def test_a_wire_id_is_not_sent_again_once_a_push_has_overtaken_its_reply_l05_a07(
    found: "Found",
) -> None:
    found.market(1, 60, AT_HOME)
    found.fault(K.PLACE_REFUSED, 1, "1.5", number=10_006)
    found.fault(K.REPLY_DELAYED, 2, 4, number=4_000_000)
    found.fault(K.MANUAL_CANCEL, 5, number=4)

    found.play()

    wire_ids = [order.wire_id for _, order in found.sent(PlaceOrder)]
    assert [wire_ids.count(wire_id) for wire_id in dict.fromkeys(wire_ids)] == [2] * 4 + [1] * 4


def test_a_stale_answer_does_not_release_closes_that_were_told_there_is_nothing_to_reduce_a20(
    found: "Found",
) -> None:
    found.market(1, 4, AT_HOME)
    found.market(4, 60, LOW)
    found.fault(K.PLACE_REFUSED, 4, 5, number=110_017)
    found.fault(K.SNAPSHOT_STALE, 1, 20, number=1_900_000)

    found.play()

    refused = [
        moment.now
        for moment in found.moments
        if isinstance(moment.event, PlaceRejected) and moment.event.code == 110_017
    ]
    assert refused
    again = [now for now, order in found.sent(PlaceOrder) if order.reduce_only and now > refused[0]]
    assert again[0] >= refused[0] + 2 * SECOND_US


def test_a_listing_asked_before_an_orphan_was_pushed_does_not_drop_it_b2(found: "Found") -> None:
    found.market(1, 120, AT_HOME)
    found.fault(K.SNAPSHOT_STALE, 50, 62, number=1_900_000)
    found.fault(K.MANUAL_ORDER, "61.005", 100, number=10, detail="orphan long")

    found.play()

    (begun,) = found.told("orphan_order")
    (over,) = found.ended(ModeCause.ORPHANS)
    listed = [moment for moment in found.moments if isinstance(moment.event, OrdersSnapshot)]
    assert any(begun < moment.now < begun + SECOND_US for moment in listed)
    assert over.now >= found.at(100)


def test_a_cancel_all_is_not_proved_by_a_listing_asked_before_the_cancels_arrived_a33(
    found: "Found",
) -> None:
    found.market(1, 60, AT_HOME)
    found.fault(K.OPERATOR, 10, detail="cancel-all")
    found.fault(K.OPERATOR, 40, detail="resume")

    found.play()

    (proved,) = found.told("all_cancelled")
    gone = max(
        moment.now
        for moment in found.moments
        if isinstance(moment.event, OrderUpdate) and moment.event.status is OrderStatus.CANCELLED
    )
    proofs = [
        moment.event.orders
        for moment in found.moments
        if isinstance(moment.event, OrdersSnapshot)
        and moment.event.asked_at > gone
        and moment.now <= proved
    ]
    assert proofs
    assert proofs[-1] == ()


def test_while_our_key_is_dead_only_the_probe_is_asked_and_no_deadline_stays_due_a23(
    found: "Found",
) -> None:
    found.safety = SafetyConfig(audit_orders_s=31)
    found.calm_s = 2_400
    found.market(1, 60, AT_HOME)
    found.fault(K.SNAPSHOT_LOST, 30, 32)
    found.fault(K.AUTHENTICATION_REFUSED, 33, 70, number=10_003)
    found.fault(K.PRIVATE_STREAM_LOST, 40, 45)

    found.play()

    (dead,) = found.told("key_refused")
    over = found.ended(ModeCause.AUTHENTICATION)[0].now
    asked = [(now, ask.kind) for now, ask in found.sent(AskSnapshot) if dead < now < over]
    assert asked == [(dead + 30 * MINUTE_US, SnapshotKind.WALLET)]


def test_the_report_of_one_leg_does_not_end_the_age_of_the_other(found: "Found") -> None:
    found.market(1, 160, AT_HOME)
    found.market(160, 161, LOW)
    found.market(161, 260, AT_HOME)
    found.fault(K.SNAPSHOT_LOST, 10, 200)

    found.play()

    (over,) = found.ended(ModeCause.STALE_POSITION)
    pushed = [
        moment
        for moment in found.moments
        if isinstance(moment.event, PositionUpdate) and ModeCause.STALE_POSITION in moment.causes
    ]
    assert pushed
    assert isinstance(over.event, PositionsSnapshot)
