"""Where the database is and how it is opened, from GRIDBOT_* variables, .env or a URL.

It knows how to write an address without its password; it opens nothing.
"""

from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
HIDDEN = "***"
_DRIVERS = {SQLITE: "sqlite+pysqlite", POSTGRESQL: "postgresql+psycopg"}
_SPELLINGS = {"sqlite": SQLITE, "sqlite3": SQLITE, "postgresql": POSTGRESQL, "postgres": POSTGRESQL}
_SECRET_OPTIONS = frozenset({"password", "sslpassword"})
_MEMORY = frozenset({None, "", ":memory:"})


class DatabaseRefused(ValueError):
    """The database cannot be used as asked; the message says how to mend it, without secrets."""


class DatabaseType(StrEnum):
    """The database servers that are known."""

    SQLITE = SQLITE
    POSTGRESQL = POSTGRESQL


class DatabaseSettings(BaseSettings):
    """How to reach the database.

    `database_url` wins over the parts. Passwords may hold any character: as a part they are
    taken as they are, inside a URL they are percent-encoded. Times are in seconds.
    """

    model_config = SettingsConfigDict(
        env_prefix="GRIDBOT_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    database_url: SecretStr | None = None
    db_type: DatabaseType = DatabaseType.SQLITE
    db_host: str | None = None
    db_port: int | None = Field(default=None, ge=1, le=65535)
    db_user: str | None = None
    db_password: SecretStr | None = None
    db_name: str = "grid_bot.db"
    pool_size: int = Field(default=5, ge=1)
    max_overflow: int = Field(default=10, ge=0)
    pool_timeout_s: float = Field(default=30.0, gt=0)
    pool_recycle_s: int = Field(default=1800, gt=0)
    busy_timeout_s: float = Field(default=5.0, ge=0)
    connect_timeout_s: int = Field(default=10, ge=1)
    read_only: bool = False
    echo_sql: bool = False

    @classmethod
    def of_url(cls, url: str, **others: Any) -> "DatabaseSettings":
        """Settings for one address, whatever the environment says about the address."""
        return cls(database_url=SecretStr(url), **others)

    def url(self) -> sa.URL:
        """The address with its driver; DatabaseRefused for an unknown server or missing parts."""
        if self.database_url is not None:
            return parse_url(self.database_url.get_secret_value())
        if self.db_type is DatabaseType.SQLITE:
            return sa.URL.create(_DRIVERS[SQLITE], database=self.db_name)
        missing = [
            f"GRIDBOT_{name.upper()}"
            for name in ("db_host", "db_port", "db_user", "db_password")
            if getattr(self, name) is None
        ]
        if missing or self.db_password is None:
            raise DatabaseRefused(
                f"expected host, port, user and password of PostgreSQL, found none of "
                f"{', '.join(missing)}; set them, or GRIDBOT_DATABASE_URL"
            )
        return sa.URL.create(
            _DRIVERS[POSTGRESQL],
            username=self.db_user,
            password=self.db_password.get_secret_value(),
            host=self.db_host,
            port=self.db_port,
            database=self.db_name,
        )


def parse_url(text: str) -> sa.URL:
    """The address that a text writes, with the driver that is used here; DatabaseRefused else."""
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError) as error:
        raise DatabaseRefused(
            "expected a database address such as sqlite:///grid_bot.db or "
            "postgresql://user:password@host:5432/name (special characters of a password "
            "percent-encoded), found another text"
        ) from error
    server = _SPELLINGS.get(url.drivername.partition("+")[0])
    if server is None:
        raise DatabaseRefused(
            f"expected a database of sqlite or postgresql, found {url.get_backend_name()!r}"
        )
    return url.set(drivername=_DRIVERS[server])


def redact_url(url: str | sa.URL) -> str:
    """An address fit for a log: password and secret options are masked.

    A text that is no address at all is masked whole: nobody knows where its password is.
    """
    if isinstance(url, str):
        try:
            url = sa.make_url(url)
        except (ArgumentError, ValueError):
            return HIDDEN
    hidden = {name: HIDDEN for name in url.query if name in _SECRET_OPTIONS}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


def is_memory(url: sa.URL) -> bool:
    """Whether the address is of a SQLite database in memory."""
    return url.get_backend_name() == SQLITE and url.database in _MEMORY


def sqlite_path(url: sa.URL) -> Path | None:
    """The file of a SQLite database; None for one in memory and for a server."""
    if url.get_backend_name() != SQLITE or is_memory(url) or url.database is None:
        return None
    return Path(url.database)
