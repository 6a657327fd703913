"""The transaction log: every change of the wallet, with the balance after it (bybit.md A.5).

It writes rows and keeps the running balance; it refuses to know positions.
"""

from decimal import Decimal

from bybit_sim.exchange.rows import CATEGORY, USDT
from bybit_sim.exchange.texts import decimal_text, ms_text, plain
from bybit_sim.exchange.words import ExecutionRecord, Row
from gridcore.clock import Instant
from gridcore.events import CashKind, CashMoved

ZERO = Decimal(0)
TYPES = {"Trade": "TRADE", "AdlTrade": "ADL", "BustTrade": "LIQUIDATION"}
CASH_TYPES = {
    CashKind.DEPOSIT: "TRANSFER_IN",
    CashKind.WITHDRAWAL: "TRANSFER_OUT",
    CashKind.INSURANCE: "INSURANCE",
}


class Transactions:
    """The log of one account; ids grow in the order of happening."""

    __slots__ = ("_rows", "_uid", "balance")

    def __init__(self, uid: int, balance: Decimal) -> None:
        self._uid = uid
        self._rows: list[Row] = []
        self.balance = balance

    def trade(self, execution: ExecutionRecord, held: Decimal) -> None:
        """Log a trade; `held` is what the leg holds afterwards, below 0 for a short one."""
        self._log(
            TYPES[execution.exec_type],
            execution.at,
            execution=execution,
            held=held,
            cash_flow=execution.pnl,
            fee=execution.fee,
        )

    def funding(self, execution: ExecutionRecord, held: Decimal) -> None:
        """Log a funding settlement; the row's sign is opposite to the execution's fee."""
        self._log(
            "SETTLEMENT", execution.at, execution=execution, held=held, funding=-execution.fee
        )

    def cash(self, movement: CashMoved) -> None:
        """Log cash that no trade moved."""
        self._log(CASH_TYPES[movement.kind], movement.at, cash_flow=movement.amount)

    def rows(self) -> list[Row]:
        """Newest first."""
        return self._rows[::-1]

    def _log(
        self,
        kind: str,
        at: Instant,
        *,
        execution: ExecutionRecord | None = None,
        held: Decimal = ZERO,
        cash_flow: Decimal = ZERO,
        funding: Decimal | None = None,
        fee: Decimal = ZERO,
    ) -> None:
        change = cash_flow + (funding or ZERO) - fee
        self.balance += change
        symbol = "" if execution is None else execution.symbol
        order = None if execution is None else execution.order
        self._rows.append(
            {
                "id": f"{self._uid}_{len(self._rows) + 1:012d}_{symbol or USDT}",
                "symbol": symbol,
                "category": "" if execution is None else CATEGORY,
                "side": "None" if execution is None else execution.side.value,
                "transactionTime": ms_text(at),
                "type": kind,
                "transSubType": "",
                "qty": "0" if execution is None else decimal_text(execution.qty),
                "size": "0" if execution is None else decimal_text(held),
                "currency": USDT,
                "tradePrice": "0" if execution is None else decimal_text(execution.price),
                "funding": "" if funding is None else plain(funding),
                "fee": plain(fee),
                "cashFlow": plain(cash_flow),
                "change": plain(change),
                "cashBalance": plain(self.balance),
                "feeRate": "0" if execution is None else plain(execution.fee_rate),
                "bonusChange": "",
                "tradeId": "" if execution is None else execution.exec_id,
                "orderId": "" if order is None else order.order_id,
                "orderLinkId": "" if order is None else order.order_link_id,
                "extraFees": "",
            }
        )
