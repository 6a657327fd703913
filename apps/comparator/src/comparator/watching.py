"""A rolling window over a recording that grows: one line per strategy, round after round.

It reads no clock and does not wait; both are handed in. Nothing that it finds ends it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from appkit.dates import Window, instant_text
from appkit.exits import CommandError, UserError
from backtest.commands.from_db import open_recording
from comparator.comparing import Compared, compare
from comparator.config import Request
from comparator.loading.runs import NothingRecorded, recorded_run
from comparator.verdict import Outcome
from gridcore.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Instant

LAST_US = 4 * HOUR_US
LAG_US = 2 * MINUTE_US
INTERVAL_US = 5 * MINUTE_US
_UNITS = {"s": SECOND_US, "m": MINUTE_US, "h": HOUR_US, "d": DAY_US}

Clock = Callable[[], Instant]
Wait = Callable[[float], None]
"""Waits so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """From `last_us` before its end to `lag_us` before now: what is late has come by then."""

    last_us: int = LAST_US
    lag_us: int = LAG_US

    def at(self, now: Instant) -> Window:
        """The window at a time."""
        end = now - self.lag_us
        return Window(start=Instant(max(end - self.last_us, 0)), end=Instant(end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One strategy in one round. `strat_id` and `symbol` "" when none could be found."""

    at: Instant
    strat_id: str
    symbol: str
    outcome: Outcome
    live_fills: int
    matched: int
    unexplained: int
    reason: str

    def text(self) -> str:
        """The line for people."""
        who = f"{self.strat_id} {self.symbol}".strip() or "-"
        counts = f"{self.matched}/{self.live_fills} matched, {self.unexplained} unexplained"
        reason = f"  {self.reason}" if self.reason else ""
        return f"{instant_text(self.at)[:19]}  {who}  {self.outcome}  {counts}{reason}"


def parse_duration(text: str) -> int:
    """Microseconds of `90s`, `2m`, `4h` or `1d`; ValueError for anything else."""
    unit = _UNITS.get(text[-1:])
    if unit is None or not text[:-1].isascii() or not text[:-1].isdecimal() or int(text[:-1]) < 1:
        raise ValueError(f"expected a duration such as 90s, 2m, 4h or 1d, found {text!r}")
    return int(text[:-1]) * unit


def watch(
    request: Request,
    rolling: Rolling,
    clock: Clock,
    wait: Wait,
    *,
    interval_us: int = INTERVAL_US,
    rounds: int | None = None,
) -> Iterator[list[Line]]:
    """The lines of every round; between two rounds it waits, and `rounds` None never ends.

    UserError when the first round finds that the wrong thing was asked for; later ones go on.
    """
    done = 0
    while rounds is None or done < rounds:
        if done:
            wait(interval_us / SECOND_US)
        now = clock()
        try:
            yield look(request, rolling, now)
        except CommandError as error:
            if not done and isinstance(error, UserError):
                raise
            yield [_barred(now, error.message)]
        done += 1


def look(request: Request, rolling: Rolling, now: Instant) -> list[Line]:
    """One round: every strategy that the run has within the window, each judged alone."""
    asked = replace(request, window=rolling.at(now))
    try:
        strategies = _strategies(request)
    except NothingRecorded as error:
        return [_barred(now, str(error))]
    return [_line(asked, strat_id, symbol, now) for strat_id, symbol in strategies]


def _strategies(request: Request) -> list[tuple[str, str]]:
    with (
        open_recording(request.database_url) as database,
        database.get_readonly_session() as session,
    ):
        run = recorded_run(session, request.run_id, None, request.symbol)
        return [(one.strat_id, one.symbol) for one in run.strategies]


def _line(request: Request, strat_id: str, symbol: str, now: Instant) -> Line:
    try:
        compared = compare(replace(request, symbol=symbol))
    except CommandError as error:
        return replace(_barred(now, error.message), strat_id=strat_id, symbol=symbol)
    return Line(
        at=now,
        strat_id=strat_id,
        symbol=symbol,
        outcome=compared.outcome,
        live_fills=compared.live_fills,
        matched=compared.matched,
        unexplained=compared.unexplained,
        reason=_first_reason(compared),
    )


def _first_reason(compared: Compared) -> str:
    against = compared.verdict.against()
    return against[0].text if against else ""


def _barred(now: Instant, reason: str) -> Line:
    return Line(
        at=now,
        strat_id="",
        symbol="",
        outcome=Outcome.SKIP,
        live_fills=0,
        matched=0,
        unexplained=0,
        reason=reason,
    )
