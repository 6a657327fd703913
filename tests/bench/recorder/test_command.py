"""The command line of the recorder's proof."""

import pytest

from bench.recorder import command
from bench.recorder.troubles import Troubles


def test_the_defaults_are_what_the_issue_asks_for() -> None:
    plan = command.plan_of(command.build_parser().parse_args([]))

    assert (plan.trades, plan.poison) == (200_000, 5)
    troubles = plan.troubles
    assert (troubles.outages, troubles.locked_s, troubles.kills) == (30, 120.0, 2)
    assert troubles.frames_disturbed
    assert plan.seconds < 510


def test_a_calm_run_has_no_troubles_and_no_poison() -> None:
    plan = command.plan_of(command.build_parser().parse_args(["--calm", "--speed", "60"]))

    assert (plan.trades, plan.speed, plan.poison) == (200_000, 60, 0)
    assert plan.troubles == Troubles()


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.entry(["--outings", "3"]) == 1

    assert "error" in capsys.readouterr().err
