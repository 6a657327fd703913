"""Placing, amending and cancelling orders (bybit.md A.4): bodies in, answers out.

It checks the shape of a body; whether an order makes sense is the exchange's to say.
"""

import re
from typing import TypeVar

from bybit_sim.exchange.words import Amendment, Lifetime, NewOrder, OrderRecord, OrderType, Row
from bybit_sim.rest.answers import done, refused
from bybit_sim.rest.caller import (
    BASE_COIN,
    SETTLE_COIN,
    SYMBOL,
    Caller,
    require_one_of,
    symbols_of,
)
from bybit_sim.rest.parameters import BadParameter, Body, invalid, missing
from bybit_sim.rest.words import Answer
from gridcore.sides import SideType
from simvenue.limits import Refusal

Word = TypeVar("Word", SideType, OrderType, Lifetime)

LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
NOT_PLAYED = (
    "triggerPrice",
    "takeProfit",
    "stopLoss",
    "tpLimitPrice",
    "slLimitPrice",
    "slippageTolerance",
    "bboSideType",
)
"""Conditional orders and the like: refused rather than placed as something else."""


def create(caller: Caller, body: Body) -> Answer:
    """order/create: accepted, not done; what becomes of the order is told on its stream."""
    return _order_answer(caller.account.create(new_order(body), caller.now))


def amend(caller: Caller, body: Body) -> Answer:
    """order/amend: another price or quantity for a resting order."""
    _refuse_unplayed(body)
    order_id, link_id = _which(body)
    amendment = Amendment(
        symbol=body.required(SYMBOL),
        order_id=order_id,
        order_link_id=link_id,
        qty=body.text("qty") or None,
        price=body.text("price") or None,
    )
    return _order_answer(caller.account.amend(amendment, caller.now))


def cancel(caller: Caller, body: Body) -> Answer:
    """order/cancel: orderId goes before orderLinkId."""
    symbol = body.required(SYMBOL)
    order_id, link_id = _which(body)
    return _order_answer(caller.account.cancel(symbol, order_id, link_id, caller.now))


def cancel_all(caller: Caller, body: Body) -> Answer:
    """order/cancel-all: by symbol, else baseCoin, else settleCoin; 500 orders at a time."""
    body.require_played_category()
    require_one_of(body, SYMBOL, BASE_COIN, SETTLE_COIN)
    cancelled: list[OrderRecord] = []
    if body.text("orderFilter") != "StopOrder":
        symbols = symbols_of(caller.markets, body)
        is_all = len(symbols) == len(caller.markets)
        for symbol in [None] if is_all else symbols:
            cancelled.extend(caller.account.cancel_all(symbol, caller.now))
    return done({"list": [_ids(record) for record in cancelled], "success": "1"})


def arm_disconnect_protection(caller: Caller, body: Body) -> Answer:
    """order/disconnected-cancel-all: refused; the exchange enables it for institutions only."""
    raise BadParameter("disconnect cancel-all is not enabled for this account")


def new_order(body: Body) -> NewOrder:
    """The placement in a body; raises BadParameter when its shape is wrong."""
    _refuse_unplayed(body)
    symbol = body.required(SYMBOL)
    side = _member(SideType, body.required("side"), "side")
    order_type = _member(OrderType, body.required("orderType"), "orderType")
    qty = body.required("qty")
    price = body.text("price") or None
    lifetime = _member(Lifetime, body.text("timeInForce") or Lifetime.GTC, "timeInForce")
    if order_type is OrderType.MARKET:
        price, lifetime = None, Lifetime.IOC
    elif price is None:
        raise missing("price")
    return NewOrder(
        symbol=symbol,
        side=side,
        order_type=order_type,
        qty=qty,
        price=price,
        lifetime=lifetime,
        position_idx=_position_idx(body),
        order_link_id=_link_id(body),
        reduce_only=body.flag("reduceOnly"),
        close_on_trigger=body.flag("closeOnTrigger"),
    )


def _member(kind: type[Word], text: str, name: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise invalid(name) from None


def _position_idx(body: Body) -> int:
    index = body.whole("positionIdx")
    if index is None:
        return 0
    if index not in (0, 1, 2):
        raise invalid("positionIdx")
    return index


def _link_id(body: Body) -> str:
    link_id = body.text("orderLinkId")
    if link_id and not LINK_ID.fullmatch(link_id):
        raise invalid("orderLinkId")
    return link_id


def _which(body: Body) -> tuple[str, str]:
    """The order id, or else the link id, of the order that is meant."""
    require_one_of(body, "orderId", "orderLinkId")
    order_id = body.text("orderId")
    return order_id, "" if order_id else body.text("orderLinkId")


def _refuse_unplayed(body: Body) -> None:
    for name in NOT_PLAYED:
        if body.text(name).strip("0."):
            raise BadParameter(f"{name}: the simulator has plain limit and market orders only")


def _order_answer(outcome: OrderRecord | Refusal) -> Answer:
    return refused(outcome) if isinstance(outcome, Refusal) else done(_ids(outcome))


def _ids(record: OrderRecord) -> Row:
    return {"orderId": record.order_id, "orderLinkId": record.order_link_id}
