"""Every row of bybit.md C.4: plain pybit meets it as measured there, and the client survives it.

Plain pybit is the unmodified class; only the module's addresses point at the scripted server.
"""

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pybit.unified_trading
import pytest
import websocket

from bybit_adapter.credentials import Credentials
from bybit_adapter.ws_client.client import WsClient, private_client, public_client
from bybit_adapter.ws_client.clock import SystemClock
from bybit_adapter.ws_client.words import FatalKind, Phase, Reason, Timing
from gridcore.clock import Instant

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

TICKERS = "tickers.BTCUSDT"
TRADES = "publicTrade.BTCUSDT"
BOOK = "orderbook.50.BTCUSDT"
SNAPSHOT = '{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"lastPrice":"1"},"cs":1,"ts":1}'
DELTA = '{"topic":"tickers.BTCUSDT","type":"delta","data":{"lastPrice":"2"},"cs":2,"ts":2}'
BOOK_SNAPSHOT = (
    '{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1,'
    '"data":{"s":"BTCUSDT","b":[["1","1"]],"a":[["2","1"]],"u":1,"seq":1},"cts":1}'
)
UNKNOWN_LEVEL_DELETED = (
    '{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,'
    '"data":{"s":"BTCUSDT","b":[["0.5","0"]],"a":[],"u":2,"seq":2},"cts":2}'
)
KEYS = Credentials(key="demo-key-1", secret="demo-secret-1")
DEATH_S = 15.0

Plain = Callable[..., Any]
Client = Callable[..., WsClient]


@pytest.fixture
def plain(venue: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plain]:
    """Constructs unmodified pybit sockets."""
    public = f"{venue.url}/v5/public/linear"
    monkeypatch.setattr(pybit.unified_trading, "PUBLIC_WSS", public)
    monkeypatch.setattr(pybit.unified_trading, "PRIVATE_WSS", f"{venue.url}/v5/private")
    made: list[Any] = []

    def construct(channel_type: str = "linear", **arguments: Any) -> Any:
        keys = {"api_key": KEYS.key, "api_secret": KEYS.secret}
        made.append(
            pybit.unified_trading.WebSocket(
                channel_type=channel_type,
                testnet=False,
                **(keys if channel_type == "private" else {}),
                **arguments,
            )
        )
        return made[-1]

    yield construct
    for socket in made:
        socket.exit()


@pytest.fixture
def client(venue: Any, consumer: Any, quick: Timing) -> Iterator[Client]:
    """Starts a client; on the private stream without topics."""
    made: list[WsClient] = []

    def start(*topics: str) -> WsClient:
        clock = SystemClock()
        if topics:
            made.append(public_client(venue.url, topics, consumer, clock=clock, timing=quick))
        else:
            made.append(private_client(venue.url, KEYS, consumer, clock=clock, timing=quick))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.close()


def dies(socket: Any) -> bool:
    """Whether the socket's thread ends and pybit starts no other."""
    thread = socket.wst
    thread.join(DEATH_S)
    return not thread.is_alive() and socket.wst is thread and not socket.is_connected()


