"""Rows of the transaction log become movements of cash, or funding; trades are told elsewhere.

An unknown type that moved money is bad: nobody may book what nobody understands.
"""

from collections.abc import Callable

from bybit_adapter.normalizer.executions import rate_of
from bybit_adapter.normalizer.legs import direction_of, side_of
from bybit_adapter.normalizer.numbers import (
    Scale,
    moment,
    number,
    positive,
    required_number,
    required_text,
    text,
)
from bybit_adapter.normalizer.wallet import COIN
from bybit_adapter.normalizer.words import BadElement, Reason, Row
from gridcore.clock import Instant
from gridcore.events import CashKind, CashMoved, FundingPaid

KINDS = {
    "TRANSFER_IN": CashKind.TRANSFER,
    "TRANSFER_OUT": CashKind.TRANSFER,
    "DEPOSIT": CashKind.DEPOSIT,
    "WITHDRAW": CashKind.WITHDRAWAL,
    "INTEREST": CashKind.INTEREST,
    "BONUS": CashKind.BONUS,
    "BONUS_RECOLLECT": CashKind.BONUS,
    "AIRDROP": CashKind.BONUS,
    "FEE_REFUND": CashKind.BONUS,
    "INSURANCE": CashKind.INSURANCE,
}
OF_TRADES = frozenset({"TRADE", "DELIVERY", "LIQUIDATION", "ADL"})
"""Their cash comes with executions."""
FUNDING = "SETTLEMENT"


def movement(
    row: Row, scale_of: Callable[[str], Scale | None], asked_at: Instant
) -> CashMoved | FundingPaid | Reason:
    """One row; a Reason for other coins, for trades, and for funding of symbols not traded."""
    if text(row, "currency") != COIN:
        return Reason.OTHER_COIN
    kind = required_text(row, "type")
    if kind in OF_TRADES:
        return Reason.OF_TRADE
    at = moment(row.get("transactionTime")) or asked_at
    if kind == FUNDING:
        scale = scale_of(text(row, "symbol"))
        return Reason.UNKNOWN_SYMBOL if scale is None else _funding(row, scale, at)
    amount = required_number(row, "change")
    known = KINDS.get(kind)
    if known is None:
        raise BadElement(f"type: expected a known movement of cash, found {kind[:40]!r}")
    # Rows of different types may share an id (as the documentation's own sample shows).
    identity = f"{required_text(row, 'id')}:{kind}"
    return CashMoved(at=at, kind=known, amount=amount, movement_id=identity)


def _funding(row: Row, scale: Scale, at: Instant) -> FundingPaid:
    """The twin of a Funding execution, whose execId is the tradeId here; < 0 was paid."""
    amount = number(row, "funding")
    if amount is None:
        amount = required_number(row, "change")
    direction = direction_of(row, side_of(row), closes=False)
    price = positive(row, "tradePrice")
    if price is None:
        raise BadElement("tradePrice: expected the price that funding was settled at, found none")
    return FundingPaid(
        symbol=scale.instrument.symbol,
        at=at,
        exec_id=required_text(row, "tradeId"),
        direction=direction,
        qty=scale.required_size(row, "qty"),
        rate=rate_of(required_number(row, "feeRate"), -amount, direction),
        price=price,
        amount=amount,
    )
