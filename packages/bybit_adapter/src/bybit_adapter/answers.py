"""How a request ended becomes the kernel's event: accepted, refused, or unknown.

It knows failures and the codes by which the kernel knows them; it refuses to decide what follows.
"""

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
from gridcore.session import codes
from gridcore.session.effects import CancelOrder, PlaceOrder


def place_answer(
    order: PlaceOrder, found: Accepted | Failure, at: Instant
) -> PlaceAccepted | PlaceRejected | PlaceUnknown:
    """What became of a placement, told at `at` by the session's clock.

    Only what certainly had no effect is a refusal (L05).
    """
    symbol, wire_id = order.symbol, order.wire_id
    if isinstance(found, Accepted):
        return PlaceAccepted(symbol=symbol, at=at, wire_id=wire_id, order_id=found.order_id)
    if isinstance(found, OutcomeUnknown):
        return PlaceUnknown(symbol=symbol, at=at, wire_id=wire_id, text=found.text)
    return PlaceRejected(
        symbol=symbol, at=at, wire_id=wire_id, code=_kernel_code(found), text=found.text
    )


def cancel_answer(
    order: CancelOrder, found: Accepted | Failure, at: Instant
) -> CancelAccepted | CancelRejected | CancelUnknown:
    """What became of a cancel, told at `at` by the session's clock."""
    symbol, order_id = order.symbol, order.order_id
    if isinstance(found, Accepted):
        return CancelAccepted(symbol=symbol, at=at, order_id=order_id)
    if isinstance(found, OutcomeUnknown):
        return CancelUnknown(symbol=symbol, at=at, order_id=order_id, text=found.text)
    return CancelRejected(
        symbol=symbol, at=at, order_id=order_id, code=_kernel_code(found), text=found.text
    )


def question_answer(found: Failure, at: Instant) -> QuestionRefused | None:
    """What a failed question tells: that our key is refused, or nothing at all."""
    if not isinstance(found, AuthenticationRefused):
        return None
    return QuestionRefused(at=at, code=_kernel_code(found), text=found.text)


def _kernel_code(found: Rejected | AuthenticationRefused | RateLimited | Unanswered) -> int:
    """The code by which session/codes.py knows a refusal: one code for one reaction."""
    if isinstance(found, Rejected):
        return codes.REQUEST_EXPIRED if found.kind is ErrorKind.CLOCK else found.code
    if isinstance(found, AuthenticationRefused):
        return codes.KEY_INVALID if found.code is None else found.code
    if isinstance(found, RateLimited) and found.everything:
        return codes.ADDRESS_RATE_LIMITED
    # Held back by our own budget, or without a connection: it never left, and may pass later.
    return codes.RATE_LIMITED
