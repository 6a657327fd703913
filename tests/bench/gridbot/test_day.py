"""What a day's memory says, and when it fails."""

from bench.gridbot.day import DayPlan, DayRan


def ran(resident: list[float]) -> DayRan:
    plan = DayPlan(hours=24, speed=200, seed=1)
    return DayRan(plan=plan, seconds=432.0, resident=resident, executions=5, tickers=40_000)


def test_growth_counts_from_the_end_of_the_warm_up() -> None:
    warming = [80e6 + number * 1e6 for number in range(96)]

    level = ran(warming + [100e6] * 92 + [104e6] * 5)
    growing = ran(warming + [100e6] * 92 + [105e6] * 5)

    assert level.faults == ()
    assert "100.0 MB after 24 h, 104.0 MB at the end: +4.0 %" in level.text()
    assert len(growing.faults) == 1
    assert growing.text().endswith("verdict: FAIL\n")


def test_one_odd_look_does_not_decide() -> None:
    assert ran([100e6] * 192 + [150e6]).faults == ()
