"""The command line of the load: a run begun, asked while it goes on, and judged."""

import sys
from pathlib import Path

import pytest

from bench.recorder_load import command
from bench.recorder_load.background import Background

WORK = """
import sys
from pathlib import Path
from bench.recorder_load.background import Background, Result
folder = Path(sys.argv[1])
with Background(folder).working() as keep:
    print("minute 1", flush=True)
    while not (folder / "enough").exists():
        pass
    keep(Result(text="found\\n", code=3))
"""


def test_a_run_is_asked_while_it_goes_on_and_then_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = f"--folder={tmp_path}"
    Background(tmp_path).begin([sys.executable, "-c", WORK, str(tmp_path)])

    # One lives, so that no second one is begun.
    assert command.entry(["begin", folder, "--wait=0"]) == 0
    assert "it goes on" in capsys.readouterr().out

    # With nothing to judge yet, no verdict.
    assert command.entry(["finish", folder, "--wait=0"]) == 4
    assert "ask again" in capsys.readouterr().out

    (tmp_path / "enough").touch()
    assert command.entry(["finish", folder, "--wait=30"]) == 3
    assert capsys.readouterr().out == "minute 1\nfound\n"


def test_a_run_is_begun_in_a_process_of_its_own_which_says_why_it_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command.entry(["finish", f"--folder={tmp_path}", "--database=oracle://host/name"])

    assert code == 2
    assert "expected a database of sqlite or postgresql" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["run", "--minutes=2"], ["begin", "--warm-up=0"]])
def test_a_run_that_ends_with_its_warm_up_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.entry(words) == 1

    assert "expected more minutes than the warm-up has" in capsys.readouterr().err
