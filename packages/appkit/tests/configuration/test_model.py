from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from appkit.configuration.model import StrictModel, known_keys, types_at
from appkit.configuration.problems import KeyPath


class Touch(StrictModel):
    kind: Literal["touch"]


class Queue(StrictModel):
    kind: Literal["queue"]
    share: Decimal


class Strategy(StrictModel):
    symbol: str
    step: Annotated[Decimal, Field(gt=0)] | None = None
    strict: bool = False
    maybe: bool | int = 0
    renamed: int = Field(default=1, alias="outer")


class Root(StrictModel):
    strategies: list[Strategy]
    fill: Annotated[Touch | Queue, Field(discriminator="kind")] | None = None
    by_symbol: dict[str, Strategy] = Field(default_factory=dict)
    anything: dict[str, int] = Field(default_factory=dict)


STRATEGY_KEYS = {"symbol", "step", "strict", "maybe", "outer"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), {"strategies", "fill", "by_symbol", "anything"}),
        (("strategies", 0), STRATEGY_KEYS),
        (("by_symbol", "BTCUSDT"), STRATEGY_KEYS),
        (("fill",), {"kind", "share"}),
        (("anything",), set()),
    ],
)
def test_the_keys_known_at_a_place_are_found_through_lists_unions_and_mappings(
    path: KeyPath, expected: set[str]
) -> None:
    assert known_keys(Root, path) == expected


def test_the_types_allowed_at_a_place_are_the_members_of_its_union() -> None:
    assert types_at(Root, ("strategies", 3, "step")) == [Decimal, type(None)]
    assert types_at(Root, ("anything", "x")) == [int]
    assert types_at(Root, ("nowhere", "x")) == []


def test_a_model_cannot_be_changed_or_given_more_keys() -> None:
    made = Strategy(symbol="x")
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, "symbol", "y")  # noqa: B010 - the type checker refuses the plain form
    with pytest.raises(ValidationError, match="Extra inputs"):
        Strategy.model_validate({"symbol": "x", "more": 1})
