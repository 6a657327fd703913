"""pybit's ways to die (bybit.md C.4), provoked in the simulator under plain pybit and the client.

Both hang on the same server and meet the same fault. The client has its real limits.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appkit.exits import UserError
from bench.wire.admin import Fault, await_refusal, cause_a_push, put_fault
from bench.wire.server import Server, simulator
from bench.wire.watching import Guarded, Plain

TICKERS = "tickers.BTCUSDT"
BOOK = "orderbook.50.BTCUSDT"
WALLET = "wallet"
STEP_S = 0.25
ALIVE_S = 3.0
START_S = 20.0
APART_S = 3.0
CLOSE_S_MAX = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """One row: the faults, and whether plain pybit lives at the end, as bybit.md says.

    `before` are on the board while each side begins, `during` come once both are live. The sides
    are watched for `watch_s` after the last fault, and must deliver in its last seconds.
    """

    name: str
    topic: str
    plain_lives: bool
    before: tuple[Fault, ...] = ()
    during: tuple[Fault, ...] = ()
    consumer_fails: bool = False
    watch_s: float = 6.0
    recovery_s_max: float = 10.0


def fault(kind: str, target: str, for_ms: int, **fields: int) -> Fault:
    """One fault as the admin endpoint takes it."""
    return {"kind": kind, "target": target, "for_ms": for_ms, **fields}


ONCE_MS = 400
PROVOCATIONS = (
    Provocation(
        name="TCP reset",
        topic=TICKERS,
        plain_lives=True,
        during=(fault("socket_reset", "public", ONCE_MS),),
    ),
    Provocation(
        name="end of file without a close frame",
        topic=TICKERS,
        plain_lives=True,
        during=(fault("socket_eof", "public", ONCE_MS),),
    ),
    *(
        Provocation(
            name=f"close frame {code}",
            topic=TICKERS,
            plain_lives=True,
            during=(fault("socket_closed", "public", ONCE_MS, amount=code),),
        )
        for code in (1000, 1001, 1011)
    ),
    Provocation(
        name="server refuses connections for 3 s",
        topic=TICKERS,
        plain_lives=False,
        during=(fault("socket_reset", "public", ONCE_MS), fault("refusing", "*", 3_000)),
        watch_s=15,
        recovery_s_max=14,
    ),
    Provocation(
        name="maintenance for 3 s (1001, then HTTP 503)",
        topic=TICKERS,
        plain_lives=False,
        during=(fault("maintenance", "*", 3_000),),
        watch_s=15,
        recovery_s_max=14,
    ),
    Provocation(
        name="no server when constructed, for 3 s",
        topic=TICKERS,
        plain_lives=False,
        before=(fault("refusing", "*", 3_000),),
        watch_s=15,
    ),
    Provocation(
        name="exception in the consumer",
        topic=TICKERS,
        plain_lives=False,
        consumer_fails=True,
    ),
    Provocation(
        name="ticker delta before its snapshot",
        topic=TICKERS,
        plain_lives=False,
        before=(fault("frame_lost", TICKERS, 60_000, count=1),),
    ),
    Provocation(
        name="order book delta for a level that is unknown",
        topic=BOOK,
        plain_lives=False,
        during=(fault("frame_lost", BOOK, 15_000, chance=500),),
    ),
    Provocation(
        name="subscription refused for 3 s",
        topic=TICKERS,
        plain_lives=False,
        before=(fault("ack_refused", TICKERS, 3_000),),
    ),
    Provocation(
        name="authentication refused once",
        topic=WALLET,
        plain_lives=False,
        before=(fault("auth_refused", "private", 60_000, count=1),),
    ),
    Provocation(
        name="private stream cut",
        topic=WALLET,
        plain_lives=True,
        during=(fault("socket_reset", "private", ONCE_MS),),
    ),
    Provocation(
        name="topic silent for 60 s while pings are answered",
        topic=TICKERS,
        plain_lives=True,
        during=(fault("frame_lost", TICKERS, 60_000),),
        watch_s=65,
        recovery_s_max=40,
    ),
    Provocation(
        name="half-open socket",
        topic=WALLET,
        plain_lives=True,
        during=(fault("socket_half_open", "private", 5_000),),
        watch_s=60,
        recovery_s_max=45,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of both sides. `recovery_s` None: the client lost nothing."""

    provocation: Provocation
    plain_lives: bool
    client_lives: bool
    noticed_s: float | None
    recovery_s: float | None
    close_s: float

    def complaints(self) -> list[str]:
        """What speaks against the client, or against what bybit.md says of plain pybit.

        Plain pybit may die where it is said to live: its own race between sending and registering
        a subscription kills one in some hundred (C.4).
        """
        limit = self.provocation.recovery_s_max
        found = []
        if self.plain_lives and not self.provocation.plain_lives:
            found.append("plain pybit lives")
        if not self.client_lives:
            found.append("the client is silent at the end")
        if self.recovery_s is not None and self.recovery_s > limit:
            found.append(f"recovered after {self.recovery_s:.1f} s, expected {limit} s")
        if self.close_s >= CLOSE_S_MAX:
            found.append(f"shutdown took {self.close_s:.1f} s")
        return found


