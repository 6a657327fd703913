"""The forms of single types: what is written, what is refused, and which types no journal holds."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    Liquidation,
    OperatorAction,
    StreamRestored,
    TimerFired,
)
from gridcore.instrument import Instrument, Price, Steps, Ticks
from gridcore.message import message
from gridcore.session.effects import Approved
from gridcore.session.forms import JournalError, form_of


class Shade(Enum):
    """Values that are no numbers."""

    DARK = "dark"
    LIGHT = "light"


class Count(IntEnum):
    """Values that are no texts."""

    ONE = 1


class Odd(StrEnum):
    """A value that reads as a number."""

    ENDLESS = "Infinity"


@message
class Nothing:
    """A message without fields."""


@message
class Painted:
    """A message that the codec has never seen."""

    shade: Shade
    inner: Nothing
    marks: tuple[tuple[str, Decimal | None], ...] = ()


@message
class Weighed:
    """A message that no journal holds."""

    name: str
    weight: float


def another(name: str) -> type:
    """A message class of this name that is none of the kernel's."""
    return message(type(name, (), {"__annotations__": {"at": int}}))


FIVE = TimerFired(at=Instant(5))
PAINTED = Painted(shade=Shade.LIGHT, inner=Nothing(), marks=(("a", None), ("b", Decimal(2))))
MEMORY = {"b": [1, None, "x", True], "a": {"c": []}}


@pytest.mark.parametrize(
    ("hint", "value", "written"),
    [
        (str, "Ω \ud800", "Ω \ud800"),
        (int, -3, -3),
        (Instant, 10**18, 10**18),
        (Ticks, 7, 7),
        (Steps, 0, 0),
        (bool, True, True),
        (Decimal, Decimal("0.10"), "0.10"),
        (Decimal, Decimal("1E+3"), "1E+3"),
        (Decimal, Decimal("-0"), "-0"),
        (Price, 42, 42),
        (Price, Fraction(84, 2), 42),
        (Price, Fraction(-7, 3), "-7/3"),
        (Price | None, None, None),
        (Price | None, Fraction(7, 3), "7/3"),
        (str | None, None, None),
        (str | None, "", ""),
        (OperatorAction, OperatorAction.CANCEL_ALL, "cancel-all"),
        (Shade, Shade.DARK, "dark"),
        (Liquidation, NO_LIQUIDATION, "no liquidation"),
        (Liquidation, Decimal("80.5"), "80.5"),
        (Liquidation, None, None),
        (tuple[int, ...], (), []),
        (tuple[int, ...], (1, 2), [1, 2]),
        (tuple[str, Decimal], ("a", Decimal(1)), ["a", "1"]),
        (Sequence[Decimal], (Decimal(1),), ["1"]),
        (Nothing, Nothing(), {}),
        (TimerFired, FIVE, {"at": 5}),
        (TimerFired | StreamRestored, FIVE, {"kind": "TimerFired", "body": {"at": 5}}),
        (Approved[TimerFired], Approved(FIVE), {"at": 5}),
        (
            Approved[TimerFired] | StreamRestored | None,
            Approved(FIVE),
            {"kind": "TimerFired", "body": {"at": 5}},
        ),
        (Painted, PAINTED, {"shade": "light", "inner": {}, "marks": [["a", None], ["b", "2"]]}),
        (dict[str, object], MEMORY, MEMORY),
    ],
)
def test_a_value_has_one_written_form_and_comes_back_from_it(
    hint: Any, value: object, written: object
) -> None:
    form = form_of(hint)

    assert form.write(value) == written
    assert type(form.write(value)) is type(written)
    assert form.read(written) == value


