"""What the tests of the classes ask of a recording: the words and one protocol.

It knows no database and no journal; who implements it answers from recorded rows alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from comparator.loading.spans import Span
from gridcore.clock import Instant
from gridcore.events import ExecType
from gridcore.sides import DirectionType, SideType


class Ending(StrEnum):
    """How an order's life ended."""

    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Lost(StrEnum):
    """What an interruption took away."""

    MARKET = "market"
    """Trades or tickers of a symbol were not recorded."""
    ACCOUNT = "account"
    """Executions or orders of the account were not recorded."""
    BOT = "bot"
    """The bot was not running, or could not trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTrades:
    """The public trades of a span, seen from an order of one side at one price.

    `at_price` is the volume at the price, `against` that part of it whose taker was on the other
    side, `beyond` the volume strictly through the price; the times are of the first such trades.
    """

    at_price: Decimal
    against: Decimal
    beyond: Decimal
    first_at: Instant | None
    first_beyond_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLife:
    """A live order as its recorded states tell it.

    `placed_at` is the time of its first state, None when that was not recorded; `ended_at` that of
    its terminal state, None while there is none. `filled` is the quantity of the last state.
    `reason` says why it was rejected or cancelled, "" when the exchange names none.
    `minted_at` is the time inside its wire id: when the bot decided to place it.
    """

    order_id: str
    client_order_id: str
    symbol: str
    side: SideType
    direction: DirectionType | None
    price: Decimal
    qty: Decimal
    filled: Decimal
    placed_at: Instant | None
    ended_at: Instant | None
    ending: Ending | None
    reason: str
    minted_at: Instant | None

    def rests_at(self, at: int) -> bool:
        """Whether it stood in the book at a time; an order that was rejected never did."""
        if self.ending is Ending.REJECTED or (self.placed_at is not None and at < self.placed_at):
            return False
        return self.ended_at is None or at < self.ended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """A stretch of time in which something was not recorded or not running.

    `symbol` None: all of them.
    """

    lost: Lost
    symbol: str | None
    span: Span
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """The live session did not let an order go out at a time."""

    at: Instant
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingCharge:
    """A recorded payment of funding; `amount` < 0 was paid. Unknown is None."""

    at: Instant
    symbol: str
    direction: DirectionType
    qty: Decimal
    price: Decimal | None
    rate: Decimal | None
    amount: Decimal


class Evidence(Protocol):
    """The recording of one run, as the tests ask it."""

    @property
    def window(self) -> Span:
        """The time that is judged."""

    def level(
        self, symbol: str, side: SideType, price: Decimal, start: int, end: int
    ) -> LevelTrades:
        """The trades from `start` to `end`, both included, at and through a price."""

    def order(self, order_id: str) -> OrderLife | None:
        """The recorded life of an order; None: no state of it was recorded."""

    def orders_of(self, client_order_id: str) -> Sequence[OrderLife]:
        """The lives of all orders with an identity, by their first state."""

    def kinds_of(self, order_id: str) -> frozenset[ExecType]:
        """The kinds of the executions of an order."""

    def interruptions(self, symbol: str) -> Sequence[Interruption]:
        """What was lost of a symbol within the window, by time."""

    def denials(
        self, symbol: str, direction: DirectionType, side: SideType, price: Decimal
    ) -> Sequence[Denial]:
        """When the live session denied an order at a price, by time."""

    def charges(self) -> Sequence[FundingCharge]:
        """The payments of funding within the window, by time."""

    def typical_trade(self, symbol: str) -> Decimal | None:
        """The median quantity of the public trades; None: there is none."""

    def latencies_us(self) -> Sequence[int]:
        """Measured delays from the bot's decision to the exchange's word, in any order."""
