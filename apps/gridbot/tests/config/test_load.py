from collections.abc import Mapping
from pathlib import Path

import pytest

from appkit.configuration import ConfigurationRefused
from appkit.exits import UserError
from gridbot.config.load import (
    MIGRATIONS,
    default_folder,
    find_config,
    in_environment,
    in_the_shadow,
    load_config,
)
from gridbot.config.model import GridbotConfig

TEXT = """\
accounts:
  - {name: main, api_key: "env:KEY", api_secret: "file:secret.txt", environment: testnet}
strategies:
  - {strat_id: grid, account: main, symbol: BTCUSDT, amount: 20}
"""
ENVIRONMENT: Mapping[str, str] = {"HOME": "/srv/somebody"}


def read(folder: Path, text: str = TEXT) -> GridbotConfig:
    file = folder / "gridbot.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, ENVIRONMENT)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationRefused) as caught:
        read(folder, text)
    return caught.value.message


def test_the_shortest_configuration_takes_the_defaults_of_the_specification(
    tmp_path: Path,
) -> None:
    """live.md 4.2."""
    config = read(tmp_path)

    strategy = config.strategies[0]
    assert (strategy.grid_count, str(strategy.grid_step), strategy.amount) == (50, "0.2", "20")
    assert config.rest_fetch_timeout == 10.0
    assert (config.surface.host, config.surface.token) == ("127.0.0.1", None)
    assert (config.on_stop, config.orphan_orders, config.foreign_orders) == (
        "leave",
        "refuse",
        "ignore",
    )


def test_the_shipped_example_is_valid() -> None:
    example = Path(__file__).parents[4] / "conf" / "gridbot.example.yaml"

    config = load_config(example, ENVIRONMENT)

    assert config.strategies[0].symbol == "BTCUSDT"


def test_an_unknown_key_is_refused_with_its_place_and_a_suggestion(tmp_path: Path) -> None:
    """A48, L126."""
    message = refusal(tmp_path, TEXT.replace("amount: 20", "grid_stepp: 0.3"))

    assert "line 4: strategies[0].grid_stepp: unknown key, did you mean grid_step?" in message


@pytest.mark.parametrize(
    "key",
    [
        "chase_close_enabled",
        "long_koef",
        "truncate_breaker_reconcile",
        "dirty_refresh_enabled",
        "preflight_balance_buffer",
        "assumed_leverage",
        "divergence_detector_enabled",
        "low_balance_skip_summary_enabled",
        "safety_caps",
        "shadow_mode",
    ],
)
def test_a_key_of_the_old_bot_is_refused_with_what_it_became(tmp_path: Path, key: str) -> None:
    message = refusal(tmp_path, TEXT.replace("amount: 20", f"{key}: 1"))

    assert f"strategies[0].{key}: " in message
    assert "unknown key" not in message


def test_old_keys_of_the_process_are_refused_with_what_they_became(tmp_path: Path) -> None:
    message = refusal(tmp_path, TEXT + "order_sync_interval: 0\nwallet_ws_enabled: true\n")

    assert "order_sync_interval: renamed: write audit_orders_s under `safety`" in message
    assert "the wallet's stream is always read" in message


def test_no_key_is_both_known_and_replaced() -> None:
    assert not set(MIGRATIONS) & set(GridbotConfig.model_fields)


def test_an_inline_secret_is_refused_and_never_repeated(tmp_path: Path) -> None:
    """A49, W36."""
    message = refusal(tmp_path, TEXT.replace("env:KEY", "PlainSecret123"))

    assert "expected env:NAME, file:PATH or db:ACCOUNT" in message
    assert "PlainSecret123" not in message


def test_paths_are_taken_relative_to_the_file(tmp_path: Path) -> None:
    extras = (
        "data_folder: state\n"
        "surface: {token: 'file:token.txt'}\n"
        "logging: {file: logs/bot.log}\n"
        "notification: {telegram: {bot_token: 'file:bot.txt', chat_id: 7}}\n"
    )

    config = read(tmp_path, TEXT + extras)

    assert config.folder == tmp_path / "state"
    assert config.accounts[0].api_key == "env:KEY"
    assert config.accounts[0].api_secret == f"file:{tmp_path / 'secret.txt'}"
    assert config.surface.token == f"file:{tmp_path / 'token.txt'}"
    assert config.logging.file == tmp_path / "logs" / "bot.log"
    assert config.notification.telegram is not None
    assert config.notification.telegram.bot_token == f"file:{tmp_path / 'bot.txt'}"


def test_state_is_kept_in_the_users_folder_and_never_beside_the_sources(tmp_path: Path) -> None:
    """L131."""
    assert read(tmp_path).folder == Path("/srv/somebody/.local/share/gridbot")
    assert default_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/gridbot")


def test_the_file_is_looked_for_where_the_specification_says(tmp_path: Path) -> None:
    """live.md 4.2: the argument wins over GRIDBOT_CONFIG_PATH."""
    read(tmp_path)
    named = tmp_path / "gridbot.yaml"

    assert find_config(None, {"GRIDBOT_CONFIG_PATH": str(named)}) == named
    with pytest.raises(UserError, match="does not exist"):
        find_config(tmp_path / "other.yaml", {"GRIDBOT_CONFIG_PATH": str(named)})


def test_a_variable_that_is_not_set_is_refused(tmp_path: Path) -> None:
    assert "the environment variable SIZE is not set" in refusal(
        tmp_path, TEXT.replace("amount: 20", 'amount: "${SIZE}"')
    )


def test_every_account_can_be_sent_to_another_exchange(tmp_path: Path) -> None:
    config = in_environment(read(tmp_path), "http://127.0.0.1:18080")

    assert config.accounts[0].endpoint.rest_url == "http://127.0.0.1:18080"
    assert config.accounts[0].market == "sim"


def test_another_exchange_must_be_one_and_must_fit(tmp_path: Path) -> None:
    config = read(tmp_path)
    fast = TEXT.replace("testnet", "http://127.0.0.1:18080") + "clock_speed: 10\n"

    with pytest.raises(UserError, match="expected mainnet, testnet, demo, or a URL"):
        in_environment(config, "moon")
    with pytest.raises(UserError, match="clock_speed and lockstep are for simulators only"):
        in_environment(read(tmp_path, fast), "mainnet")


def test_every_account_can_be_sent_into_the_shadow(tmp_path: Path) -> None:
    config = in_the_shadow(read(tmp_path))

    assert config.shadows_only
    assert config.strategies == read(tmp_path).strategies


def test_in_lockstep_there_is_no_shadow(tmp_path: Path) -> None:
    text = TEXT.replace("testnet", "http://127.0.0.1:18080") + "lockstep: true\n"

    with pytest.raises(UserError, match="--shadow: in lockstep the simulator is the exchange"):
        in_the_shadow(read(tmp_path, text))


def test_an_older_key_for_the_shadow_says_where_it_went(tmp_path: Path) -> None:
    """live.md 4.2: shadow_mode stood under a strategy."""
    message = refusal(tmp_path, TEXT.replace("amount: 20", "shadow_mode: true"))

    assert "write shadow: true under the account, or start with --shadow" in message


def test_files_of_the_guards_keys_lie_beside_the_configuration(tmp_path: Path) -> None:
    text = TEXT + 'guard: {keys: {main: {api_key: "env:GUARD", api_secret: "file:guard.txt"}}}\n'

    block = read(tmp_path, text).guard

    assert block is not None
    assert block.keys["main"].api_key == "env:GUARD"
    assert block.keys["main"].api_secret == f"file:{tmp_path / 'guard.txt'}"
