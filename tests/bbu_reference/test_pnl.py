"""Profit and margin vectors: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from typing import Any

import pytest

from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]


def test_a_selection_of_every_kind_passes(sample: Sample, judge: Judge) -> None:
    report = judge("pnl", sample("pnl", 60))

    assert not any(tally.failures for tally in report.strata.values())
    assert {"entry_reference", "ignored_leverage", "bad_leverage", "unknown_price"} < set(
        report.rules
    )


def another(field: str, *path: int) -> Callable[[dict[str, Any]], bool]:
    """Puts a number that nothing gives into a field, or into one place of it."""

    def corrupt(case: dict[str, Any]) -> bool:
        if field not in case:
            return False
        if not path:
            case[field] = "12345.678"
            return True
        if not isinstance(case[field], list) or not case[field]:
            return False
        case[field][path[0]] = "12345.678"
        return True

    return corrupt


def another_table(case: dict[str, Any]) -> bool:
    if case["s"] != "tier_parse":
        return False
    refused = isinstance(case["out"], str)
    case["out"] = [["Infinity", "0.77", "0", "0"]] if refused else "ValueError"
    return True


@pytest.mark.parametrize(
    "corrupt",
    [
        another("upnl"),
        another("pct"),
        another("im", 0),
        another("mm", 0),
        another("mm", 1),
        another("margin_ratio"),
        another("imr_pct"),
        another("liq_ratio"),
        another("position_value"),
        another("liq", 0),
        another("liq", 1),
        another_table,
    ],
)
def test_a_corrupted_case_fails(
    sample: Sample, survivors: Survivors, corrupt: Callable[[Any], bool]
) -> None:
    assert survivors("pnl", sample("pnl", 40), corrupt) == []


def test_an_unknown_kind_fails(sample: Sample, judge: Judge) -> None:
    document = sample("pnl", 1, "upnl")
    document["cases"][0]["s"] = "novel"

    assert judge("pnl", document).tally("novel").failures


def test_a_pair_without_a_mark_is_refused_on_purpose(sample: Sample, judge: Judge) -> None:
    document = sample("pnl", 1, "pair")
    document["cases"][0]["mark"] = "0"

    assert judge("pnl", document).rule_counts() == {"unknown_price": 1}
