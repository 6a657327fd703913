"""A snapshot is plain, complete and the same bytes for the same state (A-13)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gridcore.clock import Instant
from gridcore.session.effects import PlaceOrder
from simvenue.messages import FillModel
from simvenue.venue import SimVenue

Placing = Callable[..., PlaceOrder]
Rows = Callable[..., list[Any]]

STORY = """
import hashlib, json
from decimal import Decimal
from gridcore.instrument import Instrument
from gridcore.pnl import RiskTier, RiskTiers
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.messages import SymbolSpec, VenueConfig
from simvenue.venue import SimVenue

tiers = RiskTiers(tiers=(RiskTier(max_value=None, maintenance_rate=Decimal("0.01"),
    deduction=Decimal(0), initial_rate=Decimal("0.02")),))
symbols = ["BTCUSDT", "ETHUSDT", "LTCUSDT"]
venue = SimVenue(
    VenueConfig(initial_balance=Decimal(1000), maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.0005"), place_latency_us=3),
    [SymbolSpec(instrument=Instrument(symbol=s, tick_size=Decimal("0.1"),
        qty_step=Decimal("0.01"), min_qty=Decimal("0.01"), max_qty=Decimal(100),
        min_notional=Decimal(1)), tiers=tiers, leverage=Decimal(20),
        funding_rate=Decimal("0.0001")) for s in symbols], 0)
digest = hashlib.sha256()
now = 0
for n in range(400):
    now += 600_000_000
    symbol = symbols[n % 3]
    events = venue.advance(now)
    events += venue.on_trade(symbol, now, 1000 + n * 37 % 80 - 40, 5, 0)
    side, direction = (BUY, SELL)[n % 2], (LONG, SHORT)[n // 2 % 2]
    events += venue.submit(PlaceOrder(symbol=symbol, strat_id="s", client_order_id="c",
        wire_id=f"w{n}", direction=direction, side=side,
        price=1000 + (-1 if side is BUY else 1) * (n * 13 % 40), qty=20, reduce_only=False,
        time_in_force=TimeInForce.GTC, level=0), now)
    digest.update(repr(events).encode())
digest.update(json.dumps(venue.snapshot()).encode())
print(digest.hexdigest())
"""


def busy_venue(make_venue: Callable[..., SimVenue], place: Placing, trade: Rows) -> SimVenue:
    venue = make_venue(fill_model=FillModel.QUEUE, place_latency_us=5, cancel_latency_us=5)
    trade(venue, 1, 500_000)
    venue.submit(place("a", 499_000, 30), Instant(2))
    venue.advance(Instant(10))
    trade(venue, 11, 499_000, 11, -1)
    venue.submit(place("b", 498_000), Instant(12))
    return venue


def test_a_snapshot_survives_json_and_tells_orders_legs_and_requests_under_way(
    make_venue: Callable[..., SimVenue],
    place: Placing,
    trade: Rows,
    cancel: Callable[..., Any],
) -> None:
    venue = busy_venue(make_venue, place, trade)
    venue.submit(cancel("O00000001"), Instant(13))

    snapshot: Any = venue.snapshot()

    assert json.loads(json.dumps(snapshot)) == snapshot
    market = snapshot["markets"]["BTCUSDT"]
    assert market["legs"][0] == {"direction": "long", "size": 10, "entry": "49900.0"}
    assert [(o["wire_id"], o["qty"], o["leaves"], o["traded"]) for o in market["orders"]] == [
        ("a", 30, 20, 11)
    ]
    assert [due for due, _ in snapshot["in_transit"]] == [17, 18]
    assert snapshot["in_transit"][0][1]["wire_id"] == "b"
    assert snapshot["in_transit"][1][1]["cancel"] == "BTCUSDT"
    assert snapshot["wallet"] == "9999.90020000"


def test_the_same_requests_and_rows_give_the_same_bytes(
    make_venue: Callable[..., SimVenue], place: Placing, trade: Rows
) -> None:
    first, second = (json.dumps(busy_venue(make_venue, place, trade).snapshot()) for _ in range(2))

    assert first == second


def test_caches_are_no_part_of_the_state(
    make_venue: Callable[..., SimVenue], place: Placing, trade: Rows
) -> None:
    venue = busy_venue(make_venue, place, trade)
    before = venue.snapshot()

    venue.quiet_band("BTCUSDT")
    assert venue.equity() > Decimal(0)

    assert venue.snapshot() == before


def test_events_and_snapshot_do_not_depend_on_the_hash_seed_a_13() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", STORY],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }

    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64
