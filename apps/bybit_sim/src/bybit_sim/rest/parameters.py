"""Typed reading of a request's parameters, with Bybit's own complaints (10001, bybit.md A.6).

It refuses to know what the parameters are for. An empty text counts as absent.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import ParamSpec
from urllib.parse import parse_qsl

import orjson

from bybit_sim.exchange.words import Row
from bybit_sim.rest.answers import PARAMETER_ERROR, refused
from bybit_sim.rest.words import Answer
from gridcore.clock import HOUR_US, Instant
from simvenue.limits import Refusal

Given = ParamSpec("Given")

DIGITS_MAX = 19
DAY_MS = 24 * HOUR_US // 1000
WINDOW_MS_MAX = 7 * DAY_MS
CATEGORIES = frozenset({"linear", "inverse", "spot", "option"})
PLAYED_CATEGORY = "linear"
COIN = "USDT"


class BadParameter(Exception):
    """A parameter is missing or wrong; `refusal` is what the exchange says to that."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.refusal = Refusal(PARAMETER_ERROR, text)


def invalid(name: str) -> BadParameter:
    """The complaint about a value that is not one of those allowed."""
    return BadParameter(f"params error: {name} invalid")


def missing(names: str) -> BadParameter:
    """The complaint about a parameter that was not given."""
    return BadParameter(f"Missing some parameters that must be filled in, {names}")


def malformed() -> BadParameter:
    """The complaint about a body, or a value in it, of the wrong JSON type."""
    return BadParameter("Request parameter error.")


def answered(call: Callable[Given, Answer], *given: Given.args, **named: Given.kwargs) -> Answer:
    """The answer of a call, or the refusal of the parameter that stopped it."""
    try:
        return call(*given, **named)
    except BadParameter as bad:
        return refused(bad.refusal)


def is_whole(text: str) -> bool:
    """Whether a text is a whole number in plain digits, no longer than 64 bits can be."""
    return text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX


def json_object(raw: bytes) -> Row | None:
    """What a body says; None if it is not a JSON object."""
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return values if isinstance(values, dict) else None


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time on the wire: both ends belong to it; milliseconds."""

    start_ms: int
    end_ms: int

    def holds(self, at: Instant) -> bool:
        """Whether an instant lies inside, read as the milliseconds that the protocol shows."""
        return self.start_ms <= at // 1000 <= self.end_ms


class Query:
    """The parameters of a GET: texts from the raw query, percent-decoded once."""

    __slots__ = ("_values",)

    def __init__(self, raw: str) -> None:
        self._values: Mapping[str, str] = dict(
            parse_qsl(raw.encode(errors="replace").decode(), keep_blank_values=True)
        )

    def text(self, name: str) -> str:
        """The value, "" if absent."""
        return self._values.get(name, "")

    def required(self, name: str) -> str:
        """The value; raises BadParameter if absent."""
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """The value, which must be one of `allowed`; `default` if absent."""
        value = self.text(name) or default
        if value not in allowed:
            raise invalid(name)
        return value

    def category(self, default: str = "") -> str:
        """The product category, one of CATEGORIES; required unless there is a default."""
        value = self.text("category") or default
        if value not in CATEGORIES:
            raise BadParameter("params error: Category is invalid")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number in plain digits, None if absent."""
        value = self.text(name)
        if not value:
            return None
        if not is_whole(value):
            raise invalid(name)
        return int(value)

    def limit(self, default: int, most: int) -> int:
        """The page size: 1 to `most`. Sizes outside are refused, so that no client relies on them.

        What the exchange does with them is not documented.
        """
        value = self.whole("limit")
        if value is None:
            return default
        if not 1 <= value <= most:
            raise invalid("limit")
        return value

    def window(self, now: Instant, span_ms: int = WINDOW_MS_MAX) -> Window:
        """startTime to endTime, at most 7 days; one alone reaches `span_ms`, none: up to now."""
        start, end = self.whole("startTime"), self.whole("endTime")
        if start is None:
            end = now // 1000 if end is None else end
            return Window(end - span_ms, end)
        if end is None:
            return Window(start, start + span_ms)
        if start > end:
            raise BadParameter("The start time cannot be later than the end time.")
        if end - start > WINDOW_MS_MAX:
            raise BadParameter("The time range between startTime and endTime cannot exceed 7 days.")
        return Window(start, end)


class Body:
    """The parameters of a POST: one JSON object, its values typed as the sender wrote them.

    Bybit's types are kept to the letter: numbers of orders are texts, positionIdx is a number.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Row) -> None:
        self._values = values

    @staticmethod
    def parse(raw: bytes) -> "Body":
        """The body of a request; raises BadParameter if it is not a JSON object."""
        values = json_object(raw)
        if values is None:
            raise malformed()
        return Body(values)

    def echo(self, name: str) -> str:
        """The text to repeat in an answer: "" when there is none or it is of another type."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def text(self, name: str) -> str:
        """The text, "" if absent; anything but a text raises."""
        value = self._values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise malformed()
        return value

    def required(self, name: str) -> str:
        """The text; raises BadParameter if absent."""
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def whole(self, name: str) -> int | None:
        """The JSON integer, None if absent; a text or a boolean raises."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise malformed()
        return value

    def flag(self, name: str) -> bool:
        """The JSON boolean, False if absent; the text "true" raises."""
        value = self._values.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise malformed()
        return value

    def bodies(self, name: str) -> "list[Body]":
        """The list of JSON objects under `name`; raises BadParameter if it is something else."""
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            raise malformed()
        return [Body(part) for part in value]

    def require_played_category(self) -> None:
        """Raises BadParameter unless the category is the one that is simulated."""
        value = self.text("category")
        if value not in CATEGORIES:
            raise BadParameter("params error: Category is invalid")
        if value != PLAYED_CATEGORY:
            raise BadParameter(f"the simulator trades category {PLAYED_CATEGORY} only")
