"""Counts of what has happened."""

from decimal import Decimal

from gridbot.surface.counting import AccountCounts, RequestKind, Waits
from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    CancelUnknown,
    PlaceAccepted,
    PlaceRejected,
    PublicTrade,
    SessionStarted,
    StreamLost,
)
from gridcore.instrument import Steps
from gridcore.session.effects import (
    NO_EFFECTS,
    AskSnapshot,
    CancelOrder,
    CancelReason,
    Effects,
    LedgerEntry,
    LedgerKind,
    Notice,
    Severity,
    SnapshotKind,
)

NOW = Instant(1_767_229_200_000_000)


def later(span_us: int) -> Instant:
    return Instant(NOW + span_us)


def test_waits_are_counted_below_each_bound_and_at_it() -> None:
    waits = Waits()

    for wait_us in (1, 5_000, 5_001, 20 * SECOND_US):
        waits.add(wait_us)

    rows = dict(waits.buckets())
    assert (rows["0.005"], rows["0.01"], rows["10"], rows["+Inf"]) == (2, 3, 3, 4)
    assert waits.sum_us == 10_002 + 20 * SECOND_US


def test_an_answer_ends_the_wait_of_its_request() -> None:
    counts = AccountCounts()
    cancel = CancelOrder(symbol="BTCUSDT", order_id="O1", wire_id="w", reason=CancelReason.MODE)
    question = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="audit")
    asked = Effects(records=(), requests=(cancel, question), notices=())
    trade = PublicTrade(symbol="BTCUSDT", at=NOW, price=1, qty=Steps(1), side=None)
    lost = CancelUnknown(symbol="BTCUSDT", at=NOW, order_id="O1", text="timeout")

    counts.observe(trade, asked, NOW)
    counts.observe(lost, NO_EFFECTS, later(30_000))

    assert counts.requests == {RequestKind.CANCEL: 1, RequestKind.QUESTION: 1}
    assert counts.unknown == {RequestKind.CANCEL: 1}
    assert counts.waits[RequestKind.CANCEL].sum_us == 30_000
    assert counts.events == {"PublicTrade": 1, "CancelUnknown": 1}


def test_refusals_are_counted_by_code_and_unexpected_answers_have_no_wait() -> None:
    counts = AccountCounts()
    refused = PlaceRejected(symbol="BTCUSDT", at=NOW, wire_id="w", code=110007, text="no")
    accepted = PlaceAccepted(symbol="BTCUSDT", at=NOW, wire_id="v", order_id="O2")

    counts.observe(refused, NO_EFFECTS, NOW)
    counts.observe(accepted, NO_EFFECTS, NOW)

    assert counts.rejected == {(RequestKind.PLACE_OPEN, 110007): 1}
    assert counts.accepted == {RequestKind.PLACE_OPEN: 1}
    assert counts.waits[RequestKind.PLACE_OPEN].buckets()[-1] == ("+Inf", 0)


def test_records_notices_starts_and_losses_of_streams_are_counted() -> None:
    counts = AccountCounts()
    entry = LedgerEntry(
        at=NOW,
        kind=LedgerKind.FEE,
        symbol="BTCUSDT",
        direction=None,
        amount=Decimal(1),
        reference="X1",
    )
    notice = Notice(
        at=NOW, logger="gridcore.session", event="told", severity=Severity.ALERT, fields=()
    )

    counts.observe(
        SessionStarted(at=NOW), Effects(records=(entry,), requests=(), notices=(notice,)), NOW
    )
    counts.observe(StreamLost(at=NOW, symbol=None, reason="closed"), NO_EFFECTS, NOW)
    counts.observe(StreamLost(at=NOW, symbol="BTCUSDT", reason="closed"), NO_EFFECTS, NOW)

    assert counts.entries == {LedgerKind.FEE: 1}
    assert counts.notices == {("told", "alert"): 1}
    assert counts.starts == 1
    assert counts.streams_lost == {"private": 1, "BTCUSDT": 1}
