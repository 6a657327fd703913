"""What the stream clients hear: frames become records in the writers, outages become messages.

It runs on the sockets' threads and never blocks; it refuses to decide what an outage means.
"""

import threading
from collections.abc import Callable, Sequence

from bybit_adapter.normalizer.decode import Undecodable, decode
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import DeadLetter as Unread
from bybit_adapter.normalizer.words import SetAside, TradeFrame
from bybit_adapter.ws_client.words import Connected, Fatal, Outage, Restored
from event_saver.codec import Item, time_of
from event_saver.journal import JournalFailed
from event_saver.merge import Merge
from event_saver.rows.private import PrivateRows, payload
from event_saver.rows.public import PublicRows
from event_saver.times import instant, moment
from event_saver.writer.writer import Writer
from grid_db.records import (
    DeadLetter,
    OrderState,
    PositionSnapshot,
    PublicTrade,
    TickerSnapshot,
    WalletSnapshot,
)
from grid_db.words import Environment, Stream
from gridcore.clock import Instant
from gridcore.instrument import Instrument
from gridcore.message import message

Told = OrderState | PositionSnapshot | WalletSnapshot


@message
class Down:
    """Topics of an account (None: public ones) do not deliver."""

    account_id: str | None
    outage: Outage


@message
class Up:
    """Topics of an account (None: public ones) deliver again, or for the first time."""

    account_id: str | None
    restored: Restored


@message
class Lost:
    """Records of a stream were received and had to be let go."""

    account_id: str | None
    stream: Stream
    symbol: str | None
    since: Instant
    until: Instant
    reason: str


@message
class Ended:
    """A client or the journal has given up: nothing more is recorded."""

    text: str


News = Down | Up | Lost | Ended
Tell = Callable[[News], None]


class Collector:
    """What public and private collectors have in common: they pass on how the connection is."""

    def __init__(self, account_id: str | None, normalizer: Normalizer, tell: Tell) -> None:
        self.account_id = account_id
        self.normalizer = normalizer
        self.tell = tell
        self.lock = threading.Lock()
        """Frames and news come on different threads, and a normalizer is for one."""

    def on_connected(self, connected: Connected) -> None:
        """Forgets merged tickers."""
        with self.lock:
            self.normalizer.reset()

    def on_outage(self, outage: Outage) -> None:
        """Passes the outage on."""
        self.tell(Down(account_id=self.account_id, outage=outage))

    def on_restored(self, restored: Restored) -> None:
        """Passes the end of an outage on."""
        self.tell(Up(account_id=self.account_id, restored=restored))

    def on_fatal(self, fatal: Fatal) -> None:
        """Passes the end of the client on."""
        self.tell(Ended(text=f"{fatal.kind.value}: {fatal.detail}"))


