"""What the normalizer hands out: events with their origin, rows it had no use for, rows it could
not read. It refuses to read anything."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, cast

import msgspec

from gridcore.clock import EARLIEST_PLAUSIBLE, SECOND_US, Instant
from gridcore.events import Event
from gridcore.instrument import Price, Steps
from gridcore.message import message
from gridcore.sides import SideType

MS_US = 1_000
LATEST_PLAUSIBLE = Instant(4_102_444_800 * SECOND_US)
"""2100-01-01: an exchange time from then on is a fault, as one before 2010 is."""

Row = Mapping[str, object]
"""One JSON object of the protocol."""


class BadElement(ValueError):
    """A row says something that it must not: the text says what was expected and found."""


_Ms = Annotated[int, msgspec.Meta(ge=EARLIEST_PLAUSIBLE // MS_US, lt=LATEST_PLAUSIBLE // MS_US)]


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One element of a publicTrade frame as received (bybit.md B.3), read without a detour.

    `T` time in ms, `s` symbol, `S` side of the taker, `v` size and `p` price as texts, `i` id.
    Decoding refuses an element without them, or with an implausible time.
    """

    T: _Ms
    s: str
    S: SideType
    v: str
    p: str
    i: Annotated[str, msgspec.Meta(min_length=1)]
    L: str = ""
    BT: bool = False
    RPI: bool = False
    seq: int | None = None

    def as_row(self) -> dict[str, object]:
        """The element as a JSON object."""
        return msgspec.structs.asdict(self)


class TradeFrame(msgspec.Struct, frozen=True, gc=False):
    """One publicTrade frame as received."""

    topic: str
    ts: _Ms
    data: list[Trade]


class TradeColumns(msgspec.Struct, frozen=True, gc=False):
    """The trades of one frame and one symbol, column by column: what a recorder of a busy market
    takes. `frame` is what was received, with times, sides and ids; prices in ticks, sizes in steps.
    """

    frame: TradeFrame
    symbol: str
    received_at: Instant
    prices: list[Price]
    sizes: list[Steps]

    @property
    def exchange_at(self) -> Instant:
        """The frame's time."""
        return Instant(self.frame.ts * MS_US)

    @property
    def at(self) -> list[Instant]:
        """The trades' times."""
        return cast(list[Instant], [row.T * MS_US for row in self.frame.data])


class Received(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event and where it came from. Made as often as trades happen, hence no dataclass.

    `exchange_at` is the time of the frame, of the event where the frame has none; `raw` the
    element as received, a Trade for trades that were decoded directly.
    """

    event: Event
    topic: str
    exchange_at: Instant
    received_at: Instant
    raw: Row | Trade


class Reason(StrEnum):
    """Why a readable element is no event of the kernel's."""

    CONTROL = "an answer to a request"
    OTHER_TOPIC = "a topic without events"
    OTHER_CATEGORY = "not linear"
    OTHER_COIN = "not USDT"
    UNKNOWN_SYMBOL = "no instrument of that symbol"
    NO_LIMIT_ORDER = "not a limit order"
    CONDITIONAL = "a conditional order"
    ONE_WAY = "a leg of one-way mode"
    NO_SNAPSHOT = "a change of a ticker before its snapshot"
    OVERTAKEN = "older than what is known"
    NO_PRICE = "a ticker without a last price"
    OF_TRADE = "cash of a trade"


@message
class DeadLetter:
    """An element, or a whole frame, that could not be read."""

    topic: str
    raw: object
    text: str
    received_at: Instant


@message
class SetAside:
    """An element that could be read and is no event of the kernel's."""

    topic: str
    raw: object
    reason: Reason
    received_at: Instant


@dataclass(slots=True)
class Counts:
    """What came and what became of it, since the normalizer was made."""

    frames: int = 0
    events: int = 0
    dead_letters: int = 0
    set_aside: Counter[Reason] = field(default_factory=Counter)
