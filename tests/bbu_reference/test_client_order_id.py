"""Identity vectors: agreed where right, and every corruption noticed."""

from collections.abc import Callable
from typing import Any

from bbu_reference.framework import FileReport

Sample = Callable[..., dict[str, Any]]
Judge = Callable[[str, dict[str, Any]], FileReport]
Survivors = Callable[[str, dict[str, Any], Callable[[Any], bool]], list[str]]


def test_a_selection_of_every_stratum_passes(sample: Sample, judge: Judge) -> None:
    report = judge("client_order_id", sample("client_order_id", 30))

    assert not any(tally.failures for tally in report.strata.values())
    assert report.tally("prefix").agreed == 12
    assert {"canonical_text", "no_price", "unknown_side"} == set(report.rules)


def test_a_corrupted_identity_fails(sample: Sample, survivors: Survivors) -> None:
    def corrupt(case: dict[str, Any]) -> bool:
        case["out"] = "0123456789abcdef"
        return True

    assert survivors("client_order_id", sample("client_order_id", 30), corrupt) == []


def test_a_corrupted_prefix_fails(sample: Sample, judge: Judge) -> None:
    document = sample("client_order_id", 0)
    document["header"]["prefix_cases"][3]["out"] = "b"

    assert len(judge("client_order_id", document).tally("prefix").failures) == 1


def test_an_unknown_kind_fails(sample: Sample, judge: Judge) -> None:
    document = sample("client_order_id", 1, "random")
    document["cases"][0]["s"] = "novel"

    assert judge("client_order_id", document).tally("novel").failures
