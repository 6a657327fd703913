"""How an account comes up, stage by stage: what is not confirmed stops it, and nothing is placed.

Start-up is recovery; there is no other way in. Every stage ends at once when the end is asked for.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appkit.account_setup import AccountSetup, account_setup
from appkit.beside import beside
from appkit.exits import RunFailed
from appkit.version import code_version
from bybit_adapter.credentials import Credentials
from bybit_adapter.rest.words import Listing
from bybit_adapter.rest_client import RestClient
from gridbot.asking import balance_in
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.journal.retention import Retention
from gridbot.journal.writer import JournalLimits, JournalWriter
from gridbot.ownership.lock_file import key_hash
from gridbot.prospects import Outlook, foretold, tends, warnings
from gridbot.questions import (
    book_of,
    last_price,
    measured,
    terms_of,
    time_of,
    wallet_name,
    wallet_of,
)
from gridbot.resting import refuse_strangers, resting_orders, unattended
from gridbot.setups import config_hash, policies_of, session_of, setup_of
from gridbot.shadow.founding import stake
from gridbot.shadow.shadow_run import ShadowRun
from gridbot.shell.account_loop import PAUSE_S_MAX
from gridbot.shell.account_run import AccountRun, Means
from gridbot.shell.clock import SessionClock
from gridbot.shell.exchange import Exchange
from gridbot.stages import Say, Stages
from gridbot.state.owner import MemoryOwner, check_owner, keep_owner
from gridbot.state.recovery import Recovered, recover, refuse_the_past
from gridbot.state.saved_state import save
from gridbot.terms import SymbolTerms
from gridbot.words import JournalUnwritable, Observer
from gridcore.clock import Instant
from gridcore.session.account import AccountSession
from gridcore.session.ownership import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An account that is ready to listen: nothing of it runs yet."""

    run: AccountRun | ShadowRun
    journal: JournalWriter
    setup: AccountSetup


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
        self._wallet = credentials.key

    async def identify(self) -> str:
        """What names the account at the exchange (questions.wallet_name).

        UserError when that cannot be learnt, when memory of this wallet lies elsewhere, or when
        another one's lies here.
        """
        account, stages = self._account, self._stages
        clock = await self._clock()
        rest = self._exchange.client(self._credentials, clock)
        try:
            await self._measure(rest)
            work = partial(wallet_name, rest, self._credentials.key)
            self._wallet = await stages.attempted(account.name, work)
        finally:
            rest.close()
        if not account.shadow:
            folder = self._config.folder_of(account)
            check = partial(check_owner, folder, account.name, self._owner)
            await stages.blocking("memory", check)
        return self._wallet

    async def prepare(self, *, begins: bool = True) -> Prepared:
        """Clock, terms, book and wallet, memory, journal; then the shell around the session.

        UserError or RunFailed with the reason when any of it cannot be confirmed. `begins`: False
        for a session that is made anew while the process runs: the policies about orders and the
        checks of the configuration have let it start, and do not end it.
        """
        clock = await self._clock()
        rest = self._exchange.client(self._credentials, clock)
        with ExitStack() as undo:
            undo.callback(rest.close)
            prepared = await self._prepare(clock, rest, begins=begins)
            undo.pop_all()
            return prepared

    async def _prepare(self, clock: SessionClock, rest: RestClient, *, begins: bool) -> Prepared:
        config, account, stages = self._config, self._account, self._stages
        await self._measure(rest)
        strategies = config.strategies_of(account)
        found: list[SymbolTerms] = []
        books: dict[str, Listing] = {}
        for one in strategies:
            found.append(await stages.attempted(one.strat_id, partial(terms_of, rest, one.symbol)))
            books[one.symbol] = await stages.attempted(
                one.strat_id, partial(book_of, rest, one.symbol)
            )
        wallet = await stages.attempted(account.name, partial(wallet_of, rest))
        balance = stake(account, wallet) if account.shadow else None
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
        now = clock.now()
        # Of a shadow nothing was kept to be recovered; its lines are numbered on with the time, so
        # that a newer file is the one with the greater number.
        first_seq: int = now
        if not account.shadow:
            recovered = await stages.blocking("memory", partial(self._recovered, session, now))
            first_seq = recovered.next_seq
            if begins:
                await self._tell_unattended(rest, recovered.gone)
        if begins:
            resting = [] if account.shadow else resting_orders(books, setups, session)
            instruments = {one.symbol: one.instrument for one in found}
            refuse_strangers(account.name, resting, policies_of(config), instruments)
            ours = {one.order.symbol for one in resting if one.owner is Owner.OURS}
            outlooks = [
                Outlook(
                    strategy=one,
                    terms=terms,
                    setup=told,
                    price=await stages.attempted(
                        one.strat_id, partial(last_price, rest, one.symbol)
                    ),
                    tends=not account.shadow and tends(session, terms, ours),
                )
                for one, terms, told in zip(strategies, found, setups, strict=True)
            ]
            check = foretold(account.name, outlooks, balance or balance_in(wallet))
            for text in warnings(outlooks, check):
                stages.warn(text)
        # Nothing on disk has changed so far: what refuses the start leaves the memory as it was.
        journal = await stages.blocking(
            "journal", partial(self._journal, session, setup, first_seq, now)
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
        return Prepared(run=run, journal=journal, setup=setup)

    def _journal(
        self, session: AccountSession, setup: AccountSetup, first_seq: int, now: Instant
    ) -> JournalWriter:
        """The journal of the life that begins, and whose the memory is that it keeps."""
        config, account = self._config, self._account
        folder = config.folder_of(account)
        if not account.shadow:
            keep_owner(folder, account.name, self._owner)
        return JournalWriter.open(
            folder,
            account.name,
            setup=setup,
            code_version=str(code_version("gridbot", Path(__file__))),
            memory=session.snapshot,
            first_seq=first_seq,
            now=now,
            limits=JournalLimits(
                kept=Retention(
                    days_max=config.journal.keep_days,
                    bytes_max=config.journal.keep_megabytes * 1024 * 1024,
                )
            ),
        )

    def _recovered(self, session: AccountSession, now: Instant) -> Recovered:
        """Bring the session back to where it was; nothing on disk changes."""
        folder, name = self._config.folder_of(self._account), self._account.name
        recovered = recover(folder, name, session)
        refuse_the_past(recovered, folder, name, now)
        for text in recovered.warnings:
            self._stages.warn(f"{name}: {text}")
        if recovered.difference is not None:
            self._stages.warn(
                f"{name}: line {recovered.difference.seq} of the journal is decided otherwise by "
                "this version; what the exchange shows decides"
            )
        return recovered

    async def _tell_unattended(self, rest: RestClient, symbols: Sequence[str]) -> None:
        """A symbol that is not traded any more may hold orders that nobody tends."""
        for symbol in symbols:
            work = partial(book_of, rest, symbol)
            text = unattended(symbol, await self._stages.blocking("unattended", work))
            if text is not None:
                self._stages.warn(f"{self._account.name}: {text}")

    @property
    def _owner(self) -> MemoryOwner:
        url = self._exchange.endpoint.rest_url
        return MemoryOwner(endpoint=url, key=key_hash(url, self._wallet))

    async def _clock(self) -> SessionClock:
        name = self._account.name
        start = await self._stages.attempted(f"{name}: clock", partial(time_of, self._exchange))
        return self._exchange.session_clock(start)

    async def _measure(self, rest: RestClient) -> None:
        if self._exchange.signs_by_measured_clock:
            name = self._account.name
            await self._stages.attempted(f"{name}: clock", partial(measured, rest))

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
            reactions=exchange.reactions,
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


def closed(journal: JournalWriter, account: str) -> None:
    """Close a journal; it blocks. RunFailed when lines are lost."""
    try:
        journal.close()
    except JournalUnwritable as error:
        raise RunFailed(f"{account}: the end of the journal is lost: {error}") from error
