"""What a process holds while it trades: locks, leases, and its rows in the database.

Taken before anything is started, account by account; it refuses to know what is traded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from appkit.account_setup import AccountSetup
from bybit_adapter.rest_client import machine_clock
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.identity import new_id
from grid_db.settings import DatabaseRefused
from grid_db.words import RunStatus, RunType
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.ownership.lease_keeper import LeaseBusy, LeaseKeeper, LeaseTerms
from gridbot.ownership.lock_file import LockFile, hold, key_hash, lock_folder
from gridbot.stages import Refused
from gridbot.store.database_thread import DatabaseThread
from gridbot.store.runs import RunRows, TradedAccount, TradedStrategy
from gridbot.surface.organs import LeaseState
from gridcore.clock import Instant
from gridcore.events import HostCondition

HEARTBEAT_S = 10.0
CLOSE_S_MAX = 2.0

Report = Callable[[str, HostCondition, bool], None]
"""An account, a condition of the process, and whether it stands; from a thread of the keeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    traded: TradedAccount
    locks: Sequence[LockFile]
    keeper: LeaseKeeper


class Claims:
    """All claims of one process. Everything but `standing` blocks."""

    def __init__(
        self,
        config: GridbotConfig,
        environment: Mapping[str, str],
        database: DatabaseFactory,
        *,
        now: Callable[[], Instant],
        code_version: str,
        report: Report,
    ) -> None:
        self.runs = RunRows(database, now=now, code_version=code_version)
        self.store = DatabaseThread(
            database, heartbeat=self.runs.heartbeat, heartbeat_s=HEARTBEAT_S
        )
        self._config = config
        self._folder = lock_folder(environment)
        self._database = database
        self._report = report
        self._run = new_id()
        self._claims: dict[str, _Claim] = {}
        self._standing: dict[str, dict[HostCondition, None]] = {}
        self._store_runs = False

    def standing(self, account: str) -> tuple[HostCondition, ...]:
        """The conditions that a session of the account has to be told when it begins."""
        return tuple(self._standing.get(account, ()))

    def leases(self) -> tuple[LeaseState, ...]:
        """How the leases of every account are that has claimed."""
        return tuple(
            LeaseState(account=name, renewed_at=one.keeper.renewed_at, trouble=one.keeper.text)
            for name, one in self._claims.copy().items()
        )

    def take(self, account: AccountConfig, wallet: str) -> Refused | None:
        """Lock, register and lease every symbol of an account, or none; `wallet` names it at the
        exchange, whatever name and key it has here.

        UserError naming the process that holds a lock, or when a name is taken.
        """
        symbols = [one.symbol for one in self._config.strategies_of(account)]
        # A shadow competes with shadows of its name alone: its orders do not leave.
        whose = f" in the shadow as {account.name}" if account.shadow else ""
        key = key_hash(account.endpoint.rest_url + whose, wallet)
        traded = TradedAccount(
            name=account.name,
            run_type=RunType.SHADOW if account.shadow else RunType.LIVE,
            market=account.market,
            strategies=tuple(
                TradedStrategy(
                    strat_id=one.strat_id, symbol=one.symbol, config_json=one.model_dump_json()
                )
                for one in self._config.strategies_of(account)
            ),
        )
        lease = self._config.lease
        keeper = LeaseKeeper(
            self._database,
            account=account.name,
            account_key=key,
            symbols=symbols,
            run=self._run,
            terms=LeaseTerms(length_s=lease.length_s, renew_s=lease.renew_s),
            report=lambda condition, stands: self._tell(account.name, condition, stands),
        )
        locks: list[LockFile] = []
        taken = False
        try:
            for symbol in symbols:
                locks.append(hold(self._folder, key, symbol, account.name, machine_clock()))
            refused = self._in_the_database(traded, keeper)
            taken = refused is None
            if taken:
                self._claims[account.name] = _Claim(traded=traded, locks=locks, keeper=keeper)
            return refused
        finally:
            if not taken:
                for lock in locks:
                    lock.release()

    def begin(self, account: str, setup: AccountSetup) -> Refused | None:
        """Start the account's runs, and begin to renew its leases."""
        claim = self._claims[account]
        symbols = [one.symbol for one in claim.traded.strategies]
        fencing = {symbol: claim.keeper.fencing(symbol) for symbol in symbols}
        try:
            self.runs.begin(claim.traded, setup, fencing)
        except SQLAlchemyError as error:
            return _away(self._database, error)
        claim.keeper.start()
        return None

    def start(self) -> None:
        """Begin to write rows: all accounts have begun, the thread shares no memory with them."""
        self._store_runs = True
        self.store.start()

    def close(self, status: RunStatus) -> None:
        """End the runs and give everything back; what the database does not take expires."""
        self.store.put("the end of the runs", self.runs.finishing(status))
        if self._store_runs:
            self.store.close(CLOSE_S_MAX)
        for claim in self._claims.values():
            claim.keeper.close(CLOSE_S_MAX)
            for lock in claim.locks:
                lock.release()
        self._claims.clear()

    def _in_the_database(self, traded: TradedAccount, keeper: LeaseKeeper) -> Refused | None:
        try:
            schema.require_current(self._database)
            self.runs.register(traded)
            busy = keeper.take()
        except DatabaseRefused as error:
            return Refused(
                text=str(error), remedy="see `grid-db --help`, or database_url", retryable=False
            )
        except SQLAlchemyError as error:
            return _away(self._database, error)
        return None if busy is None else _busy(busy)

    def _tell(self, account: str, condition: HostCondition, stands: bool) -> None:
        standing = self._standing.setdefault(account, {})
        if stands:
            standing[condition] = None
        else:
            standing.pop(condition, None)
        self._report(account, condition, stands)


def _away(database: DatabaseFactory, error: SQLAlchemyError) -> Refused:
    # Without the error's text, which may hold the address with its password.
    return Refused(
        text=f"the database {database.shown_url} does not answer ({type(error).__name__})",
        remedy="see whether it runs, or change database_url: without a lease nothing is traded",
        retryable=True,
    )


def _busy(busy: LeaseBusy) -> Refused:
    return Refused(
        text=f"{busy.symbol} is leased to {busy.holder} until {busy.until:%H:%M:%S} UTC",
        remedy="stop that process; two would place every order twice",
        retryable=True,
    )