@given(number=st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit(number: Decimal) -> None:
    form = form_of(Decimal)

    assert form.read(form.write(number)).as_tuple() == number.as_tuple()


@given(price=st.fractions())
def test_a_price_on_a_tick_is_a_whole_number_and_any_other_a_ratio(price: Fraction) -> None:
    written = form_of(Price).write(price)

    assert isinstance(written, int) is (price.denominator == 1)
    assert form_of(Price).read(written) == price


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_number_that_is_not_finite_is_neither_written_nor_read(number: str) -> None:
    with pytest.raises(JournalError, match="finite"):
        form_of(Decimal).write(Decimal(number))
    with pytest.raises(JournalError, match="finite"):
        form_of(Decimal).read(number)


@pytest.mark.parametrize(
    ("hint", "written", "expected"),
    [
        (str, 1, "a text"),
        (str, None, "a text"),
        (int, True, "a whole number"),
        (int, "1", "a whole number"),
        (Instant, None, "a whole number"),
        (bool, 1, "true or false"),
        (Decimal, 1, "a text"),
        (Decimal, "cheap", "a decimal number"),
        (Price, "", "a price in ticks"),
        (Price, "7", "a price in ticks"),
        (Price, "1/0", "a price in ticks"),
        (Price, "1/2/3", "a price in ticks"),
        (Price, True, "a text"),
        (Price, None, "a text"),
        (Shade, "grey", "one of dark, light"),
        (Shade, ["dark"], "a text"),
        (Liquidation, "none", "a decimal number"),
        (Liquidation, 5, "a text"),
        (tuple[int, ...], 5, "a list"),
        (tuple[int, ...], ["a"], "a whole number"),
        (tuple[str, str], ["a"], "a list of 2"),
        (TimerFired, [5], r"the fields \('at',\)"),
        (TimerFired, {}, r"the fields \('at',\)"),
        (TimerFired, {"at": 5, "by": 1}, r"the fields \('at',\), found \('at', 'by'\)"),
        (StreamRestored, {"symbol": None, "at": 5}, r"the fields \('at', 'symbol'\)"),
        (TimerFired, {"at": "5"}, r"TimerFired\.at: expected a whole number, found '5'"),
        (TimerFired | Nothing, {"at": 5}, "an object of kind and body"),
        (TimerFired | Nothing, {"kind": "Ticker", "body": {}}, "one of TimerFired, Nothing"),
        (TimerFired | Nothing, {"kind": 1, "body": {}}, "a text"),
        (Painted, {"shade": "dark", "inner": [], "marks": []}, r"Painted\.inner: Nothing: "),
        (dict[str, object], [], "an object"),
    ],
)
def test_what_does_not_fit_the_type_is_refused(hint: Any, written: object, expected: str) -> None:
    with pytest.raises(JournalError, match=expected):
        form_of(hint).read(written)


def test_a_message_that_contradicts_itself_is_refused_with_its_own_words() -> None:
    body = {
        "symbol": "BTCUSDT",
        "tick_size": "0",
        "qty_step": "0.01",
        "min_qty": "0.01",
        "max_qty": "10",
        "min_notional": "5",
    }
    with pytest.raises(JournalError, match=r"possible Instrument, .*tick_size must be a positive"):
        form_of(Instrument).read(body)


def test_a_field_that_was_added_with_a_default_may_be_absent_and_no_other() -> None:
    form = form_of(Painted)
    painted = Painted(shade=Shade.DARK, inner=Nothing())
    body = form.write(painted)

    assert form.read({"shade": "dark", "inner": {}}) == painted
    others: tuple[dict[str, object], ...] = (
        {"inner": {}, "marks": []},
        {"inner": {}, "shade": "dark"},
        {"shade": "dark", "inner": {}, "makrs": []},
        body | {"another": ""},
    )
    for other in others:
        with pytest.raises(JournalError, match="expected the fields"):
            form.read(other)


def test_an_error_shows_a_long_finding_only_in_part() -> None:
    error = JournalError("a text", "x" * 10_000, "here: ")

    assert len(str(error)) < 300
    assert (error.expected, error.found, error.where) == ("a text", "x" * 10_000, "here: ")


@pytest.mark.parametrize(
    "hint",
    [
        float,
        object,
        Any,
        bytes,
        list[int],
        set[str],
        dict[str, int],
        tuple[float, ...],
        int | str,
        Decimal | str,
        int | TimerFired,
        Count,
        Decimal | Count,
        Approved[int] | TimerFired,
    ],
)
def test_a_type_that_no_journal_holds_is_refused_before_anything_is_written(hint: Any) -> None:
    with pytest.raises(TypeError, match=r"journal: expected .*, found"):
        form_of(hint)


def test_the_field_of_an_unsupported_type_is_named() -> None:
    with pytest.raises(TypeError, match=r"Weighed\.weight: journal: expected .*float"):
        form_of(Weighed)


def test_a_mark_beside_a_number_must_not_read_as_a_number() -> None:
    with pytest.raises(TypeError, match="that are no numbers"):
        form_of(Decimal | Odd)


def test_two_messages_of_one_name_cannot_stand_in_one_place() -> None:
    with pytest.raises(TypeError, match="different names"):
        form_of(TimerFired | another("TimerFired"))


def test_a_message_that_has_no_place_there_is_not_written() -> None:
    with pytest.raises(TypeError, match=r"one of TimerFired, Nothing, found .*StreamRestored"):
        form_of(TimerFired | Nothing).write(StreamRestored(at=Instant(1), symbol=None))


@pytest.mark.parametrize("memory", [{"a": 0.5}, {"a": [Decimal(1)]}, {1: "a"}, {"a": {"b"}}])
def test_memory_that_would_come_back_as_another_is_not_written(memory: object) -> None:
    with pytest.raises(TypeError, match="texts, whole numbers, lists and objects"):
        form_of(dict[str, object]).write(memory)


def test_tuples_in_memory_become_lists() -> None:
    assert form_of(dict[str, object]).write({"a": ((1, 2),)}) == {"a": [[1, 2]]}
