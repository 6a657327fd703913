"""The configuration: unknown keys are refused by name, secrets are referenced and never shown."""

from pathlib import Path

import pytest

from appkit.configuration import ConfigurationRefused
from appkit.exits import UserError
from event_saver.config import (
    EventSaverConfig,
    changed,
    config_of,
    from_environment,
    load_config,
)
from grid_db.words import Environment

TEXT = """\
exchange: demo
symbols: [BTCUSDT, ETHUSDT]
journal_folder: journal
health_file: health.json
accounts:
  - name: main
    api_key: env:KEY
    api_secret: file:secrets/main
    symbols: [BTCUSDT]
    strategies:
      - {strat_id: grid-1, symbol: BTCUSDT}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "eventsaver.yaml"
    path.write_text(TEXT)
    return path


def test_a_file_is_read_with_its_paths_relative_to_it(file: Path) -> None:
    config = load_config(file, {})

    assert config.symbols == ("BTCUSDT", "ETHUSDT")
    assert config.journal_folder == file.parent / "journal"
    assert config.health_file == file.parent / "health.json"
    assert config.environment is Environment.DEMO
    assert config.accounts[0].strategies[0].salted


def test_the_environment_wins_over_the_file(file: Path) -> None:
    variables = {
        "EVENTSAVER_SYMBOLS": " solusdt, BTCUSDT,",
        "EVENTSAVER_BATCH_SIZE": "7",
        "EVENTSAVER_LOCKSTEP": "true",
        "EVENTSAVER_CONFIG_PATH": str(file),
        "OTHER": "x",
    }

    config = load_config(file, variables)

    assert config.symbols == ("SOLUSDT", "BTCUSDT")
    assert (config.batch_size, config.lockstep) == (7, True)
    assert config.accounts[0].name == "main"


def test_the_environment_alone_is_enough_for_public_streams() -> None:
    config = config_of({"EVENTSAVER_SYMBOLS": "BTCUSDT", "EVENTSAVER_EXCHANGE": "mainnet"})

    assert config.environment is Environment.MAINNET
    assert config.endpoint.name == "mainnet"
    assert config.accounts == ()


def test_a_url_is_a_simulator() -> None:
    config = EventSaverConfig(exchange="http://127.0.0.1:18080", symbols=("BTCUSDT",))

    assert config.environment is Environment.SIM
    assert config.endpoint.rest_url == "http://127.0.0.1:18080"


def test_an_unknown_key_is_refused_with_its_path_a48(file: Path) -> None:
    file.write_text(TEXT.replace("name: main", "name: main\n    colour: red"))

    with pytest.raises(ConfigurationRefused, match=r"accounts\[0\]\.colour"):
        load_config(file, {})


@pytest.mark.parametrize("name", ["EVENTSAVER_COLOUR", "EVENTSAVER_ACCOUNTS"])
def test_a_variable_that_means_nothing_is_refused_by_name(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} means nothing") as refused:
        from_environment({name: "x"})

    assert "EVENTSAVER_SYMBOLS" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"exchange": "moon"}, "exchange: expected mainnet, testnet, demo"),
        ({"exchange": "http://example.com"}, "exchange: expected https"),
        ({"symbols": ()}, "symbols"),
        ({"symbols": ("btc",)}, "symbols.0"),
        ({"flush_interval_s": 0}, "flush_interval_s"),
        ({"port": 70_000}, "port"),
        ({"capture_trades": False, "capture_tickers": False}, "something to record"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    changes: dict[str, object], text: str
) -> None:
    config = EventSaverConfig(symbols=("BTCUSDT",))

    with pytest.raises(UserError, match=text):
        changed(config, changes)


def test_two_accounts_of_one_name_are_refused(file: Path) -> None:
    account = load_config(file, {}).accounts[0]

    with pytest.raises(UserError, match="expected different names, found main, main"):
        changed(load_config(file, {}), {"accounts": (account, account)})


def test_a_key_is_named_by_where_it_is_kept_and_a_file_lies_beside_the_configuration(
    file: Path,
) -> None:
    (account,) = load_config(file, {}).accounts

    assert (account.api_key, account.api_secret) == (
        "env:KEY",
        f"file:{file.parent / 'secrets' / 'main'}",
    )


def test_a_secret_in_the_configuration_is_refused_and_shows_nowhere_a49(file: Path) -> None:
    file.write_text(TEXT.replace("env:KEY", "a secret of mine"))
    with pytest.raises(ConfigurationRefused, match=r"api_key: expected env:NAME") as inline:
        load_config(file, {})
    bad = changed(
        EventSaverConfig(symbols=("BTCUSDT",)), {"database_url": "postgresql://u:hidden@h/n"}
    )
    with pytest.raises(UserError) as refused:
        config_of({"EVENTSAVER_DATABASE_URL": "hidden", "EVENTSAVER_PORT": "hidden"})

    texts = [repr(bad), str(bad), bad.model_dump_json(), str(refused.value), str(inline.value)]

    assert not any("a secret of mine" in text or "hidden" in text for text in texts)


def test_public_topics_are_those_that_are_captured_of_every_symbol() -> None:
    config = EventSaverConfig(symbols=("BTCUSDT", "ETHUSDT"), capture_trades=False)

    assert config.topics == ["tickers.BTCUSDT", "tickers.ETHUSDT"]
    assert len(EventSaverConfig(symbols=("BTCUSDT",)).topics) == 2
