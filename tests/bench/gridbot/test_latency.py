"""What a measurement of speed says, and when it fails."""

from dataclasses import replace

from bench.gridbot.latency import Part, SpeedRan

PART = Part(
    seconds=10.0,
    tickers=1_000,
    reactions_ms=[float(number % 10) for number in range(1_000)],
    within=(990, 1_000),
    processor_s=0.5,
    hold_up_s=0.03,
    held_up=0,
)


def test_a_quantile_is_the_time_within_which_that_share_left() -> None:
    part = replace(PART, reactions_ms=[float(number) for number in range(100)])

    assert part.quantile_ms(0.5) == 50
    assert part.quantile_ms(0.99) == 99
    assert part.quantile_ms(1.0) == 99


def test_a_run_that_meets_every_target_passes_and_says_what_it_measured() -> None:
    ran = SpeedRan(calm=PART, busy=PART)

    assert ran.faults == ()
    assert "100 tickers/s for 10 s" in ran.text()
    assert "1000 placements" in ran.text()
    assert "0.50 s for 1,000 tickers, 5 % of a core" in ran.text()
    assert ran.text().endswith("verdict: PASS\n")


def test_slow_requests_a_loop_that_was_held_up_and_a_thin_sample_fail() -> None:
    slow = replace(PART, reactions_ms=[1.0] * 980 + [20.0] * 20)
    held = replace(PART, held_up=1)
    thin = replace(PART, reactions_ms=[1.0] * 299)

    found = [
        len(SpeedRan(calm=calm, busy=busy).faults)
        for calm, busy in ((slow, PART), (held, PART), (PART, held), (thin, PART), (PART, slow))
    ]

    assert found == [1, 1, 1, 1, 0]
