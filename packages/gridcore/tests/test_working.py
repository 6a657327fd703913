"""The view of working orders kept step by step equals the view made from scratch."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.instrument import Price
from gridcore.intents import CancelCause
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType
from gridcore.working import LONG_INDEX, SHORT_INDEX, OpenOrder, WorkingBook, direction_index

LEVELS = [100, 110, 120, 130]
OUTSIDE, DUPLICATE = CancelCause.OUTSIDE_GRID, CancelCause.DUPLICATE


def order(
    order_id: str, price: Price, direction: DirectionType = LONG, filled: int = 0
) -> OpenOrder:
    return OpenOrder(order_id=order_id, direction=direction, side=BUY, price=price, filled=filled)


def surplus(book: WorkingBook) -> list[tuple[str, CancelCause]]:
    return [(row.order_id, cause) for row, cause in book.surplus]


def kept(book: WorkingBook) -> set[tuple[int, Price, str]]:
    return {
        (index, price, row.order_id)
        for index in (LONG_INDEX, SHORT_INDEX)
        for price, row in book.at[index].items()
    }


def view(book: WorkingBook) -> tuple[object, ...]:
    """Everything a reader of the book can see, whatever its order of surplus."""
    return book.level_set, book.missing, kept(book), Counter(surplus(book))


# -- stories -------------------------------------------------------------------------------


def test_every_level_of_an_empty_book_lacks_an_order_in_both_directions() -> None:
    book = WorkingBook(LEVELS)
    assert book.missing == (LEVELS, LEVELS)
    assert surplus(book) == []


def test_an_order_fills_its_level_in_its_direction_only() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 110, SHORT)])
    assert book.missing == (LEVELS, [100, 120, 130])
    assert kept(book) == {(SHORT_INDEX, 110, "a")}


def test_an_order_between_levels_is_off_the_grid() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 115), order("b", Fraction(1101, 10))])
    assert book.missing == (LEVELS, LEVELS)
    assert surplus(book) == [("a", OUTSIDE), ("b", OUTSIDE)]


def test_of_two_orders_at_one_level_the_first_is_kept_ls_20() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 110), order("b", 110), order("c", 110)])
    assert kept(book) == {(LONG_INDEX, 110, "a")}
    assert surplus(book) == [("b", DUPLICATE), ("c", DUPLICATE)]


def test_of_two_orders_at_one_level_the_executed_one_is_kept_e_6() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 110), order("b", 110, filled=3)])
    assert kept(book) == {(LONG_INDEX, 110, "b")}
    assert surplus(book) == [("a", DUPLICATE)]


def test_off_the_grid_the_executed_one_of_two_is_off_the_grid_and_the_other_a_duplicate() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 115), order("b", 115, filled=3)])
    assert Counter(surplus(book)) == Counter([("b", OUTSIDE), ("a", DUPLICATE)])


def test_a_level_lacks_an_order_again_once_its_order_is_gone() -> None:
    book = WorkingBook(LEVELS)
    resting = order("a", 120)
    book.add(resting)
    book.remove(resting)
    assert view(book) == view(WorkingBook(LEVELS))


def test_when_the_kept_order_goes_the_executed_rival_inherits_the_level() -> None:
    first = order("a", 110, filled=1)
    rivals = [order("b", 110), order("c", 110, filled=2)]
    book = WorkingBook.of(LEVELS, [first, *rivals])
    book.remove(first)
    assert kept(book) == {(LONG_INDEX, 110, "c")}
    assert surplus(book) == [("b", DUPLICATE)]
    assert book.missing == ([100, 120, 130], LEVELS)


def test_the_highest_level_is_inherited_like_any_other() -> None:
    first = order("a", 130)
    book = WorkingBook.of(LEVELS, [first, order("b", 130)])
    book.remove(first)
    assert kept(book) == {(LONG_INDEX, 130, "b")}
    assert book.missing == ([100, 110, 120], LEVELS)


def test_when_the_executed_order_goes_the_eldest_rival_inherits_the_level() -> None:
    executed = order("c", 110, filled=2)
    book = WorkingBook.of(LEVELS, [order("a", 110), order("b", 110), executed])
    book.remove(executed)
    assert kept(book) == {(LONG_INDEX, 110, "a")}
    assert surplus(book) == [("b", DUPLICATE)]


def test_removing_a_rival_leaves_the_kept_order_in_place() -> None:
    rival = order("b", 110)
    book = WorkingBook.of(LEVELS, [order("a", 110), rival])
    book.remove(rival)
    assert view(book) == view(WorkingBook.of(LEVELS, [order("a", 110)]))


def test_removing_an_order_that_is_not_there_changes_nothing() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 110)])
    before = view(book)
    book.remove(order("x", 110))
    book.remove(order("y", 120))
    assert view(book) == before


def test_the_orders_of_a_level_that_leaves_are_off_the_grid() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 100), order("b", 100)])
    book.drop_level(100)
    assert surplus(book) == [("b", DUPLICATE), ("a", OUTSIDE)]
    assert book.missing == ([110, 120, 130], [110, 120, 130])


def test_an_order_that_stands_where_a_level_enters_belongs_to_it() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 140), order("b", 140), order("c", 150)])
    book.add_level(140)
    assert surplus(book) == [("b", DUPLICATE), ("c", OUTSIDE)]
    assert book.missing == (LEVELS, [*LEVELS, 140])


def test_a_rebuild_judges_the_same_orders_by_other_levels() -> None:
    book = WorkingBook.of(LEVELS, [order("a", 100), order("b", 110), order("c", 110)])
    book.replace_levels([110, 115, 120])
    assert Counter(surplus(book)) == Counter([("a", OUTSIDE), ("c", DUPLICATE)])
    assert book.missing == ([115, 120], [110, 115, 120])


def test_orders_come_long_before_short_by_price_and_duplicates_last() -> None:
    book = WorkingBook.of(
        LEVELS,
        [
            order("s", 100, SHORT),
            order("high", Fraction(261, 2)),
            order("low", 100),
            order("twin", 100),
        ],
    )
    assert [row.order_id for row in book.orders()] == ["low", "high", "s", "twin"]


@pytest.mark.parametrize(("direction", "index"), [(LONG, LONG_INDEX), (SHORT, SHORT_INDEX)])
def test_directions_have_the_indices_by_which_hot_paths_find_them(
    direction: DirectionType, index: int
) -> None:
    assert direction_index(direction) == index


def test_an_order_is_itself_and_nothing_else() -> None:
    assert order("a", 100) != order("a", 100)
    assert order("a", 100).side is not SELL
    assert order("a", 100).cancelling is False


# -- laws ----------------------------------------------------------------------------------


@dataclass
class Story:
    """What happened to a book: the levels in force and the orders in the order they came."""

    levels: list[int]
    orders: list[OpenOrder] = field(default_factory=list)


ENTERING = [90, 100, 105, 110, 135]
PRICES: list[Price] = [95, 100, 105, 110, 130, 135, Fraction(225, 2)]
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("add"),
            st.sampled_from(PRICES),
            st.sampled_from([LONG, SHORT]),
            st.sampled_from([0, 0, 0, 7]),
        ),
        st.tuples(st.just("remove"), st.integers(0, 30)),
        st.tuples(st.sampled_from(["shift_up", "shift_down"])),
        st.tuples(st.just("drop"), st.integers(0, 30)),
        st.tuples(st.just("enter"), st.sampled_from(ENTERING)),
        st.tuples(
            st.just("rebuild"),
            st.sets(st.sampled_from(ENTERING), min_size=1, max_size=8),
        ),
    ),
    max_size=40,
)


def play(book: WorkingBook, story: Story, number: int, step: tuple[object, ...]) -> None:
    match step:
        case ("add", price, DirectionType() as direction, int() as filled):
            assert isinstance(price, int | Fraction)
            fresh = order(f"o{number}", price, direction, filled)
            story.orders.append(fresh)
            book.add(fresh)
        case ("remove", int() as which) if story.orders:
            book.remove(story.orders.pop(which % len(story.orders)))
        case ("shift_up" | "shift_down" as way,) if story.levels:
            index, added = (0, max(story.levels) + 5) if way == "shift_up" else (-1, 0)
            if way == "shift_down":
                added = min(story.levels) - 5
            book.drop_level(story.levels.pop(index))
            book.add_level(added)
            story.levels = sorted([*story.levels, added])
        case ("drop", int() as which) if story.levels:
            book.drop_level(story.levels.pop(which % len(story.levels)))
        case ("enter", int() as level) if level not in story.levels:
            book.add_level(level)
            story.levels = sorted([*story.levels, level])
        case ("rebuild", set() as levels):
            story.levels = sorted(levels)
            book.replace_levels(story.levels)


@given(steps=steps)
def test_step_by_step_gives_the_view_made_from_scratch(steps: list[tuple[object, ...]]) -> None:
    story = Story(list(LEVELS))
    book = WorkingBook(story.levels)
    for number, step in enumerate(steps):
        play(book, story, number, step)
        assert view(book) == view(WorkingBook.of(story.levels, story.orders))


@given(steps=steps)
def test_the_view_says_what_a_plain_count_of_the_orders_says(
    steps: list[tuple[object, ...]],
) -> None:
    story = Story(list(LEVELS))
    book = WorkingBook(story.levels)
    for number, step in enumerate(steps):
        play(book, story, number, step)
    expected: Counter[tuple[str, CancelCause]] = Counter()
    for index, direction in enumerate((LONG, SHORT)):
        groups: dict[Price, list[OpenOrder]] = {}
        for resting in story.orders:
            if resting.direction is direction:
                groups.setdefault(resting.price, []).append(resting)
        assert book.missing[index] == [level for level in story.levels if level not in groups]
        for price, group in groups.items():
            survivor = next((row for row in group if row.filled > 0), group[0])
            assert book.at[index][price] is survivor
            expected.update((row.order_id, DUPLICATE) for row in group if row is not survivor)
            if price not in story.levels:
                expected[(survivor.order_id, OUTSIDE)] += 1
    assert Counter(surplus(book)) == expected
    assert Counter(row.order_id for row in book.orders()) == Counter(
        row.order_id for row in story.orders
    )
