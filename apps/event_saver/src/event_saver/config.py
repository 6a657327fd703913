"""What the recorder is told: which market, which accounts, where to, and its limits.

Unknown keys are refused; EVENTSAVER_* variables win over the file. Times are in seconds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator

from appkit.configuration import StrictModel, load, resolve_beside
from appkit.exits import UserError
from appkit.secret_references import SecretReference, reference_beside
from bybit_adapter.endpoints import Endpoint, EndpointRefused, endpoint
from grid_db.words import Environment

PREFIX = "EVENTSAVER_"
_SYMBOL = r"^[A-Z0-9]{2,20}$"


def _is_endpoint(text: str) -> str:
    try:
        endpoint(text)
    except EndpointRefused as error:
        raise ValueError(str(error)) from error
    return text


Symbol = Annotated[str, Field(pattern=_SYMBOL)]


class StrategyConfig(StrictModel):
    """A strategy whose orders are recognised by their wire ids; `salted` False: old recordings."""

    strat_id: str = Field(min_length=1)
    symbol: Symbol
    salted: bool = True


class AccountConfig(StrictModel):
    """An account to record; its key and secret are named by where they are kept.

    `db:ACCOUNT` stands for the pair that `grid-db store-keys` sealed. `symbols` empty: those of
    the recorder; rows of other symbols are not kept.
    """

    name: str = Field(min_length=1)
    api_key: SecretReference
    api_secret: SecretReference
    symbols: tuple[Symbol, ...] = ()
    strategies: tuple[StrategyConfig, ...] = ()


class EventSaverConfig(StrictModel):
    """The whole configuration.

    `exchange`: mainnet, testnet, demo, or the URL of a simulator. `port` of the local status
    pages on 127.0.0.1, 0 takes a free one. In `lockstep` whatever waits is committed at once.
    """

    exchange: Annotated[str, AfterValidator(_is_endpoint)] = "testnet"
    symbols: tuple[Symbol, ...] = Field(min_length=1)
    accounts: tuple[AccountConfig, ...] = ()
    capture_trades: bool = True
    capture_tickers: bool = True
    database_url: SecretStr | None = None
    journal_folder: Path = Path("event_saver_journal")
    health_file: Path | None = None
    port: int = Field(default=18090, ge=0, le=65535)
    batch_size: int = Field(default=500, ge=1, le=10_000)
    flush_interval_s: float = Field(default=1.0, gt=0, le=60)
    queue_max: int = Field(default=200_000, ge=1)
    audit_interval_s: float = Field(default=600.0, gt=0)
    shutdown_s: float = Field(default=10.0, gt=0, le=300)
    lockstep: bool = False

    @model_validator(mode="after")
    def _must_make_sense(self) -> "EventSaverConfig":
        names = [account.name for account in self.accounts]
        if len(set(names)) < len(names):
            raise ValueError(f"accounts: expected different names, found {', '.join(names)}")
        if not (self.accounts or self.capture_trades or self.capture_tickers):
            raise ValueError(
                "expected something to record: capture_trades, capture_tickers or an account"
            )
        return self

    @property
    def topics(self) -> list[str]:
        """The public topics that are recorded."""
        captured = {"publicTrade": self.capture_trades, "tickers": self.capture_tickers}
        heads = [head for head, wanted in captured.items() if wanted]
        return [f"{head}.{symbol}" for head in heads for symbol in self.symbols]

    @property
    def endpoint(self) -> Endpoint:
        """Where the exchange is."""
        return endpoint(self.exchange)

    @property
    def environment(self) -> Environment:
        """Whose market it is: a URL is a simulator's."""
        named = {word.value: word for word in Environment}
        return named.get(self.exchange, Environment.SIM)


def load_config(path: Path, environment: Mapping[str, str]) -> EventSaverConfig:
    """The file's configuration, its paths taken relative to it, EVENTSAVER_* over it."""
    config = load(EventSaverConfig, path, environment=environment)
    changes: dict[str, object] = {"journal_folder": resolve_beside(path, config.journal_folder)}
    if config.health_file is not None:
        changes["health_file"] = resolve_beside(path, config.health_file)
    changes["accounts"] = tuple(_beside(path, account) for account in config.accounts)
    return changed(config, changes | from_environment(environment))


def _beside(path: Path, account: AccountConfig) -> AccountConfig:
    named = {"api_key": account.api_key, "api_secret": account.api_secret}
    return account.model_copy(
        update={name: reference_beside(path, text) for name, text in named.items()}
    )


def config_of(environment: Mapping[str, str]) -> EventSaverConfig:
    """A configuration of EVENTSAVER_* variables alone."""
    return _checked(from_environment(environment))


def from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """What EVENTSAVER_* variables say; UserError names one that means nothing.

    EVENTSAVER_SYMBOLS is a list with commas. Accounts are for the file: they have several parts.
    """
    found: dict[str, object] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name == f"{PREFIX}CONFIG_PATH":
            continue
        key = name.removeprefix(PREFIX).lower()
        if key not in EventSaverConfig.model_fields or key == "accounts":
            known = ", ".join(
                f"{PREFIX}{field.upper()}"
                for field in EventSaverConfig.model_fields
                if field != "accounts"
            )
            raise UserError(f"{name} means nothing here", f"expected one of {known}")
        if key == "symbols":
            found[key] = tuple(part.strip().upper() for part in text.split(",") if part.strip())
        else:
            found[key] = text
    return found


def changed(config: EventSaverConfig, changes: Mapping[str, object]) -> EventSaverConfig:
    """The configuration with changes, checked as a whole."""
    values = {name: getattr(config, name) for name in EventSaverConfig.model_fields}
    return _checked(values | dict(changes))


def _checked(values: Mapping[str, object]) -> EventSaverConfig:
    try:
        return EventSaverConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "(top level)"
        # Without the cause, which would print what the environment holds.
        raise UserError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
