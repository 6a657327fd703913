"""What a damaged journal may have held: everything behind the rows that are stored.

It reads how far streams were recorded; it refuses to know journals.
"""

from collections.abc import Iterable

from bybit_adapter.ws_client.client import PRIVATE_TOPICS
from event_saver.collectors import Lost
from event_saver.keeper import Known, keys_of
from gridcore.clock import Instant

DAMAGED = "a line of the journal was damaged"


def doubts(known: Known, account_ids: Iterable[str], now: Instant) -> list[Lost]:
    """What may be lost of these accounts, to be asked before their journals are replayed.

    Rows of a journal are newer than those stored, and none is of after `now`. Raises StoreAway.
    """
    return [
        Lost(
            account_id=account_id,
            stream=stream,
            symbol=symbol,
            since=known.recorded_until((account_id, stream, symbol), now) or now,
            until=now,
            reason=DAMAGED,
        )
        for name in account_ids
        for account_id, stream, symbol in keys_of(name, PRIVATE_TOPICS)
    ]
