"""One HTTP request of V5 against the exchange. It refuses to know sockets and faults."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import assert_never

from bybit_sim.exchange.words import ApiKey
from bybit_sim.rest.answers import (
    PARAMETER_ERROR,
    RATE_EXCEEDED,
    READ_ONLY,
    ROUTE_NOT_FOUND,
    envelope,
    refused,
)
from bybit_sim.rest.caller import Caller
from bybit_sim.rest.limits import AddressLimit, RateLimits
from bybit_sim.rest.parameters import Body, Query, answered, json_object, malformed
from bybit_sim.rest.ports import AccountPort, ExchangePort
from bybit_sim.rest.routes import (
    ROUTES,
    MarketRoute,
    ReadRoute,
    TradeRoute,
    WriteRoute,
    method_of,
)
from bybit_sim.rest.signing import caller_of, credentials_of
from bybit_sim.rest.trading import TradeDesk
from bybit_sim.rest.words import Answer, HttpReply, HttpRequest
from gridcore.clock import Instant
from simvenue.limits import Refusal

Headers = Mapping[str, str]
SignedRoute = ReadRoute | WriteRoute | TradeRoute

CONTENT_TYPE = {"Content-Type": "application/json"}
TOO_FREQUENT = HttpReply(status=HTTPStatus.FORBIDDEN, body=b"access too frequent")
GET_WITH_BODY = HttpReply(status=HTTPStatus.FORBIDDEN, body=b"GET takes no body")


class RestDesk:
    """Answers requests: finds the route, checks address, signature and rate, and calls."""

    __slots__ = ("_addresses", "_exchange", "_limits", "_trade")

    def __init__(
        self,
        exchange: ExchangePort,
        trade: TradeDesk,
        limits: RateLimits,
        addresses: AddressLimit,
    ) -> None:
        self._exchange = exchange
        self._trade = trade
        self._limits = limits
        self._addresses = addresses

    def handle(self, request: HttpRequest, *, stale_us: int = 0, skew_us: int = 0) -> HttpReply:
        """The reply to one request; what clients get wrong becomes an answer, never an exception.

        `stale_us`: listings of orders and executions are as they were so long ago in market time.
        `skew_us` is added to both clocks of the server: to `request.wall_us`, which is the true
        one, and to market time, which replies show.
        """
        if not self._addresses.admits(request.address, request.wall_us):
            return TOO_FREQUENT
        now = Instant(self._exchange.now + skew_us)
        route = ROUTES.get(request.path)
        if route is None:
            return _rejected(
                HTTPStatus.NOT_FOUND,
                Refusal(ROUTE_NOT_FOUND, f"Request path {request.path} not found"),
                now,
            )
        if request.method != method_of(route):
            wrong = f"method {request.method} is not supported, expected {method_of(route)}"
            return _rejected(HTTPStatus.BAD_REQUEST, Refusal(PARAMETER_ERROR, wrong), now)
        if request.method == "GET" and request.body:
            return GET_WITH_BODY
        if isinstance(route, MarketRoute):
            query = Query(request.query)
            answer = answered(route.call, self._exchange.markets, query, now)
            return _replied(answer, now, {})
        return self._signed(route, request, now, stale_us, skew_us)

    def _signed(
        self,
        route: SignedRoute,
        request: HttpRequest,
        now: Instant,
        stale_us: int,
        skew_us: int,
    ) -> HttpReply:
        found = credentials_of(request.headers)
        if isinstance(found, Refusal):
            return _rejected(HTTPStatus.UNAUTHORIZED, found, now)
        clocks = (Instant(request.wall_us + skew_us), now)
        owner = caller_of(self._exchange, request, found, clocks)
        if isinstance(owner, Refusal):
            return _rejected(HTTPStatus.OK, owner, now)
        answer, headers = self._call(route, request, *owner, stale_us)
        return _replied(answer, now, headers)

    def _call(
        self,
        route: SignedRoute,
        request: HttpRequest,
        account: AccountPort,
        key: ApiKey,
        stale_us: int,
    ) -> tuple[Answer, Headers]:
        now, wall_us = self._exchange.now, request.wall_us
        if key.read_only and not isinstance(route, ReadRoute):
            return refused(READ_ONLY), {}
        if isinstance(route, TradeRoute):
            values = json_object(request.body)
            if values is None:
                return refused(malformed().refusal), {}
            return self._trade.act(account, key, route.op, values, now, wall_us)
        grant = self._limits.take(account.uid, request.path, 1, wall_us)
        if grant.units == 0:
            return refused(RATE_EXCEEDED), grant.headers
        caller = Caller(
            account=account,
            key=key,
            markets=self._exchange.markets,
            now=now,
            as_of=Instant(now - stale_us),
        )
        match route:
            case ReadRoute(read):
                answer = answered(read, caller, Query(request.query))
            case WriteRoute(write):
                answer = answered(_write, write, caller, request.body)
            case _:
                assert_never(route)
        return answer, grant.headers


def _write(call: Callable[[Caller, Body], Answer], caller: Caller, raw: bytes) -> Answer:
    return call(caller, Body.parse(raw))


def _replied(answer: Answer, now: Instant, headers: Headers) -> HttpReply:
    body = envelope(answer, now // 1000)
    return HttpReply(status=HTTPStatus.OK, body=body, headers={**CONTENT_TYPE, **headers})


def _rejected(status: HTTPStatus, refusal: Refusal, now: Instant) -> HttpReply:
    body = envelope(refused(refusal), now // 1000)
    return HttpReply(status=status, body=body, headers=CONTENT_TYPE)