def provoke(row: Provocation, server: Server) -> Outcome:
    """Plays one row."""
    plain = Plain(server, fails=row.consumer_fails)
    guarded = Guarded(server, fails=row.consumer_fails)
    _put(row.before, server)
    plain.start(row.topic)
    if any("count" in one for one in row.before):
        # What strikes once strikes each of them once.
        _until(lambda: bool(plain.heard_at), APART_S, server, row)
        _put(row.before, server)
    begun = time.monotonic()
    guarded.start(row.topic)
    if not row.before:
        _until(lambda: bool(guarded.heard_at and plain.heard_at), START_S, server, row)
        begun = guarded.heard_at[0] if row.consumer_fails else time.monotonic()
        _put(row.during, server)
    lasts_s = max((_lasts_s(one) for one in (*row.before, *row.during)), default=0.0)
    _until(lambda: False, lasts_s + row.watch_s, server, row)
    ended = time.monotonic()
    plain.close()
    outage = next((at for at, _ in guarded.outages), None)
    back = next((at for at, _ in reversed(guarded.restored) if outage and at > outage), None)
    return Outcome(
        provocation=row,
        plain_lives=plain.heard_since(ended - ALIVE_S) is not None,
        client_lives=any(at > ended - ALIVE_S for at in guarded.heard_at),
        noticed_s=None if outage is None else outage - begun,
        recovery_s=None if back is None else back - begun,
        close_s=guarded.close(),
    )


def _put(faults: Sequence[Fault], server: Server) -> None:
    for one in faults:
        put_fault(server, one)
    if any(one["kind"] == "refusing" for one in faults):
        await_refusal(server)


def _lasts_s(one: Fault) -> float:
    lasts = one["for_ms"]
    # A fault that strikes a counted number of times is over as soon as it has struck.
    return lasts / 1000 if isinstance(lasts, int) and "count" not in one else 0.0


def _until(ready: Callable[[], bool], patience_s: float, server: Server, row: Provocation) -> None:
    limit = time.monotonic() + patience_s
    refusing = any(one["kind"] in ("refusing", "maintenance") for one in row.before)
    while time.monotonic() < limit and not ready():
        time.sleep(STEP_S)
        if row.topic == WALLET and not refusing:
            cause_a_push(server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """All rows that were played."""

    outcomes: tuple[Outcome, ...]

    def good(self) -> bool:
        """Whether there is nothing to complain about."""
        return bool(self.outcomes) and not any(one.complaints() for one in self.outcomes)

    def text(self) -> str:
        """The outcomes as a Markdown table, and what speaks against them."""
        lines = [
            "| what happens | plain pybit 5.17.0 | client notices | client recovered | shutdown |",
            "|---|---|---|---|---|",
            *map(_line, self.outcomes),
        ]
        for one in self.outcomes:
            lines += [f"{one.provocation.name}: {found}" for found in one.complaints()]
        return "\n".join(lines) + "\n"


def _line(one: Outcome) -> str:
    noticed = "nothing lost" if one.noticed_s is None else f"{one.noticed_s:.1f} s"
    recovered = "-" if one.recovery_s is None else f"{one.recovery_s:.1f} s"
    lives = "lives" if one.plain_lives else "**dead**"
    stated = "" if one.plain_lives == one.provocation.plain_lives else " (not as stated)"
    cells = (one.provocation.name, lives + stated, noticed, recovered, f"{one.close_s:.2f} s")
    return f"| {' | '.join(cells)} |"


def measure(names: Sequence[str] = ()) -> Survival:
    """Plays the rows whose names contain one of `names`, or all; each on a simulator of its own."""
    # The libraries log every loss; here losses are what is asked for.
    for name in ("websocket", "pybit._websocket_stream"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    rows = [row for row in PROVOCATIONS if not names or any(name in row.name for name in names)]
    if not rows:
        known = ", ".join(row.name for row in PROVOCATIONS)
        raise UserError(f"expected parts of the names of rows ({known}), found {list(names)}")
    outcomes = []
    for row in rows:
        with simulator("seed: 1\n") as server:
            outcomes.append(provoke(row, server))
    return Survival(outcomes=tuple(outcomes))
