from collections.abc import Sequence
from pathlib import Path

import pytest

from gridbot.cli import build_parser, entry

COMMANDS = ("run", "status", "replay", "check-config", "preview", "doctor", "init", "guard")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([command, "--help"])

    assert ended.value.code == 0
    assert f"usage: gridbot {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check-confg"], "did you mean check-config?"),
        (["init", "--forse"], "did you mean --force?"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_what_is_misspelt_ends_with_1_and_the_nearest_word(
    words: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(words) == 1
    assert message in capsys.readouterr().err


def test_variables_of_an_env_file_count_where_the_environment_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """live.md 4.2."""
    # Set and removed again, so that it is restored after the test.
    monkeypatch.setenv("GRID_SYMBOL", "")
    monkeypatch.delenv("GRID_SYMBOL")
    monkeypatch.setenv("GRID_STEP", "0.4")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("GRID_SYMBOL=ETHUSDT\nGRID_STEP=0.9\n", encoding="utf-8")
    (tmp_path / "gridbot.yaml").write_text(
        "accounts: [{name: main, api_key: 'env:KEY', api_secret: 'env:SECRET'}]\n"
        "strategies:\n"
        "  - {strat_id: a, account: main, symbol: '${GRID_SYMBOL}', grid_step: '${GRID_STEP}'}\n",
        encoding="utf-8",
    )

    code = entry(["check-config"])

    out = capsys.readouterr().out
    assert code == 0
    assert "ETHUSDT" in out
    assert "0.4" in out
    assert "0.9" not in out
