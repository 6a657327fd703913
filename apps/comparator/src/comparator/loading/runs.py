"""Which run is looked at: its account, its strategies with their set-ups, its time, its recorders.

It reads rows of runs and of the gap ledger; what happened in a run it refuses to know.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from appkit.account_setup import AccountSetup, SetupUnreadable, setup_from
from appkit.dates import Window, instant_text
from appkit.exits import UserError
from comparator.loading.spans import Span, holes_between
from grid_db.records import Gap, Run
from grid_db.repositories import AdminRepositories, TenantRepositories, as_admin, for_user
from grid_db.types import from_microseconds, microseconds
from grid_db.words import Environment, GapState, RunStatus, RunType, Stream
from gridcore.clock import Instant
from gridcore.instrument import Instrument
from gridcore.session.setup import StrategySetup

TRADING = frozenset({RunType.LIVE, RunType.SHADOW})
_PUBLIC = frozenset({Stream.TRADES, Stream.TICKERS})
_FOREVER = Instant(4_102_444_800_000_000)
"""2100-01-01: a run that goes on."""


class NothingRecorded(LookupError):
    """There is no recording to judge by: a verdict would be about nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStrategy:
    """A strategy that traded: its live runs, the oldest first, and when each was alive.

    `setup` None: they keep none.
    """

    strat_id: str
    symbol: str
    run_ids: tuple[str, ...]
    alive: tuple[Span, ...]
    setup: StrategySetup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Where a stream was not recorded. `symbol` None: all of them."""

    stream: Stream
    symbol: str | None
    span: Span
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """One recording run of the account and the time in which it was alive."""

    run_id: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """What is looked at. `strategies` are those asked for; `setup` is the whole account's.

    `window` ends where bot or recorder ended; while both go on, where it was asked to, or with what
    they recorded so far. `faults` say why the set-up is missing or not one.
    """

    run_id: str
    run_type: RunType
    user_id: str
    account_id: str
    account_name: str
    environment: Environment
    strategies: tuple[RecordedStrategy, ...]
    setup: AccountSetup | None
    window: Span
    recorders: tuple[Recorder, ...]
    holes: tuple[Hole, ...]
    faults: tuple[str, ...]
    is_mixed: bool

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the strategies."""
        return tuple(strategy.symbol for strategy in self.strategies)

    @property
    def recorder_run(self) -> str:
        """The recording run that was alive when the window begins, else the first after it."""
        return self.recorders[0].run_id

    @property
    def setups(self) -> tuple[StrategySetup, ...]:
        """The set-ups of all strategies of the account; empty when they are not known."""
        return () if self.setup is None else tuple(self.setup.setups())

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument of a symbol as the bot was told it; None when that was not kept."""
        for setup in self.setups:
            if setup.instrument.symbol == symbol:
                return setup.instrument
        return None

    def rows(self, session: Session) -> TenantRepositories:
        """The rows of the run's tenant."""
        return for_user(session, self.user_id)


def recorded_run(
    session: Session,
    run_id: str | None = None,
    window: Window | None = None,
    symbol: str | None = None,
) -> RecordedRun:
    """The run of this id, or the latest recording run, cut to a window and to one symbol.

    A live run is one strategy; a recording run is every strategy that traded its account then.
    UserError for an unknown run, symbol or window; NothingRecorded when no bot or no recorder ran.
    """
    admin = as_admin(session)
    run = _found(admin, run_id)
    assert run.account_id is not None
    account = admin.accounts.get(run.account_id)
    assert account is not None
    rows = for_user(session, run.user_id)
    trading = _trading_runs(rows, run)
    strategies, setup, is_mixed, faults = _strategies(trading)
    if symbol is not None:
        strategies = _chosen(strategies, symbol)
    symbols = tuple(strategy.symbol for strategy in strategies)
    alive = _hull([_span(one) for one in trading])
    recorders = _recorders(rows, run.account_id, alive)
    whole = alive.cut(_hull([recorder.span for recorder in recorders]))
    if whole.end == _FOREVER and (window is None or window.end is None):
        newest = _newest(rows, account.environment, run.account_id, symbols)
        whole = Span(start=whole.start, end=Instant(newest + 1))
    asked = _asked(whole, window, run.run_id)
    recorders = [one for one in recorders if one.span.cut(asked).length_us] or recorders
    return RecordedRun(
        run_id=run.run_id,
        run_type=run.run_type,
        user_id=run.user_id,
        account_id=run.account_id,
        account_name=account.account_name,
        environment=account.environment,
        strategies=strategies,
        setup=setup,
        window=asked,
        recorders=tuple(recorders),
        holes=_holes(rows, account.environment, run.account_id, symbols, recorders, asked),
        faults=faults,
        is_mixed=is_mixed,
    )


