"""A run in the background: it outlives who began it, one at a time, and is asked later."""

import sys
from pathlib import Path

import pytest

from appkit.exits import RunFailed
from bench.recorder_load.background import Background, Result

PATIENCE_S = 30.0
WORK = """
import sys
from pathlib import Path
from bench.recorder_load.background import Background, Result
folder = Path(sys.argv[1])
with Background(folder).working() as keep:
    print("at work", flush=True)
    while not (folder / "enough").exists():
        pass
    keep(Result(text="done", code=3))
"""


def command(folder: Path, source: str = WORK) -> list[str]:
    return [sys.executable, "-c", source, str(folder)]


def test_a_run_goes_on_until_it_is_done_and_its_result_is_taken_once(tmp_path: Path) -> None:
    background = Background(tmp_path)
    background.begin(command(tmp_path))

    # Another asks, and begins no second one.
    other = Background(tmp_path)
    other.begin(["no such program"])
    assert other.under_way()
    assert other.wait(0.0) is None
    with pytest.raises(RunFailed, match="another run is under way"), other.working():
        pass
    (tmp_path / "enough").touch()

    assert other.wait(PATIENCE_S) == Result(text="done", code=3)
    assert not background.under_way()
    assert background.log.read_text() == "at work\n"
    with pytest.raises(RunFailed, match="the run has ended: at work"):
        background.wait(0.0)


def test_a_run_that_ends_at_once_is_refused_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="the run did not begin: no good"):
        Background(tmp_path).begin(command(tmp_path, "print('no good')"))


def test_a_new_run_takes_the_place_of_what_a_former_one_left(tmp_path: Path) -> None:
    background = Background(tmp_path)
    with background.working() as keep:
        keep(Result(text="old", code=0))
    (tmp_path / "enough").touch()

    background.begin(command(tmp_path))

    assert background.wait(PATIENCE_S) == Result(text="done", code=3)
