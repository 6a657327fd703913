"""Ticker frames: deltas are merged here, per topic, from a snapshot on, and forgotten on reconnect.

It refuses to guess: no ticker before a snapshot, none without a last price, never a price of 0.
"""

from decimal import Decimal

from bybit_adapter.normalizer.numbers import Scale, decimal_of, is_absent, moment, shown
from bybit_adapter.normalizer.words import BadElement, Reason, Row
from gridcore.clock import Instant
from gridcore.events import Ticker
from gridcore.instrument import Price
from gridcore.message import message

SNAPSHOT, DELTA = "snapshot", "delta"


@message
class Merged:
    """What became of one frame; `faults` are its fields that could not be read.

    A field that could not be read is unknown from then on; the other fields count all the same,
    because the next delta will not repeat them.
    """

    ticker: Ticker | None
    reason: Reason | None
    faults: tuple[str, ...] = ()


class TickerBook:
    """The last known ticker of each topic of one connection."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def reset(self) -> None:
        """Forget everything: the connection is new, its first frame of a topic is a snapshot."""
        self._known.clear()

    def merge(
        self, topic: str, frame: Row, data: Row, symbol: str, scale: Scale, frame_at: Instant
    ) -> Merged:
        """Take one frame; BadElement when it is neither a snapshot nor a delta.

        A frame that is older than what is known, by its cross sequence `cs` or its time `ts`,
        changes nothing (reordered frames). A snapshot starts anew: only its time is compared.
        """
        kind = frame.get("type")
        sequence, at = _sequence(frame.get("cs")), moment(frame.get("ts"))
        known = self._known.get(topic)
        if kind == SNAPSHOT:
            if known is not None and known.overtakes(None, at):
                return Merged(ticker=None, reason=Reason.OVERTAKEN)
            known = self._known[topic] = _Known()
        elif kind != DELTA:
            raise BadElement(f"type: expected snapshot or delta, found {shown(kind)}")
        elif known is None:
            return Merged(ticker=None, reason=Reason.NO_SNAPSHOT)
        elif known.overtakes(sequence, at):
            return Merged(ticker=None, reason=Reason.OVERTAKEN)
        known.sequence = known.sequence if sequence is None else sequence
        known.at = at or known.at
        faults = known.overlay(data, scale)
        if known.last is None:
            return Merged(ticker=None, reason=Reason.NO_PRICE, faults=faults)
        ticker = Ticker(
            symbol=symbol,
            at=frame_at,
            last=known.last,
            mark=known.mark,
            bid=known.bid,
            ask=known.ask,
            funding_rate=known.funding_rate,
        )
        return Merged(ticker=ticker, reason=None, faults=faults)


class _Known:
    """The merged state of one topic."""

    __slots__ = ("ask", "at", "bid", "funding_rate", "last", "mark", "sequence")

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.at: Instant | None = None
        self.last: Price | None = None
        self.mark: Decimal | None = None
        self.bid: Price | None = None
        self.ask: Price | None = None
        self.funding_rate: Decimal | None = None

    def overtakes(self, sequence: int | None, at: Instant | None) -> bool:
        """Whether a frame is older than this."""
        if sequence is not None and self.sequence is not None and sequence < self.sequence:
            return True
        return at is not None and self.at is not None and at < self.at

    def overlay(self, data: Row, scale: Scale) -> tuple[str, ...]:
        """Take over the fields that are there; the texts of those that could not be read.

        "" and null are absent: nothing changed. 0 is how an exchange says that there is no price.
        """
        faults: list[str] = []
        if "lastPrice" in data:
            self.last = _price(data, "lastPrice", self.last, scale, faults)
        if "bid1Price" in data:
            self.bid = _price(data, "bid1Price", self.bid, scale, faults)
        if "ask1Price" in data:
            self.ask = _price(data, "ask1Price", self.ask, scale, faults)
        if "markPrice" in data:
            mark = _decimal(data, "markPrice", self.mark, faults)
            if mark is not None and mark < 0:
                faults.append(f"markPrice: expected a price above 0, found {mark}")
            self.mark = mark if mark is not None and mark > 0 else None
        if "fundingRate" in data:
            self.funding_rate = _decimal(data, "fundingRate", self.funding_rate, faults)
        return tuple(faults)


def _price(
    data: Row, name: str, before: Price | None, scale: Scale, faults: list[str]
) -> Price | None:
    if is_absent(data[name]):
        return before
    try:
        return scale.price(data, name)
    except BadElement as error:
        faults.append(str(error))
        return None


def _decimal(data: Row, name: str, before: Decimal | None, faults: list[str]) -> Decimal | None:
    value = data[name]
    if is_absent(value):
        return before
    try:
        return decimal_of(value)
    except BadElement as error:
        faults.append(f"{name}: {error}")
        return None


def _sequence(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
