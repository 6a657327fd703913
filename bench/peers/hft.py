"""The comparison job in hftbacktest: its rules as a strategy, and the settings that make its
exchange fill what ours fills.

A trade strictly through an order fills all of it there, too. At the order's price it fills what
exceeds the queue ahead: trades carry no quantity here, so never anything. Its exchange lets sellers
fill buys and buyers fill sells: the side of a trade is the direction in which the price moved, so
that no crossing is missed. Of its market depths the faster one is taken. There is no book: what
rests is ours alone.
"""

from typing import Any

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    EXCH_EVENT,
    FILLED,
    GTX,
    LIMIT,
    LOCAL_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
)
from hftbacktest.types import event_dtype

from bench.peers.rules import BUYS, SELLS, Market, Numbers, Terms, compiled

NANOSECONDS = 1000
LOOK_EVERY_NS = 1_000_000_000
"""Its examples look every 100 ms. Less often is faster, and up to a second all fills stay."""

BUY, SELL = 1, -1


def trade_events(market: Market, tick_size: float) -> Numbers:
    """The market in its own format: one trade event a row."""
    prices = market.prices.astype(np.int64)
    moves = np.sign(np.diff(prices, prepend=prices[:1]))
    # A trade at an unchanged price keeps the side of the one before it.
    places = np.where(moves != 0, np.arange(len(moves)), 0)
    falling = moves[np.maximum.accumulate(places)] < 0
    events = np.zeros(len(prices), event_dtype)
    events["ev"] = EXCH_EVENT | LOCAL_EVENT | TRADE_EVENT | BUY_EVENT
    events["ev"][falling] = EXCH_EVENT | LOCAL_EVENT | TRADE_EVENT | SELL_EVENT
    events["exch_ts"] = events["local_ts"] = market.times * NANOSECONDS
    events["px"] = prices * tick_size
    return events


def backtester(events: Numbers, terms: Terms) -> Any:
    """A fresh run over events: no latency, whole fills, a queue that is never worked off."""
    reach = 10 * terms.tick_size
    asset = (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(terms.maker_fee, terms.maker_fee)
        .tick_size(terms.tick_size)
        .lot_size(terms.lot)
        .last_trades_capacity(0)
        .roi_lb(terms.levels[0] * terms.tick_size - reach)
        .roi_ub(terms.levels[-1] * terms.tick_size + reach)
    )
    return ROIVectorMarketDepthBacktest([asset])


@compiled
def trade(hbt: Any, terms: Terms, counts: Numbers) -> tuple[int, float]:
    """Play to the end of the data; returns (lots held, fees) and counts buys and sells."""
    levels = terms.levels
    last = len(levels) - 1
    resting = np.zeros(len(levels), np.int64)  # order ids; 0: none. A sell's is negative
    next_id, hole, lots, seen = 1, terms.centre, 0, 0
    hbt.wait_next_feed(False, LOOK_EVERY_NS)
    for level in range(last):
        if level != hole:
            resting[level] = place(hbt, terms, level, BUY, next_id)
            next_id += 1
    while hbt.elapse(LOOK_EVERY_NS) == 0:
        trades = hbt.state_values(0).num_trades
        if trades == seen:
            continue
        seen = trades
        bought, sold = counts[BUYS], counts[SELLS]
        hole = take_fills(hbt, resting, counts, hole)
        lots += counts[BUYS] - bought - (counts[SELLS] - sold)
        hbt.clear_inactive_orders(0)
        for level in range(hole):
            if resting[level] == 0:
                resting[level] = place(hbt, terms, level, BUY, next_id)
                next_id += 1
        for level in range(hole + 1, min(hole + lots, last) + 1):
            if resting[level] == 0:
                resting[level] = -place(hbt, terms, level, SELL, next_id)
                next_id += 1
    return lots, hbt.state_values(0).fee


@compiled
def place(hbt: Any, terms: Terms, level: int, side: int, order_id: int) -> int:
    """Send a post-only order of one lot; returns its id."""
    price = terms.levels[level] * terms.tick_size
    if side == BUY:
        hbt.submit_buy_order(0, order_id, price, terms.lot, GTX, LIMIT, False)
    else:
        hbt.submit_sell_order(0, order_id, price, terms.lot, GTX, LIMIT, False)
    return order_id


@compiled
def take_fills(hbt: Any, resting: Numbers, counts: Numbers, hole: int) -> int:
    """Forget the orders that filled and count them; returns the level that filled last."""
    orders = hbt.orders(0)
    for level in range(len(resting) - 1, -1, -1):
        if resting[level] > 0:
            order = orders.get(resting[level])
            if order is not None and order.status == FILLED:
                counts[BUYS] += 1
                resting[level] = 0
                hole = level
    for level in range(len(resting)):
        if resting[level] < 0:
            order = orders.get(-resting[level])
            if order is not None and order.status == FILLED:
                counts[SELLS] += 1
                resting[level] = 0
                hole = level
    return hole
