from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.errors import ErrorKind, Failure, Unanswered
from bybit_adapter.normalizer.words import Row
from bybit_adapter.paging import Page, Stop, read_pages

NO_ANSWER = Unanswered(kind=ErrorKind.TIMEOUT, code=None, text="no answer")


def row(number: int, state: str = "New") -> Row:
    return {"orderId": str(number), "state": state}


def scripted(*pages: Page | Failure) -> tuple[Callable[[str | None], Page | Failure], list[str]]:
    """A fetch that gives the pages in order, and the cursors it was asked with."""
    asked: list[str] = []
    left = list(pages)

    def fetch(cursor: str | None) -> Page | Failure:
        asked.append(cursor or "")
        return left.pop(0) if len(left) > 1 else left[0]

    return fetch, asked


def by_id(one: Row) -> object:
    return one["orderId"]


def test_every_page_is_read_until_the_cursor_is_empty() -> None:
    """L70: the first page was taken for all of it."""
    fetch, asked = scripted(
        Page(rows=(row(3), row(2)), cursor="a%3D1"), Page(rows=(row(1),), cursor="")
    )

    pages = read_pages(fetch, identity=by_id, pages_max=10)

    assert [one["orderId"] for one in pages.rows] == ["3", "2", "1"]
    assert (pages.complete, pages.stop, pages.count) == (True, Stop.END, 2)
    assert asked == ["", "a%3D1"]


def test_an_empty_page_ends_the_listing_although_it_has_a_cursor() -> None:
    """L71: a cursor without rows once paged for ever."""
    fetch, asked = scripted(Page(rows=(row(1),), cursor="a"), Page(rows=(), cursor="b"))

    pages = read_pages(fetch, identity=by_id, pages_max=10)

    assert (pages.complete, pages.stop) == (True, Stop.EMPTY_PAGE)
    assert len(asked) == 2


def test_a_cursor_that_repeats_ends_the_listing_and_leaves_it_incomplete() -> None:
    """L71."""
    fetch, asked = scripted(
        Page(rows=(row(1),), cursor="a"),
        Page(rows=(row(2),), cursor="b"),
        Page(rows=(row(3),), cursor="a"),
    )

    pages = read_pages(fetch, identity=by_id, pages_max=10)

    assert (pages.complete, pages.stop) == (False, Stop.REPEATED_CURSOR)
    assert len(pages.rows) == 3
    assert len(asked) == 3


def test_the_cap_on_pages_is_told() -> None:
    """A42: a listing that was cut off never counts as whole."""
    cursors = iter("abcdef")

    def fetch(cursor: str | None) -> Page:
        return Page(rows=(row(ord((cursor or "z")[0])),), cursor=next(cursors))

    pages = read_pages(fetch, identity=by_id, pages_max=3)

    assert (pages.complete, pages.stop, pages.count) == (False, Stop.PAGE_CAP, 3)
    assert len(pages.rows) == 3


def test_a_last_page_at_the_cap_is_complete() -> None:
    fetch, _ = scripted(Page(rows=(row(1),), cursor="a"), Page(rows=(row(2),), cursor=""))

    assert read_pages(fetch, identity=by_id, pages_max=2).complete


def test_a_page_that_fails_keeps_what_was_read_and_says_why() -> None:
    fetch, _ = scripted(Page(rows=(row(1),), cursor="a"), NO_ANSWER)

    pages = read_pages(fetch, identity=by_id, pages_max=10)

    assert (pages.complete, pages.stop, pages.failure) == (False, Stop.FAILED, NO_ANSWER)
    assert len(pages.rows) == 1


def test_a_row_that_moved_between_pages_is_kept_once_as_last_read() -> None:
    fetch, _ = scripted(
        Page(rows=(row(2), row(1)), cursor="a"), Page(rows=(row(1, "Filled"),), cursor="")
    )

    pages = read_pages(fetch, identity=by_id, pages_max=10)

    assert pages.rows == (row(2), row(1, "Filled"))


def test_rows_without_an_identity_all_stay() -> None:
    fetch, _ = scripted(Page(rows=(row(1), row(1)), cursor=""))

    assert len(read_pages(fetch, identity=None, pages_max=1).rows) == 2


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(1, 8))
def test_the_reading_always_ends_and_never_calls_a_truncated_listing_complete(
    sizes: list[int], pages_max: int
) -> None:
    total = sum(sizes)
    position = 0

    def fetch(cursor: str | None) -> Page:
        nonlocal position
        size = sizes[position] if position < len(sizes) else 0
        first = sum(sizes[:position])
        position += 1
        last = position >= len(sizes)
        rows = tuple(row(first + number) for number in range(size))
        return Page(rows=rows, cursor="" if last else f"page{position}")

    pages = read_pages(fetch, identity=by_id, pages_max=pages_max)

    assert pages.count <= pages_max
    if pages.stop is Stop.END:
        assert len(pages.rows) == total
    if len(pages.rows) < total and pages.complete:
        assert pages.stop is Stop.EMPTY_PAGE


def test_a_listing_needs_at_least_one_page() -> None:
    fetch, _ = scripted(NO_ANSWER)

    with pytest.raises(AssertionError):
        read_pages(fetch, identity=None, pages_max=0)
