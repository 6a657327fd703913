"""What a seed draws for a run of chaos."""

from bench.gridbot.mischief import NOTICED_S, drawn, lasts_s

SPAN_S = 6.0


def test_a_seed_draws_the_same_again_and_seeds_differ() -> None:
    assert drawn(7, SPAN_S) == drawn(7, SPAN_S)
    assert drawn(7, SPAN_S) != drawn(8, SPAN_S)


def test_every_run_has_a_kill_and_a_fault_in_order_within_its_span() -> None:
    for seed in range(50):
        acts = drawn(seed, SPAN_S)

        assert {"kill", "fault"} <= {act.what for act in acts}
        assert [act.at_s for act in acts] == sorted(act.at_s for act in acts)
        assert all(0 <= act.at_s <= SPAN_S for act in acts)


def test_every_fault_ends() -> None:
    faults = [act for seed in range(50) for act in drawn(seed, SPAN_S) if act.what == "fault"]

    assert all(act.body["for_ms"] for act in faults)


def test_every_eighth_seed_has_a_half_open_socket_after_its_last_kill() -> None:
    for seed in range(1, 201):
        acts = drawn(seed, SPAN_S)
        half_open = [act for act in acts if act.is_half_open]

        assert len(half_open) == (seed % 8 == 4)
        assert all(
            act.at_s <= half_open[0].at_s for act in acts if act.what == "kill" and half_open
        )


def test_a_run_lasts_until_a_half_open_socket_was_noticed() -> None:
    (half_open,) = [act for act in drawn(4, SPAN_S) if act.is_half_open]

    assert lasts_s(drawn(4, SPAN_S), SPAN_S) == half_open.at_s + NOTICED_S
    assert lasts_s(drawn(5, SPAN_S), SPAN_S) == SPAN_S
