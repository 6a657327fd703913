"""One public stream for all accounts of a process: tickers to everybody who trades the symbol, and
trades to those who ask for them.

It runs on the sockets' threads; it refuses to know sessions (W33: one hub, not one per account).
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from bybit_adapter.normalizer.decode import Undecodable, decode
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import DeadLetter, TradeFrame
from bybit_adapter.ws_client.words import Connected, Fatal, Listener, Outage, Restored
from gridbot.shell.words import Ended, Item, TickersDown, TickersUp
from gridcore.clock import Instant
from gridcore.events import PublicTrade, Ticker
from gridcore.instrument import Instrument

TOPIC = "tickers."
TRADES_TOPIC = "publicTrade."


class Stream(Protocol):
    """What the hub needs of a stream client."""

    def start(self) -> None:
        """Begins to connect."""
        ...

    def close(self) -> bool:
        """Ends it; blocks for seconds at most."""
        ...


class Hearer(Protocol):
    """Who is told: an account's inbox, or what stands before it."""

    def put(self, item: Item) -> None:
        """Takes news of the stream."""
        ...

    def offer(self, item: Item) -> None:
        """Takes a row of the market; InboxFull when too many wait."""
        ...


MakeStream = Callable[[Sequence[str], Listener], Stream]


class _Subscriber:
    """One account: its inbox, and a normalizer of its own, as its units are its session's."""

    def __init__(
        self, symbols: Iterable[str], inbox: Hearer, normalizer: Normalizer, *, trades: bool
    ) -> None:
        self._tickers = {f"{TOPIC}{symbol}": symbol for symbol in symbols}
        traded = [f"{TRADES_TOPIC}{symbol}" for symbol in symbols] if trades else []
        self.topics = dict.fromkeys((*self._tickers, *traded))
        self.wanted = (Ticker, PublicTrade) if trades else (Ticker,)
        self.inbox = inbox
        self.normalizer = normalizer

    def symbols_of(self, topics: Iterable[str]) -> tuple[str, ...]:
        """The symbols whose tickers are among the topics: without trades an account can go on."""
        return tuple(self._tickers[topic] for topic in topics if topic in self._tickers)


class MarketHub:
    """The listener of the one public stream, which it makes anew when who listens has changed."""

    def __init__(self, make: MakeStream) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        """Held while a stream is ended and another made, which is one step."""
        self._closed = False
        self._subscribers: list[_Subscriber] = []
        self._stream: Stream | None = None

    def subscribe(
        self,
        inbox: Hearer,
        instruments: Mapping[str, Instrument],
        on_dead_letter: Callable[[DeadLetter], None],
        *,
        trades: bool = False,
    ) -> None:
        """Give the tickers of these instruments, and with `trades` their trades too, to an
        account, from the next `connect` on."""
        normalizer = Normalizer(instruments, on_dead_letter)
        one = _Subscriber(instruments, inbox, normalizer, trades=trades)
        with self._lock:
            self._subscribers.append(one)

    def unsubscribe(self, inbox: Hearer) -> None:
        """Give an account nothing any more."""
        with self._lock:
            self._subscribers = [one for one in self._subscribers if one.inbox is not inbox]

    def connect(self) -> None:
        """Open the stream for all who listen; it blocks while an old one is closed.

        Who listened before has no tickers until the new one delivers. After `close` nothing opens.
        """
        with self._changing:
            self._end()
            with self._lock:
                topics = dict.fromkeys(topic for one in self._subscribers for topic in one.topics)
                if topics and not self._closed:
                    self._stream = self._make(tuple(topics), self)
                    self._stream.start()

    def close(self) -> None:
        """Close the stream for good; it blocks for seconds at most."""
        self._closed = True
        with self._changing:
            self._end()

    def _end(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    # -- what the stream tells -------------------------------------------------------------

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes a frame; InboxFull counts as the loss of the connection."""
        try:
            decoded = decode(text)
        except Undecodable:
            decoded = text
        if isinstance(decoded, TradeFrame):
            topic: object = decoded.topic
        else:
            topic = decoded.get("topic") if isinstance(decoded, dict) else None
        with self._lock:
            # Frames and news come on different threads, and a normalizer is for one.
            for one in self._subscribers:
                if topic is not None and topic not in one.topics:
                    continue
                for received in one.normalizer.frame(decoded, received_at):
                    if isinstance(received.event, one.wanted):
                        one.inbox.offer(received)

    def on_connected(self, connected: Connected) -> None:
        """Forgets merged tickers."""
        del connected
        with self._lock:
            for one in self._subscribers:
                one.normalizer.reset()

    def on_outage(self, outage: Outage) -> None:
        """Tells every account whose symbols are concerned."""
        reason = outage.reason.value
        for one, symbols in self._concerned(outage.topics):
            one.inbox.put(TickersDown(symbols=symbols, since=outage.since, reason=reason))

    def on_restored(self, restored: Restored) -> None:
        """Tells that tickers are subscribed to; only a ticker says that they come."""
        for one, symbols in self._concerned(restored.topics):
            one.inbox.put(TickersUp(symbols=symbols))

    def on_fatal(self, fatal: Fatal) -> None:
        """Without a market nobody can go on."""
        text = f"the public stream has ended: {fatal.kind.value}: {fatal.detail}"
        with self._lock:
            for one in self._subscribers:
                one.inbox.put(Ended(text=text))

    def _concerned(self, topics: tuple[str, ...]) -> list[tuple[_Subscriber, tuple[str, ...]]]:
        with self._lock:
            found = [(one, one.symbols_of(topics)) for one in self._subscribers]
        return [(one, symbols) for one, symbols in found if symbols]
