"""Which generations still run, and which hang."""

from bybit_adapter.ws_client.departures import Departures


def test_what_leaves_in_time_is_not_abandoned() -> None:
    departures = Departures()
    departures.leave(1, 10)

    departures.left(1)
    departures.check(100)

    assert departures.abandoned() == 0
    assert not departures.leaving()
    assert departures.next_deadline() is None


def test_what_does_not_leave_is_abandoned_at_its_deadline() -> None:
    departures = Departures()
    departures.leave(1, 10)

    departures.check(9)
    assert departures.abandoned() == 0
    assert departures.next_deadline() == 10
    departures.check(10)

    assert departures.abandoned() == 1
    assert not departures.leaving()


def test_what_ends_late_by_itself_is_no_longer_abandoned() -> None:
    departures = Departures()
    departures.abandon(1)

    departures.left(1)

    assert departures.abandoned() == 0


def test_what_was_constructed_late_gets_a_deadline_for_its_exit() -> None:
    departures = Departures()
    departures.abandon(1)

    departures.leave(1, 10)

    assert departures.abandoned() == 0
    assert departures.leaving()
    departures.check(10)
    assert departures.abandoned() == 1
