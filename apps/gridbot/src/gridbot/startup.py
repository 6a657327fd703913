"""How an account comes up, stage by stage: what is not confirmed stops it, and nothing is placed.

Start-up is recovery; there is no other way in. Every stage ends at once when the end is asked for.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from appkit.beside import beside
from appkit.exits import RunFailed, UserError
from appkit.version import code_version
from bybit_adapter.credentials import Credentials
from bybit_adapter.errors import Failure
from bybit_adapter.rest.words import Answer
from bybit_adapter.rest_client import RestClient
from bybit_adapter.ws_client.clock import Offset
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.journal.retention import Retention
from gridbot.journal.setup import AccountSetup, account_setup
from gridbot.journal.writer import JournalLimits, JournalWriter
from gridbot.remedies import in_words, may_pass, remedy_of
from gridbot.setups import config_hash, policies_of, session_of, setup_of
from gridbot.shadow.founding import stake
from gridbot.shadow.shadow_run import ShadowRun
from gridbot.shell.account_loop import PAUSE_S_MAX
from gridbot.shell.account_run import AccountRun, Means
from gridbot.shell.clock import SessionClock
from gridbot.shell.exchange import Exchange
from gridbot.state.recovery import recover, refuse_the_past
from gridbot.state.saved_state import save
from gridbot.terms import SymbolTerms, TermsRefused, read_terms
from gridbot.words import JournalUnwritable, Observer, StartStopped, StopToken
from gridcore.clock import Instant
from gridcore.session.account import AccountSession

BACK_OFFS_S = (2.0, 5.0, 10.0)
"""Between the attempts of a stage; after the last one the start is refused (live.md 4.3)."""

Result = TypeVar("Result")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What an attempt ended in. `retryable`: the same may succeed a little later."""

    text: str
    remedy: str
    retryable: bool


