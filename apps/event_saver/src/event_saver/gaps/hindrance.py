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


class Hindrance:
    """Asks the writers, by name; the one of public trades is called "trades"."""

    def __init__(self, writers: Mapping[str, Writer[Item]]) -> None:
        self._writers = writers

    def __call__(self, gap: Gap) -> str:
        """Why not now; "" when nothing is in the way.

        A gap of trades is judged by the last row before it, so that row has to be there first.
        """
        for writer in tuple(self._writers.values()):
            state = writer.state()
            if state.failures:
                return f"the database is away: {state.last_text}"
        trades = self._writers.get("trades")
        if gap.stream is not Stream.TRADES or trades is None:
            return ""
        return "" if trades.watermark.written_through(instant(gap.from_ts)) else WAITING
