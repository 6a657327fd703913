"""An independent witness: unmodified ccxt holds an exchange to Bybit's contract.

It runs in an environment of its own (requirements.txt beside it) and prints a JSON line for each
check: {"check": name, "ok": bool, "found": text}. Only ccxt's URLs are overridden.

Usage: check_bybit.py REST_URL SOCKET_URL KEY SECRET [STEER_URL]
"""

import asyncio
import json
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import ccxt.pro

SYMBOL = "BTC/USDT:USDT"
PATIENCE_S = 15.0

Check = Callable[["Witness"], Awaitable[object]]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Note a check under its function's name; they run in the order of the file."""
    CHECKS[function.__name__] = function
    return function


def expect(good: bool, found: object) -> object:
    """`found` when it is as it should be."""
    if not good:
        raise AssertionError(f"found {found!r}")
    return found


class Witness:
    """ccxt's client, and a hand on the market where there is one."""

    def __init__(self, rest: str, sockets: str, key: str, secret: str, steer: str | None) -> None:
        client = ccxt.pro.bybit(
            {"apiKey": key, "secret": secret, "options": {"defaultType": "swap"}}
        )
        client.urls["api"] = redirected(client.urls["api"], rest, sockets)
        self.client: Any = client
        self.steer = steer

    async def last(self) -> float:
        """The last price."""
        ticker = await self.client.fetch_ticker(SYMBOL)
        return float(ticker["last"])

    async def below(self, share: float = 0.005) -> float:
        """A price on the tick at which a buy rests."""
        return round(await self.last() * (1 - share) * 2) / 2

    async def trade(self, price: float, qty: str, side: str) -> None:
        """One trade of the market."""
        fields = {"symbol": "BTCUSDT", "price": str(price), "qty": qty, "side": side}
        request = urllib.request.Request(
            f"{self.steer}/sim/trade",
            data=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        await asyncio.to_thread(urllib.request.urlopen, request, None, 10)

    async def open_long(self, price: float, qty: float = 0.01, **params: object) -> Any:
        """A PostOnly buy of the long leg."""
        return await self.client.create_order(
            SYMBOL,
            "limit",
            "buy",
            qty,
            price,
            {"positionIdx": 1, "timeInForce": "PostOnly", **params},
        )

    async def order(self, order_id: str) -> Any:
        """An order wherever it is now."""
        return await self.client.fetch_order(order_id, SYMBOL, {"acknowledged": True})

    async def until(self, order_id: str, status: str) -> Any:
        """The order once it has a status."""
        for _ in range(100):
            found = await self.order(order_id)
            if found["status"] == status:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"expected {status}, found {found['status']}")


def redirected(urls: Any, rest: str, sockets: str) -> Any:
    """ccxt's URLs with another host in each."""
    if isinstance(urls, dict):
        return {name: redirected(value, rest, sockets) for name, value in urls.items()}
    for host in ("wss://stream.{hostname}", "wss://stream.bybit.com"):
        if urls.startswith(host):
            return sockets + urls.removeprefix(host)
    return rest


@check
async def markets_are_loaded(witness: Witness) -> object:
    markets = await witness.client.load_markets()
    market = markets[SYMBOL]
    return expect(market["swap"] and market["precision"]["price"] > 0, market["precision"])


@check
async def the_ticker_has_quotes(witness: Witness) -> object:
    ticker = await witness.client.fetch_ticker(SYMBOL)
    return expect(ticker["bid"] < ticker["ask"], (ticker["bid"], ticker["ask"]))


@check
async def candles_are_in_order(witness: Witness) -> object:
    rows = await witness.client.fetch_ohlcv(SYMBOL, "1m", limit=5)
    times = [row[0] for row in rows]
    return expect(bool(rows) and times == sorted(times), len(rows))


@check
async def the_balance_is_positive(witness: Witness) -> object:
    balance = await witness.client.fetch_balance()
    return expect(balance["USDT"]["total"] > 0, balance["USDT"])


