"""The outbox gives what was put, in the order in which it was put, exactly once."""

from gridcore.clock import Instant
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import (
    NO_EFFECTS,
    Approved,
    AskSnapshot,
    CancelOrder,
    CancelReason,
    Notice,
    PlaceOrder,
    Severity,
    SnapshotKind,
    TimeInForce,
)
from gridcore.session.outbox import Outbox
from gridcore.sides import BUY, LONG


def test_an_empty_box_drains_to_no_effects() -> None:
    assert Outbox().drain() is NO_EFFECTS


def test_what_was_put_comes_out_once_and_in_order() -> None:
    box = Outbox()
    first, second = (
        AskSnapshot(kind=kind, symbol=None, reason="audit")
        for kind in (SnapshotKind.WALLET, SnapshotKind.ORDERS)
    )
    box.requests += [first, second]

    drained = box.drain()

    assert drained.requests == (first, second)
    assert not box.drain()
    assert drained.requests == (first, second), "drained effects do not change any more"


def test_a_notice_carries_its_fields_as_pairs() -> None:
    box = Outbox()

    box.notice(Instant(5), "gridcore.session", "order_denied", Severity.INFO, reason="mode", n="1")

    assert box.drain().notices == (
        Notice(
            at=Instant(5),
            logger="gridcore.session",
            event="order_denied",
            severity=Severity.INFO,
            fields=(("reason", "mode"), ("n", "1")),
        ),
    )


def test_cancels_leave_before_places_and_keep_their_own_order_e_12_l14() -> None:
    place = Approved(
        PlaceOrder(
            symbol="BTCUSDT",
            strat_id="grid",
            client_order_id="0123456789abcdef",
            wire_id="0123456789abcdef-1",
            direction=LONG,
            side=BUY,
            price=Ticks(100),
            qty=Steps(1),
            reduce_only=False,
            time_in_force=TimeInForce.POST_ONLY,
            level=0,
        )
    )
    first, second, third = (
        CancelOrder(symbol="BTCUSDT", order_id=name, wire_id="w", reason=CancelReason.COVERAGE)
        for name in ("O1", "O2", "O3")
    )
    box = Outbox()

    box.cancel(first)
    box.requests += [place, place]
    box.cancel(second)
    box.cancel(third)

    assert box.drain().requests == (first, second, third, place, place)
