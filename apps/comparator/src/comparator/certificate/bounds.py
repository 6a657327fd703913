"""How large a divergence may be and still be explained: measured on the recording, or allowed.

It measures; what it is compared with stands in the tests of the classes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import numpy as np

from comparator.certificate.evidence import Evidence
from comparator.fills import FillTable, Rows
from gridcore.clock import SECOND_US

SAMPLES_MAX = 1_000
"""Fills whose queue is measured; more would not move the bound."""
_ZERO = Decimal(0)
Number = TypeVar("Number", int, Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """Differences of one pair up to which it counts as matched.

    `price` in quote currency and `qty` in base coin. `fee_per_execution` in quote currency: every
    execution's fee is rounded to it once. `time_us`: the exchange's stamps are whole milliseconds.
    `queue_ahead_factor`: how many typical trades may stand in front of an order where the recording
    measures no queue (18.1, q0). `latency_max_us`: a longer delay, such as that of a request that
    was sent again, is no latency, however often it was measured.
    """

    price: Decimal = _ZERO
    qty: Decimal = _ZERO
    fee_per_execution: Decimal = Decimal("1e-8")
    time_us: int = 1_000
    queue_ahead_factor: Decimal = Decimal(1)
    latency_max_us: int = 2 * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What was measured. `latency_us` is the 99.9th percentile, at most what is allowed; None
    without a sample.

    `queue` is the volume that may stand in front of an order, in base coin, per symbol.
    """

    latency_us: int | None
    latency_samples: int
    queue: Mapping[str, Decimal]
    queue_samples: Mapping[str, int]


def measured_bounds(
    live: FillTable,
    matched: Rows,
    symbols: Iterable[str],
    evidence: Evidence,
    allowances: Allowances,
) -> Bounds:
    """The bounds of a recording, from its orders and from the live fills that are matched."""
    latencies = evidence.latencies_us()
    slowest = percentile_999(latencies)
    queue: dict[str, Decimal] = {}
    samples: dict[str, int] = {}
    for symbol in symbols:
        of_symbol = matched[live.columns.symbol[matched] == symbol.encode()]
        measured = _queues(live, _spread_out(of_symbol), evidence)
        typical = evidence.typical_trade(symbol) or _ZERO
        assumed = allowances.queue_ahead_factor * typical
        queue[symbol] = max(assumed, percentile_999(measured) or _ZERO)
        samples[symbol] = len(measured)
    return Bounds(
        latency_us=None if slowest is None else min(slowest, allowances.latency_max_us),
        latency_samples=len(latencies),
        queue=queue,
        queue_samples=samples,
    )


def percentile_999(values: Sequence[Number]) -> Number | None:
    """The 99.9th percentile by nearest rank: a value that was measured; None without any."""
    if not values:
        return None
    rank = -(-len(values) * 999 // 1000)
    return sorted(values)[rank - 1]


def _queues(live: FillTable, rows: Rows, evidence: Evidence) -> list[Decimal]:
    """The volumes in front of orders that filled although the market did not trade through them."""
    found: list[Decimal] = []
    for row in rows.tolist():
        fill = live.row(row)
        life = evidence.order(fill.order_id)
        if life is None or life.placed_at is None:
            continue
        told = evidence.level(fill.symbol, fill.side, life.price, life.placed_at, fill.at)
        if not told.beyond and told.against >= fill.qty:
            found.append(told.against - fill.qty)
    return found


def _spread_out(rows: Rows) -> Rows:
    if len(rows) <= SAMPLES_MAX:
        return np.sort(rows)
    return np.sort(rows)[np.linspace(0, len(rows) - 1, SAMPLES_MAX).astype(np.int64)]
