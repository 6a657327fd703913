"""UTC dates and times as people write them, to and from Instants; it reads no clock."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appkit.exits import UserError
from gridcore.clock import DAY_US, Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORMS = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2})"
    r"(?:[ T](?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,6}))?)?"
    r"(?: ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?)?"
)
_EXPECTED = "expected a UTC date like 2026-01-31, 2026-01-31 14:30 or 2026-01-31T14:30:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open stretch of time: `start` belongs to it, `end` does not; None is unbounded."""

    start: Instant | None
    end: Instant | None


def parse_instant(text: str, name: str = "date") -> Instant:
    """The instant that `text` writes; a date alone is its midnight. `name` is told in errors."""
    instant, _ = _parsed(text, name)
    return instant


def parse_end(text: str, name: str = "end") -> Instant:
    """The exclusive end that `text` writes; a date alone means that whole day (LS-83)."""
    instant, date_only = _parsed(text, name)
    return Instant(instant + DAY_US) if date_only else instant


def parse_window(start: str | None, end: str | None) -> Window:
    """The window between two written dates; a reversed or empty one is refused."""
    first = None if start is None else parse_instant(start, "start")
    last = None if end is None else parse_end(end, "end")
    if first is not None and last is not None and first >= last:
        raise UserError(
            f"the end ({instant_text(last)}) is not after the start ({instant_text(first)})",
            "swap --start and --end; a date alone as the end includes that whole day",
        )
    return Window(start=first, end=last)


def instant_text(instant: int) -> str:
    """`2026-01-31 14:30:00` in UTC, with the fraction of a second only where there is one."""
    return _moment(instant).isoformat(sep=" ").removesuffix("+00:00")


def instant_iso(instant: int) -> str:
    """`2026-01-31T14:30:00.000000Z`: always the same length, for files."""
    text = _moment(instant).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _parsed(text: str, name: str) -> tuple[Instant, bool]:
    form = _FORMS.fullmatch(text.strip())
    if form is None:
        raise UserError(f"{name}: {_EXPECTED}, found {text!r}")
    year, month, day = (int(part) for part in re.split("[-/]", form["date"]))
    try:
        moment = datetime(
            year,
            month,
            day,
            int(form["hour"] or 0),
            int(form["minute"] or 0),
            int(form["second"] or 0),
            int((form["fraction"] or "").ljust(6, "0")),
            tzinfo=UTC,
        )
    except ValueError as error:
        raise UserError(f"{name}: {text!r} is not in the calendar: {error}") from error
    instant = (moment - _EPOCH) // _MICROSECOND - _offset_us(form["zone"], text, name)
    if not 0 <= instant <= _LATEST:
        raise UserError(f"{name}: {text!r} is out of range; expected 1970 to 9999")
    return Instant(instant), form["hour"] is None


_LATEST = (datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _offset_us(zone: str | None, text: str, name: str) -> int:
    if zone in (None, "Z", "UTC"):
        return 0
    assert zone is not None
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 14 or minutes > 59:
        raise UserError(f"{name}: {text!r} has an impossible offset from UTC: {zone}")
    offset = (hours * 60 + minutes) * 60 * 1_000_000
    return -offset if zone.startswith("-") else offset