class PublicCollector(Collector):
    """Takes the frames of the public stream into a writer for trades and one for tickers."""

    def __init__(
        self,
        environment: Environment,
        instruments: dict[str, Instrument],
        *,
        trades: Writer[Item],
        tickers: Writer[Item],
        letters: Writer[Item],
        new_id: Callable[[], str],
        tell: Tell,
    ) -> None:
        super().__init__(None, Normalizer(instruments, self._bury), tell)
        self._environment = environment
        self._rows = PublicRows(environment, instruments)
        self._trades = trades
        self._tickers = tickers
        self._letters = letters
        self._new_id = new_id

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes one frame."""
        with self.lock:
            trades, tickers = self._read(text, received_at)
            self._trades.put(trades)
            self._tickers.put(tickers)

    def _read(
        self, text: str, received_at: Instant
    ) -> tuple[Sequence[PublicTrade], Sequence[TickerSnapshot]]:
        try:
            decoded = decode(text)
        except Undecodable:
            self.normalizer.text(text, received_at)
            return (), ()
        if isinstance(decoded, TradeFrame):
            columns = self.normalizer.trade_columns(decoded, received_at)
            if columns is not None:
                return self._rows.trades(columns), ()
        records = [self._rows.of(one) for one in self.normalizer.frame(decoded, received_at)]
        return (
            [record for record in records if isinstance(record, PublicTrade)],
            [record for record in records if isinstance(record, TickerSnapshot)],
        )

    def _bury(self, unread: Unread) -> None:
        head = unread.topic.partition(".")[0]
        streams = {"publicTrade": Stream.TRADES, "tickers": Stream.TICKERS}
        letter = DeadLetter(
            letter_id=self._new_id(),
            environment=self._environment,
            account_id=None,
            run_id=None,
            stream=streams.get(head, Stream.UNKNOWN),
            topic=unread.topic,
            reason=unread.text,
            payload=payload(unread.raw),
            received_at=moment(unread.received_at),
        )
        self._letters.put([letter])


class PrivateCollector(Collector):
    """Takes the frames of an account's stream into its journaled writer.

    `told` is what the stream has told of orders, positions and wallet, for merging snapshots.
    """

    def __init__(
        self,
        account_id: str,
        instruments: dict[str, Instrument],
        rows: PrivateRows,
        writer: Writer[Item],
        tell: Tell,
    ) -> None:
        super().__init__(account_id, Normalizer(instruments, self._bury, self._keep), tell)
        self.told: Merge[Told] = Merge(_key_of, lambda row: instant(row.exchange_ts))
        self._rows = rows
        self._writer = writer
        self._found: list[Item] = []

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes one frame: when this returns, a killed process does not lose it any more."""
        with self.lock:
            self._found = []
            for one in self.normalizer.text(text, received_at):
                self._found.extend(self._rows.received(one))
            items = self._found
            try:
                self._writer.put(items)
            except JournalFailed as error:
                failure = str(error)
            else:
                failure = ""
                self._saw(items)
        if failure:
            self._let_go(items, failure)

    def merged(self, items: Sequence[Item]) -> list[Item]:
        """Items of a listing without those of which the stream has told as much, or more."""
        with self.lock:
            told = [item for item in items if isinstance(item, Told)]
            newer = {id(item) for item in self.told.admit(told)}
        return [item for item in items if not isinstance(item, Told) or id(item) in newer]

    def committed(self, items: Sequence[Item]) -> None:
        """Items of a listing are committed: they count as told from now on."""
        with self.lock:
            self._saw(items)

    def _saw(self, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item, Told):
                self.told.saw(item)

    def forget(self, before: Instant) -> None:
        """Drop what was told before an instant."""
        with self.lock:
            self.told.forget(before)

    def _bury(self, unread: Unread) -> None:
        self._found.extend(self._rows.unread(unread))

    def _keep(self, aside: SetAside) -> None:
        self._found.extend(self._rows.set_aside(aside))

    def _let_go(self, items: Sequence[Item], reason: str) -> None:
        times = [
            instant(item.received_at) if isinstance(item, DeadLetter) else time_of(item)
            for item in items
        ]
        for stream in (Stream.EXECUTIONS, Stream.ORDERS, Stream.POSITIONS, Stream.WALLET):
            self.tell(
                Lost(
                    account_id=self.account_id,
                    stream=stream,
                    symbol=None,
                    since=min(times),
                    until=max(times),
                    reason=reason,
                )
            )


def let_go(items: Sequence[Item], reason: str) -> list[Lost]:
    """What public rows that were received and not stored leave behind: one stretch of each stream
    and symbol."""
    found: dict[tuple[Stream, str], list[Instant]] = {}
    for item in items:
        if isinstance(item, (PublicTrade, TickerSnapshot)):
            stream = Stream.TRADES if isinstance(item, PublicTrade) else Stream.TICKERS
            found.setdefault((stream, item.symbol), []).append(time_of(item))
    return [
        Lost(
            account_id=None,
            stream=stream,
            symbol=symbol,
            since=min(times),
            until=max(times),
            reason=reason,
        )
        for (stream, symbol), times in found.items()
    ]


def _key_of(row: Told) -> tuple[str, ...]:
    match row:
        case OrderState():
            return "order", row.order_id
        case PositionSnapshot():
            return "position", row.symbol, row.side.value
        case WalletSnapshot():
            return "wallet", row.coin
