"""How long damage may last while other faults keep coming."""

from gridcore.clock import SECOND_US, Instant
from simvenue.campaign.healing import AFTERMATH_US, DOWNTIME_US, healed_by
from simvenue.campaign.words import Fault, FaultKind

S = SECOND_US


def fault(at_s: int, until_s: int, kind: FaultKind = FaultKind.REPLY_LOST) -> Fault:
    return Fault(
        kind=kind,
        at=Instant(at_s * S),
        until=Instant(until_s * S),
        chance=1000,
        number=0,
        symbol=None,
        detail="",
    )


def test_without_other_faults_the_span_begins_at_once() -> None:
    assert healed_by((), Instant(100 * S), 75 * S) == 175 * S


def test_a_fault_in_the_span_begins_it_anew_after_its_aftermath() -> None:
    assert healed_by((fault(120, 150),), Instant(100 * S), 75 * S) == 225 * S + AFTERMATH_US


def test_faults_one_after_the_other_begin_it_anew_again_and_again() -> None:
    faults = (fault(230, 250), fault(120, 150))
    assert healed_by(faults, Instant(100 * S), 75 * S) == 325 * S + AFTERMATH_US


def test_a_fault_without_a_window_counts_with_the_downtime_of_a_restart() -> None:
    crash = fault(110, 110, FaultKind.CRASH)
    assert healed_by((crash,), Instant(100 * S), 75 * S) == 185 * S + DOWNTIME_US


def test_faults_before_the_damage_and_after_the_span_do_not_matter() -> None:
    faults = (fault(10, 60), fault(500, 600))
    assert healed_by(faults, Instant(100 * S), 75 * S) == 175 * S
