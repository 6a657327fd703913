"""One pybit object on real sockets of a scripted server."""

import threading
import time
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.ws_client.clock import SystemClock
from bybit_adapter.ws_client.connection import PybitConnection, PybitConnector
from bybit_adapter.ws_client.words import (
    Acknowledged,
    Authenticated,
    Ended,
    Event,
    OpenFailed,
    Reason,
    Timing,
)
from gridcore.clock import SECOND_US

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

TRADES = "publicTrade.BTCUSDT"
FRAME = '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[]}'
KEYS = Credentials(key="demo-key-1", secret="demo-secret-1")
WAIT_S = 10


class Reports:
    """What a connection reports and takes."""

    def __init__(self) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.frames: SimpleQueue[str] = SimpleQueue()

    def take(self, text: str, received_at: int) -> None:
        self.frames.put(text)


def opened(
    venue: Any, timing: Timing, reports: Reports, credentials: Credentials | None = None
) -> PybitConnection:
    """A connection to the server; the caller leaves it."""
    connector = PybitConnector(
        venue.url, clock=SystemClock(), timing=timing, credentials=credentials
    )
    made = connector.open(7, reports.events.put, reports.take)
    assert isinstance(made, PybitConnection)
    return made


def test_a_subscription_is_sent_and_acknowledged_under_the_name_it_was_given(
    venue: Any, quick: Timing
) -> None:
    reports = Reports()
    connection = opened(venue, quick, reports)

    connection.subscribe("7-1", (TRADES,))

    assert reports.events.get(timeout=WAIT_S) == Acknowledged(
        generation=7, request="7-1", accepted=True, text=""
    )
    assert venue.peers[0].requests == [{"op": "subscribe", "req_id": "7-1", "args": [TRADES]}]
    connection.leave()


def test_frames_come_as_text_and_count_per_topic(venue: Any, quick: Timing) -> None:
    reports = Reports()
    venue.first_frames[TRADES] = [FRAME, FRAME]
    connection = opened(venue, quick, reports)
    connection.subscribe("7-1", (TRADES,))

    assert [reports.frames.get(timeout=WAIT_S) for _ in range(2)] == [FRAME, FRAME]

    assert connection.vitals().topics[TRADES][0] == 2
    connection.leave()


def test_the_private_stream_is_authenticated_before_the_construction_returns(
    venue: Any, quick: Timing
) -> None:
    reports = Reports()
    connection = opened(venue, quick, reports, KEYS)

    assert reports.events.get(timeout=WAIT_S) == Authenticated(generation=7, accepted=True, text="")

    connection.leave()


def test_no_server_is_an_answer_and_no_exception(venue: Any, quick: Timing) -> None:
    venue.refuse()
    reports = Reports()
    connector = PybitConnector(venue.url, clock=SystemClock(), timing=quick)

    made = connector.open(7, reports.events.put, reports.take)

    assert isinstance(made, OpenFailed)
    first = reports.events.get(timeout=WAIT_S)
    assert isinstance(first, Ended)
    assert "ConnectionRefused" in first.detail


def test_a_refused_handshake_tells_its_status(venue: Any, quick: Timing) -> None:
    venue.handshake_status = 403
    reports = Reports()
    connector = PybitConnector(venue.url, clock=SystemClock(), timing=quick)

    connector.open(7, reports.events.put, reports.take)

    first = reports.events.get(timeout=WAIT_S)
    assert isinstance(first, Ended)
    assert first.status == 403


def test_a_silenced_connection_delivers_and_reports_nothing(venue: Any, quick: Timing) -> None:
    reports = Reports()
    connection = opened(venue, quick, reports)
    connection.subscribe("7-1", (TRADES,))
    reports.events.get(timeout=WAIT_S)
    venue.await_peers(1, lambda peer: peer.topics)

    connection.silence()
    venue.push(FRAME)
    venue.close(1001)
    connection.leave()

    assert reports.frames.empty()
    assert reports.events.empty()


