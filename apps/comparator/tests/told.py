"""A recording that tells what a test says: the evidence of hand-made fills."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from comparator.certificate.certify import Certified
from comparator.certificate.evidence import (
    Denial,
    Ending,
    FundingCharge,
    Interruption,
    LevelTrades,
    Lost,
    OrderLife,
)
from comparator.certificate.judging import Divergence
from comparator.fills import Fill, FillTable
from comparator.loading.spans import Span
from comparator.report.comparison import Comparison
from gridcore.clock import SECOND_US, Instant
from gridcore.events import ExecType
from gridcore.sides import BUY, LONG, DirectionType, SideType

MakeFill = Callable[..., Fill]
Tables = Callable[..., FillTable]
Certify = Callable[..., Certified]
One = Callable[..., Divergence]
MakeComparison = Callable[..., Comparison]
"""The fixtures of the tests."""


def at(seconds: float) -> Instant:
    """So many seconds after the epoch."""
    return Instant(round(seconds * SECOND_US))


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """One public trade."""

    at: Instant
    price: Decimal
    qty: Decimal
    taker: SideType


@dataclass(slots=True, kw_only=True)
class Told:
    """Evidence of an hour of BTCUSDT; a test fills in what was recorded."""

    window: Span = field(default_factory=lambda: Span(start=at(0), end=at(3600)))
    prints: list[Print] = field(default_factory=list)
    lives: list[OrderLife] = field(default_factory=list)
    kinds: dict[str, frozenset[ExecType]] = field(default_factory=dict)
    lost: list[Interruption] = field(default_factory=list)
    denied: list[Denial] = field(default_factory=list)
    funding: list[FundingCharge] = field(default_factory=list)
    latencies: list[int] = field(default_factory=list)
    typical: Decimal | None = Decimal(3)

    def trade(
        self,
        seconds: float,
        price: str,
        qty: str = "1",
        taker: SideType = SideType.SELL,
    ) -> None:
        """A public trade; the taker sells unless said otherwise."""
        self.prints.append(
            Print(at=at(seconds), price=Decimal(price), qty=Decimal(qty), taker=taker)
        )

    def place(
        self,
        identity: str,
        placed: float | None,
        ended: float | None = None,
        ending: Ending | None = None,
        **others: Any,
    ) -> None:
        """A live order for 2 at 100, bought for the long leg, as the `make_fill` fixture fills."""
        filled = Decimal(2) if ending is Ending.FILLED else Decimal(0)
        fields: dict[str, Any] = {
            "order_id": f"order-{identity}",
            "client_order_id": identity,
            "symbol": "BTCUSDT",
            "side": BUY,
            "direction": LONG,
            "price": Decimal(100),
            "qty": Decimal(2),
            "filled": filled,
            "placed_at": None if placed is None else at(placed),
            "ended_at": None if ended is None else at(ended),
            "ending": ending,
            "reason": "",
            "minted_at": None,
        }
        self.lives.append(OrderLife(**(fields | others)))

    def lose(self, lost: Lost, start: float, end: float, symbol: str | None = None) -> None:
        """An interruption."""
        span = Span(start=at(start), end=at(end))
        self.lost.append(Interruption(lost=lost, symbol=symbol, span=span, reason="restart"))

    # -- the protocol ----------------------------------------------------------------------

    def level(
        self, symbol: str, side: SideType, price: Decimal, start: int, end: int
    ) -> LevelTrades:
        """What was traded at and through a price."""
        within = [one for one in self.prints if start <= one.at <= end]
        level = [one for one in within if one.price == price]
        through = [
            one for one in within if (one.price < price if side is BUY else one.price > price)
        ]
        return LevelTrades(
            at_price=sum((one.qty for one in level), Decimal(0)),
            against=sum((one.qty for one in level if one.taker is not side), Decimal(0)),
            beyond=sum((one.qty for one in through), Decimal(0)),
            first_at=min((one.at for one in level), default=None),
            first_beyond_at=min((one.at for one in through), default=None),
        )

    def order(self, order_id: str) -> OrderLife | None:
        """The life of an order."""
        return next((life for life in self.lives if life.order_id == order_id), None)

    def orders_of(self, client_order_id: str) -> Sequence[OrderLife]:
        """The lives of an identity."""
        return [life for life in self.lives if life.client_order_id == client_order_id]

    def kinds_of(self, order_id: str) -> frozenset[ExecType]:
        """Trades, unless the test says otherwise."""
        return self.kinds.get(order_id, frozenset({ExecType.TRADE}))

    def interruptions(self, symbol: str) -> Sequence[Interruption]:
        """Those of a symbol."""
        return [one for one in self.lost if one.symbol in (None, symbol)]

    def denials(
        self, symbol: str, direction: DirectionType, side: SideType, price: Decimal
    ) -> Sequence[Denial]:
        """All of them: a test has one level."""
        return self.denied

    def charges(self) -> Sequence[FundingCharge]:
        """The payments of funding."""
        return self.funding

    def typical_trade(self, symbol: str) -> Decimal | None:
        """The same for every symbol."""
        return self.typical

    def latencies_us(self) -> Sequence[int]:
        """As measured."""
        return self.latencies
