"""Order entry as HTTP and the trade socket share it: permission, rate, then the order calls.

It refuses to know signatures: its callers have authenticated the account.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bybit_sim.exchange.words import ApiKey, Row
from bybit_sim.rest.answers import RATE_EXCEEDED, READ_ONLY, done, refused
from bybit_sim.rest.caller import Caller
from bybit_sim.rest.limits import RateLimits
from bybit_sim.rest.order_calls import amend, cancel, create
from bybit_sim.rest.parameters import PLAYED_CATEGORY, BadParameter, Body, answered, invalid
from bybit_sim.rest.ports import AccountPort, MarketPort
from bybit_sim.rest.words import Answer
from gridcore.clock import Instant

ORDERS_PER_BATCH = 20

OrderCall = Callable[[Caller, Body], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One way of order entry: its call, whose limit it counts against, one order or many."""

    call: OrderCall
    path: str
    is_batch: bool


OPERATIONS = {
    "order.create": Operation(create, "/v5/order/create", is_batch=False),
    "order.amend": Operation(amend, "/v5/order/amend", is_batch=False),
    "order.cancel": Operation(cancel, "/v5/order/cancel", is_batch=False),
    "order.create-batch": Operation(create, "/v5/order/create-batch", is_batch=True),
    "order.amend-batch": Operation(amend, "/v5/order/amend-batch", is_batch=True),
    "order.cancel-batch": Operation(cancel, "/v5/order/cancel-batch", is_batch=True),
}


class TradeDesk:
    """Carries out "order.create" and its like for an account that has been authenticated."""

    __slots__ = ("_limits", "_markets")

    def __init__(self, markets: Mapping[str, MarketPort], limits: RateLimits) -> None:
        self._markets = markets
        self._limits = limits

    def knows(self, op: str) -> bool:
        """Whether there is such an operation; sockets answer 10404 for the others."""
        return op in OPERATIONS

    def act(
        self, account: AccountPort, key: ApiKey, op: str, body: Row, now: Instant, wall_us: int
    ) -> tuple[Answer, Mapping[str, str]]:
        """The answer to one known operation, and the three headers of the rate limit.

        `body` is what JSON made of the request; whatever is wrong with it becomes the answer. The
        headers are empty when the request does not reach the rate limit.
        """
        operation = OPERATIONS[op]
        if key.read_only:
            return refused(READ_ONLY), {}
        caller = Caller(account=account, key=key, markets=self._markets, now=now, as_of=now)
        try:
            asked = Body(body)
            orders = _batch(asked) if operation.is_batch else [asked]
        except BadParameter as bad:
            return refused(bad.refusal), {}
        grant = self._limits.take(account.uid, operation.path, len(orders), wall_us)
        if grant.units == 0:
            return refused(RATE_EXCEEDED), grant.headers
        if not operation.is_batch:
            return answered(_single, operation.call, caller, asked), grant.headers
        admitted = orders[: grant.units]
        answers = [answered(operation.call, caller, leg) for leg in admitted]
        answers += [refused(RATE_EXCEEDED)] * (len(orders) - grant.units)
        is_creation = operation.call is create
        return _batch_answer(orders, answers, now if is_creation else None), grant.headers


def _single(call: OrderCall, caller: Caller, body: Body) -> Answer:
    body.require_played_category()
    return call(caller, body)


def _batch(body: Body) -> list[Body]:
    body.require_played_category()
    orders = body.bodies("request")
    if not 1 <= len(orders) <= ORDERS_PER_BATCH:
        raise invalid("request")
    return orders


def _batch_answer(orders: list[Body], answers: list[Answer], created_at: Instant | None) -> Answer:
    """Rows and codes in the order of the legs; a failed leg has neither order id nor time."""
    rows: list[Row] = []
    codes: list[Row] = []
    for order, answer in zip(orders, answers, strict=True):
        row: Row = {
            "category": PLAYED_CATEGORY,
            "symbol": order.echo("symbol"),
            "orderId": answer.result.get("orderId", ""),
            "orderLinkId": answer.result.get("orderLinkId", order.echo("orderLinkId")),
        }
        if created_at is not None:
            row["createAt"] = str(created_at // 1000) if answer.code == 0 else ""
        rows.append(row)
        codes.append({"code": answer.code, "msg": answer.text})
    return done({"list": rows}, {"list": codes})
