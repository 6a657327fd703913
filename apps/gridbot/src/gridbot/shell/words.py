"""What comes into an account's inbox beside the events of the kernel itself."""

from bybit_adapter.normalizer.words import Received
from bybit_adapter.ws_client.words import Connected, Fatal, Outage, Restored
from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.message import message


@message
class PrivateFrame:
    """One frame of the account's private stream as it came."""

    text: str
    received_at: Instant


@message
class TickersDown:
    """The tickers of these symbols do not come since an instant."""

    symbols: tuple[str, ...]
    since: Instant
    reason: str


@message
class TickersUp:
    """The tickers of these symbols are subscribed to again."""

    symbols: tuple[str, ...]


@message
class Ended:
    """A part that the account cannot do without has ended for good; why, in words."""

    text: str


PrivateNews = Connected | Outage | Restored | Fatal
Item = Received | PrivateFrame | PrivateNews | TickersDown | TickersUp | Ended | Event
