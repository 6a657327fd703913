"""Whether a bot's account and the simulator's tell the same, and whether the grid stands.

It knows the rows of both; it refuses to know how either came to them.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

from bench.gridbot.venue import Row

CENT = Decimal("0.005")
"""Sums that differ by less are the same to the cent."""
RESTING = ("New", "PartiallyFilled")
CERTAIN = ("open", "partial")
LEGS = {1: "long", 2: "short"}
OPENING = {"Buy": "long", "Sell": "short"}


def disagreements(bot: Row, venue: Row, foreign: frozenset[str] = frozenset()) -> list[str]:
    """What differs between a bot's account and the simulator's: orders, legs, wallet, ledger.

    `foreign`: ids of orders of another hand, of which the bot keeps no book.
    """
    return [*_orders(bot, venue, foreign), *_legs(bot, venue), *_money(bot, venue)]


def not_standing(bot: Row) -> list[str]:
    """What is missing until the account trades freely with an order on every level.

    The level that was traded last waits; so does every level within half a step of the market
    (E-7); from a price on a gate may hold opens back.
    """
    missing = unsettled(bot)
    for strategy in bot["strategies"]:
        missing += _open_levels(strategy)
    return missing


def unsettled(bot: Row) -> list[str]:
    """What keeps an account from trading freely with nothing under way."""
    found = [] if bot["health"] == "trading" else [f"{bot['health']}: {bot['modes']}"]
    if bot["in_flight"]:
        found.append(f"{bot['in_flight']} requests are under way")
    found += [
        f"order {row['order_id']} is {row['state']}"
        for strategy in bot["strategies"]
        for row in strategy["orders"]
        if row["state"] not in CERTAIN
    ]
    return found


def twins(venue: Row) -> list[str]:
    """Levels on which more than one order rests."""
    seen: dict[tuple[object, ...], str] = {}
    found: list[str] = []
    for row in venue["orders"]:
        if row["orderStatus"] not in RESTING:
            continue
        level = row["symbol"], row["positionIdx"], row["side"], Decimal(row["price"])
        if level in seen:
            found.append(f"{seen[level]} and {row['orderId']} rest together on {level}")
        seen[level] = str(row["orderId"])
    return found


def repeated_ids(venue: Row) -> list[str]:
    """Wire ids that more than one order carries."""
    seen: set[str] = set()
    found: list[str] = []
    for row in venue["orders"]:
        if row["orderLinkId"] in seen:
            found.append(f"{row['orderLinkId']} is the id of two orders")
        if row["orderLinkId"]:
            seen.add(row["orderLinkId"])
    return found


def _orders(bot: Row, venue: Row, foreign: frozenset[str]) -> Iterator[str]:
    believed = {
        row["order_id"]: (Decimal(row["price"]), Decimal(row["leaves"]))
        for strategy in bot["strategies"]
        for row in strategy["orders"]
    }
    real = {
        row["orderId"]: (Decimal(row["price"]), Decimal(row["leavesQty"]))
        for row in venue["orders"]
        if row["orderStatus"] in RESTING and row["orderId"] not in foreign
    }
    for order_id in sorted({*believed, *real}, key=str):
        if believed.get(order_id) != real.get(order_id):
            yield (
                f"order {order_id}: believed {believed.get(order_id)}, real {real.get(order_id)}"
            )


def _legs(bot: Row, venue: Row) -> Iterator[str]:
    real = {
        (row["symbol"], LEGS[row["positionIdx"]]): (Decimal(row["size"]), Decimal(row["avgPrice"]))
        for row in venue["positions"]
    }
    for strategy in bot["strategies"]:
        for leg in strategy["positions"]:
            key = strategy["symbol"], leg["direction"]
            qty, entry = real.get(key, (Decimal(0), Decimal(0)))
            if not leg["known"] or Decimal(leg["qty"]) != qty:
                yield f"{key}: believed {leg['qty']}, real {qty}"
            elif qty and abs(Decimal(leg["entry"]) - entry) > CENT:
                yield f"{key}: entry believed {leg['entry']}, real {entry}"


def _money(bot: Row, venue: Row) -> Iterator[str]:
    (coin,) = venue["wallet"]["coin"]
    real = Decimal(coin["walletBalance"])
    for name in ("wallet", "balance"):
        if bot[name] is None or abs(Decimal(bot[name]) - real) > CENT:
            yield f"{name}: believed {bot[name]}, real {real}"
    booked = booked_sums(venue)
    for name, total in booked.items():
        believed = Decimal(bot["ledger"][name])
        if abs(believed - total) > CENT:
            yield f"ledger, {name}: believed {believed}, real {total}"


def booked_sums(venue: Row) -> Mapping[str, Decimal]:
    """What the simulator's transaction log adds up to, signed as the bot's ledger is."""
    rows = venue["transactions"]
    return {
        "realised": sum((Decimal(row["cashFlow"] or 0) for row in rows), Decimal(0)),
        "fee": -sum((Decimal(row["fee"] or 0) for row in rows), Decimal(0)),
        "funding": sum((Decimal(row["funding"] or 0) for row in rows), Decimal(0)),
    }


def _open_levels(strategy: Row) -> Iterator[str]:
    held = {row["direction"]: Decimal(row["price"]) for row in strategy["denied"] if row["price"]}
    placed = {(row["direction"], Decimal(row["price"])) for row in strategy["orders"]}
    if not strategy["levels"] or strategy["last"] is None:
        yield f"{strategy['symbol']}: no grid, or no price"
        return
    prices = [Decimal(text) for text, _ in strategy["levels"]]
    near = max((abs(one - other) for one, other in pairwise(prices)), default=Decimal(0)) / 2
    last = Decimal(strategy["last"])
    for text, tag in strategy["levels"]:
        direction, price = OPENING.get(tag), Decimal(text)
        if direction is None or (direction, price) in placed or abs(price - last) <= near:
            continue
        limit = held.get(direction)
        if limit is not None and (price <= limit if direction == "long" else price >= limit):
            continue
        yield f"{strategy['symbol']}: no {direction} order at {text}"
