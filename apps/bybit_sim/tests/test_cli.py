import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appkit.exits import UserError
from bybit_sim.cli import build_parser, configured, entry
from bybit_sim.config import SimConfig
from tapes.synth import MarketParameters, make_tape


def config_of(*arguments: str) -> SimConfig:
    return configured(build_parser().parse_args(["serve", *arguments]))


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BYBIT_SIM_CONFIG_PATH", raising=False)


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """A short tape of ETHUSDT."""
    folder = tmp_path / "ETHUSDT"
    parameters = MarketParameters(
        seed=1, rows=20, symbol="ETHUSDT", tick_size="0.01", qty_step="0.01", price=3000.0
    )
    make_tape(folder, parameters)
    return folder


def test_without_options_the_defaults_are_served() -> None:
    assert config_of() == SimConfig()


def test_options_win_over_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "sim.yaml"
    file.write_text("{port: 1, seed: 2, speed: max}")

    config = config_of("--config", str(file), "--port", "3", "--speed", "60x")

    assert (config.port, config.seed, config.speed) == (3, 2, "60x")


def test_the_environment_may_name_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sim.yaml"
    file.write_text("seed: 9")
    monkeypatch.setenv("BYBIT_SIM_CONFIG_PATH", str(file))

    assert config_of().seed == 9


def test_paths_of_a_configuration_are_relative_to_it(tmp_path: Path, tape: Path) -> None:
    file = tmp_path / "sim.yaml"
    file.write_text("{symbols: {ETHUSDT: {tape: ETHUSDT}}, faults: plan.yaml}")

    config = config_of("--config", str(file))

    assert config.symbols["ETHUSDT"].tape == tape
    assert config.faults == tmp_path / "plan.yaml"


def test_tapes_of_the_command_line_say_which_symbols_there_are(tape: Path) -> None:
    config = config_of("--tape", str(tape))

    assert list(config.symbols) == ["ETHUSDT"]
    assert config.symbols["ETHUSDT"].tape == tape


def test_two_tapes_of_one_symbol_are_refused(tape: Path) -> None:
    with pytest.raises(UserError, match="two of ETHUSDT"):
        config_of("--tape", str(tape), str(tape))


def test_a_synthetic_market_leaves_the_tapes_of_the_configuration_aside(tmp_path: Path) -> None:
    file = tmp_path / "sim.yaml"
    file.write_text("symbols: {BTCUSDT: {tape: nowhere}}")

    assert config_of("--config", str(file), "--synth").symbols["BTCUSDT"].tape is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--speed", "fast"), "--speed: expected 1x"),
        (("--port", "70000"), "--port: "),
        (("--settle", "http://127.0.0.1:1/x"), "lockstep"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments: tuple[str, ...], expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        config_of(*arguments)


@pytest.mark.parametrize("arguments", [["serve", "--prot", "1"], ["serve", "--port", "x"], []])
def test_bad_usage_exits_with_1(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(arguments) == 1
    assert "error:" in capsys.readouterr().err


def test_a_configuration_that_does_not_exist_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(["serve", "--config", str(tmp_path / "none.yaml")]) == 1
    assert "none.yaml" in capsys.readouterr().err


@contextmanager
def served(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bybit_sim", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_for_programs_it_prints_one_line_of_json_and_stops_on_sigterm(tape: Path) -> None:
    with served("--json", "--tape", str(tape)) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout.read() == ""

    assert said["symbols"] == ["ETHUSDT"]
    assert said["private"] == f"ws://127.0.0.1:{said['port']}/v5/private"
    assert said["http"] == f"http://127.0.0.1:{said['port']}"


def test_for_people_it_prints_addresses_and_keys_and_stops_on_ctrl_c(tape: Path) -> None:
    with served("--tape", str(tape)) as process:
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "Stop with Ctrl-C.\n"))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130

    assert "/v5/public/linear" in said
    assert "demo-key-1" in said
    assert "demo-key-2-readonly (read-only)" in said
    assert "demo-secret-1" in said