class TestCutOrClosedByTheServer:
    @pytest.mark.parametrize("reset", [True, False], ids=["reset", "end of file"])
    def test_plain_pybit_reconnects_after_a_cut(
        self, venue: Any, plain: Plain, reset: bool
    ) -> None:
        socket = plain()
        socket.trade_stream("BTCUSDT", print)
        first = venue.await_peers(1, lambda peer: peer.topics)

        venue.cut(reset=reset)

        second = venue.await_peers(2, lambda peer: peer.topics)
        assert second.requests == first.requests  # the old request's id, too

    @pytest.mark.parametrize("reset", [True, False], ids=["reset", "end of file"])
    def test_the_client_reconnects_and_tells_the_interval(
        self, venue: Any, consumer: Any, client: Client, reset: bool
    ) -> None:
        client(TICKERS, TRADES)
        consumer.wait(lambda told: told.restored())

        venue.cut(reset=reset)
        consumer.wait(lambda told: len(told.restored()) == 2)

        outage, restored = consumer.outages()[0], consumer.restored()[1]
        assert outage.topics == restored.topics == (TICKERS, TRADES)
        assert outage.reason is restored.reason is Reason.CLOSED
        assert outage.since == restored.since <= outage.noticed_at < restored.until

    @pytest.mark.parametrize("code", [1000, 1001, 1011])
    def test_plain_pybit_reconnects_after_a_close_frame_thanks_to_the_pinned_library(
        self, venue: Any, plain: Plain, code: int
    ) -> None:
        socket = plain()
        socket.trade_stream("BTCUSDT", print)
        venue.await_peers(1, lambda peer: peer.topics)

        venue.close(code)

        venue.await_peers(2, lambda peer: peer.topics)

    @pytest.mark.parametrize("code", [1000, 1001, 1011])
    def test_the_client_reconnects_after_a_close_frame(
        self, venue: Any, consumer: Any, client: Client, code: int
    ) -> None:
        client(TRADES)
        consumer.wait(lambda told: told.restored())

        venue.close(code)
        consumer.wait(lambda told: len(told.restored()) == 2)

        assert str(code) in consumer.outages()[0].detail


