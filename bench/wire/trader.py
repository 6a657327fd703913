"""A client that only trades: it places, amends and cancels at a steady rate, in its own process.

Usage: python -m bench.wire.trader URL KEY SECRET SYMBOL PRICE QTY PER_SECOND SECONDS
Prints one JSON line: the link ids of the orders that were placed and cancelled, or the refusal.
"""

import json
import sys
import time
from collections.abc import Sequence
from decimal import Decimal

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import endpoint
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.order_words import Accepted, OrderIds, Placement
from bybit_adapter.rest_client import RestClient, wait_until
from gridcore.session.effects import TimeInForce
from gridcore.sides import BUY, LONG

BATCH = 2
"""Orders in a request: a client that trades at this rate asks in batches."""


def entry(arguments: Sequence[str]) -> int:
    """Trade as asked; 2 when the exchange refused anything."""
    url, key, secret, symbol, price, qty, per_second, seconds = arguments
    client = RestClient(
        endpoint(url),
        Credentials(key=key, secret=secret),
        limiter=RateLimiter(),
        wait=wait_until,
    )
    more = str(Decimal(qty) * 2)
    done: list[str] = []
    began = time.monotonic()
    for first in range(0, int(float(per_second) * float(seconds)), BATCH):
        due = began + first / float(per_second)
        time.sleep(max(0.0, due - time.monotonic()))
        orders = [
            Placement(
                symbol=symbol,
                direction=LONG,
                side=BUY,
                price=price,
                qty=qty,
                wire_id=f"load-{number}",
                reduce_only=False,
                time_in_force=TimeInForce.POST_ONLY,
            )
            for number in range(first, first + BATCH)
        ]
        outcomes = client.orders.place_batch(orders)
        if all(isinstance(one, Accepted) for one in outcomes):
            ids = [OrderIds(symbol=symbol, order_id="", wire_id=one.wire_id) for one in orders]
            amended = client.orders.amend(ids[0], qty=more, reducing=False)
            outcomes = (amended, *client.orders.cancel_batch(ids))
        refused = [one for one in outcomes if not isinstance(one, Accepted)]
        if refused:
            print(json.dumps({"refused": repr(refused)}))
            return 2
        done += [order.wire_id for order in orders]
    print(json.dumps({"orders": done, "seconds": time.monotonic() - began}))
    return 0


if __name__ == "__main__":
    sys.exit(entry(sys.argv[1:]))
