import pytest

from bybit_adapter.answers import cancel_answer, place_answer, question_answer
from bybit_adapter.errors import (
    AuthenticationRefused,
    ErrorKind,
    Failure,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unanswered,
)
from bybit_adapter.rest.order_words import Accepted
from gridcore.clock import Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    QuestionRefused,
)
from gridcore.instrument import Steps, Ticks
from gridcore.session import codes
from gridcore.session.codes import Reaction, reaction_to_cancel, reaction_to_place
from gridcore.session.effects import CancelOrder, CancelReason, PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG

AT = Instant(1_780_000_000_000_000)
LATER = Instant(AT + 5)
PLACE = PlaceOrder(
    symbol="BTCUSDT",
    strat_id="grid",
    client_order_id="0123456789abcdef",
    wire_id="0123456789abcdef-1",
    direction=LONG,
    side=BUY,
    price=Ticks(1000),
    qty=Steps(1),
    reduce_only=False,
    time_in_force=TimeInForce.POST_ONLY,
    level=3,
)
CANCEL = CancelOrder(
    symbol="BTCUSDT", order_id="o1", wire_id=PLACE.wire_id, reason=CancelReason.MODE
)
ACCEPTED = Accepted(order_id="o1", wire_id=PLACE.wire_id, exchange_at=None)
UNKNOWN = OutcomeUnknown(kind=ErrorKind.TIMEOUT, code=None, text="no answer")


def rejected(code: int, kind: ErrorKind = ErrorKind.OTHER) -> Rejected:
    return Rejected(kind=kind, code=code, text="no", retryable=False)


def limited(code: int | None, *, everything: bool) -> RateLimited:
    return RateLimited(not_before=LATER, everything=everything, code=code, text="later")


def test_an_accepted_request_is_told_with_its_order() -> None:
    assert place_answer(PLACE, ACCEPTED, AT) == PlaceAccepted(
        symbol="BTCUSDT", at=AT, wire_id=PLACE.wire_id, order_id="o1"
    )
    assert cancel_answer(CANCEL, ACCEPTED, AT) == CancelAccepted(
        symbol="BTCUSDT", at=AT, order_id="o1"
    )


def test_what_nobody_knows_is_never_a_refusal_l05() -> None:
    assert place_answer(PLACE, UNKNOWN, AT) == PlaceUnknown(
        symbol="BTCUSDT", at=AT, wire_id=PLACE.wire_id, text="no answer"
    )
    assert cancel_answer(CANCEL, UNKNOWN, AT) == CancelUnknown(
        symbol="BTCUSDT", at=AT, order_id="o1", text="no answer"
    )


@pytest.mark.parametrize(
    ("found", "code", "to_place", "to_cancel"),
    [
        (rejected(110007), 110007, Reaction.BALANCE, Reaction.REFUSED),
        (rejected(110001), 110001, Reaction.REFUSED, Reaction.ORDER_GONE),
        (rejected(110072), 110072, Reaction.DUPLICATE_ID, Reaction.REFUSED),
        (rejected(-1, ErrorKind.CLOCK), codes.REQUEST_EXPIRED, Reaction.RETRY, Reaction.RETRY),
        (
            AuthenticationRefused(code=33004, text="expired"),
            33004,
            Reaction.AUTHENTICATION,
            Reaction.AUTHENTICATION,
        ),
        (
            AuthenticationRefused(code=None, text="no key"),
            codes.KEY_INVALID,
            Reaction.AUTHENTICATION,
            Reaction.AUTHENTICATION,
        ),
        (limited(10006, everything=False), codes.RATE_LIMITED, Reaction.RETRY, Reaction.RETRY),
        (limited(None, everything=False), codes.RATE_LIMITED, Reaction.RETRY, Reaction.RETRY),
        (
            limited(10429, everything=True),
            codes.ADDRESS_RATE_LIMITED,
            Reaction.RETRY,
            Reaction.RETRY,
        ),
        (
            Unanswered(kind=ErrorKind.NOT_CONNECTED, code=None, text="no connection"),
            codes.RATE_LIMITED,
            Reaction.RETRY,
            Reaction.RETRY,
        ),
    ],
)
def test_a_refusal_bears_the_code_by_which_the_kernel_reacts(
    found: Failure, code: int, to_place: Reaction, to_cancel: Reaction
) -> None:
    place, cancel = place_answer(PLACE, found, AT), cancel_answer(CANCEL, found, AT)

    assert isinstance(place, PlaceRejected)
    assert isinstance(cancel, CancelRejected)
    assert (place.code, cancel.code) == (code, code)
    assert (reaction_to_place(code), reaction_to_cancel(code)) == (to_place, to_cancel)


def test_a_failed_question_tells_of_our_key_and_of_nothing_else_a23() -> None:
    refused = AuthenticationRefused(code=33004, text="expired")
    unanswered = Unanswered(kind=ErrorKind.NOT_CONNECTED, code=None, text="no connection")

    assert question_answer(refused, AT) == QuestionRefused(at=AT, code=33004, text="expired")
    assert question_answer(unanswered, AT) is None
    assert question_answer(limited(10006, everything=True), AT) is None
