"""The table of V5: path -> what answers it, and how (bybit.md A.3 to A.5). It refuses to act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bybit_sim.rest import (
    account_calls,
    market_calls,
    order_calls,
    order_listings,
    position_calls,
    trading,
)
from bybit_sim.rest.caller import Caller
from bybit_sim.rest.parameters import Body, Query
from bybit_sim.rest.ports import MarketPort
from bybit_sim.rest.words import Answer
from gridcore.clock import Instant


@dataclass(frozen=True, slots=True)
class MarketRoute:
    """A public GET; only the address limit holds."""

    call: Callable[[Mapping[str, MarketPort], Query, Instant], Answer]


@dataclass(frozen=True, slots=True)
class ReadRoute:
    """A signed GET."""

    call: Callable[[Caller, Query], Answer]


@dataclass(frozen=True, slots=True)
class WriteRoute:
    """A signed POST that read-only keys may not send."""

    call: Callable[[Caller, Body], Answer]


@dataclass(frozen=True, slots=True)
class TradeRoute:
    """A signed POST that the trade desk carries out, under the operation's name."""

    op: str


Route = MarketRoute | ReadRoute | WriteRoute | TradeRoute

_OWN: Mapping[str, Route] = {
    "/v5/market/time": MarketRoute(market_calls.server_time),
    "/v5/market/instruments-info": MarketRoute(market_calls.instruments),
    "/v5/market/tickers": MarketRoute(market_calls.tickers),
    "/v5/market/recent-trade": MarketRoute(market_calls.recent_trades),
    "/v5/market/kline": MarketRoute(market_calls.klines),
    "/v5/market/funding/history": MarketRoute(market_calls.funding_history),
    "/v5/market/risk-limit": MarketRoute(market_calls.risk_limits),
    "/v5/market/price-limit": MarketRoute(market_calls.price_limit),
    "/v5/order/realtime": ReadRoute(order_listings.open_orders),
    "/v5/order/history": ReadRoute(order_listings.order_history),
    "/v5/execution/list": ReadRoute(order_listings.executions),
    "/v5/order/cancel-all": WriteRoute(order_calls.cancel_all),
    "/v5/order/disconnected-cancel-all": WriteRoute(order_calls.arm_disconnect_protection),
    "/v5/position/list": ReadRoute(position_calls.positions),
    "/v5/position/closed-pnl": ReadRoute(position_calls.closed_pnl),
    "/v5/position/set-leverage": WriteRoute(position_calls.set_leverage),
    "/v5/position/switch-mode": WriteRoute(position_calls.switch_mode),
    "/v5/account/wallet-balance": ReadRoute(account_calls.wallet_balance),
    "/v5/account/info": ReadRoute(account_calls.account_information),
    "/v5/account/fee-rate": ReadRoute(account_calls.fee_rates),
    "/v5/account/transaction-log": ReadRoute(account_calls.transactions),
    "/v5/account/query-dcp-info": ReadRoute(account_calls.disconnect_protection),
    "/v5/user/query-api": ReadRoute(account_calls.key_information),
    "/v5/asset/coin/query-info": ReadRoute(account_calls.coins),
}
_SHARED: Mapping[str, Route] = {
    operation.path: TradeRoute(op) for op, operation in trading.OPERATIONS.items()
}
ROUTES: Mapping[str, Route] = {**_OWN, **_SHARED}


def method_of(route: Route) -> str:
    """GET for what reads, POST for what acts."""
    return "GET" if isinstance(route, MarketRoute | ReadRoute) else "POST"
