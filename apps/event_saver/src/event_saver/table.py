"""A status for people at a terminal of 80 columns or more.

It knows words and widths; it refuses to know where the status came from.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gridcore.clock import SECOND_US

HEADINGS = ("stream", "age", "flushed", "queue", "rows", "dead", "lost", "dropped")
NAME_WIDTH_MAX = 21
STEADY, STEADY_WIDTH = ("age", "flushed", "queue", "rows"), 7
"""What changes all the time does not move the columns beside it."""
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
MILLION = 1_000_000


def table_of(status: Mapping[str, Any], wall_us: int) -> Group:
    """A status page as a table with everything that is wrong below it.

    `wall_us` is this machine's time now: how long ago rows were flushed. Ages of streams are the
    exchange's time.
    """
    healthy = status["healthy"]
    head = Text.assemble(
        f"{status['environment']}: ",
        ("healthy", "bold green") if healthy else ("NOT HEALTHY", "bold red"),
        f", {status['database']}",
        overflow="fold",
    )
    below = [Text(line, style="red", overflow="fold") for line in _wrong(status)]
    parts: list[RenderableType] = [head, _streams(status["streams"], wall_us)]
    if status["gaps"] is not None:
        parts.append(Text(_gaps(status["gaps"])))
    return Group(*parts, *below)


def short_count(count: int) -> str:
    """A count in at most seven characters, up to ten billions: exact below a million."""
    return f"{count:,}" if count < MILLION else f"{count / MILLION:.2f}M"


def short_age(seconds: float | None) -> str:
    """A span of time in at most six characters, to its two largest units."""
    if seconds is None:
        return "-"
    if seconds < MINUTE_S:
        return f"{max(seconds, 0.0):.1f}s"
    whole = int(seconds)
    for unit_s, unit, part_s, part in (
        (DAY_S, "d", HOUR_S, "h"),
        (HOUR_S, "h", MINUTE_S, "m"),
        (MINUTE_S, "m", 1, "s"),
    ):
        if whole >= unit_s:
            return f"{whole // unit_s}{unit}{whole % unit_s // part_s:02}{part}"
    raise AssertionError("a minute is a unit")


def _streams(streams: Mapping[str, Any], wall_us: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in HEADINGS:
        first = heading == HEADINGS[0]
        table.add_column(
            heading,
            justify="left" if first else "right",
            max_width=NAME_WIDTH_MAX if first else None,
            min_width=STEADY_WIDTH if heading in STEADY else None,
            overflow="ellipsis",
            no_wrap=True,
        )
    for name, one in streams.items():
        committed = one["last_commit_at"]
        flushed_s = None if committed is None else (wall_us - committed) / SECOND_US
        counts = [short_count(one[count]) for count in ("depth", "written")]
        table.add_row(
            name,
            short_age(one["age_s"]),
            short_age(flushed_s),
            *counts,
            *(_alarming(one[count]) for count in ("buried", "lost", "dropped")),
        )
    return table


def _alarming(count: int) -> Text:
    return Text(short_count(count), style="bold red" if count else "")


def _gaps(gaps: Mapping[str, Any]) -> str:
    return (
        f"gaps: {gaps['open']:,} open, {gaps['filled']:,} filled, {gaps['given_up']:,} given up;"
        f" audits: {gaps['audits']:,}"
    )


def _wrong(status: Mapping[str, Any]) -> Iterator[str]:
    """What an operator has to look at, a line each."""
    if status["down"]:
        yield f"down: {', '.join(status['down'])}"
    elif not status["ready"]:
        yield "down: no stream has been opened yet"
    for name, one in status["streams"].items():
        if not one["alive"]:
            yield f"{name}: its writer has died; see its traceback"
        if one["failures"]:
            yield f"{name}: attempts in a row that failed: {one['failures']}; {one['last_text']}"
        elif one["last_text"] and (one["buried"] or one["lost"]):
            yield f"{name}: the database refused: {one['last_text']}"
    if status["gaps"] is not None and status["gaps"]["ended"]:
        yield f"ended: {status['gaps']['ended']}"
