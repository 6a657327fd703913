"""One account's shell put together: inbox, streams, requests and the loop around its session.

It wires and ends; it decides nothing, and refuses to know where memory and terms come from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from appkit.beside import beside
from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import Endpoint
from bybit_adapter.rest_client import RestClient
from bybit_adapter.ws_client.client import WsClient, private_client
from bybit_adapter.ws_client.words import Phase
from gridbot.shell.account_loop import PAUSE_S_MAX, AccountLoop
from gridbot.shell.clock import Clock, SessionClock
from gridbot.shell.dead_letters import DeadLetters
from gridbot.shell.exchange_calls import ExchangeCalls
from gridbot.shell.inbox import Inbox
from gridbot.shell.keeping import Keep
from gridbot.shell.live_venue import LiveVenue
from gridbot.shell.market_hub import MarketHub
from gridbot.shell.private_stream import PrivateEar, PrivateStream
from gridbot.shell.reactions import Reactions
from gridbot.shell.symbol_watch import SymbolWatch
from gridbot.shell.ticker_watch import TickerWatch
from gridbot.shell.words import Ended, Item
from gridbot.terms import read_report
from gridbot.words import Journal, Observer
from gridcore.clock import Instant
from gridcore.events import Event, SymbolReport, WalletSnapshot
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects
from gridcore.session.modes import Mode, ModeCause
from gridcore.sides import LONG, DirectionType


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an account's shell works with.

    `streams_clock` is the clock of sockets and signatures, `clock` the session's; they differ in
    lockstep only. `ticker_gap_s` None: no silence counts as loss; `pause_s_max` None: the market
    waits for us, and requests leave in turn. `synchronise` measures the exchange's clock.
    """

    endpoint: Endpoint
    credentials: Credentials
    rest: RestClient
    streams_clock: Clock
    clock: SessionClock
    hub: MarketHub
    synchronise: Callable[[], object]
    ticker_gap_s: int | None
    symbol_check_s: int
    pause_s_max: float | None = PAUSE_S_MAX
    reactions: Reactions = field(default_factory=Reactions)


class AccountRun:
    """One life of an account's shell. Made on the loop's thread; `start` opens its stream."""

    def __init__(
        self,
        means: Means,
        session: AccountSession,
        *,
        journal: Journal,
        keep: Keep,
        reports: Sequence[SymbolReport],
        observers: Sequence[Observer],
    ) -> None:
        name = session.account_id
        self.session = session
        self.dead_letters = DeadLetters(name)
        self._means = means
        self._inbox: Inbox[Item] = Inbox()
        symbols = list(session.strategies)
        instruments = {
            symbol: strategy.instrument for symbol, strategy in session.strategies.items()
        }
        private = PrivateStream(instruments, self.dead_letters.bury)
        self.venue = LiveVenue(
            name,
            ExchangeCalls(
                means.rest,
                instruments,
                now=means.clock.now,
                on_dead_letter=self.dead_letters.bury,
            ),
            clock=means.clock,
            put=self._inbox.put,
            on_died=self._died,
            steady_s=means.streams_clock.steady_s,
            mode_of=self._mode_of,
            reactions=means.reactions,
            heard_now=means.streams_clock.now,
            in_turn=means.pause_s_max is None,
        )
        watch = SymbolWatch(
            symbols,
            interval_s=means.symbol_check_s,
            read=partial(read_report, means.rest),
            ask=self.venue.ask,
        )
        self.loop = AccountLoop(
            name,
            session,
            clock=means.clock,
            inbox=self._inbox,
            private=private,
            tickers=TickerWatch(symbols, means.ticker_gap_s),
            journal=journal,
            venue=self.venue,
            observers=(watch, self, *observers),
            reports=reports,
            keep=keep,
            pause_s_max=means.pause_s_max,
        )
        means.hub.subscribe(self._inbox, instruments, self.dead_letters.bury)
        self._stream = self._new_stream()

    def start(self) -> None:
        """Open the private stream; the public one is opened by the hub."""
        self._stream.start()

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """A stream that gave up, as the key was refused, is opened anew once the key works."""
        del account, effects, now
        if not isinstance(event, WalletSnapshot) or self._stream.state().phase is not Phase.FAILED:
            return
        modes = self.session.standing_modes()
        if not any(mode.cause is ModeCause.AUTHENTICATION for mode in modes):
            self._stream = self._new_stream()
            self._stream.start()

    def deafen(self) -> None:
        """Hear no ticker any more: what came before is in the inbox, before whatever is put now."""
        self._means.hub.unsubscribe(self._inbox)

    async def close(self) -> None:
        """End stream and requests, within seconds."""
        self.deafen()
        await self.venue.close()
        await beside("close-stream", self._stream.close)
        await beside("close-rest", self._means.rest.close)

    def _new_stream(self) -> WsClient:
        means = self._means
        return private_client(
            means.endpoint.private_url,
            means.credentials,
            PrivateEar(self._inbox),
            clock=means.streams_clock,
            synchronise=means.synchronise,
        )

    def _mode_of(self, symbol: str, direction: DirectionType | None) -> Mode:
        """Looked at by the request threads: what stands now, whatever stood when it was decided."""
        modes = self.session.strategies[symbol].modes
        return max(modes) if direction is None else modes[direction is not LONG]

    def _died(self, text: str) -> None:
        self._inbox.put(Ended(text=text))
