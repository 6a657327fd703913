"""When what goes wrong."""

from bench.recorder.troubles import Kind, Troubles


def test_troubles_are_spread_over_the_span_and_the_lock_is_in_the_middle() -> None:
    schedule = Troubles(outages=4, locked_s=3.0, kills=2).schedule(100.0)

    times = [at_s for at_s, _ in schedule]
    assert times == sorted(times)
    assert [round(at_s) for at_s, kind in schedule if kind is Kind.OUTAGE] == [12, 38, 62, 88]
    assert [kind for _, kind in schedule].count(Kind.KILLED) == 2
    assert [round(at_s) for at_s, kind in schedule if kind is Kind.LOCKED] == [54]
    assert max(times) < 100


def test_nothing_goes_wrong_where_nothing_is_asked_for() -> None:
    assert Troubles().schedule(100.0) == []
