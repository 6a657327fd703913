"""The whole configuration: accounts, strategies, and what holds for the process.

It knows what fits together; what the exchange says of it is for `checks` and `terms`.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, SecretStr, model_validator

from appkit.configuration import StrictModel
from appkit.numbers import CountLimit, Name, Positive
from appkit.safety_block import SafetyBlock
from appkit.secret_references import SecretReference
from bybit_adapter.endpoints import Endpoint, EndpointRefused, endpoint
from grid_db.words import Environment
from gridbot.config.blocks import (
    GuardBlock,
    JournalBlock,
    LeaseBlock,
    LoggingBlock,
    NotificationBlock,
    OnStop,
    SurfaceBlock,
)
from gridbot.config.strategy import StrategyConfig
from gridcore.session.ownership import ForeignOrders, OrphanOrders

Value = TypeVar("Value")

CLOCK_SPEED_MAX = 1000
SHADOW_FOLDER = "shadow"
SYMBOL_CHECK_S_MAX = 600
"""Instrument, hedge mode, margin mode and leverage are read again at least this often."""


def _is_endpoint(text: str) -> str:
    try:
        endpoint(text)
    except EndpointRefused as error:
        raise ValueError(str(error)) from error
    return text


class AccountConfig(StrictModel):
    """One key of the exchange. `environment`: mainnet, testnet, demo, or a simulator's URL.

    `shadow`: orders go to a simulated venue fed by the live market, and never leave. It begins with
    `shadow_balance` in USDT; None: with what the wallet holds.
    """

    name: Name
    api_key: SecretReference
    api_secret: SecretReference
    environment: Annotated[str, AfterValidator(_is_endpoint)] = "testnet"
    shadow: bool = False
    shadow_balance: Positive | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where the exchange is."""
        return endpoint(self.environment)

    @property
    def market(self) -> Environment:
        """Whose market it is: a URL is a simulator's."""
        named = {word.value: word for word in Environment}
        return named.get(self.environment, Environment.SIM)


class GridbotConfig(StrictModel):
    """What the daemon is told.

    `database_url` None: the GRIDBOT_* variables say where. `data_folder` None: the user's own
    folder for data, see `load`. `clock_speed`: simulated seconds in one of the wall clock;
    `lockstep`: time is the market's. `*_s` and rest_fetch_timeout are seconds.
    """

    accounts: Annotated[tuple[AccountConfig, ...], Field(min_length=1, max_length=100)]
    strategies: Annotated[tuple[StrategyConfig, ...], Field(min_length=1, max_length=1000)]
    database_url: SecretStr | None = None
    data_folder: Path | None = None
    surface: SurfaceBlock = SurfaceBlock()
    logging: LoggingBlock = LoggingBlock()
    notification: NotificationBlock = NotificationBlock()
    on_stop: OnStop = OnStop.LEAVE
    orphan_orders: OrphanOrders = OrphanOrders.REFUSE
    foreign_orders: ForeignOrders = ForeignOrders.IGNORE
    safety: SafetyBlock = SafetyBlock()
    rest_fetch_timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    symbol_check_s: Annotated[int, Field(gt=0, le=SYMBOL_CHECK_S_MAX)] = 300
    journal: JournalBlock = JournalBlock()
    lease: LeaseBlock = LeaseBlock()
    guard: GuardBlock | None = None
    clock_speed: Annotated[CountLimit, Field(le=CLOCK_SPEED_MAX)] = 1
    lockstep: bool = False

    @model_validator(mode="after")
    def _must_fit_together(self) -> "GridbotConfig":
        for problem in (
            *self._twice(),
            *self._strangers(),
            *self._time(),
            *self._unguarded(),
        ):
            raise ValueError(problem)
        return self

    def account(self, name: str) -> AccountConfig:
        """The account of a name that a strategy or this configuration gave."""
        return next(one for one in self.accounts if one.name == name)

    def strategies_of(self, account: AccountConfig) -> tuple[StrategyConfig, ...]:
        """The strategies that share the account's wallet."""
        return tuple(one for one in self.strategies if one.account == account.name)

    @property
    def folder(self) -> Path:
        """The folder of state, journals and locks; `load` has settled it."""
        assert self.data_folder is not None, "a configuration comes from load_config"
        return self.data_folder

    @property
    def shadows_only(self) -> bool:
        """Whether no account's orders leave."""
        return all(one.shadow for one in self.accounts)

    @property
    def home(self) -> Path:
        """The folder of what is kept for the whole process."""
        return self.folder / SHADOW_FOLDER if self.shadows_only else self.folder

    def folder_of(self, account: AccountConfig) -> Path:
        """The folder of an account's state and journals: a shadow never touches the real ones."""
        return self.folder / SHADOW_FOLDER if account.shadow else self.folder

    def _twice(self) -> Iterable[str]:
        for name in _repeated(one.name for one in self.accounts):
            yield f"expected a different name for each account; {name} stands twice"
        for key in _repeated(one.api_key for one in self.accounts if not one.shadow):
            yield (
                f"expected a different api_key for each account; {key} stands twice: two sessions "
                "of one key would take each other's orders for those of a stranger"
            )
        for strat_id in _repeated(one.strat_id for one in self.strategies):
            yield f"expected a different strat_id for each strategy; {strat_id} stands twice"
        for account, symbol in _repeated((one.account, one.symbol) for one in self.strategies):
            yield (
                f"expected one strategy on {symbol} of account {account}, found several: they "
                "would cancel each other's orders (E-11)"
            )

    def _strangers(self) -> Iterable[str]:
        known = {one.name for one in self.accounts}
        used = {one.account for one in self.strategies}
        for one in self.strategies:
            if one.account not in known:
                yield (
                    f"strategy {one.strat_id}: expected one of the accounts "
                    f"{', '.join(sorted(known))}, found {one.account!r}"
                )
        for name in sorted(known - used):
            yield f"account {name}: expected a strategy that trades on it, found none; remove it"

    def _time(self) -> Iterable[str]:
        real = [one.name for one in self.accounts if one.market is not Environment.SIM]
        for key, is_set in (("clock_speed", self.clock_speed != 1), ("lockstep", self.lockstep)):
            if is_set and real:
                yield (
                    f"{key}: expected only beside a simulator's URL as environment; the time of "
                    f"account {real[0]} is the exchange's"
                )
        if self.lockstep and self.clock_speed != 1:
            yield "expected clock_speed or lockstep, found both: in lockstep time is the market's"
        if self.lockstep and any(one.shadow for one in self.accounts):
            yield (
                "expected lockstep or shadow, found both: in lockstep the simulator that plays the "
                "market is also the exchange"
            )

    def _unguarded(self) -> Iterable[str]:
        accounts = {one.name: one for one in self.accounts}
        for name, key in (self.guard.keys if self.guard else {}).items():
            account = accounts.get(name)
            if account is None:
                yield (
                    f"guard.keys: expected one of the accounts {', '.join(sorted(accounts))}, "
                    f"found {name!r}"
                )
            elif key.api_key == account.api_key:
                yield (
                    f"guard.keys.{name}: expected a key of the guard's own, found the daemon's: a "
                    "key that is refused or used up would stop both"
                )


def _repeated(values: Iterable[Value]) -> list[Value]:
    return [value for value, count in Counter(values).items() if count > 1]
