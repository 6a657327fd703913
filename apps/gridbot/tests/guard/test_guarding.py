"""The guard at work: it steps in when nobody tends our orders, and steps back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bybit_adapter.rest_client import RestClient
from gridbot.config.blocks import GuardPolicy
from gridbot.config.strategy import StrategyConfig
from gridbot.guard.guarding import Exposure, Guard, News, Trouble
from gridbot.guard.heartbeat import Heartbeat, write_heartbeat
from gridbot.guard.signs import Signs
from gridbot.guard.sweep import Sweep
from gridbot.guard.watch import Life

Deeds = Mapping[int, Callable[[], object]]
ACCOUNTS = frozenset({"main"})
BEAT = Heartbeat(pid=1, number=1, accounts=ACCOUNTS, port=None, ended=False)


class Story:
    """A guard on a clock of its own: `deeds` happen at their second, it ends after the last."""

    def __init__(self, folder: Path, sweeps: list[Sweep]) -> None:
        self.folder = folder
        self.now_s = 0.0
        self.told: list[tuple[int, News]] = []
        self._sweeps = sweeps
        self._deeds: dict[int, Callable[[], object]] = {}

    def beat(self, number: int, *, ended: bool = False) -> None:
        write_heartbeat(self.folder, replace(BEAT, number=number, ended=ended))

    def beats(self, *seconds: int) -> dict[int, Callable[[], object]]:
        """One beat at each of these seconds."""
        return {second: partial(self.beat, second) for second in seconds}

    def play(self, deeds: Deeds, until_s: int) -> list[tuple[int, News]]:
        """Play to the end; what was told, and at which second."""
        self._deeds = dict(deeds)
        self._until_s = until_s
        guard = Guard(
            Signs(self.folder, lambda _: None, None, ACCOUNTS),
            self._sweeps,
            silent_s=3,
            steady_s=lambda: self.now_s,
            stop=self,
            tell=lambda news: self.told.append((round(self.now_s), news)),
        )
        guard.run()
        return self.told

    def wait(self, timeout: float) -> bool:
        """The clock goes on, and what is due happens."""
        self.now_s += timeout
        for second in sorted(self._deeds):
            if second <= self.now_s:
                self._deeds.pop(second)()
        return self.now_s > self._until_s


@pytest.fixture
def story(sweep: Callable[..., Sweep], tmp_path: Path) -> Story:
    """A guard of one account."""
    one = sweep()
    one.check()
    return Story(tmp_path, [one])


def test_orders_of_a_daemon_that_died_are_gone_after_the_limit_and_the_exposure_is_told(
    story: Story, book: Any
) -> None:
    _, close = book.grid()

    told = story.play({0: lambda: story.beat(1), 2: lambda: story.beat(2)}, until_s=20)

    assert told == [
        (0, Life.LIVES),
        (6, Life.GONE),
        (6, Exposure(seconds=4.0, cancelled=4)),
    ]
    assert book.resting() == [close]


def test_while_the_daemon_lives_or_has_ended_as_told_nothing_is_touched(
    story: Story, book: Any
) -> None:
    book.grid()
    beats = story.beats(*range(8))

    told = story.play({**beats, 8: lambda: story.beat(8, ended=True)}, until_s=20)

    assert told == [(0, Life.LIVES), (8, Life.NONE)]
    assert len(book.resting()) == 5


def test_what_arrives_after_the_daemon_has_died_is_taken_away_as_well(
    story: Story, book: Any
) -> None:
    """A request on its way lives as long as its recv_window: a clear book is looked at again."""
    story.beat(1)

    told = story.play({6: lambda: book.place("99000")}, until_s=15)

    assert told == [
        (0, Life.LIVES),
        (4, Life.GONE),
        (4, Exposure(seconds=4.0, cancelled=0)),
        (11, Exposure(seconds=11.0, cancelled=1)),
    ]
    assert book.resting() == []


def test_a_heartbeat_file_that_vanishes_is_a_silence(story: Story, book: Any) -> None:
    """The volume under both processes is gone: nobody tends the orders, whatever the reason."""
    book.grid()
    vanish = {2: (story.folder / "heartbeat.json").unlink}

    told = story.play({0: lambda: story.beat(1), **vanish}, until_s=10)

    assert told == [
        (0, Life.LIVES),
        (4, Life.GONE),
        (4, Exposure(seconds=4.0, cancelled=4)),
    ]


def test_a_daemon_that_is_back_keeps_what_it_places(story: Story, book: Any) -> None:
    """SIGCONT: it sees what is gone, and decides anew."""
    story.beat(1)
    back = story.beats(*range(7, 21))

    told = story.play({**back, 9: lambda: book.place("99000")}, until_s=20)

    assert told[-1] == (7, Life.LIVES)
    assert len(book.resting()) == 1


def test_trouble_is_told_once_and_tried_again(
    canned: Callable[..., str], client: Callable[..., RestClient], tmp_path: Path
) -> None:
    strategy = StrategyConfig(strat_id="grid", account="main", symbol="BTCUSDT")
    sweep = Sweep(
        "main", client(canned()), [strategy], GuardPolicy.CANCEL_OPENS, measures_clock=False
    )
    sweep.check()
    story = Story(tmp_path, [sweep])
    story.beat(1)

    told = story.play({}, until_s=10)

    assert [second for second, _ in told] == [0, 4, 4]
    assert isinstance(told[-1][1], Trouble)
    assert "open orders" in told[-1][1].text


def test_a_key_that_stops_working_is_told_before_it_is_needed(
    canned: Callable[..., str], client: Callable[..., RestClient], tmp_path: Path
) -> None:
    strategy = StrategyConfig(strat_id="grid", account="main", symbol="BTCUSDT")
    expired = {"/v5/user/query-api": lambda found: found.update(readOnly=1)}
    sweep = Sweep(
        "main", client(canned(expired)), [strategy], GuardPolicy.CANCEL_OPENS, measures_clock=False
    )

    told = Story(tmp_path, [sweep]).play({}, until_s=3601)

    assert [type(news) for _, news in told] == [Life, Trouble]
    assert told[1][0] == 3600
