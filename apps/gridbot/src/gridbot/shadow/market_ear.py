"""What a shadow hears of the market: the venue first, then the account's loop.

A fill is in the inbox before the ticker that came with it, as from an exchange.
"""

from bybit_adapter.normalizer.words import Received
from gridbot.shadow.shadow_venue import ShadowVenue
from gridbot.shell.inbox import Inbox
from gridbot.shell.words import Item
from gridcore.events import PublicTrade


class MarketEar:
    """Stands where a real account's inbox does, on the threads of the market's stream."""

    def __init__(self, venue: ShadowVenue, inbox: Inbox[Item]) -> None:
        self._venue = venue
        self._inbox = inbox

    def put(self, item: Item) -> None:
        """Passes news of the stream on."""
        self._inbox.put(item)

    def offer(self, item: Item) -> None:
        """Takes a row of the market; trades end at the venue. InboxFull as of the inbox."""
        if isinstance(item, Received):
            self._venue.hear(item.event)
            if isinstance(item.event, PublicTrade):
                return
        self._inbox.offer(item)
