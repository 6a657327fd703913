"""A simulator and a daemon, both processes, that the stories of a worker share.

Every story begins with a grid that stands and books that agree, and leaves no fault behind.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.gridbot.bot import Bot
from bench.gridbot.stage import ACCOUNT, HURRIED, PLAIN, Stage, staged

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is a story."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.story)


@pytest.fixture(scope="session")
def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The pair of processes of this worker."""
    with staged(tmp_path_factory.mktemp("gridbot")) as stage:
        yield stage


@pytest.fixture(scope="session")
def shared_plain_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Another pair, at the exchange's own pace."""
    with staged(tmp_path_factory.mktemp("plain"), PLAIN) as stage:
        yield stage


@pytest.fixture(scope="session")
def shared_hurried_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Another pair, for waits of minutes."""
    with staged(tmp_path_factory.mktemp("hurried"), HURRIED) as stage:
        yield stage


def at_rest(stage: Stage) -> Iterator[Stage]:
    """A pair, at rest before; after it without faults, and not held back by its operator."""
    stage.rests()
    yield stage
    stage.venue.calm()
    if "operator" in stage.modes():
        stage.bot.command("resume", ACCOUNT)


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """A simulator and a daemon at ten times speed; orders fill wholly."""
    yield from at_rest(shared_stage)


@pytest.fixture
def plain(shared_plain_stage: Stage) -> Iterator[Stage]:
    """The same at the exchange's own pace and limits; a trade fills a part of an order."""
    yield from at_rest(shared_plain_stage)


@pytest.fixture
def hurried(shared_hurried_stage: Stage) -> Iterator[Stage]:
    """The same, for waits of minutes."""
    yield from at_rest(shared_hurried_stage)


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
