"""How messages behave."""

import pytest

from gridcore.message import message


@message
class Point:
    x: int
    y: int = 0


@message(eq=False)
class Handle:
    name: str


def test_a_message_is_given_by_keyword_only() -> None:
    with pytest.raises(TypeError):
        Point(1, 2)  # type: ignore[call-arg]


def test_equal_fields_make_equal_messages_with_one_hash() -> None:
    assert Point(x=1, y=2) == Point(x=1, y=2)
    assert hash(Point(x=1, y=2)) == hash(Point(x=1, y=2))
    assert Point(x=1) != Point(x=1, y=2)


def test_a_message_has_no_room_for_other_fields() -> None:
    point = Point(x=1)

    with pytest.raises(AttributeError):
        point.z = 3  # type: ignore[attr-defined]


def test_a_message_without_equality_is_only_itself() -> None:
    handle = Handle(name="a")

    assert handle == handle
    assert handle != Handle(name="a")
