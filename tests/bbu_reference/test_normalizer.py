"""Vectors of frames: agreed where right, every corruption noticed, and ours is the model's."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbu_reference.framework import FileReport
from bbu_reference.normalizer import RECEIVED_AT, our_events
from bbu_reference.normalizer_model import right
from bbu_reference.vectors import BUNDLED, read_vectors

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]
EVERY = 1000


def test_every_case_passes_by_agreement_or_by_a_rule(sample: Sample, judge: Judge) -> None:
    report = judge("normalizer", sample("normalizer", EVERY))

    assert not any(tally.failures for tally in report.strata.values())
    assert report.units == 379
    assert report.tally("clean").agreed == 109
    assert set(report.rules) == {
        "absent_is_absent",
        "closed_sets",
        "conditional_orders",
        "flag_text",
        "no_stream",
        "one_bad_element",
        "plausible_time",
        "routed_types",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("symbol", "XRPUSDT"),
        ("exchange_ts", 1_735_689_600_123_000),
        ("price", "12345.6"),
        ("last_price", "12345.6"),
        ("funding_rate", "0.5"),
        ("size", "77"),
        ("qty", "77"),
        ("fee", "77"),
        ("closed_pnl", "77"),
        ("leaves_qty", "77"),
        ("status", "Expired"),
        ("side", "Both"),
        ("reduce_only", "maybe"),
        ("order_id", "another"),
        ("event_type", "quote"),
        ("local_ts", 5),
    ],
)
def test_a_corrupted_field_fails_even_where_a_rule_excuses_the_case(
    name: str, value: object, sample: Sample, survivors: Survivors
) -> None:
    def corrupt(case: dict[str, Any]) -> bool:
        outputs = [case["out"]] if case["kind"] == "ticker" else case["out"] or []
        changed = [output for output in outputs if output and name in output]
        for output in changed[:1]:
            output[name] = value
        return bool(changed)

    assert survivors("normalizer", sample("normalizer", EVERY), corrupt) == []


def test_a_lost_event_and_a_raise_that_was_none_fail(sample: Sample, survivors: Survivors) -> None:
    def lose(case: dict[str, Any]) -> bool:
        return bool(case["kind"] == "public_trade" and case["out"] and case["out"].pop())

    def pretend(case: dict[str, Any]) -> bool:
        found = case["err"] is None and bool(case["out"])
        if found:
            case["out"], case["err"] = None, "ValueError"
        return found

    assert survivors("normalizer", sample("normalizer", EVERY, "clean"), lose) == []
    assert survivors("normalizer", sample("normalizer", EVERY), pretend) == []


@pytest.mark.parametrize(("name", "value"), [("s", "novel"), ("kind", "quote")])
def test_an_unknown_kind_fails(name: str, value: str, sample: Sample, judge: Judge) -> None:
    document = sample("normalizer", 1, "clean")
    document["cases"][0][name] = value

    assert not judge("normalizer", document).passed


ODD: list[Any] = [
    *(None, "", 0, "0", "-1", -1, "abc", "1e5", True, False, [], {}, 1.5, 10**30, "NaN", "1E+40"),
    *("1735689600000", 1735689600000, "x" * 80, "false", "true", "Buy", "linear", "Trade", "१"),
    *("AdlTrade", "Funding", "BlockTrade", "Limit", "Filled", "-0", "0.0", "1_0"),
]
FRAMES = [
    (case["kind"], case["msg"]) for case in read_vectors(BUNDLED / "normalizer.json")["cases"]
]


@st.composite
def altered(draw: st.DrawFn) -> tuple[str, Any]:
    """A recorded frame, some of whose fields are gone or odd."""
    kind, message = copy.deepcopy(draw(st.sampled_from(FRAMES)))
    for _ in range(draw(st.integers(0, 3))):
        data = message.get("data")
        inner = data if isinstance(data, list) else [data]
        targets = [one for one in [message, *inner] if isinstance(one, dict) and one]
        if not targets:
            break
        target = draw(st.sampled_from(targets))
        name = draw(st.sampled_from(sorted(target)))
        if draw(st.booleans()):
            target[name] = copy.deepcopy(draw(st.sampled_from(ODD)))
        else:
            del target[name]
    return kind, message


@settings(max_examples=400)
@given(altered())
def test_the_adapter_makes_of_any_frame_what_the_model_makes_of_it(frame: tuple[str, Any]) -> None:
    kind, message = frame

    assert our_events(kind, message) == right(kind, message, RECEIVED_AT)[0]
