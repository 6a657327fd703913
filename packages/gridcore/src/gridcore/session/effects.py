"""What the session wants of its shell: records to keep, requests to send, notices to tell."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from gridcore.clock import Instant
from gridcore.instrument import Price, Steps, Ticks
from gridcore.message import message
from gridcore.sides import DirectionType, SideType

T = TypeVar("T")


class TimeInForce(StrEnum):
    """How long an order lives; PostOnly never takes liquidity."""

    POST_ONLY = "PostOnly"
    GTC = "GTC"


class CancelReason(StrEnum):
    """Why the session cancels an order."""

    REBUILD = "rebuild"
    SIDE_MISMATCH = "side_mismatch"
    OUTSIDE_GRID = "outside_grid"
    DUPLICATE = "duplicate"
    COVERAGE = "coverage"
    MODE = "mode"
    ORPHAN = "orphan"
    FOREIGN = "foreign"


@message
class PlaceOrder:
    """A sized limit order. `wire_id` goes to the exchange as orderLinkId."""

    symbol: str
    strat_id: str
    client_order_id: str
    wire_id: str
    direction: DirectionType
    side: SideType
    price: Ticks
    qty: Steps
    reduce_only: bool
    time_in_force: TimeInForce
    level: int


@message
class CancelOrder:
    """Cancel one order by the exchange's order id."""

    symbol: str
    order_id: str
    wire_id: str
    reason: CancelReason


class SnapshotKind(StrEnum):
    """What a snapshot asks for."""

    ORDERS = "orders"
    HISTORY = "history"
    EXECUTIONS = "executions"
    POSITIONS = "positions"
    WALLET = "wallet"


@message
class AskSnapshot:
    """Ask the exchange for its view; the answer comes back as one snapshot event.

    `symbol` is None for the wallet. `since`: from when executions (and, for the wallet, movements
    of cash) are wanted. No answer at all is allowed: the session asks again.
    """

    kind: SnapshotKind
    symbol: str | None
    reason: str
    since: Instant | None = None


class Approved(Generic[T]):
    """Proof that a request passed the whole gate chain; only `session.gates` makes one."""

    __slots__ = ("request",)

    def __init__(self, request: T) -> None:
        self.request = request

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Approved) and self.request == other.request

    def __hash__(self) -> int:
        return hash(("approved", self.request))

    def __repr__(self) -> str:
        return f"Approved({self.request!r})"


Request = Approved[PlaceOrder] | CancelOrder | AskSnapshot


class LedgerKind(StrEnum):
    """What moved the cash of the account."""

    REALISED = "realised"
    FEE = "fee"
    FUNDING = "funding"
    CASH = "cash"


@message
class LedgerEntry:
    """One movement of the account's cash, quantised to 1e-8; the sum is the wallet balance."""

    at: Instant
    kind: LedgerKind
    symbol: str | None
    direction: DirectionType | None
    amount: Decimal
    reference: str


@message
class FillRecord:
    """One execution of our own order as the session booked it, at the price of the execution."""

    at: Instant
    symbol: str
    strat_id: str
    direction: DirectionType
    side: SideType
    price: Price
    qty: Steps
    fee: Decimal
    realised: Decimal
    client_order_id: str
    wire_id: str
    order_id: str
    exec_id: str
    level: int


Record = LedgerEntry | FillRecord


class Severity(StrEnum):
    """How urgent a notice is."""

    INFO = "info"
    WARNING = "warning"
    ALERT = "alert"


@message
class Notice:
    """Something a person may want to know; edge-triggered, never per ticker (L32)."""

    at: Instant
    logger: str
    event: str
    severity: Severity
    fields: tuple[tuple[str, str], ...]


@message(eq=True)
class Effects:
    """What one event causes. The shell makes records durable, sends requests, tells notices."""

    records: Sequence[Record]
    requests: Sequence[Request]
    notices: Sequence[Notice]

    def __bool__(self) -> bool:
        return bool(self.records or self.requests or self.notices)


NO_EFFECTS = Effects(records=(), requests=(), notices=())
