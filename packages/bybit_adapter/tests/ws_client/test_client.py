"""The client on real sockets of a scripted server, and its shutdown in every state."""

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.ws_client.client import WsClient, private_client, public_client
from bybit_adapter.ws_client.clock import SystemClock
from bybit_adapter.ws_client.words import (
    Connected,
    Event,
    FatalKind,
    OpenFailed,
    Outage,
    Phase,
    Reason,
    Restored,
    Timing,
    Vitals,
)
from gridcore.clock import Instant

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

TICKERS = "tickers.BTCUSDT"
TRADES = "publicTrade.BTCUSDT"
SNAPSHOT = '{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"lastPrice":"1"},"cs":1,"ts":1}'
KEYS = Credentials(key="demo-key-1", secret="demo-secret-1")

Started = Callable[..., WsClient]


@pytest.fixture
def clients() -> Iterator[list[WsClient]]:
    """Clients to be closed at the end, whatever the test does."""
    started: list[WsClient] = []
    yield started
    for client in started:
        client.close()


@pytest.fixture
def public(venue: Any, consumer: Any, quick: Timing, clients: list[WsClient]) -> Started:
    """Starts a public client."""

    def start(*topics: str) -> WsClient:
        client = public_client(venue.url, topics, consumer, clock=SystemClock(), timing=quick)
        clients.append(client)
        client.start()
        return client

    return start


@pytest.fixture
def private(venue: Any, consumer: Any, quick: Timing, clients: list[WsClient]) -> Started:
    """Starts a private client."""

    def start() -> WsClient:
        client = private_client(venue.url, KEYS, consumer, clock=SystemClock(), timing=quick)
        clients.append(client)
        client.start()
        return client

    return start


def void(_: object) -> None:
    """Drops a result."""


