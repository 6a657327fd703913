"""The values that the parts of the simulator hand to each other. It refuses to act.

Prices and quantities are Decimal in quote currency and base coin; times are Instants of market
time. A row is one JSON object of the protocol, complete and ready to be sent.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum

from gridcore.clock import Instant
from gridcore.sides import SideType

Row = dict[str, object]
"""One JSON object of the protocol: numbers as text except where bybit.md says otherwise."""


class OrderType(StrEnum):
    """Whether an order names its price."""

    LIMIT = "Limit"
    MARKET = "Market"


class Lifetime(StrEnum):
    """timeInForce: how long an order lives, and whether it may take."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    POST_ONLY = "PostOnly"


class State(StrEnum):
    """orderStatus (bybit.md A.7) of the orders that are simulated: no conditional orders."""

    NEW = "New"
    PARTIALLY_FILLED = "PartiallyFilled"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    REJECTED = "Rejected"


OPEN_STATES = frozenset({State.NEW, State.PARTIALLY_FILLED})


class PrivateTopic(Enum):
    """The private streams; the value is the topic without a category."""

    ORDER = "order"
    EXECUTION = "execution"
    FAST_EXECUTION = "execution.fast"
    POSITION = "position"
    WALLET = "wallet"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """A placement as asked, its shape checked, its sense not: prices and quantities are texts."""

    symbol: str
    side: SideType
    order_type: OrderType
    qty: str
    price: str | None
    lifetime: Lifetime
    position_idx: int
    order_link_id: str
    reduce_only: bool
    close_on_trigger: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change of a resting order as asked; None leaves a value. `order_id` "" : by link id."""

    symbol: str
    order_id: str
    order_link_id: str
    qty: str | None
    price: str | None


@dataclass(slots=True, kw_only=True)
class OrderRecord:
    """One order as the exchange keeps it, from its acceptance on for ever."""

    order_id: str
    order_link_id: str
    symbol: str
    side: SideType
    position_idx: int
    order_type: OrderType
    lifetime: Lifetime
    price: Decimal
    qty: Decimal
    leaves: Decimal
    state: State
    reduce_only: bool
    close_on_trigger: bool
    created_at: Instant
    updated_at: Instant
    last_price_on_created: Decimal | None
    cum_qty: Decimal = Decimal(0)
    cum_value: Decimal = Decimal(0)
    cum_fee: Decimal = Decimal(0)
    closed_pnl: Decimal = Decimal(0)
    create_type: str = "CreateByUser"
    cancel_type: str = "UNKNOWN"
    reject_reason: str = "EC_NoError"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRecord:
    """One execution or funding settlement. `exec_type` as in bybit.md A.7."""

    exec_id: str
    exec_type: str
    order: OrderRecord | None
    symbol: str
    side: SideType
    position_idx: int
    price: Decimal
    qty: Decimal
    leaves: Decimal
    closed_size: Decimal
    value: Decimal
    fee: Decimal
    fee_rate: Decimal
    pnl: Decimal
    is_maker: bool
    mark: Decimal | None
    index: Decimal | None
    at: Instant
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Rows for one private topic of one account, in one frame."""

    uid: int
    topic: PrivateTopic
    rows: tuple[Row, ...]
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFrame:
    """One frame for everybody who subscribed to `topic`, encoded once."""

    topic: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key of an account. `expired`: the exchange answers 33004; `permissions` as query-api."""

    key: str
    secret: str = field(repr=False)
    read_only: bool = False
    expired: bool = False
    ips: tuple[str, ...] = ("*",)
