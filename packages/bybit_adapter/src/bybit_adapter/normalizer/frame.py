"""Frames of the streams become events, element by element: a bad one never costs its neighbours.

It knows topics and categories; what a row means is known by the module of its kind.
"""

from collections.abc import Callable, Mapping, Sequence

from bybit_adapter.normalizer import trades
from bybit_adapter.normalizer.decode import Undecodable, decode
from bybit_adapter.normalizer.executions import execution
from bybit_adapter.normalizer.numbers import Scale, moment, required_text, text
from bybit_adapter.normalizer.orders import order
from bybit_adapter.normalizer.positions import position
from bybit_adapter.normalizer.tickers import TickerBook
from bybit_adapter.normalizer.wallet import wallet
from bybit_adapter.normalizer.words import (
    BadElement,
    Counts,
    DeadLetter,
    Reason,
    Received,
    Row,
    SetAside,
    TradeColumns,
    TradeFrame,
)
from gridcore.clock import Instant
from gridcore.events import Execution, FundingPaid, OrderUpdate, PositionUpdate
from gridcore.instrument import Instrument

LINEAR = "linear"
PrivateEvent = OrderUpdate | Execution | FundingPaid | PositionUpdate
READERS: dict[str, Callable[[Row, str, Scale, Instant], PrivateEvent | Reason]] = {
    "order": order,
    "execution": execution,
    "position": position,
}
_ANSWERS = ("op", "retCode", "success")


class Scales:
    """The scale of every traded symbol; an instrument that changes gets a new one."""

    __slots__ = ("_instruments", "_scales")

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self._scales: dict[str, Scale] = {}

    def of(self, symbol: str) -> Scale | None:
        """The scale of a symbol; None when no instrument of that name is traded."""
        instrument = self._instruments.get(symbol)
        if instrument is None:
            return None
        scale = self._scales.get(symbol)
        if scale is None or scale.instrument is not instrument:
            scale = self._scales[symbol] = Scale(instrument)
        return scale