@check
async def leverage_is_set(witness: Witness) -> object:
    legs = await witness.client.fetch_positions([SYMBOL])
    now = legs[0]["leverage"] if legs else 10
    wanted = 9 if now != 9 else 10
    answer = await witness.client.set_leverage(wanted, SYMBOL)
    return expect(answer["retCode"] == 0, answer["retMsg"])


@check
async def both_sides_rest_in_hedge_mode_and_are_cancelled(witness: Witness) -> object:
    price = await witness.below()
    long = await witness.open_long(price)
    above = round(price / 0.995 * 1.005 * 2) / 2
    params = {"positionIdx": 2, "timeInForce": "PostOnly"}
    short = await witness.client.create_order(SYMBOL, "limit", "sell", 0.01, above, params)
    listed = {order["id"]: order for order in await witness.client.fetch_open_orders(SYMBOL)}
    expect({long["id"], short["id"]} <= set(listed), list(listed))
    sides = (listed[long["id"]]["side"], listed[short["id"]]["side"])
    for order in (long, short):
        await witness.client.cancel_order(order["id"], SYMBOL)
        await witness.until(order["id"], "canceled")
    return expect(sides == ("buy", "sell"), sides)


@check
async def an_order_is_amended(witness: Witness) -> object:
    price = await witness.below()
    order = await witness.open_long(price)
    params = {"positionIdx": 1}
    lower = price - 50
    await witness.client.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, lower, params)
    found = await witness.order(order["id"])
    await witness.client.cancel_order(order["id"], SYMBOL)
    return expect((found["price"], found["amount"]) == (lower, 0.02), found["price"])


@check
async def a_batch_places_two_orders(witness: Witness) -> object:
    price = await witness.below()
    params = {"positionIdx": 1, "timeInForce": "PostOnly"}
    asked = [
        {
            "symbol": SYMBOL,
            "type": "limit",
            "side": "buy",
            "amount": 0.01,
            "price": price - away,
            "params": params,
        }
        for away in (0, 10)
    ]
    orders = await witness.client.create_orders(asked)
    ids = [order["id"] for order in orders]
    await witness.client.cancel_orders(ids, SYMBOL)
    return expect(len(ids) == 2 and all(ids), ids)


@check
async def a_partial_fill_is_followed_to_its_end(witness: Witness) -> object:
    if witness.steer is None:
        return "left out: needs a hand on the market"
    price = await witness.below()
    order = await witness.open_long(price)
    await witness.trade(price, "0.004", "Sell")
    for _ in range(100):
        part = await witness.order(order["id"])
        if part["filled"]:
            break
        await asyncio.sleep(0.05)
    first = part["filled"]
    expect(0 < first <= 0.004, first)
    await witness.trade(price, "0.010", "Sell")
    await witness.until(order["id"], "closed")
    trades = await witness.client.fetch_my_trades(SYMBOL, params={"orderId": order["id"]})
    amounts = [trade["amount"] for trade in trades]
    return expect(len(amounts) == 2 and abs(sum(amounts) - 0.01) < 1e-9, amounts)


@check
async def executions_are_paged(witness: Witness) -> object:
    for side in ("buy", "sell") * 3:
        params = {"positionIdx": 1, "reduceOnly": side == "sell"}
        await witness.client.create_order(SYMBOL, "market", side, 0.01, None, params)
    paged = {"paginate": True, "maxEntriesPerRequest": 2, "paginationCalls": 4}
    trades = await witness.client.fetch_my_trades(SYMBOL, params=paged)
    ids = [trade["id"] for trade in trades]
    return expect(len(ids) >= 6 and len(ids) == len(set(ids)), len(ids))


@check
async def positions_show_both_legs(witness: Witness) -> object:
    for side, idx in (("buy", 1), ("sell", 2)):
        params = {"positionIdx": idx}
        await witness.client.create_order(SYMBOL, "market", side, 0.01, None, params)
    legs = await witness.client.fetch_positions([SYMBOL])
    sides = sorted(leg["side"] for leg in legs if leg["contracts"])
    for leg in legs:
        idx = 1 if leg["side"] == "long" else 2
        side = "sell" if idx == 1 else "buy"
        params = {"positionIdx": idx, "reduceOnly": True}
        await witness.client.create_order(SYMBOL, "market", side, leg["contracts"], None, params)
    return expect(sides == ["long", "short"], sides)


