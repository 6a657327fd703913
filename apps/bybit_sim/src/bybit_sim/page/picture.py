"""What the page shows, as plain rows: markets, books, accounts, requests and faults.

It reads what others keep; it refuses to change anything.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.rows import order_row
from bybit_sim.exchange.words import OrderRecord, Row
from bybit_sim.faults.plan import fault_row
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.texts import price_text, qty_text
from bybit_sim.page.simulation import Playing, Simulation, Sockets
from gridcore.clock import Instant

ORDERS_SHOWN = 40
"""Open orders of an account on the page; its count tells the rest."""

LEVELS_SHOWN = 8
HISTORY_SHOWN = 300

_TICKER = ("lastPrice", "markPrice", "indexPrice", "bid1Price", "ask1Price", "fundingRate")
_TICKER_MORE = ("nextFundingTime", "price24hPcnt", "highPrice24h", "lowPrice24h", "volume24h")
_ORDER = ("orderId", "orderLinkId", "symbol", "side", "positionIdx", "price", "qty", "cumExecQty")
_ORDER_MORE = ("orderStatus", "timeInForce", "reduceOnly", "createdTime")
_POSITION = ("symbol", "positionIdx", "side", "size", "avgPrice", "markPrice", "liqPrice")
_POSITION_MORE = ("unrealisedPnl", "curRealisedPnl", "cumRealisedPnl", "leverage")
_WALLET = ("totalEquity", "totalWalletBalance", "totalAvailableBalance", "totalPerpUPL")
_WALLET_MORE = ("totalInitialMargin", "totalMaintenanceMargin")


class Picture:
    """The page's view of a simulator; `since` tells it what the page has already."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def now(self, request_serial: int, act_serial: int) -> Row:
        """The picture of this moment, with the requests and acts after those serials."""
        simulation = self._simulation
        exchange = simulation.exchange
        accounts = exchange.accounts.values()
        return {
            "now_us": exchange.now,
            "elapsed_ms": simulation.elapsed_ms(),
            "player": player_row(simulation.player),
            "sockets": sockets_row(simulation.server),
            "markets": [
                {
                    "symbol": symbol,
                    **_part(market.ticker_row(), _TICKER + _TICKER_MORE),
                    **_book(market),
                }
                for symbol, market in exchange.markets.items()
            ],
            "accounts": [_account(account, exchange.now) for account in accounts],
            "faults": fault_rows(simulation),
            "requests": [asdict(one) for one in simulation.requests.since(request_serial)],
            "acted": [asdict(act) for act in simulation.board.acted_since(act_serial)],
        }

    def history(self) -> Row:
        """Recent trades of every symbol, oldest first, as [time in ms, price text]."""
        return {
            symbol: [[row["time"], row["price"]] for row in reversed(rows)]
            for symbol, market in self._simulation.exchange.markets.items()
            if (rows := market.trade_rows(HISTORY_SHOWN))
        }


def player_row(player: Playing) -> Row:
    """How market time goes."""
    return {"speed": player.speed, "paused": player.paused, "ended": player.ended}


def sockets_row(server: Sockets) -> Row:
    """Open sockets by kind."""
    return dict(sorted(Counter(one.kind for one in server.connections()).items()))


def fault_rows(simulation: Simulation) -> list[Row]:
    """The faults on the board, with their number, how often they acted, and whether they can."""
    now = simulation.elapsed_ms()
    return [
        {
            "number": standing.number,
            "acted": standing.acted,
            "in_force": standing.fault.from_ms <= now < standing.fault.until_ms,
            **fault_row(standing.fault),
        }
        for standing in simulation.board.standing()
    ]


def _account(account: Account, now: Instant) -> Row:
    orders = account.open_orders(None)
    positions = (_part(row, _POSITION + _POSITION_MORE) for row in account.position_rows(None, now))
    return {
        "name": account.name,
        "uid": account.uid,
        "hedge_mode": account.hedge_mode,
        "wallet": _part(account.wallet_row(now), _WALLET + _WALLET_MORE),
        "positions": list(positions),
        "orders": [_order(order) for order in orders[:ORDERS_SHOWN]],
        "order_count": len(orders),
    }


def _order(order: OrderRecord) -> Row:
    return _part(order_row(order), _ORDER + _ORDER_MORE)


def _book(market: SymbolMarket) -> Row:
    """The best levels of both sides as [price, size] texts, best first.

    Asked of the market itself: a subscriber's snapshot would change what the others are told next.
    """
    levels = market.levels(LEVELS_SHOWN)
    if levels is None:
        return {"bids": [], "asks": []}
    return {"bids": _texts(market, levels.bids), "asks": _texts(market, levels.asks)}


def _texts(market: SymbolMarket, side: Mapping[int, int]) -> list[list[str]]:
    facts, instrument = market.facts, market.instrument
    return [
        [price_text(facts, instrument.price(ticks)), qty_text(facts, instrument.qty(steps))]
        for ticks, steps in side.items()
    ]


def _part(row: Mapping[str, object], names: tuple[str, ...]) -> Row:
    return {name: row.get(name, "") for name in names}
