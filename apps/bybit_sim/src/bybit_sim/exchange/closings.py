"""Closed profit and loss: one row per closing order (bybit.md A.5, closed-pnl).

It sums what fills closed; it refuses to know open legs.
"""

from dataclasses import dataclass
from decimal import Decimal

from bybit_sim.exchange.legs import Closed
from bybit_sim.exchange.texts import decimal_text, ms_text, plain, rounded
from bybit_sim.exchange.words import ExecutionRecord, OrderRecord, Row

ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Closing:
    """The sums of one closing order, in USDT and base coin."""

    order: OrderRecord
    exec_type: str
    leverage: Decimal
    qty: Decimal = ZERO
    entry_value: Decimal = ZERO
    exit_value: Decimal = ZERO
    open_fee: Decimal = ZERO
    close_fee: Decimal = ZERO
    realised: Decimal = ZERO
    fills: int = 0

    @property
    def pnl(self) -> Decimal:
        """Profit after the fees of both ends."""
        return self.realised - self.open_fee - self.close_fee


class Closings:
    """Every closing order of an account."""

    __slots__ = ("_by_order",)

    def __init__(self) -> None:
        self._by_order: dict[str, Closing] = {}

    def add(self, closed: Closed, execution: ExecutionRecord, leverage: Decimal) -> Decimal:
        """Book the closing part of an execution; the closed profit of its order so far."""
        order = execution.order
        assert order is not None, "only an order closes"
        closing = self._by_order.pop(order.order_id, None) or Closing(
            order=order, exec_type=execution.exec_type, leverage=leverage
        )
        # The last one updated stands last.
        self._by_order[order.order_id] = closing
        closing.order = order
        closing.qty += closed.qty
        closing.entry_value += closed.qty * closed.entry
        closing.exit_value += closed.qty * execution.price
        closing.open_fee += closed.open_fee
        closing.close_fee += execution.fee
        closing.realised += closed.realised
        closing.fills += 1
        return closing.pnl

    def rows(self, symbol: str | None) -> list[Row]:
        """Rows of closed-pnl, the last updated first."""
        return [
            _row(closing)
            for closing in reversed(self._by_order.values())
            if symbol in (None, closing.order.symbol)
        ]


def _row(closing: Closing) -> Row:
    order = closing.order
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "side": order.side.value,
        "qty": decimal_text(order.qty),
        "orderPrice": decimal_text(order.price),
        "orderType": order.order_type.value,
        "execType": closing.exec_type,
        "closedSize": decimal_text(closing.qty),
        "cumEntryValue": rounded(closing.entry_value),
        "avgEntryPrice": rounded(closing.entry_value / closing.qty),
        "cumExitValue": rounded(closing.exit_value),
        "avgExitPrice": rounded(closing.exit_value / closing.qty),
        "closedPnl": plain(closing.pnl),
        "fillCount": str(closing.fills),
        "leverage": plain(closing.leverage),
        "openFee": plain(closing.open_fee),
        "closeFee": plain(closing.close_fee),
        "createdTime": ms_text(order.created_at),
        "updatedTime": ms_text(order.updated_at),
    }
