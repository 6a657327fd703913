"""The exchange's refusal codes, each with what it asks of us (spec/live.md 1.7, bybit.md A.6).

It knows codes; it refuses to know texts, orders and what is done about any of them.
"""

from enum import StrEnum

REQUEST_EXPIRED = 10002
RATE_LIMITED = 10006
ADDRESS_RATE_LIMITED = 10018
HTTP_FORBIDDEN = 403
HTTP_TOO_MANY_REQUESTS = 429

SERVER_TIMEOUT = 10000
SERVER_ERROR = 10016

HTTP_UNAUTHORISED = 401
KEY_INVALID = 10003
SIGNATURE_INVALID = 10004
PERMISSION_DENIED = 10005
AUTHENTICATION_FAILED = 10007
BANNED = 10008
ADDRESS_BANNED = 10009
ADDRESS_NOT_BOUND = 10010
COMPLIANCE = 10024
TRADING_BANNED = 10027
KEY_EXPIRED = 33004

REQUEST_REPEATED = 10014
WIRE_ID_REPEATED = 110072

WALLET_INSUFFICIENT = 110004
AVAILABLE_INSUFFICIENT = 110007
AVAILABLE_INSUFFICIENT_TOO = 110012
MARGIN_INSUFFICIENT = 110044
WALLET_INSUFFICIENT_TOO = 110045
BALANCE_INSUFFICIENT = 110052

NOTHING_TO_REDUCE = 110017

ORDER_UNKNOWN = 110001
ORDER_FINISHED = 110008
ORDER_CANCELLED = 110010
ORDER_UNKNOWN_TOO = 170213

ORDER_IN_PROGRESS = 110079

NO_NEW_POSITIONS = 30228
TOO_MANY_STOP_ORDERS = 110009
TOO_MANY_ORDERS = 110020
OPEN_INTEREST_LIMIT = 110021
ONLY_REDUCING = 110023
ONLY_REDUCING_TOO = 110042
POSITION_LIMIT = 110090
RISK_LIMIT = 3400139


class Reaction(StrEnum):
    """What a refusal asks of us."""

    RETRY = "retry"
    """Nothing happened, and the same request may pass a moment later."""
    AMBIGUOUS = "ambiguous"
    """Whether it happened is not known: treated as a request without an answer."""
    AUTHENTICATION = "authentication"
    """The exchange does not accept our key; repeated, nothing is asked for a while (A23)."""
    BALANCE = "balance"
    """The wallet does not carry it: opens wait for a newer wallet (A21)."""
    POSITION_STALE = "position_stale"
    """There is less to reduce than we believe: closes wait for a newer position (A20)."""
    DUPLICATE_ID = "duplicate_id"
    """The first request probably landed: look it up, never mint a new id before (A08)."""
    ORDER_GONE = "order_gone"
    """Nothing is left to cancel; how the order ended is looked up (A13)."""
    IN_PROGRESS = "in_progress"
    """The exchange still works on the order: ask again later."""
    LIMIT = "limit"
    """A limit of the account or symbol is reached: more opens would be refused as well."""
    REFUSED = "refused"
    """This request will not pass; a new decision is needed."""


_RETRY = (
    REQUEST_EXPIRED,
    RATE_LIMITED,
    ADDRESS_RATE_LIMITED,
    HTTP_FORBIDDEN,
    HTTP_TOO_MANY_REQUESTS,
)
_AUTHENTICATION = (
    HTTP_UNAUTHORISED,
    KEY_INVALID,
    SIGNATURE_INVALID,
    PERMISSION_DENIED,
    AUTHENTICATION_FAILED,
    BANNED,
    ADDRESS_BANNED,
    ADDRESS_NOT_BOUND,
    COMPLIANCE,
    TRADING_BANNED,
    KEY_EXPIRED,
)
_BALANCE = (
    WALLET_INSUFFICIENT,
    AVAILABLE_INSUFFICIENT,
    AVAILABLE_INSUFFICIENT_TOO,
    MARGIN_INSUFFICIENT,
    WALLET_INSUFFICIENT_TOO,
    BALANCE_INSUFFICIENT,
)
_LIMIT = (
    NO_NEW_POSITIONS,
    TOO_MANY_STOP_ORDERS,
    TOO_MANY_ORDERS,
    OPEN_INTEREST_LIMIT,
    ONLY_REDUCING,
    ONLY_REDUCING_TOO,
    POSITION_LIMIT,
    RISK_LIMIT,
)
_GONE = (ORDER_UNKNOWN, ORDER_FINISHED, ORDER_CANCELLED, ORDER_UNKNOWN_TOO)


def _to_either() -> dict[int, Reaction]:
    reactions = dict.fromkeys(_RETRY, Reaction.RETRY)
    reactions.update(dict.fromkeys(_AUTHENTICATION, Reaction.AUTHENTICATION))
    reactions.update(dict.fromkeys((SERVER_TIMEOUT, SERVER_ERROR), Reaction.AMBIGUOUS))
    return reactions


def _to_place() -> dict[int, Reaction]:
    reactions = _to_either()
    reactions.update(dict.fromkeys(_BALANCE, Reaction.BALANCE))
    reactions.update(dict.fromkeys(_LIMIT, Reaction.LIMIT))
    reactions[NOTHING_TO_REDUCE] = Reaction.POSITION_STALE
    # A request repeated word for word carries the same wire id, so the first one may have landed.
    reactions.update(dict.fromkeys((WIRE_ID_REPEATED, REQUEST_REPEATED), Reaction.DUPLICATE_ID))
    # An order with this wire id is being worked on: whether it comes to rest is not known yet.
    reactions[ORDER_IN_PROGRESS] = Reaction.AMBIGUOUS
    return reactions


def _to_cancel() -> dict[int, Reaction]:
    reactions = _to_either()
    reactions.update(dict.fromkeys(_GONE, Reaction.ORDER_GONE))
    reactions[ORDER_IN_PROGRESS] = Reaction.IN_PROGRESS
    return reactions


_PLACE = _to_place()
_CANCEL = _to_cancel()


def reaction_to_place(code: int) -> Reaction:
    """What the refusal of a placement asks of us; HTTP statuses are codes, too."""
    return _reaction(_PLACE, code)


def reaction_to_cancel(code: int) -> Reaction:
    """What the refusal of a cancel asks of us; HTTP statuses are codes, too."""
    return _reaction(_CANCEL, code)


def _reaction(reactions: dict[int, Reaction], code: int) -> Reaction:
    if 500 <= code <= 599:
        return Reaction.AMBIGUOUS
    return reactions.get(code, Reaction.REFUSED)
