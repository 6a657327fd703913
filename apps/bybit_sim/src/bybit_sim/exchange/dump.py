"""Everything that an account knows as one JSON object: evidence for tests and for the page.

It reads; it refuses to know how the exchange works.
"""

from collections.abc import Sequence

from bybit_sim.exchange.books import Books
from bybit_sim.exchange.outbox import Outbox
from bybit_sim.exchange.rows import execution_row, order_row
from bybit_sim.exchange.statements import Statements
from bybit_sim.exchange.texts import decimal_text
from bybit_sim.exchange.words import PrivateTopic, Row
from gridcore.clock import Instant
from simvenue import SimVenue

__all__ = ["account_dump"]


def account_dump(
    identity: Row,
    books: Books,
    statements: Statements,
    outbox: Outbox,
    venue: SimVenue,
    now: Instant,
) -> Row:
    """All state and all history, oldest first; `changes`: every row that streams were told."""
    symbols: Sequence[str] = list(statements.leverages)
    return {
        **identity,
        "now_us": now,
        "hedge_mode": statements.hedge_mode,
        "wallet": statements.wallet(),
        "positions": [row for symbol in symbols for row in statements.position_rows(symbol)],
        "orders": [order_row(order) for order in books.orders.all()],
        "executions": [execution_row(execution) for execution in books.executions],
        "closed_pnl": books.closings.rows(None)[::-1],
        "transactions": books.transactions.rows()[::-1],
        "liquidations": [
            {
                "at_us": event.at,
                "equity": decimal_text(event.equity),
                "maintenance_margin": decimal_text(event.maintenance_margin),
            }
            for event in books.liquidations
        ],
        "changes": {topic.value: outbox.told(topic) for topic in PrivateTopic},
        "venue": venue.snapshot(),
    }
