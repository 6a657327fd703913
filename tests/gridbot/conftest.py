"""A simulator and a daemon, both processes, that the stories of a worker share.

Every story begins with a grid that stands and books that agree, and leaves no fault behind.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.gridbot.bot import Bot, until
from bench.gridbot.stage import Stage, staged


@pytest.fixture(scope="session")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The pair of processes of this worker."""
    with staged(tmp_path_factory.mktemp("gridbot")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The pair, at rest before and without faults after."""
    until("a grid that stands", shared_stage.unrest)
    yield shared_stage
    shared_stage.venue.calm()


@pytest.fixture
def spare_bot(stage: Stage, tmp_path: Path) -> Iterator[Callable[..., Bot]]:
    """Makes a daemon of the second account, not started; killed unless it has ended.

    What it is given are further lines of its configuration.
    """
    made: list[Bot] = []

    def make(*more: str) -> Bot:
        made.append(stage.other_bot(tmp_path / "spare", *more))
        return made[-1]

    yield make
    for bot in made:
        if bot.is_running():
            bot.kill()
