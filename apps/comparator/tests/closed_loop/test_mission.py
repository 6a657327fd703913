"""A mission replaces its own folder alone; the story in tests/integration plays whole ones."""

from pathlib import Path

import pytest

from appkit.exits import UserError
from comparator.closed_loop.mission import Mission, accomplish
from comparator.closed_loop.stage import TWO_STRATEGIES, Fills


def test_a_folder_of_others_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    mission = Mission(folder=tmp_path, seed=1, minutes=1, strategies=TWO_STRATEGIES, fills=Fills())
    said: list[str] = []

    with pytest.raises(UserError, match="bears no mark of ours"):
        accomplish(mission, said.append, quiet=True)

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert said == []
