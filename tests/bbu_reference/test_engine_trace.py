"""Engine traces: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from typing import Any

import pytest

from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]


def short(document: dict[str, Any], events: int = 60) -> dict[str, Any]:
    for case in document["cases"]:
        case["events"] = case["events"][:events]
    return document


@pytest.mark.untraced
def test_the_beginning_of_every_scenario_passes(sample: Sample, judge: Judge) -> None:
    report = judge("engine_trace", short(sample("engine_trace", 9)))

    assert not any(tally.failures for tally in report.strata.values())
    assert report.rule_counts() == {"zero_anchor": 1, "failed_build": 1, "edge_twice": 1}
    assert report.tally("walk").agreed == 4 * 61


def test_after_an_impossible_grid_checking_goes_on_at_a_full_sound_one(
    sample: Sample, judge: Judge
) -> None:
    tally = judge("engine_trace", sample("engine_trace", 1, "build_error")).tally("build_error")

    assert (tally.deviated, tally.skipped) == (1, 75)
    assert tally.agreed > 200


def placing(case: dict[str, Any]) -> dict[str, Any] | None:
    """An early event that wanted something."""
    for event in case["events"][:4]:
        if event["i"]:
            found: dict[str, Any] = event
            return found
    return None


def drop_an_intent(case: dict[str, Any]) -> bool:
    event = placing(case)
    return event is not None and bool(event["i"].pop())


def swap_two_intents(case: dict[str, Any]) -> bool:
    event = placing(case)
    if event is None:
        return False
    event["i"][0], event["i"][1] = event["i"][1], event["i"][0]
    return True


def another_identity(case: dict[str, Any]) -> bool:
    event = placing(case)
    if event is None or event["i"][0][0] != "P":
        return False
    event["i"][0][6] = "0" * 16
    return True


def another_grid(case: dict[str, Any]) -> bool:
    case["events"][0]["g"] = "0" * 16
    return True


def another_memory(case: dict[str, Any]) -> bool:
    case["events"][0]["h"][0] = "1.0"
    return True


def swap_raising(case: dict[str, Any]) -> bool:
    event = case["events"][0]
    if "err" in event:
        return False
    event["err"] = "ValueError"
    return True


def another_start(case: dict[str, Any]) -> bool:
    case["grid_after_init"] = ["BWS", ["1.0", "2.0", "3.0"]]
    return True


@pytest.mark.parametrize(
    "corrupt",
    [
        drop_an_intent,
        swap_two_intents,
        another_identity,
        another_grid,
        another_memory,
        swap_raising,
        another_start,
    ],
)
def test_a_corrupted_event_fails(
    sample: Sample, survivors: Survivors, corrupt: Callable[[Any], bool]
) -> None:
    document = short(sample("engine_trace", 9), 5)
    # The one scenario whose very first build fails is excused as a whole.
    document["cases"] = [case for case in document["cases"] if case["s"] != "build_error"]

    assert survivors("engine_trace", document, corrupt) == []


def test_a_corrupted_cancel_fails(sample: Sample, judge: Judge) -> None:
    document = sample("engine_trace", 1, "outside")
    cancels = [
        intent
        for event in document["cases"][0]["events"]
        for intent in event["i"]
        if intent[0] == "C"
    ]
    cancels[0][2] = "rebuild" if cancels[0][2] != "rebuild" else "duplicate"

    assert len(judge("engine_trace", document).tally("outside").failures) == 1


def test_a_price_of_zero_is_refused_on_purpose(sample: Sample, judge: Judge) -> None:
    """EC-01: the recorded engine divided by it."""
    document = short(sample("engine_trace", 1, "walk"), 2)
    zero = dict(document["cases"][0]["events"][1])
    zero.update(x="0", i=[], err="ZeroDivisionError", h=["0.0", *zero["h"][1:]])
    document["cases"][0]["events"][1] = zero

    assert judge("engine_trace", document).rule_counts() == {"bad_price": 1}
