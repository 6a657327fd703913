from decimal import Decimal
from pathlib import Path

import pytest

from appkit.configuration import ConfigurationRefused, StrictModel, find, load, resolve_beside
from appkit.exits import UserError


class Strategy(StrictModel):
    symbol: str
    grid_step: Decimal = Decimal("0.2")


class Root(StrictModel):
    strategies: tuple[Strategy, ...]
    database_url: str = "sqlite:///gridbot.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backtest.yaml"


def test_a_file_becomes_a_model_with_exact_numbers(file: Path) -> None:
    file.write_text("strategies:\n  - {symbol: BTCUSDT, grid_step: 0.1}\n", encoding="utf-8-sig")
    made = load(Root, file)
    assert made.strategies == (Strategy(symbol="BTCUSDT", grid_step=Decimal("0.1")),)


def test_variables_come_from_the_process_unless_given(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("strategies: []\ndatabase_url: ${APPKIT_TEST_URL}\n")
    monkeypatch.setenv("APPKIT_TEST_URL", "one")
    assert load(Root, file).database_url == "one"
    assert load(Root, file, environment={"APPKIT_TEST_URL": "two"}).database_url == "two"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty; expected a mapping"),
        (b"# only a comment\n", "the file is empty; expected a mapping"),
        (b"- a\n", "expected a mapping of keys to values, found a list"),
        (b"hello\n", "expected a mapping of keys to values, found a single value"),
        (b"\xff\xfe\n", "is not UTF-8 text (byte 0)"),
        (b"a: " + b"x" * 1024 * 1024, "is larger than 1048576 bytes"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load(Root, file)
    assert told in caught.value.message
    assert str(file) in caught.value.message


def test_a_missing_file_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        load(Root, file)


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read .*: Is a directory"):
        load(Root, tmp_path)


def test_a_refusal_does_not_carry_the_values_of_the_environment(file: Path) -> None:
    file.write_text("strategies: ${APPKIT_SECRET}\n")
    with pytest.raises(ConfigurationRefused) as caught:
        load(Root, file, environment={"APPKIT_SECRET": "hush-hush"})
    assert "hush-hush" not in str(caught.value)
    assert "'${APPKIT_SECRET}'" in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_named_file_wins_over_variable_and_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B-2: --config, then the variable, then conf/NAME.yaml, then NAME.yaml."""
    monkeypatch.chdir(tmp_path)
    places = [Path("own.yaml"), Path("variable.yaml"), Path("conf/backtest.yaml")]
    (tmp_path / "conf").mkdir()
    for place in (*places, Path("backtest.yaml")):
        place.touch()
    named = {"BACKTEST_CONFIG_PATH": "variable.yaml"}
    assert find("backtest", places[0], named) == places[0]
    assert find("backtest", None, named) == places[1]
    assert find("backtest", None, {}) == places[2]
    places[2].unlink()
    assert find("backtest", None, {}) == Path("backtest.yaml")


def test_a_named_file_that_is_missing_is_never_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("backtest.yaml").touch()
    monkeypatch.setenv("BACKTEST_CONFIG_PATH", "gone.yaml")
    with pytest.raises(UserError, match=r"gone.yaml \(from BACKTEST_CONFIG_PATH\) does not exist"):
        find("backtest", None)
    with pytest.raises(UserError, match=r"from --config\) does not exist: a folder"):
        find("backtest", tmp_path)


def test_without_any_file_the_ways_to_name_one_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"neither conf/backtest.yaml nor backtest.yaml") as caught:
        find("backtest", None, {})
    assert "BACKTEST_CONFIG_PATH" in str(caught.value.hint)


def test_paths_of_the_configuration_are_relative_to_its_file(tmp_path: Path) -> None:
    """WK-29: results must not depend on where a run was started."""
    file = tmp_path / "conf" / "x.yaml"
    assert resolve_beside(file, Path("instruments.json")) == tmp_path / "conf/instruments.json"
    assert resolve_beside(file, Path("/var/x")) == Path("/var/x")