@check
async def an_unaffordable_order_is_insufficient_funds(witness: Witness) -> object:
    try:
        await witness.open_long(await witness.below(), 500)
    except ccxt.InsufficientFunds as refusal:
        return str(refusal)
    raise AssertionError("it was accepted")


@check
async def an_unknown_order_is_not_found(witness: Witness) -> object:
    try:
        await witness.client.cancel_order(str(uuid4()), SYMBOL)
    except ccxt.OrderNotFound as refusal:
        return str(refusal)
    raise AssertionError("it was cancelled")


@check
async def a_wrong_secret_is_an_authentication_error(witness: Witness) -> object:
    secret, witness.client.secret = witness.client.secret, "wrong"
    try:
        await witness.client.fetch_balance()
    except ccxt.AuthenticationError as refusal:
        return str(refusal)
    finally:
        witness.client.secret = secret
    raise AssertionError("it was accepted")


@check
async def tickers_and_books_are_watched(witness: Witness) -> object:
    ticker = await asyncio.wait_for(witness.client.watch_ticker(SYMBOL), PATIENCE_S)
    book = await asyncio.wait_for(witness.client.watch_order_book(SYMBOL, 50), PATIENCE_S)
    expect(book["bids"][0][0] < book["asks"][0][0], book["bids"][0])
    return expect(ticker["last"] > 0, ticker["last"])


@check
async def trades_are_watched(witness: Witness) -> object:
    watching = asyncio.ensure_future(witness.client.watch_trades(SYMBOL))
    await asyncio.sleep(0.5)
    if witness.steer is not None:
        await witness.trade(await witness.last(), "0.003", "Buy")
    trades = await asyncio.wait_for(watching, 60)
    return expect(trades[-1]["amount"] > 0, trades[-1]["amount"])


@check
async def own_orders_and_trades_are_watched(witness: Witness) -> object:
    orders = asyncio.ensure_future(witness.client.watch_orders(SYMBOL))
    trades = asyncio.ensure_future(witness.client.watch_my_trades(SYMBOL))
    await asyncio.sleep(1.0)
    params = {"positionIdx": 1}
    placed = await witness.client.create_order(SYMBOL, "market", "buy", 0.01, None, params)
    order = (await asyncio.wait_for(orders, PATIENCE_S))[-1]
    trade = (await asyncio.wait_for(trades, PATIENCE_S))[-1]
    return expect(order["id"] == placed["id"] == trade["order"], (order["id"], placed["id"]))


@check
async def an_order_goes_over_the_trade_socket(witness: Witness) -> object:
    price = await witness.below()
    params = {"positionIdx": 1, "timeInForce": "PostOnly"}
    order = await asyncio.wait_for(
        witness.client.create_order_ws(SYMBOL, "limit", "buy", 0.01, price, params), PATIENCE_S
    )
    await asyncio.wait_for(witness.client.cancel_order_ws(order["id"], SYMBOL), PATIENCE_S)
    found = await witness.until(order["id"], "canceled")
    return expect(found["id"] == order["id"], found["id"])


async def main(arguments: list[str]) -> int:
    rest, sockets, key, secret, *more = arguments
    witness = Witness(rest, sockets, key, secret, more[0] if more else None)
    failed = 0
    try:
        for name, function in CHECKS.items():
            try:
                found = await function(witness)
                line = {"check": name, "ok": True, "found": str(found)[:200]}
            # A check that fails is a finding, whatever ccxt raises; the others still run.
            except Exception as error:  # noqa: BLE001
                failed += 1
                line = {
                    "check": name,
                    "ok": False,
                    "found": f"{type(error).__name__}: {error}"[:500],
                }
            print(json.dumps(line), flush=True)
    finally:
        await witness.client.close()
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
