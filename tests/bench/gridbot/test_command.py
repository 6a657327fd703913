"""The command line of the daemon's proofs."""

from pathlib import Path

import pytest

from bench.gridbot.campaign import Kept, code
from bench.gridbot.chaos import ChaosRan
from bench.gridbot.command import build_parser, entry


def test_the_defaults_are_those_of_the_evidence() -> None:
    hour = build_parser().parse_args(["hour"])
    chaos = build_parser().parse_args(["chaos"])

    assert (hour.minutes, hour.speed) == (60, 30)
    assert (chaos.first, chaos.count, chaos.seconds) == (1, 200, 60)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file of a campaign in which seed 1 has passed on this code."""
    ran = ChaosRan(
        seed=1,
        faults=(),
        market_s=60.0,
        kills=1,
        half_open=0,
        orders=80,
        executions=40,
        events=500,
        calm_s=3.5,
        seconds=12.0,
    )
    file = tmp_path / "chaos.jsonl"
    Kept(file, code()).keep(ran)
    return file


def test_a_campaign_that_has_passed_passes_again_at_once(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(["chaos", "--count", "1", "--kept", str(kept)]) == 0

    said = capsys.readouterr().out
    assert "1 seeds: 1 had passed before, 0 passed now, 0 failed, 0 are left" in said
    assert said.endswith("verdict: PASS\n")


def test_seeds_that_are_left_are_no_pass(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["chaos", "--count", "2", "--limit-s", "-1", "--kept", str(kept)]) == 4

    assert capsys.readouterr().out.endswith("1 are left\nverdict: not yet: run it again\n")


def test_again_forgets_what_has_passed(kept: Path) -> None:
    said = ["chaos", "--count", "1", "--limit-s", "-1", "--again", "--kept", str(kept)]

    assert entry(said) == 4
    assert not kept.exists()


def test_without_a_proof_it_is_bad_usage() -> None:
    assert entry([]) == 1
