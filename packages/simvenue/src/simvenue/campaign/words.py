"""The words of the campaign: faults, market rows and scenarios. It refuses to act.

A scenario is a plain value: the same scenario gives the same run. Each fault draws from its own
random source, so a fault that is taken out leaves the draws of all others as they were.
"""

from enum import StrEnum

from gridcore.clock import Instant
from gridcore.config import SafetyConfig
from gridcore.events import Ticker
from gridcore.message import message
from gridcore.session.setup import StrategySetup
from simvenue.messages import SymbolSpec, VenueConfig


class FaultKind(StrEnum):
    """What can go wrong. A fault acts in its window [at, until), or once at `at`."""

    REQUEST_LOST = "request_lost"
    REQUEST_DELAYED = "request_delayed"
    REQUEST_REPEATED = "request_repeated"
    REPLY_LOST = "reply_lost"
    REPLY_DELAYED = "reply_delayed"
    REPLY_REPEATED = "reply_repeated"
    PUSH_LOST = "push_lost"
    PUSH_DELAYED = "push_delayed"
    PUSH_REORDERED = "push_reordered"
    PUSH_REPEATED = "push_repeated"
    END_CONTRADICTED = "end_contradicted"
    """An order that filled is told cancelled, too: before its fill, or after it."""
    PLACE_REFUSED = "place_refused"
    CANCEL_REFUSED = "cancel_refused"
    SNAPSHOT_LOST = "snapshot_lost"
    SNAPSHOT_DELAYED = "snapshot_delayed"
    SNAPSHOT_STALE = "snapshot_stale"
    SNAPSHOT_INCOMPLETE = "snapshot_incomplete"
    PRIVATE_STREAM_LOST = "private_stream_lost"
    PRIVATE_STREAM_SILENT = "private_stream_silent"
    PUBLIC_STREAM_LOST = "public_stream_lost"
    LOOP_PAUSED = "loop_paused"
    AUTHENTICATION_REFUSED = "authentication_refused"
    MANUAL_TRADE = "manual_trade"
    MANUAL_ORDER = "manual_order"
    MANUAL_CANCEL = "manual_cancel"
    TWIN_ORDER = "twin_order"
    DELEVERAGED = "deleveraged"
    LIQUIDATED = "liquidated"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    SYMBOL_CHANGED = "symbol_changed"
    CRASH = "crash"
    OPERATOR = "operator"


@message
class Fault:
    """One fault. `chance` per mille of the matching messages in the window are hit.

    `number` is the kind's own: a delay in microseconds, a refusal's code, a quantity in steps
    (below 0: a close), an amount in cents, the count of requests after which a crash comes; of a
    lost request or reply after how long its connection breaks (0: the shell's timeout tells it).
    `detail` names a direction, "orphan", what a symbol changes, the operator's action. `symbol`
    None: any.
    """

    kind: FaultKind
    at: Instant
    until: Instant
    chance: int
    number: int
    symbol: str | None
    detail: str


@message
class Scenario:
    """Everything one run depends on."""

    seed: int
    name: str
    setups: tuple[StrategySetup, ...]
    safety: SafetyConfig
    venue: VenueConfig
    symbols: tuple[SymbolSpec, ...]
    tickers: tuple[Ticker, ...]
    faults: tuple[Fault, ...]
    latency_us: int
    """How long a request, a reply or a push takes when nothing goes wrong."""
    start: Instant
    calm_from: Instant
    """No fault acts from here on; what one of them delayed has arrived."""
    partial_fills: int = 250
    """Per mille of the fills are cut to a part of the quantity; markets do so without any fault."""
