"""Reads a listing page by page: the only way to list (L70). It knows no endpoint.

Stops at the end, at an empty page (L71), at a cursor that repeats, at the cap, at a failure; only
the first two mean that everything was read.
"""

from collections.abc import Callable
from enum import StrEnum

from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.words import Row
from gridcore.message import message


class Stop(StrEnum):
    """Why no further page was read."""

    END = "end"
    EMPTY_PAGE = "empty_page"
    REPEATED_CURSOR = "repeated_cursor"
    PAGE_CAP = "page_cap"
    FAILED = "failed"
    OVERTAKEN = "overtaken"
    """The present ran ahead of the stretch that was asked for."""


COMPLETE = frozenset({Stop.END, Stop.EMPTY_PAGE})


@message
class Page:
    """One page; an empty cursor means that there is no further one."""

    rows: tuple[Row, ...]
    cursor: str


@message
class Pages:
    """The rows of all pages in their order, each once. `failure` says why the reading failed."""

    rows: tuple[Row, ...]
    stop: Stop
    count: int
    failure: Failure | None

    @property
    def complete(self) -> bool:
        """Whether every row was read; otherwise absence proves nothing (L30)."""
        return self.stop in COMPLETE


def read_pages(
    fetch: Callable[[str | None], Page | Failure],
    *,
    identity: Callable[[Row], object] | None,
    pages_max: int,
) -> Pages:
    """Ask `fetch` with None, then with each cursor, at most `pages_max` times (at least once).

    Listings move while they are read, so a row can come on two pages: of rows with one `identity`
    the one read last stays, at the place of the first. Without an identity all rows stay.
    """
    assert pages_max >= 1, f"expected at least one page, found {pages_max}"
    rows: dict[object, Row] = {}
    seen: set[str] = set()
    cursor: str | None = None
    for count in range(1, pages_max + 1):
        page = fetch(cursor)
        if not isinstance(page, Page):
            return _pages(rows, Stop.FAILED, count, page)
        for row in page.rows:
            rows[len(rows) if identity is None else identity(row)] = row
        if not page.cursor:
            return _pages(rows, Stop.END, count)
        if not page.rows:
            return _pages(rows, Stop.EMPTY_PAGE, count)
        if page.cursor in seen:
            return _pages(rows, Stop.REPEATED_CURSOR, count)
        seen.add(page.cursor)
        cursor = page.cursor
    return _pages(rows, Stop.PAGE_CAP, pages_max)


def _pages(
    rows: dict[object, Row], stop: Stop, count: int, failure: Failure | None = None
) -> Pages:
    return Pages(rows=tuple(rows.values()), stop=stop, count=count, failure=failure)
