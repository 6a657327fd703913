"""The configurations of a mission, read by the programs that they are for."""

from pathlib import Path

import pytest

from bybit_sim.config import load_config as exchange_config
from comparator.closed_loop.market import Market
from comparator.closed_loop.stage import (
    KEY,
    KEY_NAME,
    SECRET,
    SECRET_NAME,
    THREE_STRATEGIES,
    TOKEN,
    Fills,
    Stage,
    stage_on,
)
from event_saver.config import load_config as recorder_config
from gridbot.config.load import load_config as bot_config
from gridcore.clock import Instant

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with latency and a queue, in a folder with an awkward name."""
    folder = tmp_path / 'an "odd": folder #1'
    folder.mkdir()
    market = Market(
        tapes={symbol: folder / symbol for symbol in SYMBOLS},
        start=Instant(0),
        end=Instant(1),
        trades=0,
    )
    fills = Fills(model="queue", partial_per_mille=0, latency_ms=80)
    made = stage_on(folder, market, THREE_STRATEGIES, fills, seed=11)
    made.write()
    return made


def test_the_exchange_plays_the_tapes_in_lockstep_with_both_followers(stage: Stage) -> None:
    config = exchange_config(stage.file("bybit_sim"))

    (account,) = config.accounts
    assert (config.speed, config.seed, config.port) == ("lockstep", 11, stage.exchange_port)
    assert {name: one.tape for name, one in config.symbols.items()} == stage.market.tapes
    assert (account.fill_model.value, account.partial_fills, account.latency_ms) == ("queue", 0, 80)
    assert account.hedge_mode
    assert [url.partition("#")[2] for url in config.settle] == [
        "100001,tickers.BTCUSDT,tickers.ETHUSDT,tickers.SOLUSDT",
        "BTCUSDT,ETHUSDT,SOLUSDT,100001",
    ]
    assert f":{stage.bot_port}/" in config.settle[0]
    assert f":{stage.recorder_port}/" in config.settle[1]


def test_recorder_and_bot_stand_on_one_exchange_and_one_database(stage: Stage) -> None:
    recorder = recorder_config(stage.file("event_saver"), {})
    bot = bot_config(stage.file("gridbot"), {})

    (recorded,), (traded,) = recorder.accounts, bot.accounts
    assert recorder.exchange == traded.environment
    assert f":{stage.exchange_port}" in recorder.exchange
    assert recorder.database_url is not None
    assert recorder.database_url == bot.database_url
    assert recorder.database_url.get_secret_value() == stage.database_url
    assert (recorder.port, bot.surface.port) == (stage.recorder_port, stage.bot_port)
    assert recorder.lockstep
    assert bot.lockstep
    assert recorder.symbols == stage.symbols == SYMBOLS
    assert {(one.strat_id, one.symbol) for one in bot.strategies} == {
        (one.strat_id, one.symbol) for one in recorded.strategies
    }
    assert bot.folder_of(traded) / "accounts" / "main" / "journal" == stage.journals


def test_bot_and_recorder_are_told_their_secrets_by_the_environment_alone(stage: Stage) -> None:
    environment = stage.environment()

    texts = [stage.file(name).read_text("utf-8") for name in ("event_saver", "gridbot")]
    assert [environment[name] for name in (KEY_NAME, SECRET_NAME)] == [KEY, SECRET]
    assert not any(word in text for text in texts for word in (KEY, SECRET, TOKEN))


def test_settings_of_other_runs_and_proxies_do_not_reach_the_programs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENTSAVER_DATABASE_URL", "sqlite:///real.db")
    monkeypatch.setenv("GRIDBOT_CONFIG_PATH", "real.yaml")
    monkeypatch.setenv("BYBIT_SIM_CONFIG_PATH", "other.yaml")
    monkeypatch.setenv("UNRELATED", "kept")

    environment = stage.environment()

    assert environment["UNRELATED"] == "kept"
    assert environment["NO_PROXY"] == "127.0.0.1"
    assert not [name for name in environment if name.startswith(("EVENTSAVER", "GRIDBOT", "BYBIT"))]


def test_the_seed_of_partial_fills_is_what_a_backtest_has_to_say(stage: Stage) -> None:
    assert stage.partial_fills_seed == "11 100001"
