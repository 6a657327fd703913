"""What an hour of trading says for people."""

from dataclasses import replace

from bench.gridbot.hour import HourPlan, HourRan

RAN = HourRan(
    plan=HourPlan(minutes=60, speed=30, seed=3),
    faults=(),
    orders=1_499,
    executions=1_507,
    events=13_505,
    seconds=81.0,
)


def test_an_hour_without_faults_passes() -> None:
    assert RAN.text() == (
        "60 min of market time at 30x in 81 s, two accounts, three strategies: 1499 orders, "
        "1507 executions, 13505 journal events judged by every law and replayed\nverdict: PASS\n"
    )


def test_a_fault_fails_it_and_is_told() -> None:
    assert (
        replace(RAN, faults=("one: books agree: not within 20 s",))
        .text()
        .endswith("  one: books agree: not within 20 s\nverdict: FAIL\n")
    )


def test_two_accounts_trade_three_strategies() -> None:
    world = RAN.plan.world()

    assert len(world.accounts) == 2
    assert sorted(one.account for one in world.strategies) == ["one", "one", "two"]
