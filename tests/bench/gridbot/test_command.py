"""The command line of the daemon's proofs."""

import json
from pathlib import Path

import pytest

from bench.gridbot.command import build_parser, entry


def test_the_defaults_are_those_of_the_evidence() -> None:
    hour = build_parser().parse_args(["hour"])
    chaos = build_parser().parse_args(["chaos"])

    assert (hour.minutes, hour.speed) == (60, 30)
    assert (chaos.first, chaos.count, chaos.seconds) == (1, 200, 60)


def test_a_campaign_that_has_passed_passes_again_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "chaos.jsonl"
    kept.write_text(json.dumps({"seed": 1}) + "\n", encoding="utf-8")

    assert entry(["chaos", "--count", "1", "--kept", str(kept)]) == 0
    assert "1 seeds, 1 of them passed before, 0 failed now" in capsys.readouterr().out


def test_without_a_proof_it_is_bad_usage() -> None:
    assert entry([]) == 1