class TestServerThatRefuses:
    def test_plain_pybit_burns_its_attempts_at_once_and_stays_dead(
        self, venue: Any, plain: Plain
    ) -> None:
        socket = plain()
        socket.trade_stream("BTCUSDT", print)
        venue.await_peers(1, lambda peer: peer.topics)
        first = socket.wst

        venue.refuse()
        first.join(DEATH_S)
        venue.listen()

        assert not first.is_alive()
        assert dies(socket)
        assert len(venue.peers) == 1

    def test_the_client_comes_back_with_the_server(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        running = client(TRADES)
        consumer.wait(lambda told: told.restored())

        venue.refuse()
        # Three attempts fail; pybit would have burnt all of its ten by then.
        consumer.wait(lambda told: running.state().generation >= 4 or told.fatals())
        venue.listen()
        consumer.wait(lambda told: len(told.restored()) == 2)

        assert len(consumer.outages()) == 1
        assert running.state().phase is Phase.LIVE

    def test_plain_pybit_without_a_server_raises_in_its_constructor(
        self, venue: Any, plain: Plain
    ) -> None:
        venue.refuse()

        with pytest.raises(websocket.WebSocketTimeoutException):
            plain()

    def test_the_client_without_a_server_waits_for_it_and_says_so_once(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.refuse()
        running = client(TRADES)
        consumer.wait(lambda told: told.outages())

        venue.listen()
        consumer.wait(lambda told: told.restored())

        assert consumer.outages()[0].reason is Reason.OPEN_FAILED
        assert "ConnectionRefused" in consumer.outages()[0].detail
        assert len(consumer.outages()) == 1
        assert running.state().abandoned == 0

    def test_plain_pybit_with_one_retry_raises_on_a_healthy_server(self, plain: Plain) -> None:
        with pytest.raises(websocket.WebSocketTimeoutException):
            plain(retries=1)

    def test_plain_pybit_with_endless_retries_recovers(self, venue: Any, plain: Plain) -> None:
        socket = plain(retries=0)
        socket.trade_stream("BTCUSDT", print)
        venue.await_peers(1, lambda peer: peer.topics)

        venue.refuse()
        venue.listen()

        venue.await_peers(2, lambda peer: peer.topics)

    @pytest.mark.parametrize("status", [502, 503])
    def test_plain_pybit_dies_of_a_handshake_refused_while_it_reconnects(
        self, venue: Any, plain: Plain, status: int
    ) -> None:
        socket = plain()
        socket.trade_stream("BTCUSDT", print)
        venue.await_peers(1, lambda peer: peer.topics)
        first = socket.wst
        venue.handshake_status = status

        venue.cut(reset=True)
        first.join(DEATH_S)

        assert dies(socket)

    @pytest.mark.parametrize("status", [502, 503])
    def test_the_client_outlasts_refused_handshakes(
        self, venue: Any, consumer: Any, client: Client, status: int
    ) -> None:
        running = client(TRADES)
        consumer.wait(lambda told: told.restored())
        venue.handshake_status = status

        venue.cut(reset=True)
        consumer.wait(lambda told: running.state().generation >= 3 or told.fatals())
        venue.handshake_status = None
        consumer.wait(lambda told: len(told.restored()) == 2)

        assert consumer.fatals() == []

    def test_the_client_pauses_after_a_ban_of_its_address(
        self, venue: Any, consumer: Any, client: Client, quick: Timing
    ) -> None:
        venue.handshake_status = 403
        client(TRADES)
        consumer.wait(lambda told: told.outages())
        venue.handshake_status = None

        consumer.wait(lambda told: told.restored())

        outage, restored = consumer.outages()[0], consumer.restored()[0]
        assert "403" in outage.detail
        assert restored.until - outage.noticed_at >= quick.banned_us


class TestFramesThatKill:
    def test_plain_pybit_dies_of_an_exception_in_the_consumer(
        self, venue: Any, plain: Plain
    ) -> None:
        def fail(message: object) -> None:
            raise RuntimeError("the consumer cannot take this")

        venue.first_frames[TICKERS] = [SNAPSHOT]
        socket = plain()
        socket.ticker_stream("BTCUSDT", fail)

        assert dies(socket)
        assert len(venue.peers) == 1

    def test_the_client_replaces_the_connection_that_lost_a_frame_to_its_consumer(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        client(TRADES)
        consumer.wait(lambda told: told.restored())
        consumer.fails = "poison"

        venue.push('{"topic":"publicTrade.BTCUSDT","data":["poison"]}')
        consumer.wait(lambda told: len(told.restored()) == 2)
        venue.push('{"topic":"publicTrade.BTCUSDT","data":["good"]}')
        consumer.wait(lambda told: told.frames())

        assert consumer.outages()[0].reason is Reason.CONSUMER_FAILED
        assert "cannot take this" in consumer.outages()[0].detail

    def test_the_client_gives_up_on_a_consumer_that_fails_again_and_again(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        consumer.fails = "snapshot"
        venue.first_frames[TICKERS] = [SNAPSHOT]
        client(TICKERS)

        consumer.wait(lambda told: told.fatals())

        assert consumer.fatals()[0].kind is FatalKind.CONSUMER
        assert len(venue.peers) == 8

    def test_plain_pybit_dies_of_a_delta_before_the_snapshot(
        self, venue: Any, plain: Plain
    ) -> None:
        venue.first_frames[TICKERS] = [DELTA]
        socket = plain()
        socket.ticker_stream("BTCUSDT", print)

        assert dies(socket)
        assert len(venue.peers) == 1

    def test_plain_pybit_dies_of_a_deleted_level_that_it_does_not_know(
        self, venue: Any, plain: Plain
    ) -> None:
        venue.first_frames[BOOK] = [BOOK_SNAPSHOT, UNKNOWN_LEVEL_DELETED]
        socket = plain()
        socket.orderbook_stream(50, "BTCUSDT", print)

        assert dies(socket)
        assert len(venue.peers) == 1

    def test_the_client_hands_such_frames_on_untouched(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.first_frames[TICKERS] = [DELTA]
        venue.first_frames[BOOK] = [BOOK_SNAPSHOT, UNKNOWN_LEVEL_DELETED]
        client(TICKERS, BOOK)

        consumer.wait(lambda told: len(told.frames()) == 3)

        assert consumer.frames() == [DELTA, BOOK_SNAPSHOT, UNKNOWN_LEVEL_DELETED]
        assert consumer.outages() == []

    def test_plain_pybit_dies_of_a_frame_that_overtakes_its_own_bookkeeping(
        self, venue: Any, plain: Plain
    ) -> None:
        """The subscribe race: what comes before pybit has registered the topic kills it."""
        socket = plain()
        venue.await_peers(1)

        venue.push(SNAPSHOT)

        assert dies(socket)

    def test_the_client_takes_frames_before_their_acknowledgement(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        client(TRADES)
        venue.await_peers(1)

        venue.push(SNAPSHOT)
        consumer.wait(lambda told: told.frames() and told.restored())

        assert consumer.outages() == []

    @pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"op":"subscribe"}', '{"x":1}'])
    def test_the_client_lives_on_after_frames_that_nobody_expects(
        self, venue: Any, consumer: Any, client: Client, text: str
    ) -> None:
        client(TRADES)
        consumer.wait(lambda told: told.restored())

        venue.push(text)
        venue.push('{"topic":"publicTrade.BTCUSDT","data":[]}')
        consumer.wait(lambda told: told.frames() and "publicTrade" in told.frames()[-1])

        assert consumer.outages() == []
        assert len(venue.peers) == 1


class TestRefusals:
    def test_plain_pybit_dies_of_a_refused_subscription(self, venue: Any, plain: Plain) -> None:
        venue.refused = {"tickers.NOSUCH"}
        socket = plain()
        socket.ticker_stream("NOSUCH", print)

        assert dies(socket)
        assert len(venue.peers) == 1

    def test_the_client_keeps_the_topics_that_are_not_refused(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.refused = {"tickers.NOSUCH"}
        running = client(TRADES, "tickers.NOSUCH", BOOK)

        consumer.wait(lambda told: len(told.restored()) == 2 and told.outages())

        assert [told.topics for told in consumer.restored()] == [(TRADES,), (BOOK,)]
        assert consumer.outages()[0].topics == ("tickers.NOSUCH",)
        assert consumer.outages()[0].reason is Reason.SUBSCRIPTION_REFUSED
        assert running.state().down == ("tickers.NOSUCH",)
        assert len(venue.peers) == 1

    def test_a_refused_topic_is_asked_again_until_it_is_accepted(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.refused = {TICKERS}
        client(TICKERS)
        consumer.wait(lambda told: told.outages())

        venue.refused = set()
        consumer.wait(lambda told: told.restored())

        assert consumer.restored()[0].reason is Reason.SUBSCRIPTION_REFUSED
        assert len(venue.peers) == 1

    def test_answers_that_do_not_name_their_request_are_taken_in_order(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.echoes = False
        client(TICKERS, TRADES)

        consumer.wait(lambda told: told.restored())

        assert consumer.restored()[0].topics == (TICKERS, TRADES)

    def test_plain_pybit_with_refused_keys_constructs_and_then_blocks_for_ever(
        self, venue: Any, plain: Plain
    ) -> None:
        venue.authentication = "API key is invalid."
        socket = plain("private")
        assert dies(socket)

        blocked = threading.Thread(target=socket.order_stream, args=(print,), daemon=True)
        blocked.start()
        blocked.join(0.5)

        assert blocked.is_alive()
        # Nothing of pybit's ends this loop; a socket that claims to be connected does.
        socket.ws = SimpleNamespace(sock=None, close=void, send=void)
        socket.is_connected = lambda: True
        blocked.join()

    def test_the_client_with_refused_keys_ends_as_a_fatal_event(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.authentication = "API key is invalid."
        running = client()

        consumer.wait(lambda told: told.fatals())

        assert consumer.fatals()[0].kind is FatalKind.AUTHENTICATION
        assert consumer.fatals()[0].detail == "API key is invalid."
        assert consumer.outages()[0].reason is Reason.AUTHENTICATION_REFUSED
        assert len(venue.peers) == 3
        assert running.state().phase is Phase.FAILED

    def test_the_client_outlives_one_refused_authentication(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.authentication = "Params Error"
        client()
        consumer.wait(lambda told: told.outages())

        venue.authentication = ""
        consumer.wait(lambda told: len(told.restored()) == 4)

        assert consumer.fatals() == []

    def test_plain_pybit_is_refused_by_a_server_whose_clock_is_two_seconds_ahead(
        self, venue: Any, plain: Plain
    ) -> None:
        venue.ahead_ms = 2_000

        assert dies(plain("private"))

    @pytest.mark.parametrize("ahead_ms", [-3_600_000, 2_000, 3_600_000])
    def test_the_client_measures_the_servers_clock_and_is_accepted(
        self, venue: Any, consumer: Any, quick: Timing, ahead_ms: int
    ) -> None:
        venue.ahead_ms = ahead_ms
        clock = SystemClock()
        one = private_client(
            venue.url,
            KEYS,
            consumer,
            clock=clock,
            timing=quick,
            synchronise=lambda: void(
                clock.synchronise(lambda: Instant(time.time_ns() // 1_000 + 1_000 * venue.ahead_ms))
            ),
        )
        one.start()

        consumer.wait(lambda told: len(told.restored()) == 4 or told.fatals())

        assert consumer.outages() == []
        one.close()

    def test_plain_pybit_subscribes_after_a_reconnect_without_waiting_to_be_authenticated(
        self, venue: Any, plain: Plain
    ) -> None:
        socket = plain("private")
        socket.order_stream(print)
        venue.await_peers(1, lambda peer: peer.topics)
        venue.authentication = None

        venue.cut(reset=True)

        second = venue.await_peers(2, lambda peer: peer.topics)
        assert [words["op"] for words in second.requests] == ["auth", "subscribe"]

    def test_the_client_subscribes_only_what_is_authenticated(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        client()
        consumer.wait(lambda told: len(told.restored()) == 4)
        venue.authentication = None

        venue.cut(reset=True)
        third = venue.await_peers(3, lambda peer: peer.requests)

        assert third.topics == []
        asked = {words["op"] for words in venue.peers[1].requests}
        assert asked - {"ping"} == {"auth"}


class TestSilence:
    def test_plain_pybit_never_notices_a_topic_that_stops_while_pings_are_answered(
        self, venue: Any, plain: Plain
    ) -> None:
        venue.first_frames[TICKERS] = [SNAPSHOT]
        socket = plain(ping_interval=0.2, ping_timeout=0.15)
        socket.ticker_stream("BTCUSDT", print)

        venue.await_peers(1, lambda peer: peer.pings >= 10)

        assert socket.is_connected()
        assert len(venue.peers) == 1

    def test_the_client_replaces_a_connection_whose_chatty_topic_stops(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        venue.first_frames[TICKERS] = [SNAPSHOT, DELTA]
        client(TICKERS, TRADES)
        consumer.wait(lambda told: told.restored())

        consumer.wait(lambda told: len(told.restored()) > 1)

        assert {outage.reason for outage in consumer.outages()} == {Reason.TOPIC_SILENT}
        assert consumer.outages()[0].topics == (TICKERS,)

    def test_a_quiet_stream_that_is_not_chatty_keeps_its_connection(
        self, venue: Any, consumer: Any, client: Client
    ) -> None:
        client()

        venue.await_peers(1, lambda peer: peer.pings >= 6)

        assert consumer.outages() == []
        assert len(venue.peers) == 1

    def test_a_half_open_connection_is_replaced(
        self, venue: Any, consumer: Any, client: Client, quick: Timing
    ) -> None:
        client()
        consumer.wait(lambda told: len(told.restored()) == 4)

        venue.frozen = True
        consumer.wait(lambda told: told.outages())
        venue.frozen = False
        consumer.wait(lambda told: len(told.restored()) == 5 or len(told.restored()) >= 8)

        outage, restored = consumer.outages()[0], consumer.restored()[-1]
        assert outage.reason is Reason.PONG_MISSING
        assert restored.until - restored.since < 45 * quick.ping_us // 20 + 1_000_000


def void(*_: object, **__: object) -> None:
    """Takes anything."""
