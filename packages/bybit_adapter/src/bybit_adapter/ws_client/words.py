"""What the parts of the stream client say to each other and to its consumer. It refuses to act."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Protocol

from bybit_adapter.ws_client.clock import Moment
from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.message import message

ARGUMENTS_LENGTH_MAX = 21_000
"""Characters that the topics of one public connection may have together (bybit.md B.1)."""


class Phase(Enum):
    """Where the one current connection of a client stands."""

    RESTING = "resting"
    WAITING = "waiting"
    OPENING = "opening"
    AUTHENTICATING = "authenticating"
    SUBSCRIBING = "subscribing"
    LIVE = "live"
    STOPPED = "stopped"
    FAILED = "failed"


class Reason(StrEnum):
    """Why topics do not deliver."""

    STARTING = "starting"
    OPEN_FAILED = "open failed"
    OPEN_LATE = "open late"
    AUTHENTICATION_REFUSED = "authentication refused"
    AUTHENTICATION_LATE = "authentication late"
    SUBSCRIPTION_REFUSED = "subscription refused"
    SUBSCRIPTION_LATE = "subscription late"
    CLOSED = "closed"
    PONG_MISSING = "pong missing"
    THREAD_ENDED = "thread ended"
    TOPIC_SILENT = "topic silent"
    CONSUMER_FAILED = "consumer failed"


class FatalKind(StrEnum):
    """Why a client gives up; its process should end non-zero."""

    AUTHENTICATION = "authentication"
    ABANDONED = "abandoned"
    CONSUMER = "consumer"
    SUPERVISION = "supervision"


@message
class Outage:
    """`topics` do not deliver, and the last moment known to be good is `since`."""

    topics: tuple[str, ...]
    since: Instant
    noticed_at: Instant
    reason: Reason
    detail: str


@message
class Connected:
    """A new connection stands, no frame of it has come yet: what was merged from deltas is void."""

    generation: int
    at: Instant


@message
class Restored:
    """`topics` deliver again; nothing between `since` and `until` is replayed (bybit.md C.4)."""

    topics: tuple[str, ...]
    since: Instant
    until: Instant
    reason: Reason
    detail: str


@message
class Fatal:
    """The client has given up and stays down."""

    kind: FatalKind
    at: Instant
    detail: str


class Listener(Protocol):
    """The consumer. Frames come on socket threads, the rest on the client's own thread.

    Everything must return at once; `on_frame` may be called before the `on_restored` of its topic.
    """

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes one frame as it came; an exception counts as the loss of the connection."""
        ...

    def on_connected(self, connected: Connected) -> None:
        """Forgets what it has merged from deltas."""
        ...

    def on_outage(self, outage: Outage) -> None:
        """Takes note that topics do not deliver."""
        ...

    def on_restored(self, restored: Restored) -> None:
        """Takes note that topics deliver again."""
        ...

    def on_fatal(self, fatal: Fatal) -> None:
        """Ends the process non-zero."""
        ...


@message
class Timing:
    """Every limit of the supervision; `_us` in microseconds.

    Pings leave every `ping_us`; no pong for twice that is death (live.md 1.4). `io_us` bounds a
    single blocking read or write and exceeds `ping_us`, so that no quiet stream reaches it.
    """

    ping_us: int = 20 * SECOND_US
    pong_wait_us: int = 10 * SECOND_US
    pong_age_us_max: int = 40 * SECOND_US
    io_us: int = 25 * SECOND_US
    open_us: int = 10 * SECOND_US
    authentication_us: int = 10 * SECOND_US
    acknowledgement_us: int = 10 * SECOND_US
    exit_us: int = 4 * SECOND_US
    check_us: int = SECOND_US
    backoff_us_min: int = SECOND_US
    backoff_us_max: int = 30 * SECOND_US
    stable_us: int = 10 * SECOND_US
    banned_us: int = 10 * MINUTE_US
    silence_us: int = 30 * SECOND_US
    silence_us_max: int = 10 * MINUTE_US
    abandoned_max: int = 8
    authentication_refusals_max: int = 3
    consumer_failures_max: int = 8
    chatty: tuple[str, ...] = ("tickers.",)


@message
class Vitals:
    """What the current socket shows of itself; None: nothing yet.

    `topics`: how many frames each topic has delivered on this connection, and when the last came.
    """

    alive: bool
    pongs: int
    pong_at: Moment | None
    heard_at: Moment | None
    topics: Mapping[str, tuple[int, Moment]]


@message
class Opened:
    """The object of this generation stands and its socket is connected."""

    generation: int


@message
class OpenFailed:
    """The construction of this generation ended without an object."""

    generation: int
    detail: str
    status: int | None


@message
class Authenticated:
    """The exchange has answered the authentication."""

    generation: int
    accepted: bool
    text: str


@message
class Acknowledged:
    """The exchange has answered a subscription; `request` is "" when it echoed none."""

    generation: int
    request: str
    accepted: bool
    text: str


@message
class Ended:
    """The socket of this generation has ended by itself."""

    generation: int
    reason: Reason
    detail: str
    status: int | None


@message
class Left:
    """Nothing of this generation runs any more."""

    generation: int


@message
class Stop:
    """The owner wants the client to end."""


Event = Opened | OpenFailed | Authenticated | Acknowledged | Ended | Left | Stop


@message
class Open:
    """Construct the object of a new generation, in a thread of its own."""

    generation: int


@message
class Subscribe:
    """Send one subscription, in a thread of its own."""

    generation: int
    request: str
    topics: tuple[str, ...]


@message
class Leave:
    """Silence this generation for ever and exit it, in a thread of its own."""

    generation: int


Command = Open | Subscribe | Leave | Connected | Outage | Restored | Fatal


@message
class ClientState:
    """The client at one moment, for a status page."""

    phase: Phase
    generation: int
    outages: int
    abandoned: int
    pongs: int
    pong_age_us: int | None
    heard_age_us: int | None
    down: tuple[str, ...]
