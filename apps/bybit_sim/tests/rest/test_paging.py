"""Pages and cursors (bybit.md A.4: already percent-encoded, "" at the end)."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.rest.paging import Page, Place, by_name, newest_first
from bybit_sim.rest.parameters import BadParameter

places = st.builds(
    Place, st.integers(0, 5), st.integers(0, 3), st.text("abc:, ", min_size=1, max_size=4)
)


def itself(place: Place) -> Place:
    return place


@given(st.lists(places, unique=True, max_size=30), st.integers(1, 7))
def test_all_pages_together_are_the_listing_newest_first(items: list[Place], limit: int) -> None:
    seen: list[Place] = []
    cursor = ""
    while True:
        page = newest_first(items, itself, limit, cursor)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.cursor
        if not cursor:
            break

    assert seen == sorted(items, reverse=True)


@given(st.lists(places, unique=True, min_size=4, max_size=30), places, st.data())
def test_items_that_come_and_go_between_pages_neither_repeat_nor_hide_others(
    items: list[Place], newcomer: Place, data: st.DataObject
) -> None:
    first = newest_first(items, itself, 2, "")
    gone = data.draw(st.sampled_from(items))
    changed = [item for item in items if item != gone]
    if newcomer not in items:
        changed.append(newcomer)

    rest = newest_first(changed, itself, 100, first.cursor)

    assert not set(first.items) & set(rest.items)
    assert set(items) - {gone} <= set(first.items) | set(rest.items)


def test_names_rise_over_the_pages() -> None:
    names = ["SOLUSDT", "BTCUSDT", "ETHUSDT"]

    def place(name: str) -> Place:
        return Place(0, 0, name)

    first = by_name(names, place, 2, "")
    second = by_name(names, place, 2, first.cursor)

    assert first.items == ["BTCUSDT", "ETHUSDT"]
    assert second == Page(["SOLUSDT"], "")


def test_a_cursor_comes_percent_encoded_and_is_read_decoded_or_as_it_came() -> None:
    items = [Place(2, 7, "b"), Place(1, 5, "a")]
    cursor = newest_first(items, itself, 1, "").cursor

    assert cursor == "2%3A7%2Cb"
    for text in (cursor, unquote(cursor)):
        assert newest_first(items, itself, 1, text).items == [Place(1, 5, "a")]


@pytest.mark.parametrize("cursor", ["x", "1:2", "1,a", "a:1,b", "1:,b", "9" * 30 + ":1,b"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(BadParameter, match="cursor invalid"):
        newest_first([Place(1, 1, "a")], itself, 1, cursor)


def test_nothing_listed_is_one_empty_page() -> None:
    assert newest_first([], itself, 1, "") == Page([], "")
