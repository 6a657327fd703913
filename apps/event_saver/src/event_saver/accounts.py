"""The accounts that are recorded, and their rows in the database: user, account, run.

It derives no id itself: bot and recorder join by those of `grid_db.identity` (L86).
"""

import os
import platform
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from appkit.exits import UserError
from appkit.version import code_version
from bybit_adapter.credentials import Credentials
from event_saver.rows.attribution import StrategyName
from event_saver.times import moment
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.records import Account, Run, User
from grid_db.repositories import AdminRepositories, Conflict, as_admin
from grid_db.types import LATEST_PLAUSIBLE
from grid_db.words import Environment, RunStatus, RunType
from gridcore.clock import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContext:
    """An account to record: its name, its key, the symbols whose rows are kept, and the strategies
    whose orders are recognised."""

    name: str
    credentials: Credentials
    symbols: tuple[str, ...]
    strategies: tuple[StrategyName, ...] = ()

    @property
    def account_id(self) -> str:
        """The id that bot and recorder derive alike."""
        return account_id_of(self.name)

    @property
    def user_id(self) -> str:
        """The id of the tenant."""
        return user_id_of(self.name)


class Runs:
    """The recording runs of one process, one for each account.

    `now` is the exchange's time, so that a run's rows lie within it, with a simulator too.
    """

    def __init__(
        self,
        database: DatabaseFactory,
        environment: Environment,
        *,
        new_id: Callable[[], str],
        now: Callable[[], Instant],
    ) -> None:
        self._database = database
        self._environment = environment
        self._new_id = new_id
        self._now = now
        self._run_ids: dict[str, str] = {}

    def begin(self, accounts: Iterable[AccountContext], config_hash: str, config: str) -> None:
        """Make users and accounts known, end what dead processes left running, start runs.

        `config` is JSON without secrets. UserError when an account of that name is another one.
        """
        for account in accounts:
            run_id = self._new_id()
            try:
                self._begin(account, run_id, config_hash, config)
            except Conflict as error:
                raise UserError(
                    f"account {account.name}: {error}",
                    "choose another name, or another database, for this account",
                ) from error
            self._run_ids[account.account_id] = run_id

    @property
    def run_ids(self) -> frozenset[str]:
        """The runs of this process."""
        return frozenset(self._run_ids.values())

    def run_of(self, account_id: str) -> str:
        """The run of an account."""
        return self._run_ids[account_id]

    def heartbeat(self) -> bool:
        """Say that the runs live; False when the database did not take it."""
        now = moment(self._now())
        return self._tell(lambda rows, run_id: rows.runs.heartbeat(run_id, now))

    def finish(self, status: RunStatus, patience_s: float) -> bool:
        """End the runs; False when the database did not take it, so that they look abandoned.

        A database that hangs is waited for no longer than `patience_s`.
        """
        now = moment(self._now())
        told: list[bool] = []

        def end() -> None:
            told.append(self._tell(lambda rows, run_id: rows.runs.finish(run_id, status, now)))

        ending = threading.Thread(target=end, name="end-runs", daemon=True)
        ending.start()
        ending.join(patience_s)
        return any(told)

    def _tell(self, tell: Callable[[AdminRepositories, str], bool]) -> bool:
        if not self._run_ids:
            return True
        try:
            with self._database.get_session() as session:
                rows = as_admin(session)
                told = [tell(rows, run_id) for run_id in self._run_ids.values()]
        except SQLAlchemyError:
            return False
        return all(told)

    def _begin(self, account: AccountContext, run_id: str, config_hash: str, config: str) -> None:
        now = moment(self._now())
        with self._database.get_session() as session:
            rows = as_admin(session)
            rows.users.ensure(User(user_id=account.user_id, username=account.name), now)
            rows.accounts.ensure(
                Account(
                    account_id=account.account_id,
                    user_id=account.user_id,
                    account_name=account.name,
                    environment=self._environment,
                ),
                now,
            )
            # The journal's lock is ours: whoever recorded this account before is dead, whatever
            # its clock said.
            rows.runs.close_stale(account.account_id, None, RunType.RECORDING, LATEST_PLAUSIBLE)
            rows.runs.start(
                Run(
                    run_id=run_id,
                    user_id=account.user_id,
                    account_id=account.account_id,
                    strategy_id=None,
                    run_type=RunType.RECORDING,
                    start_ts=now,
                    heartbeat_at=now,
                    config_snapshot=config,
                    config_hash=config_hash,
                    code_version=str(code_version("event-saver", Path(__file__))),
                    host=platform.node(),
                    pid=os.getpid(),
                )
            )
