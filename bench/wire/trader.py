"""A client that only trades: it places and cancels at a steady rate, in a process of its own.

Usage: python -m bench.wire.trader URL KEY SECRET SYMBOL PRICE QTY PER_SECOND SECONDS
Prints one JSON line: the link ids of the orders that were placed and cancelled, or the refusal.
"""

import json
import sys
import time
from collections.abc import Sequence

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.order_words import Accepted, OrderIds, Placement
from bybit_adapter.rest_client import RestClient, wait_until
from gridcore.session.effects import TimeInForce
from gridcore.sides import BUY, LONG


def entry(arguments: Sequence[str]) -> int:
    """Trade as asked; 2 when the exchange refused anything."""
    url, key, secret, symbol, price, qty, per_second, seconds = arguments
    client = RestClient(
        endpoint(url),
        Credentials(key=key, secret=secret),
        limiter=RateLimiter(),
        wait=wait_until,
    )
    done: list[str] = []
    began = time.monotonic()
    for number in range(int(float(per_second) * float(seconds))):
        due = began + number / float(per_second)
        time.sleep(max(0.0, due - time.monotonic()))
        order = Placement(
            symbol=symbol,
            direction=LONG,
            side=BUY,
            price=price,
            qty=qty,
            wire_id=f"load-{number}",
            reduce_only=False,
            time_in_force=TimeInForce.POST_ONLY,
        )
        placed = client.orders.place(order)
        if isinstance(placed, Accepted):
            ids = OrderIds(symbol=symbol, order_id=placed.order_id, wire_id=order.wire_id)
            placed = client.orders.cancel(ids)
        if not isinstance(placed, Accepted):
            print(json.dumps({"refused": repr(placed)}))
            return 2
        done.append(order.wire_id)
    print(json.dumps({"orders": done, "seconds": time.monotonic() - began}))
    return 0


if __name__ == "__main__":
    sys.exit(entry(sys.argv[1:]))
