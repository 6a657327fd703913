"""Faults of the wire are plain values; a fault hits everything unless it says otherwise."""

from bybit_sim.faults.words import Fault, WireFault


def test_a_fault_hits_everything_in_its_window_unless_it_says_otherwise() -> None:
    fault = Fault(kind=WireFault.FRAME_LOST, from_ms=0, until_ms=1000)

    assert (fault.target, fault.uid, fault.chance, fault.count) == ("*", None, 1000, None)


def test_every_kind_is_spelled_as_a_word_of_a_plan() -> None:
    assert all(kind.value == kind.name.lower() for kind in WireFault)
