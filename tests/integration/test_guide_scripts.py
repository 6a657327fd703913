"""The shell blocks of the guides, typed whole and in order in one folder with the guide's files.

Each guide names its files as `name`, then gives their text in a block.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools import guides

if TYPE_CHECKING:
    from tests.integration.conftest import TypeHere

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "guides"
FILE = re.compile(r"^`(?P<name>[\w.-]+)`[^\n]*:\n\n```\w+\n(?P<text>.*?)^```$", re.M | re.S)
Typed = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def typed(type_here: "TypeHere") -> Typed:
    """Type a guide's scripts beside the files that it gives the text of."""

    def type_(name: str) -> "subprocess.CompletedProcess[str]":
        guide = FOLDER / name
        files = {one["name"]: one["text"] for one in FILE.finditer(guide.read_text("utf-8"))}
        return type_here(guides.script(guide), **files)

    return type_


@pytest.mark.story
def test_the_way_to_live_begins_on_this_machine(typed: Typed, tmp_path: Path) -> None:
    run = typed("going-live.md")

    assert run.returncode == 0, run.stderr
    assert "shadow: trading" in run.stdout
    assert "identical" in run.stdout
    assert "ill  " not in run.stdout
    assert "daemon_gone" in (tmp_path / "guard.txt").read_text("utf-8")
    assert not list(tmp_path.glob("own/gridbot/accounts"))


@pytest.mark.story
def test_a_loop_on_this_machine_is_compared_by_hand_replayed_and_watched(
    typed: Typed, tmp_path: Path
) -> None:
    run = typed("validating.md")

    assert run.returncode == 0, run.stderr
    hashes = re.findall(r"^certificate ([0-9a-f]{64})$", run.stdout, re.MULTILINE)
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(re.findall(r"^\S+ \S+  demo_\w+ \w+  PASS  ", run.stdout, re.MULTILINE)) == 2
    assert "identical" in run.stdout
    assert "best fill model" in run.stdout
    assert (tmp_path / "out" / "other" / "report.html").is_file()


@pytest.mark.story
def test_services_are_asked_paused_backed_up_given_new_keys_and_started_again(
    typed: Typed, tmp_path: Path
) -> None:
    run = typed("operating.md")

    assert run.returncode == 0, run.stderr
    assert "as it should be" in run.stdout
    assert "identical" in run.stdout
    assert ": trading" in run.stdout
    assert "gridbot_ready" in (tmp_path / "metrics.txt").read_text("utf-8")
    written = [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    assert sum(b"bot-secret" in text for text in written) == 1  # the simulator's own configuration
