"""Threads for requests: lanes, room for what reduces risk, and ends."""

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from bybit_adapter.rate_limiter import Lane
from gridbot.shell.request_pool import LANE_WORKERS, WORKERS, RequestPool

Make = Callable[..., RequestPool]


class Gate:
    """A work that has begun, and ends when it may."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self) -> None:
        self.begun.set()
        self.go.wait(60)


@pytest.fixture
def died() -> "SimpleQueue[str]":
    return SimpleQueue()


@pytest.fixture
def make(died: "SimpleQueue[str]") -> Iterator[Make]:
    pools: list[RequestPool] = []

    def made(**options: object) -> RequestPool:
        pools.append(RequestPool("test", on_died=died.put, **options))  # type: ignore[arg-type]
        return pools[-1]

    yield made
    for pool in pools:
        pool.close(0)


def test_opens_and_questions_never_hold_every_worker() -> None:
    """W26, X-4: a cancel never waits behind opens that sit out a limit."""
    assert LANE_WORKERS[Lane.OPEN] + LANE_WORKERS[Lane.QUERY] < WORKERS
    assert all(count <= WORKERS for count in LANE_WORKERS.values())


def test_a_cancel_is_carried_out_while_opens_and_questions_hang(make: Make) -> None:
    pool = make(workers=3, lane_workers={**dict.fromkeys(Lane, 3), Lane.OPEN: 1, Lane.QUERY: 1})
    opens, questions, cancels = ([Gate() for _ in range(3)] for _ in range(3))
    for lane, gates in ((Lane.OPEN, opens), (Lane.QUERY, questions)):
        for gate in gates:
            assert pool.submit(lane, gate)
    assert opens[0].begun.wait(60)
    assert questions[0].begun.wait(60)

    for gate in cancels:
        pool.submit(Lane.CANCEL, gate)
    began = cancels[0].begun.wait(5)

    assert began
    assert not opens[1].begun.is_set()
    assert not questions[1].begun.is_set()
    for gate in (*opens, *questions, *cancels):
        gate.go.set()


def test_with_one_worker_the_lanes_go_in_their_order(make: Make) -> None:
    pool, gate, order = make(workers=1), Gate(), []  # type: tuple[RequestPool, Gate, list[str]]
    pool.submit(Lane.QUERY, gate)
    assert gate.begun.wait(60)
    done = threading.Event()
    for lane in (Lane.QUERY, Lane.OPEN, Lane.REDUCE, Lane.CANCEL):
        pool.submit(lane, lambda lane=lane: order.append(lane.name))  # type: ignore[misc]
    pool.submit(Lane.QUERY, done.set)

    gate.go.set()

    assert done.wait(60)
    assert order == ["CANCEL", "REDUCE", "OPEN", "QUERY"]


def test_what_is_under_way_is_counted_until_it_has_ended(make: Make) -> None:
    pool, gate = make(workers=1), Gate()
    pool.submit(Lane.OPEN, gate)
    pool.submit(Lane.OPEN, gate)
    assert gate.begun.wait(60)

    assert pool.in_flight == 2
    gate.go.set()
    assert pool.close(60)
    assert pool.in_flight == 0


def test_beyond_its_limit_nothing_is_taken(make: Make) -> None:
    pool, gate = make(workers=1, waiting_max=2), Gate()

    taken = [pool.submit(Lane.CANCEL, gate) for _ in range(3)]

    assert taken == [True, True, False]
    gate.go.set()


def test_closing_drops_what_waits_and_waits_for_what_runs(make: Make) -> None:
    pool, gate, never = make(workers=1), Gate(), Gate()
    pool.submit(Lane.OPEN, gate)
    assert gate.begun.wait(60)
    pool.submit(Lane.OPEN, never)

    assert not pool.close(0)
    assert not pool.submit(Lane.CANCEL, never)
    gate.go.set()
    assert pool.close(60)
    assert not never.begun.is_set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_in_a_work_is_told_and_its_room_is_free(
    make: Make, died: "SimpleQueue[str]"
) -> None:
    others = threading.enumerate()
    pool = make(workers=1)
    (worker,) = (one for one in threading.enumerate() if one not in others)

    def fail() -> None:
        raise ValueError("a defect")

    pool.submit(Lane.OPEN, fail)
    worker.join(60)

    told = "the thread test-request-0 has ended by an error; see its traceback"
    assert died.get(timeout=60) == told
    assert pool.in_flight == 0
