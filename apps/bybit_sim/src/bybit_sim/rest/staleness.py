"""Orders as they were a moment ago, from what has happened since (the fault ANSWER_STALE).

It knows fills and ends; amendments of price it refuses to take back.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from bybit_sim.exchange.words import OPEN_STATES, ExecutionRecord, OrderRecord, State
from gridcore.clock import Instant


def was_open(record: OrderRecord, then: Instant) -> bool:
    """Whether an order was open at `then`: created by then, and open still or ended later."""
    if record.created_at > then:
        return False
    return record.state in OPEN_STATES or record.updated_at > then


def as_it_was(
    record: OrderRecord, executions: Iterable[ExecutionRecord], then: Instant
) -> OrderRecord:
    """The order that was open at `then`, without the fills that came later.

    `executions`: all of its symbol, newest first.
    """
    qty, value, fee, pnl = Decimal(0), Decimal(0), Decimal(0), Decimal(0)
    for execution in executions:
        if execution.at <= then:
            break
        if execution.order is not None and execution.order.order_id == record.order_id:
            qty += execution.qty
            value += execution.value
            fee += execution.fee
            pnl += execution.pnl
    if record.state in OPEN_STATES and not qty:
        return record
    cum_qty = record.cum_qty - qty
    return replace(
        record,
        state=State.PARTIALLY_FILLED if cum_qty else State.NEW,
        leaves=record.qty - cum_qty,
        cum_qty=cum_qty,
        cum_value=record.cum_value - value,
        cum_fee=record.cum_fee - fee,
        closed_pnl=record.closed_pnl - pnl,
        cancel_type="UNKNOWN",
        reject_reason="EC_NoError",
        updated_at=min(record.updated_at, then),
    )
