"""When what goes wrong."""

import pytest

from bench.recorder.troubles import Kind, Troubles


def test_outages_are_spread_over_the_span_and_the_lock_is_in_its_middle() -> None:
    schedule = Troubles(outages=4, locked_s=20.0).schedule(100.0)

    assert schedule == sorted(schedule, key=lambda entry: entry[0])
    assert [at_s for at_s, kind in schedule if kind is Kind.OUTAGE] == [12.5, 37.5, 62.5, 87.5]
    assert [at_s for at_s, kind in schedule if kind is Kind.LOCKED] == [40.0]


@pytest.mark.parametrize("kills", [1, 2, 3, 4, 5])
def test_nothing_is_killed_while_the_database_is_locked_or_at_its_edges(kills: int) -> None:
    schedule = Troubles(locked_s=20.0, kills=kills).schedule(100.0)

    times = [at_s for at_s, kind in schedule if kind is Kind.KILLED]
    assert len(times) == kills
    assert all(0 < at_s < 38 or 62 < at_s < 100 for at_s in times)


def test_nothing_goes_wrong_where_nothing_is_asked_for() -> None:
    assert Troubles().schedule(100.0) == []