def _found(admin: AdminRepositories, run_id: str | None) -> Run:
    if run_id is None:
        found = admin.runs.latest_of_type(RunType.RECORDING, tuple(RunStatus))
        if found is None or found.account_id is None:
            raise NothingRecorded(
                "the database has no recording run: start `event-saver run` beside the bot"
            )
        return found
    found = admin.runs.get(run_id)
    if found is None or found.account_id is None:
        known = ", ".join(f"{one.run_id} ({one.run_type})" for one in admin.runs.recent(5))
        raise UserError(
            f"expected the id of a run of an account, found {run_id!r}, which the database "
            "does not know",
            f"the newest runs: {known}" if known else "the database has no runs at all",
        )
    if found.run_type not in (*TRADING, RunType.RECORDING):
        raise UserError(
            f"run {run_id} is a {found.run_type} run: nothing was traded or recorded by it",
            "name a live run or a recording run",
        )
    return found


def _trading_runs(rows: TenantRepositories, run: Run) -> list[Run]:
    """The run itself, or what traded while it recorded; the oldest first."""
    if run.run_type in TRADING:
        return [run]
    assert run.account_id is not None
    during = _span(run)
    found = [
        one
        for one in rows.runs.by_account(run.account_id)
        if one.run_type in TRADING and _span(one).cut(during).length_us
    ]
    if not found:
        raise NothingRecorded(
            f"no bot traded the account while run {run.run_id} recorded it: its rows of runs are "
            "missing, or gridbot writes to another database (database_url)"
        )
    return sorted(found, key=lambda one: (one.start_ts, one.run_id))


def _span(run: Run) -> Span:
    """From its start to its end, which belongs to it; without one, on and on."""
    end = _FOREVER if run.end_ts is None else Instant(microseconds(run.end_ts) + 1)
    return Span(start=Instant(microseconds(run.start_ts)), end=end)


def _hull(spans: Sequence[Span]) -> Span:
    return Span(start=min(span.start for span in spans), end=max(span.end for span in spans))


def _strategies(
    trading: Sequence[Run],
) -> tuple[tuple[RecordedStrategy, ...], AccountSetup | None, bool, tuple[str, ...]]:
    """Strategies by name, the account's newest set-up, whether it changed, and what is missing."""
    faults: list[str] = []
    named: dict[tuple[str, str], list[Run]] = {}
    setups: list[AccountSetup] = []
    for run in trading:
        try:
            snapshot = json.loads(run.config_snapshot or "null")
            told = snapshot["strategy"]
            named.setdefault((told["strat_id"], told["symbol"]), []).append(run)
        except (ValueError, KeyError, TypeError):
            faults.append(f"run {run.run_id} does not say which strategy it ran")
            continue
        try:
            setups.append(setup_from(snapshot.get("setup")))
        except SetupUnreadable as error:
            faults.append(f"run {run.run_id} keeps no set-up that can be read: {error}")
    if not named:
        raise NothingRecorded("; ".join(faults))
    is_mixed = any(setup != setups[-1] for setup in setups)
    setup = setups[-1] if setups else None
    of_strategy = {} if setup is None else {one.strat_id: one for one in setup.setups()}
    strategies = tuple(
        RecordedStrategy(
            strat_id=strat_id,
            symbol=symbol,
            run_ids=tuple(run.run_id for run in runs),
            alive=tuple(_span(run) for run in runs),
            setup=of_strategy.get(strat_id),
        )
        for (strat_id, symbol), runs in sorted(named.items(), key=lambda item: item[0])
    )
    return strategies, setup, is_mixed, tuple(faults)


