"""The outbox gives what was put, in the order in which it was put, exactly once."""

from gridcore.clock import Instant
from gridcore.session.effects import NO_EFFECTS, AskSnapshot, Notice, Severity, SnapshotKind
from gridcore.session.outbox import Outbox


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
