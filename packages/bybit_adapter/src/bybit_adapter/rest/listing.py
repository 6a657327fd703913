"""Reads whole listings: pages within a time window, and windows within a stretch of time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.numbers import text
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.paging import COMPLETE, Page, Stop, read_pages
from bybit_adapter.rate_limiter import Lane
from bybit_adapter.rest import reading
from bybit_adapter.rest.caller import Caller, malformed
from bybit_adapter.rest.calls import Call
from bybit_adapter.rest.words import Answer, Listing
from bybit_adapter.windows import Window, windows
from gridcore.clock import MINUTE_US, Instant

AHEAD_US = MINUTE_US
"""How far "up to the present" reaches beyond our idea of the exchange's time."""
_PRESENTS_MAX = 3
"""How often a stretch without an end is asked for when the exchange turns out to be beyond it."""

Identity = Callable[[Row], object]


class _Asked:
    """When the first question of a listing was asked, and when that was by the exchange's clock.

    The first answer knows both best: before it, the clock may have been measured anew.
    """

    def __init__(self, caller: Caller) -> None:
        self.at = caller.stamped_now()
        self.exchange_at: Instant | None = None
        self._noted = False

    def note(self, answer: Answer) -> None:
        if not self._noted:
            self._noted = True
            self.at = answer.asked_at
            self.exchange_at = answer.exchange_at


def by_fields(*names: str) -> Identity:
    """What makes a row the one it is."""
    return lambda row: tuple(row.get(name) for name in names)


def list_pages(
    caller: Caller,
    call: Call,
    parameters: Mapping[str, Any],
    *,
    identity: Identity,
    pages_max: int,
) -> Listing:
    """A listing without a time window, by cursor."""
    asked = _Asked(caller)
    pages = read_pages(
        _by_cursor(caller, call, parameters, asked), identity=identity, pages_max=pages_max
    )
    return Listing(
        rows=pages.rows,
        complete=pages.complete,
        stop=pages.stop,
        failure=pages.failure,
        asked_at=asked.at,
        exchange_at=asked.exchange_at,
    )


def list_stretch(
    caller: Caller,
    call: Call,
    parameters: Mapping[str, Any],
    *,
    start: Instant,
    end: Instant | None,
    identity: Identity,
    pages_max: int,
) -> Listing:
    """A listing of a stretch of time, in windows of seven days, newest first.

    `end` None: everything up to the present, whatever the two clocks say of each other.
    `pages_max` counts the pages of all windows. The reading ends at the first window that is not
    complete, so that the rows are without a hole from the newest on.
    """
    if end is not None:
        return _stretch(caller, call, parameters, start, end, identity, pages_max)
    present = caller.stamped_now()
    for _ in range(_PRESENTS_MAX):
        upper = Instant(max(start, present) + AHEAD_US)
        listing = _stretch(caller, call, parameters, start, upper, identity, pages_max)
        if listing.exchange_at is None or listing.exchange_at <= upper:
            return listing
        # The exchange is farther ahead than the clock said when the windows were made.
        present = listing.exchange_at
    return replace(listing, complete=False, stop=Stop.OVERTAKEN)


def _stretch(
    caller: Caller,
    call: Call,
    parameters: Mapping[str, Any],
    start: Instant,
    end: Instant,
    identity: Identity,
    pages_max: int,
) -> Listing:
    asked = _Asked(caller)
    rows: dict[object, Row] = {}
    stop, failure, left = Stop.END, None, pages_max
    for window in windows(start, end):
        if left == 0:
            stop = Stop.PAGE_CAP
            break
        fetch = _by_cursor(caller, call, {**parameters, **_bounds(window)}, asked)
        pages = read_pages(fetch, identity=identity, pages_max=left)
        rows.update((identity(row), row) for row in pages.rows)
        stop, failure, left = pages.stop, pages.failure, left - pages.count
        if not pages.complete:
            break
    return Listing(
        rows=tuple(rows.values()),
        complete=stop in COMPLETE,
        stop=stop,
        failure=failure,
        asked_at=asked.at,
        exchange_at=asked.exchange_at,
    )


def _by_cursor(
    caller: Caller, call: Call, parameters: Mapping[str, Any], asked: _Asked
) -> Callable[[str | None], Page | Failure]:
    def fetch(cursor: str | None) -> Page | Failure:
        answer = caller.call(call, {**parameters, "cursor": cursor}, lane=Lane.QUERY)
        if not isinstance(answer, Answer):
            return answer
        asked.note(answer)
        try:
            rows = reading.rows(answer.row)
            return Page(rows=rows, cursor=text(answer.row, "nextPageCursor"))
        except BadElement as error:
            return malformed(call, str(error))

    return fetch


def _bounds(window: Window) -> dict[str, int]:
    return {"startTime": window.start_ms, "endTime": window.end_ms}
