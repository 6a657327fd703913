from typing import Any

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.sockets.faulty_line import FaultyLine


def line_with(*faults: Any) -> Any:
    return FaultyLine(FaultBoard(1, faults))


def fault(kind: WireFault, **changes: Any) -> Any:
    return Fault(**{"kind": kind, "from_ms": 0, "until_ms": 1000, **changes})


def test_without_faults_a_frame_goes_at_once() -> None:
    assert line_with().put("order", b"a", 7, 0) == [b"a"]


def test_a_lost_frame_never_goes() -> None:
    line = line_with(fault(WireFault.FRAME_LOST, target="order"))

    assert line.put("order", b"a", 7, 0) == []
    assert line.put("wallet", b"b", 7, 0) == [b"b"]
    assert line.next_due_ms() is None


def test_a_repeated_frame_goes_twice() -> None:
    assert line_with(fault(WireFault.FRAME_REPEATED)).put("order", b"a", 7, 0) == [b"a", b"a"]


def test_a_delayed_frame_goes_when_its_time_has_come_and_is_overtaken_meanwhile() -> None:
    line = line_with(fault(WireFault.FRAME_DELAYED, amount=300, count=1))

    assert line.put("order", b"late", 7, 10) == []
    assert line.put("order", b"next", 7, 20) == [b"next"]
    assert line.next_due_ms() == 310
    assert line.due(309) == []
    assert line.due(310) == [b"late"]
    assert line.next_due_ms() is None


def test_when_every_frame_is_reordered_each_still_arrives() -> None:
    line = line_with(fault(WireFault.FRAME_REORDERED, amount=1))

    sent = [line.put("order", body, 7, 0) for body in (b"1", b"2", b"3", b"4")]

    assert sent == [[], [b"2", b"1"], [], [b"4", b"3"]]


def test_a_reordered_frame_waits_for_so_many_others() -> None:
    line = line_with(fault(WireFault.FRAME_REORDERED, amount=2, count=1))

    assert line.put("order", b"held", 7, 0) == []
    assert line.put("order", b"1", 7, 0) == [b"1"]
    assert line.put("order", b"2", 7, 0) == [b"2", b"held"]
    assert line.put("order", b"3", 7, 0) == [b"3"]


def test_a_delayed_frame_that_goes_in_the_end_overtakes_a_held_one() -> None:
    line = line_with(
        fault(WireFault.FRAME_REORDERED, amount=1, count=1, until_ms=5),
        fault(WireFault.FRAME_DELAYED, amount=10, count=1, from_ms=5),
    )

    assert line.put("order", b"held", 7, 0) == []
    assert line.put("order", b"late", 7, 5) == []
    assert line.due(15) == [b"late", b"held"]


def test_a_mangled_frame_is_not_what_was_sent() -> None:
    line = line_with(fault(WireFault.FRAME_MANGLED))

    assert line.put("order", b'{"data":[{"qty":"1"}]}', 7, 0) == [b'{"data":[{}]}']


def test_a_fault_of_one_account_spares_the_others() -> None:
    line = line_with(fault(WireFault.FRAME_LOST, uid=8))

    assert line.put("order", b"a", 7, 0) == [b"a"]
