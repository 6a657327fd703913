"""A shadow account's shell put together: the live market, a venue of its own, the same loop.

It wires and ends; it decides nothing.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from appkit.beside import beside
from gridbot.shadow.founding import symbol_spec, venue_config
from gridbot.shadow.market_ear import MarketEar
from gridbot.shadow.shadow_venue import ShadowVenue
from gridbot.shell.account_loop import AccountLoop
from gridbot.shell.account_run import Means
from gridbot.shell.dead_letters import DeadLetters
from gridbot.shell.inbox import Inbox
from gridbot.shell.private_stream import PrivateStream
from gridbot.shell.symbol_watch import SymbolWatch
from gridbot.shell.ticker_watch import TickerWatch
from gridbot.shell.words import Ended, Item
from gridbot.terms import SymbolTerms, read_report
from gridbot.words import Journal, Observer
from gridcore.session.account import AccountSession


class ShadowRun:
    """One life of a shadow. Made on the loop's thread; it begins flat, with `balance` in USDT.

    Of the exchange only the market and the terms of its symbols are asked.
    """

    def __init__(
        self,
        means: Means,
        session: AccountSession,
        *,
        terms: Sequence[SymbolTerms],
        balance: Decimal,
        journal: Journal,
        observers: Sequence[Observer],
    ) -> None:
        name = session.account_id
        self.session = session
        self.dead_letters = DeadLetters(name)
        self._means = means
        self._inbox: Inbox[Item] = Inbox()
        instruments = {one.symbol: one.instrument for one in terms}
        self.venue = ShadowVenue(
            name,
            venue_config(terms, balance),
            [symbol_spec(one) for one in terms],
            now=means.clock.now,
            put=self._inbox.put,
            on_died=self._died,
        )
        watch = SymbolWatch(
            instruments,
            interval_s=means.symbol_check_s,
            read=partial(read_report, means.rest),
            ask=self.venue.ask,
        )
        self.loop = AccountLoop(
            name,
            session,
            clock=means.clock,
            inbox=self._inbox,
            # Pushes come from the venue, which nothing can cut off.
            private=PrivateStream(instruments, self.dead_letters.bury, topics=()),
            tickers=TickerWatch(instruments, means.ticker_gap_s),
            journal=journal,
            venue=self.venue,
            observers=(watch, *observers),
            reports=[one.report for one in terms],
            keep=_keep_nothing,
            pause_s_max=means.pause_s_max,
        )
        self._ear = MarketEar(self.venue, self._inbox)
        means.hub.subscribe(self._ear, instruments, self.dead_letters.bury, trades=True)

    def start(self) -> None:
        """Nothing: the market's stream is opened by the hub."""

    def deafen(self) -> None:
        """Hear no ticker any more: what came before is in the inbox, before whatever is put now."""
        self._means.hub.unsubscribe(self._ear)

    async def close(self) -> None:
        """End within seconds."""
        self.deafen()
        await self.venue.close()
        await beside("close-rest", self._means.rest.close)

    def _died(self, text: str) -> None:
        self._inbox.put(Ended(text=text))


async def _keep_nothing() -> None:
    """The venue's book ends with the process, so no memory of it may outlive it."""
