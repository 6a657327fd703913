"""The bodies of the admin endpoints. They refuse what makes no sense, and act on nothing."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from appkit.configuration import StrictModel
from bybit_sim.exchange.words import Lifetime, NewOrder, OrderType
from bybit_sim.faults.kinds import NEVER_SENT, SOCKET_FAULTS, complaint
from bybit_sim.faults.words import Fault, WireFault
from gridcore.sides import SideType

Bounded = Annotated[Decimal, Field(max_digits=20, decimal_places=10)]
"""Ten digits before the decimal point and ten after: money of it is exact to 1e-8."""
Positive = Annotated[Bounded, Field(gt=0)]
AccountName = str | int
"""An account's name or its uid."""

FOR_EVER_MS = 10**12
STEPS_MAX = 1_000_000


class NoBody(StrictModel):
    """Nothing to say."""


class StepBody(StrictModel):
    """How many steps to play while paused."""

    count: int = Field(default=1, ge=1, le=STEPS_MAX)


class SpeedBody(StrictModel):
    """`1x`, `60x`, `max`, `lockstep`."""

    speed: str


class TradeBody(StrictModel):
    """A trade that is on no tape; `side` is the taker's."""

    symbol: str
    price: Positive
    qty: Positive
    side: SideType = SideType.BUY


class PriceBody(StrictModel):
    """Where a symbol's market goes on from."""

    symbol: str
    price: Positive


class OrderBody(StrictModel):
    """An order of the account's owner: the keys of order/create in our spelling."""

    account: AccountName
    symbol: str
    side: SideType
    qty: Annotated[Bounded, Field(ge=0)]
    price: Positive | None = None
    order_type: OrderType | None = None
    lifetime: Lifetime | None = None
    position_idx: Literal[0, 1, 2]
    order_link_id: str = Field(default="", max_length=36, pattern=r"^[A-Za-z0-9_-]*$")
    reduce_only: bool = False
    close_on_trigger: bool = False

    @model_validator(mode="after")
    def _limit_has_price(self) -> "OrderBody":
        if self.order_type is OrderType.LIMIT and self.price is None:
            raise ValueError("a Limit order needs a price")
        return self

    def new_order(self) -> NewOrder:
        """The order as the exchange takes it; with a price it is a Limit order that rests."""
        limit = OrderType.MARKET if self.price is None else OrderType.LIMIT
        order_type = self.order_type or limit
        usual = Lifetime.GTC if order_type is OrderType.LIMIT else Lifetime.IOC
        return NewOrder(
            symbol=self.symbol,
            side=self.side,
            order_type=order_type,
            qty=f"{self.qty:f}",
            price=None if self.price is None else f"{self.price:f}",
            lifetime=self.lifetime or usual,
            position_idx=self.position_idx,
            order_link_id=self.order_link_id,
            reduce_only=self.reduce_only,
            close_on_trigger=self.close_on_trigger,
        )


class CancelBody(StrictModel):
    """The account's owner cancels: one order by either id, or without an id every order."""

    account: AccountName
    symbol: str | None = None
    order_id: str = ""
    order_link_id: str = ""

    @model_validator(mode="after")
    def _one_order_has_a_symbol(self) -> "CancelBody":
        if (self.order_id or self.order_link_id) and self.symbol is None:
            raise ValueError("one order is cancelled with its symbol")
        return self


class CashBody(StrictModel):
    """Money into the wallet (above 0) or out of it, in USDT."""

    account: AccountName
    amount: Bounded

    @model_validator(mode="after")
    def _moves(self) -> "CashBody":
        if self.amount == 0:
            raise ValueError("amount: expected USDT above or below 0")
        return self


class AdlBody(StrictModel):
    """The exchange takes `qty` off a position of the account."""

    account: AccountName
    symbol: str
    position_idx: Literal[0, 1, 2]
    qty: Positive


class AccountBody(StrictModel):
    """Which account."""

    account: AccountName


class DisconnectBody(StrictModel):
    """Which sockets end, and how: with `code` by a close frame, else as `how` says."""

    kind: Literal["public", "private", "trade", "*"] = "*"
    account: AccountName | None = None
    how: WireFault = WireFault.SOCKET_RESET
    code: int | None = Field(default=None, ge=1000, le=4999)

    @model_validator(mode="after")
    def _ends_sockets(self) -> "DisconnectBody":
        if self.how not in SOCKET_FAULTS:
            kinds = ", ".join(sorted(SOCKET_FAULTS))
            raise ValueError(f"how: expected one of {kinds}, found {self.how.value}")
        if self.how is WireFault.SOCKET_CLOSED and self.code is None:
            raise ValueError("socket_closed needs a code, such as 1001")
        if self.code in NEVER_SENT:
            raise ValueError(f"code: expected one that may be sent, found {self.code}")
        return self

    def fault(self, uid: int | None) -> Fault:
        """The fault that acts at once."""
        kind = self.how if self.code is None else WireFault.SOCKET_CLOSED
        return Fault(
            kind=kind, from_ms=0, until_ms=1, target=self.kind, uid=uid, amount=self.code or 0
        )


class FaultBody(StrictModel):
    """A fault from `in_ms` on, for `for_ms` (without: until it is taken off)."""

    kind: WireFault
    in_ms: int = Field(default=0, ge=0, le=FOR_EVER_MS)
    for_ms: int | None = Field(default=None, ge=1, le=FOR_EVER_MS)
    target: str = "*"
    account: AccountName | None = None
    chance: int = 1000
    amount: int = 0
    detail: str = Field(default="", max_length=200)
    count: int | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "FaultBody":
        if self.kind is WireFault.REFUSING and self.for_ms is None:
            # Nobody could reach the simulator to take it off again.
            raise ValueError("refusing needs for_ms: until then nothing connects, not even this")
        found = complaint(self.fault(0, None if self.account is None else 0))
        if found is not None:
            raise ValueError(found)
        return self

    def fault(self, now_ms: int, uid: int | None) -> Fault:
        """The fault in the simulator's milliseconds."""
        begin = now_ms + self.in_ms
        return Fault(
            kind=self.kind,
            from_ms=begin,
            until_ms=begin + (FOR_EVER_MS if self.for_ms is None else self.for_ms),
            target=self.target,
            uid=uid,
            chance=self.chance,
            amount=self.amount,
            detail=self.detail,
            count=self.count,
        )
