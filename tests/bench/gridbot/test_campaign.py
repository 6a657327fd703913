"""A campaign of chaos as evidence: what has passed on the same code is not played again."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.gridbot.campaign import Kept, code, play, text_of
from bench.gridbot.chaos import ChaosRan

RAN = ChaosRan(
    seed=3,
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


def never_told(ran: ChaosRan) -> None:
    raise AssertionError(f"nothing was to be played: {ran}")


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "out" / "chaos.jsonl", "abc")
    kept.keep(RAN)
    kept.keep(replace(RAN, seed=4))

    assert kept.passed() == {3: RAN, 4: replace(RAN, seed=4)}


def test_what_passed_on_other_code_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "chaos.jsonl"
    Kept(file, "before").keep(RAN)

    assert Kept(file, "now").passed() == {}


def test_a_line_that_breaks_off_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "chaos.jsonl"
    kept = Kept(file, "abc")
    kept.keep(RAN)
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"seed": 4, "mark')

    kept.keep(replace(RAN, seed=5))

    assert sorted(kept.passed()) == [3, 5]


def test_seeds_with_a_line_are_not_played_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "chaos.jsonl", "abc")
    kept.keep(RAN)

    assert play([3], 60.0, kept, limit_s=60.0, told=never_told) == []


def test_none_is_begun_when_time_is_up(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "chaos.jsonl", "abc")

    assert play([1, 2], 60.0, kept, limit_s=-1.0, told=never_told) == []


def test_the_code_has_one_name() -> None:
    assert code() == code()
    assert len(code()) == 16


@pytest.mark.parametrize("part", ["2 runs", "2 kills", "80 executions", "3.5 s of calm at most"])
def test_runs_add_up(part: str) -> None:
    assert part in text_of([RAN, replace(RAN, seed=4)])
