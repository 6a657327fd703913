"""Chaos as evidence: what has passed is not played again."""

from pathlib import Path

import pytest

from bench.gridbot.chaos import ChaosRan, campaign, passed


def test_seeds_with_a_line_are_not_played_again(tmp_path: Path) -> None:
    kept = tmp_path / "chaos.jsonl"
    kept.write_text('{"seed": 3}\n{"seed": 4}\n', encoding="utf-8")

    assert passed(kept) == {3, 4}
    assert campaign(3, 2, 60.0, kept) == []


def test_before_the_first_run_nothing_has_passed(tmp_path: Path) -> None:
    assert passed(tmp_path / "none.jsonl") == frozenset()


@pytest.mark.parametrize("faults", [(), ("order a: believed None, real 1",)])
def test_a_run_tells_its_faults_below_its_line(faults: tuple[str, ...]) -> None:
    ran = ChaosRan(
        seed=9, faults=faults, kills=2, orders=40, executions=10, events=300, calm_s=12.5
    )

    text = ran.text()

    assert text.startswith("seed 9: 2 kills, 40 orders, 10 executions, 300 events replayed")
    assert text.splitlines()[1:] == [f"  {fault}" for fault in faults]
