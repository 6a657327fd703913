"""What the exchange says to a placement, a cancel or a question, other than what was asked for."""

from gridcore.clock import Instant
from gridcore.message import message


@message
class PlaceAccepted:
    """The exchange accepted a placement; the outcome comes as an OrderUpdate."""

    symbol: str
    at: Instant
    wire_id: str
    order_id: str


@message
class PlaceRejected:
    """The exchange refused a placement: `code` as in spec/bybit.md A.6."""

    symbol: str
    at: Instant
    wire_id: str
    code: int
    text: str


@message
class CancelAccepted:
    """The exchange accepted a cancel; the outcome comes as an OrderUpdate."""

    symbol: str
    at: Instant
    order_id: str


@message
class CancelRejected:
    """The exchange refused a cancel: 110001 means that the order is gone already."""

    symbol: str
    at: Instant
    order_id: str
    code: int
    text: str


@message
class PlaceUnknown:
    """Nobody knows whether a placement arrived: a timeout, a server error, a lost reply (L05)."""

    symbol: str
    at: Instant
    wire_id: str
    text: str


@message
class CancelUnknown:
    """Nobody knows whether a cancel arrived."""

    symbol: str
    at: Instant
    order_id: str
    text: str


@message
class QuestionRefused:
    """The exchange refused to answer a question, because of our key; the session asks again."""

    at: Instant
    code: int
    text: str
