"""The smaller blocks of the configuration: surface, logging, notification, journal, lease.

Secrets stand here as references only.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from appkit.configuration import StrictModel
from appkit.numbers import CountLimit
from appkit.secret_references import SecretReference
from gridcore.session.effects import Severity

BOT_API = "https://api.telegram.org"
KERNEL_LOGGERS = (
    "gridcore",
    "gridcore.grid",
    "gridcore.engine",
    "gridcore.position",
    "gridcore.session",
)
"""The kernel's notices are told under these, so that each part's level can be set."""

SILENT_S_MIN = 3
"""A daemon gives a sign of life every second, and a slow disk may hold up one or two."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OnStop(StrEnum):
    """What becomes of our resting orders when the daemon is told to stop (live.md 4.23)."""

    LEAVE = "leave"
    CANCEL_OPENS = "cancel_opens"
    CANCEL_ALL = "cancel_all"


class SurfaceBlock(StrictModel):
    """The operator's local pages. `token` is needed for every command, and beyond loopback for all.

    `port` 0 takes a free one.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 18100
    token: SecretReference | None = None

    @model_validator(mode="after")
    def _beyond_loopback_needs_a_token(self) -> "SurfaceBlock":
        if self.token is None and self.host not in LOOPBACK:
            raise ValueError(
                "expected a token (env:NAME or file:PATH) beside a host that is not 127.0.0.1: "
                "everybody who reaches that address could read positions and orders"
            )
        return self


class LogLevel(StrEnum):
    """From which severity on events are logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How stderr shows events: for people, or one JSON object per line."""

    CONSOLE = "console"
    JSON = "json"


def _is_logger(name: str) -> str:
    if name.partition(".")[0] == KERNEL_LOGGERS[0] and name not in KERNEL_LOGGERS:
        raise ValueError(f"expected one of {', '.join(KERNEL_LOGGERS)}, found {name!r}")
    return name


LoggerName = Annotated[str, Field(pattern=r"^\w+(\.\w+)*$"), AfterValidator(_is_logger)]


class LoggingBlock(StrictModel):
    """What is logged, and where to: stderr, and `file` (lines of JSON, rotated by size) if given.

    `levels` are those of single loggers; a logger that is not named takes its parent's, in the end
    `level`.
    """

    format: LogFormat = LogFormat.CONSOLE
    level: LogLevel = LogLevel.INFO
    levels: Mapping[LoggerName, LogLevel] = Field(default_factory=dict)
    file: Path | None = None
    file_megabytes: Annotated[CountLimit, Field(le=1000)] = 20
    files_kept: Annotated[CountLimit, Field(le=100)] = 10


def _is_safe_for_a_token(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url.rstrip("/")
    raise ValueError(
        f"expected an address with https:// (http:// on this machine only), found {url!r}: "
        "the bot's token is part of every request"
    )


class TelegramBlock(StrictModel):
    """Alerts by Telegram. Only `allowed_chats` may send commands; left out: `chat_id` alone.

    `level`: the mildest severity that is told. `api_url`: another server of the Bot API.
    """

    bot_token: SecretReference
    chat_id: int
    allowed_chats: tuple[int, ...] = ()
    level: Severity = Severity.WARNING
    digest: bool = True
    api_url: Annotated[str, AfterValidator(_is_safe_for_a_token)] = BOT_API

    @property
    def command_chats(self) -> tuple[int, ...]:
        """The chats whose commands are obeyed."""
        return self.allowed_chats or (self.chat_id,)


class NotificationBlock(StrictModel):
    """Who is told of alerts, beside the log."""

    telegram: TelegramBlock | None = None


class JournalBlock(StrictModel):
    """How long closed journals are kept: the older of both limits goes first."""

    keep_days: CountLimit = 30
    keep_megabytes: CountLimit = 2000


class LeaseBlock(StrictModel):
    """How long a lease in the database holds without being renewed, and how often it is renewed."""

    length_s: CountLimit = 60
    renew_s: CountLimit = 10

    @model_validator(mode="after")
    def _one_missed_renewal_must_not_lose_it(self) -> "LeaseBlock":
        if 2 * self.renew_s >= self.length_s:
            raise ValueError(
                f"expected renew_s below half of length_s ({self.length_s}), found {self.renew_s}: "
                "one renewal that fails would lose the lease"
            )
        return self


class GuardPolicy(StrEnum):
    """Which of our orders the guard takes away once nobody tends them."""

    CANCEL_OPENS = "cancel_opens"
    CANCEL_ALL = "cancel_all"


class GuardKey(StrictModel):
    """The key by which the guard cancels on one account."""

    api_key: SecretReference
    api_secret: SecretReference


class GuardBlock(StrictModel):
    """`gridbot guard`, a second process: after how many seconds without a sign of life it cancels.

    `keys`: account -> a key of the guard's own, which the daemon cannot use up.
    """

    silent_s: Annotated[int, Field(ge=SILENT_S_MIN, le=3600)] = 30
    policy: GuardPolicy = GuardPolicy.CANCEL_OPENS
    keys: Annotated[dict[str, GuardKey], Field(min_length=1)]
