"""Rows that simulator and database are compared by: values, without times of receipt.

It knows the two shapes of each row; it refuses to compare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Execution(NamedTuple):
    """A trade of the account, with the leg of its order."""

    exec_id: str
    order_id: str
    order_link_id: str | None
    symbol: str
    position_idx: int
    exec_type: str
    side: str
    price: Decimal
    qty: Decimal
    closed: Decimal | None
    leaves: Decimal | None
    fee: Decimal | None
    fee_rate: Decimal | None
    is_maker: bool
    seq: int
    at_us: int


class OrderChange(NamedTuple):
    """One state of an order."""

    order_id: str
    at_us: int
    status: str
    leaves: Decimal
    order_link_id: str | None
    symbol: str
    position_idx: int
    side: str
    price: Decimal
    qty: Decimal
    filled: Decimal | None
    average: Decimal | None
    reduce_only: bool
    reject_reason: str | None
    cancel_type: str | None


class Leg(NamedTuple):
    """What is booked of a leg since `at_us`; marks do not change it."""

    symbol: str
    side: str
    at_us: int
    size: Decimal
    entry: Decimal | None
    realised: Decimal | None
    realised_now: Decimal | None


class LegState(NamedTuple):
    """A leg at one mark."""

    leg: Leg
    mark: Decimal | None
    liquidation: Decimal | None
    leverage: Decimal | None
    unrealised: Decimal | None
    initial: Decimal | None
    maintenance: Decimal | None
    value: Decimal | None


class WalletState(NamedTuple):
    """A coin and the account's totals at one mark."""

    coin: str
    balance: Decimal
    available: Decimal | None
    usd_value: Decimal | None
    equity: Decimal | None
    total_available: Decimal | None
    margin_balance: Decimal | None
    initial_rate: Decimal | None
    maintenance_rate: Decimal | None


class Paid(NamedTuple):
    """Funding of a leg; `amount` above 0 was received."""

    exec_id: str
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    amount: Decimal
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that happened on an account, oldest first; the last states are those of now."""

    executions: Sequence[Execution]
    funding: Sequence[Paid]
    orders: Sequence[OrderChange]
    legs: Sequence[LegState]
    wallets: Sequence[WalletState]
    last_legs: Sequence[Leg]
    last_balance: Decimal


def account_of(state: Row) -> Account:
    """An account as `GET /sim/state` tells it."""
    changes = state["changes"]
    index = {row["orderId"]: int(row["positionIdx"]) for row in state["orders"]}
    executions = state["executions"]
    return Account(
        executions=[
            _execution(row, index[row["orderId"]])
            for row in executions
            if row["execType"] != "Funding"
        ],
        funding=[_paid(row) for row in executions if row["execType"] == "Funding"],
        orders=[_order(row) for row in changes["order"]],
        legs=[_leg_state(row) for row in changes["position"]],
        wallets=[_wallet(row, coin) for row in changes["wallet"] for coin in row["coin"]],
        last_legs=[_leg(row) for row in state["positions"]],
        last_balance=Decimal(state["wallet"]["coin"][0]["walletBalance"]),
    )


def timeless(leg: Leg) -> Leg:
    """The leg; one that was never traded has changed at 0, whenever it was told (bybit.md A.5)."""
    traded = leg.size or leg.realised or leg.realised_now
    return leg if traded else leg._replace(at_us=0)


def number(text: object) -> Decimal | None:
    """A number as either side writes it; "" and None are none."""
    return None if text in ("", None) else Decimal(str(text))


def above_zero(text: object) -> Decimal | None:
    """A number where 0 means none, too."""
    found = number(text)
    return found if found else None


def _exact(text: object) -> Decimal:
    return Decimal(str(text))


def _us(text: object) -> int:
    return int(str(text)) * 1_000


def _execution(row: Row, position_idx: int) -> Execution:
    return Execution(
        exec_id=row["execId"],
        order_id=row["orderId"],
        order_link_id=row["orderLinkId"] or None,
        symbol=row["symbol"],
        position_idx=position_idx,
        exec_type=row["execType"],
        side=row["side"],
        price=_exact(row["execPrice"]),
        qty=_exact(row["execQty"]),
        closed=number(row["closedSize"]),
        leaves=number(row["leavesQty"]),
        fee=number(row["execFee"]),
        fee_rate=number(row["feeRate"]),
        is_maker=row["isMaker"],
        seq=row["seq"],
        at_us=_us(row["execTime"]),
    )


def _paid(row: Row) -> Paid:
    return Paid(
        exec_id=row["execId"],
        symbol=row["symbol"],
        side=row["side"],
        qty=_exact(row["execQty"]),
        price=_exact(row["execPrice"]),
        amount=-_exact(row["execFee"]),
        at_us=_us(row["execTime"]),
    )


def _order(row: Row) -> OrderChange:
    return OrderChange(
        order_id=row["orderId"],
        at_us=_us(row["updatedTime"]),
        status=row["orderStatus"],
        leaves=_exact(row["leavesQty"]),
        order_link_id=row["orderLinkId"] or None,
        symbol=row["symbol"],
        position_idx=int(row["positionIdx"]),
        side=row["side"],
        price=_exact(row["price"]),
        qty=_exact(row["qty"]),
        filled=number(row["cumExecQty"]),
        average=above_zero(row["avgPrice"]),
        reduce_only=row["reduceOnly"],
        reject_reason=row["rejectReason"] or None,
        cancel_type=row["cancelType"] or None,
    )


def _leg(row: Row) -> Leg:
    return Leg(
        symbol=row["symbol"],
        side="Buy" if row["positionIdx"] == 1 else "Sell",
        at_us=_us(row["updatedTime"]),
        size=_exact(row["size"]),
        entry=above_zero(row["entryPrice"] if "entryPrice" in row else row["avgPrice"]),
        realised=number(row["cumRealisedPnl"]),
        realised_now=number(row["curRealisedPnl"]),
    )


def _leg_state(row: Row) -> LegState:
    return LegState(
        leg=_leg(row),
        mark=above_zero(row["markPrice"]),
        liquidation=above_zero(row["liqPrice"]),
        leverage=number(row["leverage"]),
        unrealised=number(row["unrealisedPnl"]),
        initial=number(row["positionIM"]),
        maintenance=number(row["positionMM"]),
        value=number(row["positionValue"]),
    )


def _wallet(row: Row, coin: Row) -> WalletState:
    return WalletState(
        coin=coin["coin"],
        balance=_exact(coin["walletBalance"]),
        available=number(coin["availableToWithdraw"]),
        usd_value=number(coin["usdValue"]),
        equity=number(row["totalEquity"]),
        total_available=number(row["totalAvailableBalance"]),
        margin_balance=number(row["totalMarginBalance"]),
        initial_rate=number(row["accountIMRate"]),
        maintenance_rate=number(row["accountMMRate"]),
    )
