"""Everybody who looks on is told, in the order in which they joined."""

from gridbot.audience import Audience
from gridcore.clock import Instant
from gridcore.events import Event, TimerFired
from gridcore.session.effects import NO_EFFECTS, Effects


class Noting:
    def __init__(self, name: str, heard: list[str]) -> None:
        self._name = name
        self._heard = heard

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        assert (event, effects, now) == (TimerFired(at=Instant(1)), NO_EFFECTS, 2)
        self._heard.append(f"{self._name}: {account}")


def test_who_comes_later_hears_from_then_on_behind_those_before() -> None:
    audience, heard = Audience(), []  # type: tuple[Audience, list[str]]
    audience.join(Noting("first", heard))
    audience.observe("main", TimerFired(at=Instant(1)), NO_EFFECTS, Instant(2))

    audience.join(Noting("second", heard), Noting("third", heard))
    audience.observe("main", TimerFired(at=Instant(1)), NO_EFFECTS, Instant(2))

    assert heard == ["first: main", "first: main", "second: main", "third: main"]
