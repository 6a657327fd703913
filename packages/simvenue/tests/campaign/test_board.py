"""Each fault draws for itself."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from simvenue.campaign.board import FaultBoard, source_of
from simvenue.campaign.words import Fault, FaultKind

Faults = Callable[..., Fault]
LOST = FaultKind.PUSH_LOST


def strikes(board: FaultBoard, index: int, count: int) -> list[bool]:
    live = board.faults[index]
    return [live.hits("BTCUSDT") for _ in range(count)]


@given(seed=st.integers(), chance=st.integers(1, 999))
def test_a_fault_that_is_taken_out_leaves_the_draws_of_the_others(
    fault: Faults, seed: int, chance: int
) -> None:
    kept = fault(LOST, 5, 9, chance=chance)
    whole = FaultBoard(seed, [fault(FaultKind.REPLY_LOST, 1, 2), kept])
    shrunk = FaultBoard(seed, [kept])

    assert strikes(whole, 1, 50) == strikes(shrunk, 0, 50)


def test_two_faults_with_the_same_values_draw_differently(fault: Faults) -> None:
    board = FaultBoard(1, [fault(LOST, 5, 9, chance=500)] * 2)

    assert strikes(board, 0, 60) != strikes(board, 1, 60)


def test_a_source_is_the_same_everywhere() -> None:
    assert [source_of(7, "a", None).randrange(1000) for _ in range(2)] == [605, 605]
    assert source_of(8, "a", None).randrange(1000) != 605


def test_a_fault_strikes_in_its_window_and_on_its_symbol_alone(fault: Faults) -> None:
    board = FaultBoard(1, [fault(LOST, 5, 9, symbol="BTCUSDT")])
    (live,) = board.faults

    before = board.strike(LOST, "BTCUSDT")
    board.begin(live)
    inside = [board.strike(LOST, symbol) for symbol in ("BTCUSDT", "ETHUSDT", None)]
    acted = board.acts(LOST)
    board.end(live)

    assert before is None
    assert inside == [live, None, None]
    assert acted
    assert not board.acts(LOST)
    assert board.strike(LOST, "BTCUSDT") is None
    assert board.counts[LOST] == 1


@given(chance=st.integers(0, 1000))
def test_the_chance_is_per_mille(fault: Faults, chance: int) -> None:
    board = FaultBoard(3, [fault(LOST, 0, 1, chance=chance)])
    board.begin(board.faults[0])

    hits = sum(board.strike(LOST, None) is not None for _ in range(1000))

    assert abs(hits - chance) <= 80
    assert hits == board.counts[LOST]
    assert chance not in (0, 1000) or hits == chance


def test_a_part_of_the_number_is_at_least_1_and_at_most_all_of_it(fault: Faults) -> None:
    board = FaultBoard(1, [fault(LOST, 0, 1, number=3), fault(LOST, 0, 1)])

    assert {board.faults[0].late_us() for _ in range(60)} == {1, 2, 3}
    assert board.faults[1].late_us() == 1
