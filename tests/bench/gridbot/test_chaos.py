"""What a run of chaos plays, and how it is told."""

from dataclasses import replace

from bench.gridbot.chaos import SPEED, ChaosRan, world

RAN = ChaosRan(
    seed=4,
    faults=(),
    market_s=60.0,
    kills=2,
    half_open=0,
    orders=98,
    executions=68,
    events=561,
    calm_s=7.31,
    seconds=14.2,
)


def test_a_run_is_told_in_a_line() -> None:
    assert RAN.text() == (
        "seed 4: 60 s of trouble, 2 kills, 98 orders, 68 executions, 561 events, stood after 7.3 s;"
        " 14 s"
    )


def test_a_half_open_socket_and_what_is_wrong_are_told() -> None:
    text = replace(RAN, half_open=1, faults=("books_agree: order 1",)).text()

    assert "2 kills and a half-open socket," in text
    assert text.endswith("\n  books_agree: order 1")


def test_the_market_plays_at_ten_times_speed_and_fills_in_parts() -> None:
    played = world(1)

    assert played.speed == SPEED == 10
    assert played.partial_fills > 0
    assert played != world(2)
