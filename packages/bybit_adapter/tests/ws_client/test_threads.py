"""Daemon threads and the gate between a socket and the consumer."""

import threading

import pytest

from bybit_adapter.ws_client.threads import Gate, spawn_daemon


def test_work_runs_in_a_named_daemon_thread() -> None:
    seen: list[threading.Thread] = []
    done = threading.Event()

    def work() -> None:
        seen.append(threading.current_thread())
        done.set()

    spawn_daemon("ws-public-open-1", work)

    assert done.wait(5)
    assert seen[0].name == "ws-public-open-1"
    assert seen[0].daemon


def test_a_closed_gate_lets_nothing_through() -> None:
    gate = Gate()
    taken: list[int] = []
    gate.deliver(lambda: taken.append(1))

    assert gate.close(patience_s=1)
    gate.deliver(lambda: taken.append(2))

    assert taken == [1]


def test_closing_waits_for_the_delivery_that_is_going_on() -> None:
    gate = Gate()
    inside, leave, taken = threading.Event(), threading.Event(), list[str]()

    def take() -> None:
        inside.set()
        leave.wait(5)
        taken.append("frame")

    thread = threading.Thread(target=gate.deliver, args=(take,))
    thread.start()
    assert inside.wait(5)
    threading.Timer(0.05, leave.set).start()

    assert gate.close(patience_s=5)

    assert taken == ["frame"]
    thread.join()


def test_closing_gives_up_on_a_delivery_that_hangs() -> None:
    gate = Gate()
    inside, leave = threading.Event(), threading.Event()

    def take() -> None:
        inside.set()
        leave.wait(5)

    thread = threading.Thread(target=gate.deliver, args=(take,))
    thread.start()
    assert inside.wait(5)

    assert not gate.close(patience_s=0.01)

    leave.set()
    thread.join()


def test_a_delivery_that_fails_leaves_the_gate_usable() -> None:
    gate = Gate()

    with pytest.raises(ZeroDivisionError):
        gate.deliver(lambda: void(1 // 0))

    assert gate.close(patience_s=1)


def void(_: object) -> None:
    """Drops a result."""