def test_nothing_runs_any_more_once_it_has_left(venue: Any, quick: Timing) -> None:
    reports = Reports()
    connection = opened(venue, quick, reports)
    assert connection.vitals().alive
    venue.frozen = True

    connection.leave()

    assert not connection.vitals().alive


@pytest.mark.parametrize("round_number", range(10))
def test_it_leaves_at_once_whatever_its_threads_are_doing(
    venue: Any, quick: Timing, round_number: int
) -> None:
    """The socket's thread sleeps up to `pong_wait_us` where it is not woken."""
    reports = Reports()
    slow = replace(quick, ping_us=20 * SECOND_US, pong_wait_us=10 * SECOND_US)
    venue.first_frames[TRADES] = [FRAME] * round_number
    connection = opened(venue, slow, reports)
    connection.subscribe("7-1", (TRADES,))
    venue.await_peers(1, lambda peer: peer.topics)
    begun = time.monotonic()

    connection.leave()

    assert time.monotonic() - begun < 1


def test_a_subscription_on_a_socket_that_is_gone_is_its_end(venue: Any, quick: Timing) -> None:
    reports = Reports()
    connection = opened(venue, quick, reports)
    connection.leave()
    while not reports.events.empty():
        reports.events.get()

    connection.subscribe("7-1", (TRADES,))

    end = reports.events.get(timeout=WAIT_S)
    assert isinstance(end, Ended)
    assert end.reason is Reason.CLOSED


def test_a_ping_into_a_broken_socket_is_left_to_the_thread_that_reads_it(
    venue: Any, quick: Timing
) -> None:
    """pybit's first ping leaves on a timer; what a thread raises makes its test fail."""
    reports, free = Reports(), threading.Event()
    others = set(threading.enumerate())

    def hold(text: str, received_at: int) -> None:
        free.wait(WAIT_S)

    connector = PybitConnector(venue.url, clock=SystemClock(), timing=quick)
    connection = connector.open(7, reports.events.put, hold)
    assert isinstance(connection, PybitConnection)
    venue.await_peers(1)
    venue.push(FRAME)
    venue.cut(reset=True)

    for thread in set(threading.enumerate()) - others:
        if isinstance(thread, threading.Timer):
            thread.join(WAIT_S)
    free.set()

    assert isinstance(reports.events.get(timeout=WAIT_S), Ended)
    connection.leave()


def test_the_rest_of_a_connection_is_lost_with_the_frame_its_consumer_could_not_take(
    venue: Any, quick: Timing
) -> None:
    reports = Reports()
    taken: list[str] = []

    def fail(text: str, received_at: int) -> None:
        taken.append(text)
        raise RuntimeError("no")

    connector = PybitConnector(venue.url, clock=SystemClock(), timing=quick)
    connection = connector.open(7, reports.events.put, fail)
    assert isinstance(connection, PybitConnection)
    venue.await_peers(1)
    venue.push(FRAME)
    end = reports.events.get(timeout=WAIT_S)

    venue.push(FRAME)
    connection.leave()

    assert isinstance(end, Ended)
    assert end.reason is Reason.CONSUMER_FAILED
    assert taken == [FRAME]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:1", "ws://", ""])
def test_a_url_that_is_none_of_a_socket_is_refused(url: str, quick: Timing) -> None:
    with pytest.raises(ValueError, match="expected a URL"):
        PybitConnector(url, clock=SystemClock(), timing=quick)


def test_a_url_with_a_path_is_taken_as_it_is(venue: Any, quick: Timing) -> None:
    reports = Reports()
    connector = PybitConnector(
        f"{venue.url}/v5/public/linear", clock=SystemClock(), timing=quick, credentials=None
    )

    made = connector.open(7, reports.events.put, reports.take)

    assert isinstance(made, PybitConnection)
    made.leave()
