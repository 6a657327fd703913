"""The public topics of all markets: which exist, what a fresh subscriber gets, what comes next.

It knows names and frames; it refuses to know who subscribed and when to send.
"""

from collections.abc import Callable, Mapping

from bybit_sim.exchange.words import PublicFrame
from bybit_sim.market.depth import RESEND_AFTER_S, DepthStream
from bybit_sim.market.symbols import SymbolMarket

Wanted = Callable[[str], bool]
"""Whether anybody subscribed to a topic."""


class PublicTopics:
    """The public topics: tickers, publicTrade, orderbook.1 and .50, kline (bybit.md B.3)."""

    def __init__(self, markets: Mapping[str, SymbolMarket]) -> None:
        self._markets = markets
        # Topic -> (update id, wall clock in s) of the newest frame.
        self._told: dict[str, tuple[int, float]] = {}

    def snapshot_frames(self, topic: str) -> tuple[PublicFrame, ...] | None:
        """What a fresh subscriber gets at once; None: there is no such topic.

        Whoever subscribed before was told the same; the next frame continues from it.
        """
        match topic.split("."):
            case ["tickers", symbol] if market := self._markets.get(symbol):
                stream = market.streams.ticker
                return (stream.snapshot(market.ticker_fields(), market.now, market.log.seq),)
            case ["publicTrade", symbol] if market := self._markets.get(symbol):
                market.log.followed = True
                return ()
            case ["orderbook", depth, symbol] if market := self._markets.get(symbol):
                return _book_snapshot(market, depth)
            case ["kline", interval, symbol] if market := self._markets.get(symbol):
                return _candle_snapshot(market, interval)
        return None

    def listen(self, wanted: Wanted) -> None:
        """Keep the trades to come for `trade_frames` where anybody wants them."""
        for market in self._markets.values():
            market.log.followed = wanted(market.log.topic)

    def trade_frames(self) -> list[PublicFrame]:
        """The trades since the last call, of symbols that somebody listened to."""
        frames: list[PublicFrame] = []
        for market in self._markets.values():
            if market.log.waiting:
                frames += market.log.take_frames(market.now)
        return frames

    def state_frames(self, wanted: Wanted) -> list[PublicFrame]:
        """Tickers, books and candles that changed since the last call.

        On a literal market a ticker goes out exactly when a row brought one, changed or not.
        """
        frames: list[PublicFrame | None] = []
        for market in self._markets.values():
            frames.append(_ticker_change(market, wanted))
            frames += [_book_change(market, stream, wanted) for stream in _books(market)]
            frames += _candle_changes(market, wanted)
        return [frame for frame in frames if frame is not None]

    def repeated_frames(self, wanted: Wanted, wall_s: float) -> list[PublicFrame]:
        """Level 1 of quiet books again, with the same update id, after 3 s of the wall clock."""
        frames: list[PublicFrame] = []
        for market in self._markets.values():
            for stream in _books(market):
                if not wanted(stream.topic):
                    continue
                told = self._told.get(stream.topic)
                if told is None or told[0] != stream.update:
                    self._told[stream.topic] = (stream.update, wall_s)
                elif wall_s - told[1] >= RESEND_AFTER_S:
                    self._told[stream.topic] = (stream.update, wall_s)
                    again = stream.again(market.now, market.log.seq)
                    frames += [] if again is None else [again]
        return frames


def _books(market: SymbolMarket) -> list[DepthStream]:
    return list(market.streams.depths.values())


def _book_snapshot(market: SymbolMarket, depth: str) -> tuple[PublicFrame, ...] | None:
    stream = next((book for book in _books(market) if str(book.depth) == depth), None)
    if stream is None:
        return None
    levels = market.levels(stream.depth)
    if levels is None:
        return ()
    return (stream.snapshot(levels, market.now, market.log.seq),)


def _candle_snapshot(market: SymbolMarket, interval: str) -> tuple[PublicFrame, ...] | None:
    stream = market.streams.klines.get(interval)
    if stream is None:
        return None
    frame = stream.current(market.klines.current(interval), market.now, fresh=True)
    return () if frame is None else (frame,)


def _ticker_change(market: SymbolMarket, wanted: Wanted) -> PublicFrame | None:
    stream, due = market.streams.ticker, market.ticker_due
    market.ticker_due = False
    if not wanted(stream.topic):
        stream.followed = False
        return None
    if market.literal and not due:
        return None
    fields, seq = market.ticker_fields(), market.log.seq
    return stream.change(fields, market.now, seq, always=market.literal)


def _book_change(market: SymbolMarket, stream: DepthStream, wanted: Wanted) -> PublicFrame | None:
    if not wanted(stream.topic):
        stream.followed = False
        return None
    levels = market.levels(stream.depth)
    return None if levels is None else stream.change(levels, market.now, market.log.seq)


def _candle_changes(market: SymbolMarket, wanted: Wanted) -> list[PublicFrame | None]:
    streams, candles = market.streams.klines, market.klines
    frames: list[PublicFrame | None] = [
        streams[ended.interval].closed(ended.candle)
        for ended in candles.take_closed()
        if wanted(streams[ended.interval].topic)
    ]
    frames += [
        stream.current(candles.current(interval), market.now, fresh=False)
        for interval, stream in streams.items()
        if wanted(stream.topic)
    ]
    return frames
