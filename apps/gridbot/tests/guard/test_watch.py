"""When a silence means that the daemon is gone."""

from gridbot.guard.heartbeat import Heartbeat
from gridbot.guard.watch import Life, Watch

ACCOUNTS = frozenset({"main"})


def beat(number: int, *, ended: bool = False) -> Heartbeat:
    return Heartbeat(pid=1, number=number, accounts=ACCOUNTS, port=None, ended=ended)


def looks(watch: Watch, sign: Heartbeat | None, *times: float, answers: bool = False) -> list[Life]:
    return [watch.look(sign, now_s, answers=answers) for now_s in times]


def test_a_daemon_that_beats_lives() -> None:
    watch = Watch(3, now_s=0)

    found = [watch.look(beat(number), number, answers=False) for number in range(1, 20)]

    assert set(found) == {Life.LIVES}


def test_after_more_than_the_limit_without_a_sign_it_is_gone() -> None:
    watch = Watch(3, now_s=0)

    found = looks(watch, beat(1), 1, 2, 3, 4, 4.1)

    assert found == [Life.LIVES] * 4 + [Life.GONE]
    assert watch.heard_s == 1


def test_pages_that_answer_are_a_sign_while_the_disk_stands_still() -> None:
    watch = Watch(3, now_s=0)

    found = looks(watch, beat(1), 1, 4, 7, 10, 13, answers=True)

    assert set(found) == {Life.LIVES}


def test_a_dead_daemon_of_before_is_waited_for_like_a_living_one() -> None:
    """A guard that starts beside an old file cannot know how old it is."""
    watch = Watch(3, now_s=100)

    assert looks(watch, beat(9), 100, 102, 103.5) == [Life.LIVES, Life.LIVES, Life.GONE]


def test_a_daemon_that_ended_as_told_is_not_missed() -> None:
    watch = Watch(3, now_s=0)
    watch.look(beat(1), 1, answers=False)

    assert looks(watch, beat(2, ended=True), 2, 6, 10, 14) == [Life.NONE] * 4


def test_where_none_ever_ran_nobody_is_missed() -> None:
    assert looks(Watch(3, now_s=0), None, 1, 4, 8, 12) == [Life.NONE] * 4


def test_a_daemon_that_beats_again_is_back() -> None:
    watch = Watch(3, now_s=0)
    assert looks(watch, beat(1), 1, 4.5)[-1] is Life.GONE

    assert watch.look(beat(2), 5.5, answers=False) is Life.LIVES


def test_a_guard_that_was_away_itself_begins_to_wait_anew() -> None:
    """It may wake before the daemon does."""
    watch = Watch(3, now_s=0)
    watch.look(beat(1), 1, answers=False)

    assert looks(watch, beat(1), 900, 902, 903.5) == [Life.LIVES, Life.LIVES, Life.GONE]


def test_a_guard_that_was_at_work_was_not_away() -> None:
    watch = Watch(3, now_s=0)
    looks(watch, beat(1), 1, 4.5)
    watch.busy(now_s=30)

    assert watch.look(beat(1), 31, answers=False) is Life.GONE
    assert watch.heard_s == 1