class Stages:
    """Carries out what blocks, beside the loop, and honours the stop at every step."""

    def __init__(
        self, stop: StopToken, say: Say, back_offs_s: Sequence[float] = BACK_OFFS_S
    ) -> None:
        self._stop = stop
        self._say = say
        self._back_offs_s = tuple(back_offs_s)

    def say(self, text: str) -> None:
        """Tell a person."""
        self._say(text)

    async def blocking(self, name: str, work: Callable[[], Result]) -> Result:
        """The result of blocking work; StartStopped as soon as the end is asked for, whether or
        not the work has ended."""
        if self._stop.requested:
            raise StartStopped(name)
        doing = asyncio.ensure_future(beside(name, work))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise StartStopped(name)
            return doing.result()
        finally:
            stopping.cancel()
            doing.cancel()

    async def attempted(self, name: str, work: Callable[[], Result | Refused]) -> Result:
        """The result of work that may be refused, tried again after each back-off.

        UserError with the last reason when every attempt is used up, or the first that no
        repetition mends.
        """
        for pause_s in (*self._back_offs_s, None):
            found = await self.blocking(name, work)
            if not isinstance(found, Refused):
                return found
            if pause_s is None or not found.retryable:
                raise UserError(f"{name}: {found.text}", found.remedy)
            self._say(f"{name}: {found.text}; again in {pause_s:g} s")
            if await self._stop.sleep(pause_s):
                raise StartStopped(name)
        raise AssertionError("the last attempt ends in a result or a refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An account that is ready to listen: nothing of it runs yet."""

    run: AccountRun | ShadowRun
    journal: JournalWriter
    config_hash: str


class AccountStart:
    """Brings one account up. Used again when a session has to be rebuilt: that is a start, too."""

    def __init__(
        self,
        config: GridbotConfig,
        account: AccountConfig,
        credentials: Credentials,
        exchange: Exchange,
        stages: Stages,
        observers: Sequence[Observer],
    ) -> None:
        self._config = config
        self._account = account
        self._credentials = credentials
        self._exchange = exchange
        self._stages = stages
        self._observers = tuple(observers)

    async def prepare(self) -> Prepared:
        """Clock, terms, book and wallet, memory, journal; then the shell around the session.

        UserError or RunFailed with the reason when any of it cannot be confirmed.
        """
        name = self._account.name
        start = await self._stages.attempted(f"{name}: clock", partial(time_of, self._exchange))
        clock = self._exchange.session_clock(start)
        rest = self._exchange.client(self._credentials, clock)
        with ExitStack() as undo:
            undo.callback(rest.close)
            prepared = await self._prepare(clock, rest)
            undo.pop_all()
            return prepared

    async def _prepare(self, clock: SessionClock, rest: RestClient) -> Prepared:
        config, account, stages = self._config, self._account, self._stages
        if self._exchange.signs_by_measured_clock:
            await stages.attempted(f"{account.name}: clock", partial(_measure, rest))
        found: list[SymbolTerms] = []
        for one in config.strategies_of(account):
            found.append(await stages.attempted(one.strat_id, partial(_terms, rest, one.symbol)))
            await stages.attempted(one.strat_id, partial(_book, rest, one.symbol))
        wallet = await stages.attempted(account.name, partial(_wallet, rest))
        balance = stake(account, wallet) if account.shadow else None
        strategies = config.strategies_of(account)
        setups = [
            setup_of(config, one, terms) for one, terms in zip(strategies, found, strict=True)
        ]
        session = session_of(config, account, setups)
        setup = account_setup(
            session.account_id,
            config_hash(config, account),
            setups,
            config.safety.settings(),
            policies_of(config),
        )
        journal = await stages.blocking(
            "memory", partial(self._journal, session, setup, clock.now())
        )
        means = self._means(rest, clock)
        run: AccountRun | ShadowRun
        if balance is not None:
            stages.say(
                f"{account.name}: in the shadow: it begins flat with {balance:.2f} USDT, what an "
                "earlier shadow held is gone, and no order leaves"
            )
            run = ShadowRun(
                means,
                session,
                terms=found,
                balance=balance,
                journal=journal,
                observers=self._observers,
            )
        else:
            folder = config.folder_of(account)
            run = AccountRun(
                means,
                session,
                journal=journal,
                keep=KeptState(folder, account.name, session, journal, setup, stages.say),
                reports=[terms.report for terms in found],
                observers=self._observers,
            )
        return Prepared(run=run, journal=journal, config_hash=setup.config_hash)

    def _journal(self, session: AccountSession, setup: AccountSetup, now: Instant) -> JournalWriter:
        """The journal of the life that begins. Of a shadow nothing was kept to be recovered; its
        numbers go on with the time, so that a newer file is the one with the greater number."""
        config, account = self._config, self._account
        return JournalWriter.open(
            config.folder_of(account),
            account.name,
            setup=setup,
            code_version=str(code_version("gridbot", Path(__file__))),
            memory=session.snapshot,
            first_seq=now if account.shadow else self._recovered(session, now),
            now=now,
            limits=JournalLimits(
                kept=Retention(
                    days_max=config.journal.keep_days,
                    bytes_max=config.journal.keep_megabytes * 1024 * 1024,
                )
            ),
        )

    def _recovered(self, session: AccountSession, now: Instant) -> int:
        """Bring the session back to where it was; the number of the next line of its journal."""
        folder, name = self._config.folder_of(self._account), self._account.name
        recovered = recover(folder, name, session)
        refuse_the_past(recovered, folder, name, now)
        for warning in recovered.warnings:
            self._stages.say(f"{name}: {warning}")
        if recovered.difference is not None:
            self._stages.say(
                f"{name}: line {recovered.difference.seq} of the journal is decided otherwise by "
                "this version; what the exchange shows decides"
            )
        return recovered.next_seq

    def _means(self, rest: RestClient, clock: SessionClock) -> Means:
        exchange = self._exchange
        in_lockstep = exchange.lockstep
        return Means(
            endpoint=exchange.endpoint,
            credentials=self._credentials,
            rest=rest,
            streams_clock=exchange.clock,
            clock=clock,
            hub=exchange.hub,
            synchronise=(lambda: None) if in_lockstep else exchange.synchronise,
            ticker_gap_s=None if in_lockstep else self._config.safety.settings().ticker_gap_s,
            symbol_check_s=self._config.symbol_check_s,
            pause_s_max=None if in_lockstep else PAUSE_S_MAX,
        )


class KeptState:
    """Saves a session's memory beside its journal; what cannot be saved is in the journal."""

    def __init__(
        self,
        folder: Path,
        account: str,
        session: AccountSession,
        journal: JournalWriter,
        setup: AccountSetup,
        say: Say,
    ) -> None:
        self._folder = folder
        self._account = account
        self._session = session
        self._journal = journal
        self._setup = setup
        self._say = say

    async def __call__(self) -> None:
        """Save what the session knows now, right behind what the journal was given last."""
        seq, snapshot = self._journal.next_seq, self._session.snapshot()
        work = partial(save, self._folder, self._account, snapshot, seq, self._setup)
        try:
            await beside("save-state", work)
        except OSError as error:
            self._say(f"{self._account}: the state was not saved: {error.strerror or error}")


def time_of(exchange: Exchange) -> Instant | Refused:
    """The exchange's time; its clock is measured before anybody reads it. It blocks."""
    found = exchange.server_time()
    if not isinstance(found, int):
        return _no(f"the time of {exchange.endpoint.rest_url}", found)
    if not exchange.lockstep:
        exchange.synchronise()
    return found


def _measure(rest: RestClient) -> Offset | Refused:
    found = rest.measure_clock()
    if isinstance(found, Offset):
        return found
    return _no("the time", found)


def _terms(rest: RestClient, symbol: str) -> SymbolTerms | Refused:
    found = read_terms(rest, symbol)
    if not isinstance(found, TermsRefused):
        return found
    return Refused(text=found.text, remedy=found.remedy, retryable=found.retryable)


def _book(rest: RestClient, symbol: str) -> int | Refused:
    """How many orders rest; the session asks again itself, and this says that it will be told."""
    listing = rest.orders.open_orders(symbol)
    if listing.failure is not None:
        return _no(f"{symbol}: open orders", listing.failure)
    if not listing.complete:
        return Refused(
            text=f"{symbol}: open orders: the listing is not complete ({listing.stop.value})",
            remedy="try again; nothing is placed before the whole book is known",
            retryable=True,
        )
    return len(listing.rows)


def _wallet(rest: RestClient) -> Answer | Refused:
    found = rest.account.wallet()
    if isinstance(found, Answer):
        return found
    return _no("wallet", found)


def _no(question: str, failure: Failure) -> Refused:
    return Refused(
        text=f"{question}: {in_words(failure)}",
        remedy=remedy_of(failure),
        retryable=may_pass(failure),
    )


def closed(journal: JournalWriter, account: str) -> None:
    """Close a journal; it blocks. RunFailed when lines are lost."""
    try:
        journal.close()
    except JournalUnwritable as error:
        raise RunFailed(f"{account}: the end of the journal is lost: {error}") from error
