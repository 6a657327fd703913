"""The rows of runs: one life of each strategy, from its start to its end.

It derives no id itself: bot and recorder join by those of `grid_db.identity` (L86).
"""

import json
import os
import platform
from collections.abc import Callable, Mapping

from appkit.account_setup import AccountSetup, setup_body
from appkit.exits import UserError
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, new_id, strategy_id_of, user_id_of
from grid_db.records import Account, Run, Strategy, User
from grid_db.repositories import AdminRepositories, Conflict, as_admin
from grid_db.types import LATEST_PLAUSIBLE, from_microseconds
from grid_db.words import Environment, RunStatus, RunType
from gridbot.store.database_thread import Write
from gridcore.clock import Instant
from gridcore.message import message

STRATEGY_TYPE = "GridStrategy"


@message
class TradedStrategy:
    """A strategy as configured; `config_json` holds no secret."""

    strat_id: str
    symbol: str
    config_json: str


@message
class TradedAccount:
    """An account that is traded, whose market it is on, and whether its orders leave."""

    name: str
    run_type: RunType
    market: Environment
    strategies: tuple[TradedStrategy, ...]


class RunRows:
    """The runs of one process, one for each strategy.

    `now` is the exchange's time, so that a run's rows lie within it, with a simulator too.
    `register` and `begin` block and are for the start; what comes later goes through a
    DatabaseThread.
    """

    def __init__(
        self,
        database: DatabaseFactory,
        *,
        now: Callable[[], Instant],
        code_version: str,
        next_id: Callable[[], str] = new_id,
    ) -> None:
        self._database = database
        self._now = now
        self._code_version = code_version
        self._next_id = next_id
        self._run_ids: dict[tuple[str, str], str] = {}

    def register(self, account: TradedAccount) -> None:
        """Make user, account and strategies known, as configured now.

        UserError when one of them is another's; SQLAlchemyError from the database.
        """
        now = from_microseconds(self._now())
        account_id, user_id = account_id_of(account.name), user_id_of(account.name)
        try:
            with self._database.get_session() as session:
                rows = as_admin(session)
                rows.users.ensure(User(user_id=user_id, username=account.name), now)
                rows.accounts.ensure(
                    Account(
                        account_id=account_id,
                        user_id=user_id,
                        account_name=account.name,
                        environment=account.market,
                    ),
                    now,
                )
                for strategy in account.strategies:
                    rows.strategies.put(
                        Strategy(
                            strategy_id=strategy_id_of(strategy.strat_id),
                            account_id=account_id,
                            strat_id=strategy.strat_id,
                            strategy_type=STRATEGY_TYPE,
                            symbol=strategy.symbol,
                            config_json=strategy.config_json,
                        ),
                        now,
                    )
        except Conflict as error:
            raise UserError(
                f"account {account.name}: {error}",
                "choose another name, or another database, for this account",
            ) from error

    def begin(
        self, account: TradedAccount, setup: AccountSetup, fencing: Mapping[str, int]
    ) -> None:
        """End what dead processes left running, and start the runs; SQLAlchemyError.

        `fencing`: the number of the lease of each symbol, which the row keeps with the strategy's
        configuration and with everything that the session was told, so that a backtest of the
        recording can be told the same.
        """
        now = from_microseconds(self._now())
        account_id = account_id_of(account.name)
        begun: dict[tuple[str, str], str] = {}
        with self._database.get_session() as session:
            rows = as_admin(session)
            for strategy in account.strategies:
                strategy_id = strategy_id_of(strategy.strat_id)
                # The lock and the lease are ours: whoever traded this before is dead.
                rows.runs.close_stale(account_id, strategy_id, account.run_type, LATEST_PLAUSIBLE)
                run_id = self._next_id()
                rows.runs.start(
                    Run(
                        run_id=run_id,
                        user_id=user_id_of(account.name),
                        account_id=account_id,
                        strategy_id=strategy_id,
                        run_type=account.run_type,
                        start_ts=now,
                        heartbeat_at=now,
                        config_snapshot=json.dumps(
                            {
                                "strategy": json.loads(strategy.config_json),
                                "fencing": fencing.get(strategy.symbol),
                                "setup": setup_body(setup),
                            }
                        ),
                        config_hash=setup.config_hash,
                        code_version=self._code_version,
                        host=platform.node(),
                        pid=os.getpid(),
                    )
                )
                begun[account.name, strategy.symbol] = run_id
        self._run_ids |= begun

    def run_of(self, account: str, symbol: str) -> str | None:
        """The run of an account's strategy on a symbol; None before it has begun."""
        return self._run_ids.get((account, symbol))

    def heartbeat(self, rows: AdminRepositories) -> None:
        """Say that the runs live."""
        now = from_microseconds(self._now())
        for run_id in self._run_ids.values():
            rows.runs.heartbeat(run_id, now)

    def finishing(self, status: RunStatus) -> Write:
        """The work that ends the runs now; undone, they look abandoned, which is true enough."""
        now = from_microseconds(self._now())

        def finish(rows: AdminRepositories) -> None:
            for run_id in self._run_ids.values():
                rows.runs.finish(run_id, status, now)

        return finish
