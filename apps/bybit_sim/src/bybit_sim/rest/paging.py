"""One page of a listing and the cursor to the next (bybit.md A.4).

It refuses to know what is listed: every item has a place, and a cursor names the last place shown,
so that items which come or go between two pages neither repeat nor hide others.
"""

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import quote, unquote

from bybit_sim.rest.parameters import invalid, is_whole

Item = TypeVar("Item")


class Place(NamedTuple):
    """Where an item stands: by time, then by sequence, then by name. Unique in its listing."""

    at: int
    seq: int
    name: str


class Page(NamedTuple, Generic[Item]):
    """Some items, and the cursor that asks for those after them; "" at the end."""

    items: list[Item]
    cursor: str


def newest_first(
    items: Iterable[Item], place: Callable[[Item], Place], limit: int, cursor: str
) -> Page[Item]:
    """The page of at most `limit` items after the cursor's place, in falling order of places.

    Raises BadParameter when the cursor is not one of ours.
    """
    placed = sorted(((place(item), item) for item in items), key=_first, reverse=True)
    if cursor:
        after = _decode(cursor)
        placed = [pair for pair in placed if pair[0] < after]
    return _cut(placed, limit)


def by_name(
    items: Iterable[Item], place: Callable[[Item], Place], limit: int, cursor: str
) -> Page[Item]:
    """The same in rising order of places."""
    placed = sorted(((place(item), item) for item in items), key=_first)
    if cursor:
        after = _decode(cursor)
        placed = [pair for pair in placed if pair[0] > after]
    return _cut(placed, limit)


def _cut(placed: list[tuple[Place, Item]], limit: int) -> Page[Item]:
    shown = placed[:limit]
    more = len(placed) > limit
    return Page([item for _, item in shown], _encode(shown[-1][0]) if more else "")


def _first(pair: tuple[Place, object]) -> Place:
    return pair[0]


def _encode(place: Place) -> str:
    """Percent-encoded once, as the exchange sends it: a client copies it into its next query."""
    return quote(f"{place.at}:{place.seq},{place.name}", safe="")


def _decode(cursor: str) -> Place:
    """Also of a cursor that a client has percent-encoded again."""
    head, comma, name = unquote(cursor).partition(",")
    at, colon, seq = head.partition(":")
    if not (comma and colon and is_whole(at) and is_whole(seq)):
        raise invalid("cursor")
    return Place(int(at), int(seq), name)