class Normalizer:
    """Turns the frames of one connection into events.

    `instruments` are those that are traded; it may grow while frames come. `on_dead_letter` gets
    what could not be read, `on_set_aside` what could be read and is no event of the kernel's (a
    recorder keeps it). Neither may raise. Not for several threads at once.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        on_dead_letter: Callable[[DeadLetter], None],
        on_set_aside: Callable[[SetAside], None] | None = None,
    ) -> None:
        self.counts = Counts()
        self._scales = Scales(instruments)
        self._tickers = TickerBook()
        self._on_dead_letter = on_dead_letter
        self._on_set_aside = on_set_aside

    def reset(self) -> None:
        """The connection is new: merged tickers are forgotten until their next snapshot."""
        self._tickers.reset()

    def text(self, frame: bytes | str, received_at: Instant) -> list[Received]:
        """The events of a frame's text; never raises."""
        try:
            decoded = decode(frame)
        except Undecodable as error:
            self.counts.frames += 1
            self._bury("", frame, str(error), received_at)
            return []
        return self.frame(decoded, received_at)

    def frame(self, decoded: object, received_at: Instant) -> list[Received]:
        """The events of a decoded frame in its order; never raises."""
        self.counts.frames += 1
        if isinstance(decoded, TradeFrame):
            received = self._direct_trades(decoded, received_at)
        elif isinstance(decoded, dict):
            received = self._topic(decoded, received_at)
        else:
            found = type(decoded).__name__
            self._bury("", decoded, f"expected an object, found {found}", received_at)
            return []
        self.counts.events += len(received)
        return received

    def trade_columns(self, frame: TradeFrame, received_at: Instant) -> TradeColumns | None:
        """The trades of a frame in bulk, for who keeps them by the million; None: take `frame`."""
        bulk = trades.columns(frame, self._scales.of, received_at)
        if bulk is not None:
            self.counts.frames += 1
            self.counts.events += len(bulk.sizes)
        return bulk

    # -- topics ----------------------------------------------------------------------------

    def _topic(self, frame: Row, received_at: Instant) -> list[Received]:
        topic = frame.get("topic")
        if not isinstance(topic, str) or not topic:
            if any(name in frame for name in _ANSWERS):
                self._put_aside("", frame, Reason.CONTROL, received_at)
            else:
                self._bury("", frame, "topic: expected a stream's name, found none", received_at)
            return []
        head, _, rest = topic.partition(".")
        if head == "tickers":
            return self._ticker(topic, frame, rest, received_at)
        if head == "publicTrade":
            return self._trades(topic, frame, rest, received_at)
        if (head not in READERS and head != "wallet") or rest.startswith("fast"):
            self._put_aside(topic, frame, Reason.OTHER_TOPIC, received_at)
            return []
        if rest not in ("", LINEAR):
            self._put_aside(topic, frame, Reason.OTHER_CATEGORY, received_at)
            return []
        if head == "wallet":
            return self._wallets(topic, frame, received_at)
        return self._private(topic, frame, head, rest, received_at)

    def _ticker(self, topic: str, frame: Row, suffix: str, received_at: Instant) -> list[Received]:
        data = frame.get("data")
        if not isinstance(data, dict):
            found = type(data).__name__
            self._bury(topic, frame, f"data: expected an object, found {found}", received_at)
            return []
        frame_at = moment(frame.get("ts")) or received_at
        try:
            symbol = text(data, "symbol") or suffix
            scale = self._scales.of(symbol)
            if scale is None:
                self._put_aside(topic, frame, Reason.UNKNOWN_SYMBOL, received_at)
                return []
            merged = self._tickers.merge(topic, frame, data, symbol, scale, frame_at)
        except BadElement as error:
            self._bury(topic, frame, str(error), received_at)
            return []
        if merged.faults:
            self._bury(topic, frame, "; ".join(merged.faults), received_at)
        if merged.reason is not None:
            self._put_aside(topic, frame, merged.reason, received_at)
        if merged.ticker is None:
            return []
        return [
            Received(
                event=merged.ticker,
                topic=topic,
                exchange_at=frame_at,
                received_at=received_at,
                raw=frame,
            )
        ]

    def _private(
        self, topic: str, frame: Row, head: str, category: str, received_at: Instant
    ) -> list[Received]:
        stamped = moment(frame.get("creationTime"))
        frame_at = stamped or received_at
        read = READERS[head]
        received: list[Received] = []
        for row in self._elements(topic, frame, received_at):
            try:
                # A row that lacks either may be ours: it is bad, and never silently none of ours.
                if (text(row, "category") or category or required_text(row, "category")) != LINEAR:
                    self._put_aside(topic, row, Reason.OTHER_CATEGORY, received_at)
                    continue
                symbol = required_text(row, "symbol")
                scale = self._scales.of(symbol)
                if scale is None:
                    self._put_aside(topic, row, Reason.UNKNOWN_SYMBOL, received_at)
                    continue
                event = read(row, symbol, scale, frame_at)
            except BadElement as error:
                self._bury(topic, row, str(error), received_at)
                continue
            if isinstance(event, Reason):
                self._put_aside(topic, row, event, received_at)
                continue
            received.append(
                Received(
                    event=event,
                    topic=topic,
                    exchange_at=stamped or event.at,
                    received_at=received_at,
                    raw=row,
                )
            )
        return received

    def _wallets(self, topic: str, frame: Row, received_at: Instant) -> list[Received]:
        stamped = moment(frame.get("creationTime"))
        received: list[Received] = []
        for row in self._elements(topic, frame, received_at):
            try:
                event = wallet(row, stamped or received_at)
            except BadElement as error:
                self._bury(topic, row, str(error), received_at)
                continue
            if isinstance(event, Reason):
                self._put_aside(topic, row, event, received_at)
                continue
            received.append(
                Received(
                    event=event,
                    topic=topic,
                    exchange_at=stamped or event.at,
                    received_at=received_at,
                    raw=row,
                )
            )
        return received

    # -- trades ----------------------------------------------------------------------------

    def _direct_trades(self, frame: TradeFrame, received_at: Instant) -> list[Received]:
        bulk = trades.columns(frame, self._scales.of, received_at)
        if bulk is not None:
            return trades.events(bulk)
        rows = [row.as_row() for row in frame.data]
        suffix = frame.topic.partition(".")[2]
        return self._trade_rows(frame.topic, rows, suffix, moment(frame.ts), received_at)

    def _trades(self, topic: str, frame: Row, suffix: str, received_at: Instant) -> list[Received]:
        rows = self._elements(topic, frame, received_at)
        return self._trade_rows(topic, rows, suffix, moment(frame.get("ts")), received_at)

    def _trade_rows(
        self,
        topic: str,
        rows: Sequence[Row],
        suffix: str,
        stamped: Instant | None,
        received_at: Instant,
    ) -> list[Received]:
        received: list[Received] = []
        for row in rows:
            try:
                symbol = text(row, "s") or suffix
                scale = self._scales.of(symbol)
                if scale is None:
                    self._put_aside(topic, row, Reason.UNKNOWN_SYMBOL, received_at)
                    continue
                event = trades.trade(row, symbol, scale, stamped or received_at)
            except BadElement as error:
                self._bury(topic, row, str(error), received_at)
                continue
            received.append(
                Received(
                    event=event,
                    topic=topic,
                    exchange_at=stamped or event.at,
                    received_at=received_at,
                    raw=row,
                )
            )
        return received

    # -- elements --------------------------------------------------------------------------

    def _elements(self, topic: str, frame: Row, received_at: Instant) -> list[Row]:
        """The rows of a frame; what is no row is buried."""
        data = frame.get("data")
        if not isinstance(data, list):
            found = type(data).__name__
            self._bury(topic, frame, f"data: expected a list, found {found}", received_at)
            return []
        rows: list[Row] = []
        for row in data:
            if isinstance(row, dict):
                rows.append(row)
            else:
                found = type(row).__name__
                self._bury(topic, row, f"expected an object, found {found}", received_at)
        return rows

    def _bury(self, topic: str, raw: object, why: str, received_at: Instant) -> None:
        self.counts.dead_letters += 1
        self._on_dead_letter(DeadLetter(topic=topic, raw=raw, text=why, received_at=received_at))

    def _put_aside(self, topic: str, raw: object, reason: Reason, received_at: Instant) -> None:
        self.counts.set_aside[reason] += 1
        if self._on_set_aside is not None:
            self._on_set_aside(
                SetAside(topic=topic, raw=raw, reason=reason, received_at=received_at)
            )
