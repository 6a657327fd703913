"""Sizing vectors: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from typing import Any

import pytest

from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]


def test_a_selection_of_every_stratum_passes(sample: Sample, judge: Judge) -> None:
    report = judge("qty", sample("qty", 100))

    assert not any(tally.failures for tally in report.strata.values())
    assert {"base_amount", "half_even", "impossible_amount", "instrument_limits"} < set(
        report.rules
    )


def more(field: str) -> Callable[[dict[str, Any]], bool]:
    """Adds so much that no step hides it."""

    def corrupt(case: dict[str, Any]) -> bool:
        if field not in case or case[field] in (None, "Infinity"):
            return False
        case[field] = str(float(case[field]) + 100000)
        return True

    return corrupt


def swap_raising(case: dict[str, Any]) -> bool:
    if "err" in case:
        del case["err"]
        case["out"] = "12345.6"
    elif case["s"] in ("dense", "wallet_edge", "price_edge", "notional_floor"):
        del case["out"]
        case["err"] = "ValueError"
    else:
        return False
    return True


def another_instrument(case: dict[str, Any]) -> bool:
    if case["s"] != "instrument_parse":
        return False
    if case["out"] is None:
        case["out"] = {
            "symbol": "ZZZ",
            "qty_step": "7",
            "tick_size": "7",
            "min_qty": "7",
            "max_qty": "7",
        }
    else:
        case["out"]["tick_size"] = "7"
    return True


@pytest.mark.parametrize(
    "corrupt",
    [
        pytest.param(more("out"), id="size"),
        pytest.param(more("round_qty"), id="rounded quantity"),
        pytest.param(more("round_price"), id="rounded price"),
        swap_raising,
        another_instrument,
    ],
)
def test_a_corrupted_case_fails(
    sample: Sample, survivors: Survivors, corrupt: Callable[[Any], bool]
) -> None:
    document = sample("qty", 60)
    if corrupt is not another_instrument:
        document["cases"] = [c for c in document["cases"] if c["s"] != "instrument_parse"]

    assert survivors("qty", document, corrupt) == []


def test_an_unknown_kind_fails(sample: Sample, judge: Judge) -> None:
    document = sample("qty", 1, "dense")
    document["cases"][0]["s"] = "novel"

    assert judge("qty", document).tally("novel").failures


def test_a_wallet_that_is_no_number_is_refused_on_purpose(sample: Sample, judge: Judge) -> None:
    document = sample("qty", 1, "wallet_edge")
    document["cases"][0].update(amount="x0.1", wallet="NaN", out="NaN")

    assert judge("qty", document).rule_counts() == {"no_number": 1}
