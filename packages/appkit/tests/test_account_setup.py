"""The setup beside a journal: it comes back as it was, and nothing else is taken for one."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from appkit.account_setup import (
    AccountSetup,
    SetupUnreadable,
    StrategyTerms,
    TierTerms,
    read_setup,
    write_setup,
)
from gridcore.session.setup import StrategySetup
from gridcore.tiers import RiskTier

Make = Callable[..., AccountSetup]


def test_a_setup_comes_back_as_it_was(
    make_account_setup: Make, make_strategy_setup: Callable[..., StrategySetup], tmp_path: Path
) -> None:
    strategies = [make_strategy_setup(), make_strategy_setup("ETHUSDT", "other")]
    setup = make_account_setup(*strategies)

    write_setup(tmp_path / "setup.json", setup)
    found = read_setup(tmp_path / "setup.json")

    assert found == setup
    assert found.setups() == strategies
    assert list(found.session().strategies) == ["BTCUSDT", "ETHUSDT"]
    assert found.session().snapshot() == setup.session().snapshot()


@pytest.mark.parametrize(("kept", "told"), [(StrategyTerms, StrategySetup), (TierTerms, RiskTier)])
def test_all_that_a_strategy_is_told_is_kept(kept: Any, told: Any) -> None:
    assert [field.name for field in fields(kept)] == [field.name for field in fields(told)]


def _change(body: dict[str, Any]) -> None:
    body["strategies"][0]["grid"]["grid_count"] = -4


def _rename(body: dict[str, Any]) -> None:
    body["strategies"][0]["grid"]["count"] = body["strategies"][0]["grid"].pop("grid_count")


def _remove_tiers(body: dict[str, Any]) -> None:
    body["strategies"][0]["tiers"] = []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda body: body.update(format=2), "expected setup format 1, found 2"),
        (_change, "grid_count: expected a whole number above 0, found -4"),
        (_remove_tiers, "risk tiers: expected at least one row, found none"),
        (_rename, "GridConfig: expected the fields"),
    ],
)
def test_what_is_no_setup_is_refused(
    damage: Callable[[dict[str, Any]], None], told: str, make_account_setup: Make, tmp_path: Path
) -> None:
    path = tmp_path / "setup.json"
    write_setup(path, make_account_setup())
    body = json.loads(path.read_text())
    damage(body)
    path.write_text(json.dumps(body))

    with pytest.raises(SetupUnreadable, match=told):
        read_setup(path)


@pytest.mark.parametrize("content", ["", "[]", "null", '{"format":', "\x00\x00"])
def test_what_is_no_json_of_ours_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "setup.json"
    path.write_text(content)

    with pytest.raises(SetupUnreadable, match=r"setup\.json"):
        read_setup(path)


def test_a_setup_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupUnreadable, match="found none"):
        read_setup(tmp_path / "setup.json")


def test_another_hash_makes_another_setup(make_account_setup: Make) -> None:
    setup = make_account_setup()

    assert replace(setup, config_hash="beef") != setup