class TestLife:
    def test_a_public_client_subscribes_and_hands_frames_on_as_they_came(
        self, venue: Any, consumer: Any, public: Started
    ) -> None:
        venue.first_frames[TICKERS] = [SNAPSHOT]
        client = public(TICKERS, TRADES)

        consumer.wait(lambda told: told.frames() and told.restored())

        assert consumer.frames() == [SNAPSHOT]
        assert consumer.restored()[0].topics == (TICKERS, TRADES)
        assert consumer.restored()[0].reason is Reason.STARTING
        assert consumer.outages() == []
        assert client.state().phase is Phase.LIVE
        assert client.state().down == ()

    def test_each_connection_is_told_after_the_last_frame_of_the_old_and_before_its_own_first(
        self, venue: Any, consumer: Any, public: Started
    ) -> None:
        venue.first_frames[TICKERS] = [SNAPSHOT]
        public(TICKERS)
        consumer.wait(lambda told: told.frames() and told.restored())

        venue.cut(reset=True)
        consumer.wait(lambda told: len(told.frames()) == 2 and len(told.restored()) == 2)

        order = [type(one) for one in consumer.heard if not isinstance(one, Restored)]
        assert order == [Connected, str, Outage, Connected, str]

    def test_a_private_client_authenticates_before_it_subscribes(
        self, venue: Any, consumer: Any, private: Started
    ) -> None:
        private()

        peer = venue.await_peers(1, lambda peer: len(peer.topics) == 4)

        assert [words["op"] for words in peer.requests[:5]] == ["auth", *["subscribe"] * 4]
        assert peer.topics == ["order", "execution", "position", "wallet"]
        assert peer.requests[0]["args"][0] == KEYS.key

    def test_the_authentication_expires_ten_seconds_later_by_the_exchanges_clock(
        self, venue: Any, consumer: Any, quick: Timing, clients: list[WsClient]
    ) -> None:
        clock = SystemClock()
        clients.append(
            private_client(
                venue.url,
                KEYS,
                consumer,
                clock=clock,
                timing=quick,
                synchronise=lambda: void(
                    clock.synchronise(lambda: Instant(clock.own_us() + 60_000_000))
                ),
            )
        )
        clients[0].start()

        peer = venue.await_peers(1, lambda peer: len(peer.requests) > 0)

        lead_ms = peer.requests[0]["args"][1] - time.time_ns() // 1_000_000
        assert 68_000 < lead_ms <= 71_100

    def test_frames_carry_the_time_at_which_they_were_received(
        self, venue: Any, consumer: Any, public: Started
    ) -> None:
        clock = SystemClock()
        before = clock.now()
        venue.first_frames[TICKERS] = [SNAPSHOT]
        public(TICKERS)

        consumer.wait(lambda told: told.frames())

        assert before <= consumer.received_at[0] <= clock.now()

    def test_pongs_are_counted_from_the_socket_itself(
        self, venue: Any, consumer: Any, public: Started
    ) -> None:
        client = public(TRADES)

        venue.await_peers(1, lambda peer: peer.pings >= 2)

        assert consumer.outages() == []
        age = client.state().pong_age_us
        assert age is not None
        assert age < 1_000_000

    def test_a_client_starts_only_once(self, public: Started) -> None:
        client = public(TRADES)

        with pytest.raises(RuntimeError, match="construct a new one"):
            client.start()

    def test_a_failing_listener_ends_the_client_audibly(
        self,
        venue: Any,
        consumer: Any,
        quick: Timing,
        recwarn: pytest.WarningsRecorder,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        thrown: SimpleQueue[str] = SimpleQueue()
        monkeypatch.setattr(threading, "excepthook", lambda error: thrown.put(str(error.exc_value)))

        class Broken(type(consumer)):  # type: ignore[misc]
            def on_restored(self, restored: Any) -> None:
                raise RuntimeError("broken listener")

        told = Broken()
        client = public_client(venue.url, [TRADES], told, clock=SystemClock(), timing=quick)
        client.start()

        told.wait(lambda told: told.fatals())

        assert told.fatals()[0].kind is FatalKind.SUPERVISION
        assert thrown.get(timeout=5) == "broken listener"


def test_a_callback_of_the_client_may_end_it_l61(venue: Any, consumer: Any, quick: Timing) -> None:
    class Impatient(type(consumer)):  # type: ignore[misc]
        def on_restored(self, restored: Any) -> None:
            super().on_restored(restored)
            client.close()

    told = Impatient()
    client = public_client(venue.url, [TRADES], told, clock=SystemClock(), timing=quick)
    client.start()
    told.wait(lambda told: told.restored())

    assert client.close()

    assert client.state().phase is Phase.STOPPED


def test_a_consumer_may_end_the_client_while_it_takes_a_frame_l62(
    venue: Any, consumer: Any, quick: Timing
) -> None:
    class Impatient(type(consumer)):  # type: ignore[misc]
        def on_frame(self, text: str, received_at: Instant) -> None:
            client.close()
            super().on_frame(text, received_at)

    told = Impatient()
    venue.first_frames[TICKERS] = [SNAPSHOT]
    client = public_client(venue.url, [TICKERS], told, clock=SystemClock(), timing=quick)
    client.start()
    told.wait(lambda told: told.frames())

    assert timed_close(client) < 3

    assert client.state().phase is Phase.STOPPED


def test_what_is_told_about_the_stream_comes_from_one_thread_l64(
    venue: Any, consumer: Any, quick: Timing
) -> None:
    threads: list[str] = []

    class Watchful(type(consumer)):  # type: ignore[misc]
        def on_outage(self, outage: Any) -> None:
            threads.append(threading.current_thread().name)
            super().on_outage(outage)

        def on_restored(self, restored: Any) -> None:
            threads.append(threading.current_thread().name)
            super().on_restored(restored)

    told = Watchful()
    client = public_client(venue.url, [TRADES], told, clock=SystemClock(), timing=quick)
    client.start()
    told.wait(lambda told: told.restored())
    venue.cut(reset=True)
    told.wait(lambda told: len(told.restored()) == 2)
    client.close()

    assert threads == ["ws-public-supervisor"] * 3


class Stuck:
    """A connection whose `leave` never returns before `released`."""

    def __init__(self, released: threading.Event) -> None:
        self._released = released

    def subscribe(self, request: str, topics: tuple[str, ...]) -> None:
        self._released.wait()

    def silence(self) -> None:
        pass

    def leave(self) -> None:
        self._released.wait()

    def vitals(self) -> Vitals:
        return Vitals(alive=True, pongs=0, pong_at=None, heard_at=None, topics={})


class StuckConnector:
    """Hangs while it constructs, or gives connections that hang when they leave."""

    def __init__(self, *, constructs: bool) -> None:
        self.released = threading.Event()
        self.opening = threading.Semaphore(0)
        self._constructs = constructs

    def open(
        self,
        generation: int,
        report: Callable[[Event], None],
        take: Callable[[str, Instant], None],
    ) -> Stuck | OpenFailed:
        self.opening.release()
        if self._constructs:
            return Stuck(self.released)
        self.released.wait()
        return OpenFailed(generation=generation, detail="released", status=None)


def timed_close(client: WsClient) -> float:
    """Closes and says how many seconds that took."""
    begun = time.monotonic()
    assert client.close()
    return time.monotonic() - begun


class TestShutdown:
    """Under five seconds in every state, with the real limit for exits."""

    def test_before_the_start(self, venue: Any, consumer: Any, quick: Timing) -> None:
        client = public_client(venue.url, [TRADES], consumer, clock=SystemClock(), timing=quick)

        assert timed_close(client) < 5

    def test_while_the_construction_hangs(self, consumer: Any, quick: Timing) -> None:
        connector = StuckConnector(constructs=False)
        client = WsClient(
            [TRADES],
            consumer,
            private=False,
            clock=SystemClock(),
            connector=connector,
            timing=quick,
        )
        client.start()
        assert connector.opening.acquire(timeout=5)

        assert timed_close(client) < 5

        connector.released.set()

    def test_while_the_exit_and_the_subscription_hang(self, consumer: Any, quick: Timing) -> None:
        connector = StuckConnector(constructs=True)
        client = WsClient(
            [TRADES],
            consumer,
            private=False,
            clock=SystemClock(),
            connector=connector,
            timing=quick,
        )
        client.start()
        assert connector.opening.acquire(timeout=5)

        assert timed_close(client) < 5

        connector.released.set()

    def test_while_it_waits_for_the_next_attempt(self, consumer: Any, clients: Any) -> None:
        client = public_client(
            "ws://127.0.0.1:1", [TRADES], consumer, clock=SystemClock(), timing=Timing()
        )
        client.start()
        consumer.wait(lambda told: told.outages())

        assert timed_close(client) < 5

    def test_while_the_authentication_is_unanswered(
        self, venue: Any, consumer: Any, private: Started
    ) -> None:
        venue.authentication = None
        client = private()
        venue.await_peers(1, lambda peer: len(peer.requests) > 0)

        assert timed_close(client) < 5

    def test_while_the_subscription_is_unanswered(
        self, venue: Any, consumer: Any, public: Started
    ) -> None:
        venue.acknowledges = False
        client = public(TRADES)
        venue.await_peers(1, lambda peer: len(peer.topics) > 0)

        assert timed_close(client) < 5

    def test_while_live(self, venue: Any, consumer: Any, public: Started) -> None:
        client = public(TRADES)
        consumer.wait(lambda told: told.restored())

        assert timed_close(client) < 1

    def test_while_the_peer_is_frozen(self, venue: Any, consumer: Any, public: Started) -> None:
        client = public(TRADES)
        consumer.wait(lambda told: told.restored())
        venue.frozen = True

        assert timed_close(client) < 5

    def test_after_it_has_given_up(self, venue: Any, consumer: Any, private: Started) -> None:
        venue.authentication = "API key is invalid."
        client = private()
        consumer.wait(lambda told: told.fatals())

        assert timed_close(client) < 5

    def test_twice(self, venue: Any, consumer: Any, public: Started) -> None:
        client = public(TRADES)
        consumer.wait(lambda told: told.restored())

        assert client.close()
        assert client.close()
