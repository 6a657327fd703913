"""Reactions as a histogram: each in the first bucket whose bound it does not exceed."""

from gridbot.shell.reactions import Reactions


def test_reactions_are_counted_by_account_and_bound() -> None:
    reactions = Reactions()
    for took_us in (900, 1_000, 19_999, 20_001, 9_000_000):
        reactions.add("main", took_us)
    reactions.add("spare", 5_000)

    (family,) = reactions.collect()

    found = {
        (sample.labels["account"], sample.labels.get("le", sample.name)): sample.value
        for sample in family.samples
    }
    assert found["main", "0.001"] == 2
    assert found["main", "0.01"] == 2
    assert found["main", "0.02"] == 3
    assert found["main", "0.05"] == 4
    assert found["main", "2.5"] == 4
    assert found["main", "+Inf"] == 5
    assert found["spare", "0.005"] == 1
    assert found["main", "gridbot_reaction_seconds_sum"] == 9.0419
