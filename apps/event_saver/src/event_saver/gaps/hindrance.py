"""Why a gap cannot be stored now, by what the writers say: nobody waits for a database in vain.

It reads states; it refuses to ask the database.
"""

from collections.abc import Mapping

from event_saver.codec import Item
from event_saver.times import instant
from event_saver.writer.writer import Writer
from grid_db.records import Gap
from grid_db.words import Stream

WAITING = "rows of before the gap still wait to be written"
_PUBLIC = ("ledger", "trades", "tickers")


class Hindrance:
    """Asks the writers, by name: those of public rows are "ledger", "trades" and "tickers"."""

    def __init__(self, writers: Mapping[str, Writer[Item]]) -> None:
        self._writers = writers

    def __call__(self, gap: Gap) -> str:
        """Why not now; "" when nothing is in the way.

        A gap of trades is judged by the last row before it, and one of orders by those that were
        open when it began: these rows have to be there first.
        """
        writers = dict(self._writers)
        for writer in writers.values():
            state = writer.state()
            if state.failures:
                return f"the database is away: {state.last_text}"
        begun = instant(gap.from_ts)
        for name, writer in writers.items():
            if _tells_of(name, gap.stream) and not writer.watermark.written_through(begun):
                return WAITING
        return ""


def _tells_of(name: str, stream: Stream) -> bool:
    """Whether a gap of the stream is judged by rows of this writer."""
    if stream is Stream.TRADES:
        return name == "trades"
    return stream is Stream.ORDERS and name not in _PUBLIC
