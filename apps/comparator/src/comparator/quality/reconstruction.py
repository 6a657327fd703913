"""Do executions explain the recorded positions (strategy.md 18.12): what was held before, and every
execution since, must give each recorded size."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from appkit.dates import instant_text
from comparator.evidence.recorded import Evidence
from comparator.grouping import direction_of
from comparator.loading.live import MOVES_POSITION, direction_of_row, kind_of
from comparator.loading.spans import Span
from comparator.quality.findings import Finding, FindingKind, QualityLimits, Severity
from grid_db.records import PositionSnapshot, PrivateExecution
from grid_db.types import from_microseconds, microseconds
from grid_db.words import SnapshotSource
from gridcore.clock import Instant
from gridcore.sides import DirectionType, opening_side

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A recorded size of a leg."""

    at: Instant
    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an execution added to a leg."""

    at: Instant
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A recorded size that executions do not give. After it, sizes are counted from it."""

    since: Instant
    at: Instant
    recorded: Decimal
    reconstructed: Decimal


def position_findings(evidence: Evidence, symbol: str, limits: QualityLimits) -> Iterable[Finding]:
    """Where the recorded legs of a symbol are not what the executions make them."""
    for direction in DirectionType:
        held = _recorded(evidence, symbol, direction)
        if not held:
            continue
        changes = _changes(evidence, symbol, direction, held[0].at)
        found = mismatches(held, changes, limits.clock_us)
        if not found:
            continue
        first = found[0]
        yield Finding(
            kind=FindingKind.POSITION_MISMATCH,
            severity=Severity.BARS,
            symbol=symbol,
            count=len(found),
            text=f"the {direction.value} leg was recorded as {first.recorded} at "
            f"{instant_text(first.at)}, executions make it {first.reconstructed}: executions "
            "were lost or changed, or something moved the position that was not recorded",
            spans=tuple(Span(start=one.since, end=Instant(one.at + 1)) for one in found),
        )


def mismatches(held: Sequence[Held], changes: Sequence[Change], slack_us: int) -> list[Mismatch]:
    """The recorded sizes that changes since the first of them do not give; both in order of time.

    A size may be of before or after any change within `slack_us` of it. Changes up to the time of
    the first size are in it.
    """
    times = [change.at for change in changes]
    first = bisect_right(times, held[0].at)
    sizes = [_ZERO] * (len(changes) + 1)
    for number, change in enumerate(changes):
        sizes[number + 1] = sizes[number] + (change.amount if number >= first else _ZERO)
    offset = held[0].size
    since = held[0].at
    found: list[Mismatch] = []
    for one in held[1:]:
        low = bisect_left(times, one.at - slack_us)
        high = bisect_right(times, one.at + slack_us)
        if one.size - offset not in sizes[low : high + 1]:
            now = bisect_right(times, one.at)
            found.append(
                Mismatch(
                    since=since,
                    at=one.at,
                    recorded=one.size,
                    reconstructed=sizes[now] + offset,
                )
            )
            offset = one.size - sizes[now]
        since = one.at
    return found


def _recorded(evidence: Evidence, symbol: str, direction: DirectionType) -> list[Held]:
    """The newest recorded size before the window, and all within it."""
    run, side = evidence.run, opening_side(direction)
    start, end = from_microseconds(run.window.start), from_microseconds(run.window.end)
    before = evidence.rows.positions.latest_before(
        run.recorder_run, run.account_id, symbol, side, start, SnapshotSource.LIVE
    )
    held = [] if before is None else [_held(before)]
    for row in evidence.rows.positions.each(run.account_id, start, end, (symbol,)):
        if row.side is side and row.source is SnapshotSource.LIVE:
            held.append(_held(row))
    return held


def _held(row: PositionSnapshot) -> Held:
    return Held(at=Instant(microseconds(row.exchange_ts)), size=row.size)


def _changes(
    evidence: Evidence, symbol: str, direction: DirectionType, since: Instant
) -> list[Change]:
    run = evidence.run
    start, end = from_microseconds(since), from_microseconds(run.window.end)
    rows = [
        row
        for row in evidence.rows.executions.each(run.account_id, start, end, (symbol,))
        if kind_of(row) in MOVES_POSITION and _direction(row) is direction
    ]
    rows.sort(key=lambda row: (row.exchange_ts, -1 if row.seq is None else row.seq, row.exec_id))
    opens = opening_side(direction)
    return [
        Change(
            at=Instant(microseconds(row.exchange_ts)),
            amount=row.exec_qty if row.side is opens else -row.exec_qty,
        )
        for row in rows
    ]


def _direction(row: PrivateExecution) -> DirectionType:
    """As recorded, else by what it closed."""
    return direction_of_row(row) or direction_of(row.side, closes=bool(row.closed_size))
