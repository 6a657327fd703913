"""What happened: market, order, execution, position and wallet events, and replies to requests.

Every price is in tick units of the event's symbol, every quantity in steps, every time an Instant.
Unknown is None, never 0 (LS-29, LS-60).
"""

from decimal import Decimal

from gridcore.clock import Instant
from gridcore.event_words import (
    NO_LIQUIDATION,
    CashKind,
    ExecType,
    FillEvidence,
    HostCondition,
    Liquidation,
    NoLiquidation,
    OperatorAction,
    OrderStatus,
)
from gridcore.instrument import Instrument, Price, Steps
from gridcore.message import message
from gridcore.replies import (
    CancelAccepted,
    CancelRejected,
    CancelUnknown,
    PlaceAccepted,
    PlaceRejected,
    PlaceUnknown,
    QuestionRefused,
)
from gridcore.sides import DirectionType, SideType

__all__ = [
    "NO_LIQUIDATION",
    "AuthenticationFailed",
    "CancelAccepted",
    "CancelRejected",
    "CancelUnknown",
    "CashKind",
    "CashMoved",
    "Event",
    "ExecType",
    "Execution",
    "ExecutionsSnapshot",
    "FillEvidence",
    "FundingPaid",
    "HistorySnapshot",
    "HostCondition",
    "HostReport",
    "Liquidated",
    "Liquidation",
    "NoLiquidation",
    "OperatorAction",
    "OperatorCommand",
    "OrderStatus",
    "OrderUpdate",
    "OrdersSnapshot",
    "PlaceAccepted",
    "PlaceRejected",
    "PlaceUnknown",
    "PositionUpdate",
    "PositionsSnapshot",
    "PublicTrade",
    "QuestionRefused",
    "SessionStarted",
    "StreamLost",
    "StreamRestored",
    "SymbolReport",
    "Ticker",
    "TimerFired",
    "WalletSnapshot",
    "WalletUpdate",
]


@message
class Ticker:
    """The market as of `at`: last trade price and, where known, mark, quotes and funding rate."""

    symbol: str
    at: Instant
    last: Price
    mark: Decimal | None
    bid: Price | None = None
    ask: Price | None = None
    funding_rate: Decimal | None = None


@message
class PublicTrade:
    """One trade of the market. The session decides nothing on it."""

    symbol: str
    at: Instant
    price: Price
    qty: Steps
    side: SideType | None
    trade_id: str | None = None


@message
class OrderUpdate:
    """The state of one order as the exchange reports it."""

    symbol: str
    at: Instant
    order_id: str
    wire_id: str
    direction: DirectionType
    side: SideType
    price: Price
    qty: Steps
    leaves: Steps
    filled: Steps
    status: OrderStatus
    reduce_only: bool
    reason: str = ""


@message
class Execution:
    """One execution. `closed` is the part that reduced the position; `fee` < 0 is a rebate."""

    symbol: str
    at: Instant
    sequence: int
    exec_id: str
    order_id: str
    wire_id: str
    direction: DirectionType
    side: SideType
    price: Price
    qty: Steps
    leaves: Steps
    closed: Steps
    fee: Decimal
    kind: ExecType
    is_maker: bool
    evidence: FillEvidence | None = None


@message
class PositionUpdate:
    """One leg of a hedged pair. A flat leg has size 0 and entry None (LS-33: flat is a state)."""

    symbol: str
    at: Instant
    direction: DirectionType
    size: Steps
    entry: Decimal | None
    liquidation: Liquidation
    mark: Decimal | None


@message
class WalletUpdate:
    """Cash of the wallet in USDT: realised balance, and what is available for new orders."""

    at: Instant
    balance: Decimal
    available: Decimal | None


@message
class FundingPaid:
    """Funding settled on one leg; `amount` is the change of the wallet (negative: paid)."""

    symbol: str
    at: Instant
    exec_id: str
    direction: DirectionType
    qty: Steps
    rate: Decimal
    price: Decimal
    amount: Decimal


