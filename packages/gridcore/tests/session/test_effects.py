"""Effects: truthy when there is anything to do; approvals compare by what they approve."""

from decimal import Decimal

import pytest

from gridcore.clock import Instant
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import (
    NO_EFFECTS,
    Approved,
    AskSnapshot,
    Effects,
    LedgerEntry,
    LedgerKind,
    Notice,
    PlaceOrder,
    Severity,
    SnapshotKind,
    TimeInForce,
)
from gridcore.sides import BUY, LONG

ENTRY = LedgerEntry(
    at=Instant(1),
    kind=LedgerKind.CASH,
    symbol=None,
    direction=None,
    amount=Decimal(1),
    reference="r",
)
ASK = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="audit")
NOTICE = Notice(at=Instant(1), logger="l", event="e", severity=Severity.INFO, fields=())


def place(qty: int) -> PlaceOrder:
    return PlaceOrder(
        symbol="BTCUSDT",
        strat_id="grid",
        client_order_id="0123456789abcdef",
        wire_id="0123456789abcdef-1",
        direction=LONG,
        side=BUY,
        price=Ticks(100),
        qty=Steps(qty),
        reduce_only=False,
        time_in_force=TimeInForce.POST_ONLY,
        level=0,
    )


def test_effects_without_anything_are_false() -> None:
    assert not NO_EFFECTS
    assert Effects(records=(), requests=(), notices=()) == NO_EFFECTS


@pytest.mark.parametrize(
    "effects",
    [
        Effects(records=(ENTRY,), requests=(), notices=()),
        Effects(records=(), requests=(ASK,), notices=()),
        Effects(records=(), requests=(), notices=(NOTICE,)),
    ],
)
def test_effects_with_a_record_a_request_or_a_notice_are_true(effects: Effects) -> None:
    assert effects


def test_two_approvals_are_equal_when_they_approve_the_same_order() -> None:
    assert Approved(place(1)) == Approved(place(1))
    assert Approved(place(1)) != Approved(place(2))
    assert Approved(place(1)) != place(1)
    assert hash(Approved(place(1))) == hash(Approved(place(1)))


def test_an_approval_shows_what_it_approves() -> None:
    assert repr(Approved(place(7))) == f"Approved({place(7)!r})"
