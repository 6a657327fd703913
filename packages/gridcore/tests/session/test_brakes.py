"""What slows placements down: each brake has a deadline, and releases what it denied."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.policy import Limits
from gridcore.saved import Saved
from gridcore.session.brakes import Brakes
from gridcore.session.denials import Denials
from gridcore.session.effects import Effects, PlaceOrder
from gridcore.session.gates import LiftedBy
from gridcore.session.setup import StrategySetup

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]

KEY = (0, 0, 9_900)
OTHER = (1, 1, 10_100)
ID = "00112233445566aa-1"


def at(second: float) -> Instant:
    return Instant(int(second * SECOND_US))


def brakes_of(placements: int = 20, **safety: Any) -> Brakes:
    return Brakes(SafetyConfig(**safety), placements)


def denials_of(*levels: tuple[int, int, int]) -> Denials:
    denials = Denials(Limits())
    for level in levels:
        denials.levels[level] = LiftedBy.LEVEL_DEADLINE
    return denials


# -- retries ----------------------------------------------------------------------------------


def test_a_refused_placement_waits_1_2_and_4_s_by_default_and_keeps_its_wire_id_ls_16() -> None:
    brakes = brakes_of()

    first = brakes.refused(KEY, ID, at(0)), brakes.wire_id_to_reuse(KEY, at(1))
    second = brakes.refused(KEY, ID, at(1)), brakes.wire_id_to_reuse(KEY, at(3))
    third = brakes.refused(KEY, ID, at(3)), brakes.wire_id_to_reuse(KEY, at(7))

    assert [first, second, third] == [(at(1), ID), (at(3), ID), (at(7), ID)]
    assert brakes.refused(KEY, ID, at(7)) is None
    assert not brakes.waiting


def test_the_delays_and_the_window_of_retries_are_settings() -> None:
    brakes = brakes_of(retry_delays_s=(3,), retry_window_s=5)

    assert brakes.refused(KEY, ID, at(0)) == at(3)
    assert brakes.refused(KEY, ID, at(3)) is None


def test_before_its_time_nothing_is_sent_again_and_another_level_is_not_concerned() -> None:
    brakes = brakes_of()
    brakes.refused(KEY, ID, at(0))

    assert brakes.wire_id_to_reuse(KEY, at(0.999999)) is None
    assert brakes.wire_id_to_reuse(OTHER, at(1)) is None
    assert brakes.waiting


def test_a_placement_that_did_not_land_is_sent_again_once_with_its_wire_id_a07() -> None:
    brakes = brakes_of()

    assert brakes.not_landed(KEY, ID, at(7))
    assert brakes.wire_id_to_reuse(KEY, at(7)) == ID
    assert not brakes.not_landed(KEY, ID, at(20))

    assert not brakes.waiting
    assert brakes.wire_id_to_reuse(KEY, at(21)) is None


def test_a_placement_that_the_exchange_took_is_not_sent_again() -> None:
    brakes = brakes_of()
    brakes.refused(KEY, ID, at(0))
    brakes.refused(OTHER, ID, at(0))

    brakes.settled(KEY)
    assert brakes.waiting
    brakes.settled(OTHER)

    assert not brakes.waiting
    assert brakes.next_deadline() is None


def test_other_levels_forget_what_was_to_be_sent_again_and_keep_what_is_blocked() -> None:
    brakes = brakes_of()
    brakes.refused(KEY, ID, at(0))
    for _ in range(3):
        brakes.breaker.count(OTHER, at(0))

    brakes.forget_retries()

    assert not brakes.waiting
    assert brakes.wire_id_to_reuse(KEY, at(1)) is None
    assert brakes.breaker.blocks(*OTHER)


# -- deadlines --------------------------------------------------------------------------------


def test_the_next_deadline_is_the_earliest_of_all_brakes() -> None:
    brakes = brakes_of(placements=1)
    assert brakes.next_deadline() is None

    brakes.rate.note(at(0))
    brakes.rate_denied = True
    by_rate = brakes.next_deadline()
    for _ in range(3):
        brakes.breaker.count(KEY, at(-10))
    by_breaker = brakes.next_deadline()
    brakes.refused(OTHER, ID, at(0))
    by_retry = brakes.next_deadline()

    assert (by_rate, by_breaker, by_retry) == (at(60), at(50), at(1))


def test_a_full_window_that_nobody_waits_for_wants_no_deadline() -> None:
    brakes = brakes_of(placements=1)

    brakes.rate.note(at(0))

    assert brakes.next_deadline() is None


def test_each_deadline_lifts_its_own_denial_and_says_so() -> None:
    brakes = brakes_of()
    for _ in range(3):
        brakes.breaker.count(KEY, at(0))
    brakes.refused(OTHER, ID, at(0))
    denials = denials_of(KEY, OTHER)

    released = []
    for second in (0.5, 1, 59, 60):
        released.append((brakes.release(at(second), denials), sorted(denials.levels)))

    assert released == [
        (False, [KEY, OTHER]),
        (True, [KEY]),
        (False, [KEY]),
        (True, []),
    ]


def test_room_in_the_window_is_told_when_there_is_some_c4() -> None:
    brakes = brakes_of(placements=1)
    brakes.rate.note(at(0))
    brakes.rate_denied = True

    brakes.release(at(59.999999), denials_of())
    assert brakes.rate_denied
    brakes.release(at(60), denials_of())

    assert not brakes.rate_denied
    assert brakes.next_deadline() is None


# -- memory -----------------------------------------------------------------------------------

KEYS = st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1]), st.integers(9_000, 9_003))
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["refused", "not_landed", "count", "note", "reuse", "unsure", "denied"]),
        KEYS,
        st.integers(0, 20),
    ),
    max_size=40,
)


@given(DEEDS)
def test_snapshot_and_restore_are_inverses(deeds: list[tuple[str, Any, int]]) -> None:
    brakes = brakes_of(placements=3)
    now = at(100)
    for name, key, seconds in deeds:
        now = Instant(now + seconds * SECOND_US)
        if name == "refused":
            brakes.refused(key, f"{ID}{key[2]}", now)
        elif name == "not_landed":
            brakes.not_landed(key, f"{ID}{key[2]}", now)
        elif name == "count":
            brakes.breaker.count(key, now)
        elif name == "note":
            brakes.rate.note(now)
        elif name == "reuse":
            brakes.wire_id_to_reuse(key, now)
        elif name == "unsure":
            brakes.unsure[key[0]] = now
        else:
            brakes.rate_denied = True
    saved = json.loads(json.dumps(brakes.snapshot()))

    other = brakes_of(placements=3)
    other.restore(Saved(saved))

    assert other.snapshot() == brakes.snapshot()
    assert other.waiting == brakes.waiting
    assert other.next_deadline() == brakes.next_deadline()
    assert other.unsure == brakes.unsure


# -- in a session -----------------------------------------------------------------------------


def test_a_full_window_of_placements_denies_until_its_deadline_and_halts_nothing_c4(
    make_setup: Setups, started: Runs, places: Places
) -> None:
    run = started(make_setup(safety={"max_placements_per_minute": 3}))

    placed = [len(places(run.tick(10_000))) for _ in range(3)]
    assert (placed, run.modes()) == ([3, 0, 0], set())
    assert run.session.denials()["rate"] == 1
    run.wait(60 * SECOND_US - 400_000)
    assert places(run.tick(10_000)) == []
    run.wait(200_000)

    assert len(places(run.tick(10_000))) == 1