def _chosen(strategies: Sequence[RecordedStrategy], symbol: str) -> tuple[RecordedStrategy, ...]:
    chosen = tuple(one for one in strategies if one.symbol == symbol)
    if not chosen:
        traded = ", ".join(one.symbol for one in strategies)
        raise UserError(
            f"expected a symbol that the run traded, found {symbol!r}", f"it traded {traded}"
        )
    return chosen


def _recorders(rows: TenantRepositories, account_id: str, alive: Span) -> list[Recorder]:
    found = [
        Recorder(run_id=one.run_id, span=_span(one))
        for one in rows.runs.by_account(account_id)
        if one.run_type is RunType.RECORDING and _span(one).cut(alive).length_us
    ]
    if not found:
        raise NothingRecorded(
            "no recorder was alive while the bot traded: "
            "start `event-saver run` for the same account beside it"
        )
    return sorted(found, key=lambda one: (one.span.start, one.run_id))


def _newest(
    rows: TenantRepositories,
    environment: Environment,
    account_id: str,
    symbols: Sequence[str],
) -> int:
    """The newest time that anything was recorded of these symbols."""
    found = [rows.tickers.last_ts(environment, symbol) for symbol in symbols]
    found += [rows.trades.last_ts(environment, symbol) for symbol in symbols]
    found += [rows.executions.last_ts(account_id, symbol) for symbol in symbols]
    known = [microseconds(one) for one in found if one is not None]
    if not known:
        raise NothingRecorded(f"no row of {', '.join(symbols)} was recorded")
    return max(known)


def _asked(whole: Span, window: Window | None, run_id: str) -> Span:
    start = whole.start if window is None or window.start is None else window.start
    end = whole.end if window is None or window.end is None else window.end
    asked = whole.cut(Span(start=start, end=end))
    if not asked.length_us:
        raise UserError(
            f"run {run_id} was recorded from {instant_text(whole.start)} to "
            f"{instant_text(whole.end)} UTC, not in the window asked for",
            "choose --start and --end within it, or another run; times are UTC",
        )
    return asked


def _holes(
    rows: TenantRepositories,
    environment: Environment,
    account_id: str,
    symbols: Sequence[str],
    recorders: Sequence[Recorder],
    window: Span,
) -> tuple[Hole, ...]:
    """Gaps of the ledger that were not filled, and times in which no recorder was alive."""
    first, last = from_microseconds(window.start), from_microseconds(window.end)
    found: list[Hole] = []
    for stream in Stream:
        owner = None if stream in _PUBLIC else account_id
        gaps = rows.gaps.overlapping(environment, stream, first, last, owner)
        found += [
            _hole(gap)
            for gap in gaps
            if gap.state is not GapState.FILLED and (gap.symbol is None or gap.symbol in symbols)
        ]
        found += [
            Hole(stream=stream, symbol=None, span=span, reason="no recorder was alive")
            for span in holes_between([recorder.span for recorder in recorders], window)
        ]
    return tuple(sorted(found, key=lambda hole: (hole.span.start, hole.stream, hole.symbol or "")))


def _hole(gap: Gap) -> Hole:
    """Both ends of a gap belong to it."""
    return Hole(
        stream=gap.stream,
        symbol=gap.symbol,
        span=Span(
            start=Instant(microseconds(gap.from_ts)),
            end=Instant(microseconds(gap.to_ts) + 1),
        ),
        reason=gap.reason,
    )