@message
class CashMoved:
    """Cash that came or went without a trade; `amount` is the change of the wallet."""

    at: Instant
    kind: CashKind
    amount: Decimal
    movement_id: str


@message
class OrdersSnapshot:
    """The open orders of a symbol as listed on request; it knows nothing of later orders.

    `complete` False: pages are missing, so that absence proves nothing (L30).
    """

    symbol: str
    asked_at: Instant
    orders: tuple[OrderUpdate, ...]
    complete: bool


@message
class HistorySnapshot:
    """Orders of a symbol that have ended, of the last 24 h, each as it was last reported."""

    symbol: str
    asked_at: Instant
    orders: tuple[OrderUpdate, ...]
    complete: bool


@message
class ExecutionsSnapshot:
    """Executions and funding of a symbol since an instant, in the exchange's order."""

    symbol: str
    asked_at: Instant
    since: Instant
    executions: tuple[Execution | FundingPaid, ...]
    complete: bool


@message
class PositionsSnapshot:
    """Both legs of a symbol as listed on request; a leg that is not listed is unknown, not flat."""

    symbol: str
    asked_at: Instant
    legs: tuple[PositionUpdate, ...]


@message
class WalletSnapshot:
    """The wallet as answered on request, with the movements of cash that no trade caused since."""

    asked_at: Instant
    wallet: WalletUpdate
    movements: tuple[CashMoved, ...] = ()


@message
class SymbolReport:
    """What the exchange says of a symbol and of our account on it: filters, leverage, modes.

    `leverage` None and `margin_mode` "": it says nothing of it.
    """

    symbol: str
    at: Instant
    instrument: Instrument
    leverage: Decimal | None
    hedge_mode: bool
    trading: bool
    margin_mode: str = ""


@message
class AuthenticationFailed:
    """The exchange refuses our key: a private stream could not be opened, or was closed."""

    at: Instant
    text: str


@message
class StreamLost:
    """Nothing is known of a stream from `at` on.

    A symbol names its public stream; None means the private stream of the account.
    """

    at: Instant
    symbol: str | None
    reason: str


@message
class StreamRestored:
    """A lost stream delivers again."""

    at: Instant
    symbol: str | None


@message
class SessionStarted:
    """A process takes up the session: whatever was in flight before it has no known outcome."""

    at: Instant


@message
class Liquidated:
    """The exchange liquidates the wallet: its orders are cancelled and its positions taken over."""

    at: Instant
    equity: Decimal
    maintenance_margin: Decimal


@message
class OperatorCommand:
    """An order of the operator, for one symbol or (None) the account.

    RESUME lifts what the operator asked for and what only the operator may lift. CANCEL_ALL halts,
    and cancels until the exchange shows no order of ours.
    """

    at: Instant
    action: OperatorAction
    symbol: str | None


@message
class HostReport:
    """What the process says of itself: a condition stands from now on, or is over.

    A process that has lost its lease must not act at all: another one does (ADR 0034).
    """

    at: Instant
    condition: HostCondition
    stands: bool


@message
class TimerFired:
    """The deadline that the session named has come."""

    at: Instant


Event = (
    Ticker
    | PublicTrade
    | OrderUpdate
    | Execution
    | PositionUpdate
    | WalletUpdate
    | FundingPaid
    | CashMoved
    | PlaceAccepted
    | PlaceRejected
    | PlaceUnknown
    | CancelAccepted
    | CancelRejected
    | CancelUnknown
    | QuestionRefused
    | OrdersSnapshot
    | HistorySnapshot
    | ExecutionsSnapshot
    | PositionsSnapshot
    | WalletSnapshot
    | SymbolReport
    | AuthenticationFailed
    | StreamLost
    | StreamRestored
    | Liquidated
    | OperatorCommand
    | HostReport
    | SessionStarted
    | TimerFired
)
