import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appkit.exits import UserError
from gridbot.commands.init import QUESTIONS, ask
from gridbot.config.load import load_config
from gridbot.config.template import DEFAULTS

Run = Callable[..., int]
Capture = pytest.CaptureFixture[str]


def typing(*texts: str) -> Callable[[str], str]:
    """Somebody at the terminal, who then goes away."""
    left: Iterator[str] = iter(texts)

    def read(question: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return read


def test_the_options_make_a_configuration_that_loads(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "mine.yaml"

    code = run(
        *("init", "--output", file, "--symbol", "ETHUSDT", "--strat-id", "eth"),
        *("--environment", "http://127.0.0.1:18080", "--amount", "25", "--on-stop", "cancel_all"),
    )

    config = load_config(file, {})
    strategy = config.strategies[0]
    assert code == 0
    assert (strategy.symbol, strategy.strat_id, strategy.amount) == ("ETHUSDT", "eth", "25")
    assert (config.on_stop, config.accounts[0].market) == ("cancel_all", "sim")
    assert "export BYBIT_API_KEY=..." in capsys.readouterr().out


def test_a_file_that_exists_is_replaced_only_when_asked_to(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "gridbot.yaml"
    file.write_text("mine", encoding="utf-8")

    assert run("init", "--output", file) == 1
    assert "add --force" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == "mine"
    assert run("init", "--output", file, "--force", "--json") == 0
    assert json.loads(capsys.readouterr().out)["answers"] == DEFAULTS


def test_a_wrong_option_is_refused_and_a_secret_never_repeated(
    run: Run, tmp_path: Path, capsys: Capture
) -> None:
    """A49."""
    file = tmp_path / "gridbot.yaml"

    assert run("init", "--output", file, "--api-key", "PlainSecret1") == 1
    captured = capsys.readouterr()
    assert "expected env:NAME, file:PATH or db:ACCOUNT" in captured.err
    assert "PlainSecret1" not in captured.err + captured.out
    assert not file.exists()


def test_an_empty_answer_takes_the_default_and_a_wrong_one_is_asked_again() -> None:
    told: list[str] = []
    read = typing("", "moon", "demo", "", "", "", "", "20", "", "", "")

    answers = ask({}, read, told.append)

    assert answers == {**DEFAULTS, "environment": "demo", "grid_count": "20"}
    assert told[0].startswith("expected mainnet, testnet, demo, or a URL")


def test_what_is_given_is_not_asked_for() -> None:
    given = {name: DEFAULTS[name] for name in QUESTIONS if name != "symbol"}

    assert ask(given, typing("ETHUSDT"), print)["symbol"] == "ETHUSDT"


def test_answers_that_end_early_write_nothing() -> None:
    with pytest.raises(UserError, match="the answers ended before the questions"):
        ask({}, typing("main"), print)


def test_every_default_has_its_question() -> None:
    assert list(QUESTIONS) == list(DEFAULTS)
