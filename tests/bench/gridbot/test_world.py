"""The configurations of a run are what both programs read."""

from pathlib import Path

import yaml

from bench.gridbot.stage import ACCOUNT, OTHER, QUIET
from gridbot.config.load import load_config


def test_the_bot_trades_only_the_accounts_that_have_strategies(tmp_path: Path) -> None:
    file = tmp_path / "gridbot.yaml"
    file.write_text(QUIET.bot("http://127.0.0.1:18080", "data_folder: data"), encoding="utf-8")

    config = load_config(file, QUIET.secrets)

    assert [one.name for one in config.accounts] == [ACCOUNT]
    assert config.clock_speed == QUIET.speed


def test_the_simulator_has_every_account_with_its_own_key() -> None:
    found = yaml.safe_load(QUIET.exchange())

    assert [one["name"] for one in found["accounts"]] == [ACCOUNT, OTHER]
    assert len({one["keys"][0]["key"] for one in found["accounts"]}) == 2
