"""A stream client: the supervisor's decisions, carried out on one thread of its own.

Knows threads and the consumer. It refuses to decide, and to call what it has given up.
"""

import random
import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue

from bybit_adapter.credentials import Credentials
from bybit_adapter.ws_client.clock import Clock
from bybit_adapter.ws_client.connection import Connection, Connector, PybitConnector
from bybit_adapter.ws_client.supervisor import Supervisor
from bybit_adapter.ws_client.threads import Spawn, spawn_daemon
from bybit_adapter.ws_client.words import (
    ClientState,
    Command,
    Connected,
    Event,
    Fatal,
    FatalKind,
    Leave,
    Left,
    Listener,
    Open,
    Opened,
    OpenFailed,
    Outage,
    Restored,
    Stop,
    Subscribe,
    Timing,
    Vitals,
)
from gridcore.clock import Instant

PRIVATE_TOPICS = ("order", "execution", "position", "wallet")

CLOSE_S_MAX = 4.8
"""A shutdown takes less than five seconds in every state."""


class WsClient:
    """One connection to one stream, kept alive for ever; see `public_client`, `private_client`.

    `start` returns at once. `listener` hears of everything; after `on_fatal` nothing follows.
    """

    def __init__(
        self,
        topics: Sequence[str],
        listener: Listener,
        *,
        private: bool,
        clock: Clock,
        connector: Connector,
        timing: Timing,
        draw: Callable[[], float] = random.random,
        spawn: Spawn = spawn_daemon,
    ) -> None:
        self._listener = listener
        self._clock = clock
        self._connector = connector
        self._spawn = spawn
        self._inbox: SimpleQueue[Event] = SimpleQueue()
        self._connections: dict[int, Connection] = {}
        self._supervisor = Supervisor(
            topics, private=private, timing=timing, draw=draw, now=clock.moment()
        )
        self._name = "private" if private else "public"
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._inside = threading.local()

    def start(self) -> None:
        """Begins to connect, on a thread of its own."""
        if self._thread is not None:
            raise RuntimeError("expected a client that was not started; construct a new one")
        self._thread = threading.Thread(
            target=self.run, name=f"ws-{self._name}-supervisor", daemon=True
        )
        self._thread.start()

    def close(self, patience_s: float = CLOSE_S_MAX) -> bool:
        """Ends the client, from any thread; True when it has ended within `patience_s`.

        From the client's own callbacks it only asks for the end (L61: no thread joins itself).
        """
        self._inbox.put(Stop())
        if self._thread is None or self._thread is threading.current_thread():
            return True
        if getattr(self._inside, "taking", False):
            return True
        return self._ended.wait(patience_s)

    def state(self) -> ClientState:
        """The client now; never blocks."""
        now = self._clock.moment()
        vitals = self._vitals()
        pong_at = None if vitals is None else vitals.pong_at
        heard_at = None if vitals is None else vitals.heard_at
        return ClientState(
            phase=self._supervisor.phase,
            generation=self._supervisor.generation,
            outages=self._supervisor.outages,
            abandoned=self._supervisor.abandoned(),
            pongs=0 if vitals is None else vitals.pongs,
            pong_age_us=None if pong_at is None else now.steady_us - pong_at.steady_us,
            heard_age_us=None if heard_at is None else now.steady_us - heard_at.steady_us,
            down=self._supervisor.down(),
        )

    def run(self) -> None:
        """The client's life, in the calling thread: `start` calls it in one of its own."""
        finished = False
        try:
            self._perform(self._supervisor.start(self._clock.moment()))
            while not self._supervisor.finished():
                self._turn()
            finished = True
        finally:
            self._ended.set()
            if not finished:
                for connection in list(self._connections.values()):
                    connection.silence()
                # Somebody's bug has ended the supervision: the streams are unguarded from here on.
                self._listener.on_fatal(
                    Fatal(
                        kind=FatalKind.SUPERVISION,
                        at=self._clock.moment().exchange,
                        detail="the supervising thread has ended by an error; see its traceback",
                    )
                )

    def _turn(self) -> None:
        event = self._clock.take(self._inbox, self._supervisor.next_deadline())
        now = self._clock.moment()
        if isinstance(event, Left):
            self._connections.pop(event.generation, None)
        if event is not None:
            self._perform(self._supervisor.handle(event, now))
        self._perform(self._supervisor.tick(self._vitals(), now))

    def _vitals(self) -> Vitals | None:
        connection = self._connections.get(self._supervisor.generation)
        return None if connection is None else connection.vitals()

    def _perform(self, commands: Sequence[Command]) -> None:
        asks: list[Callable[[], None]] = []
        for command in commands:
            match command:
                case Open():
                    self._beside("open", partial(self._open, command.generation))
                case Subscribe():
                    connection = self._connections[command.generation]
                    asks.append(partial(connection.subscribe, command.request, command.topics))
                case Leave():
                    connection = self._connections[command.generation]
                    connection.silence()
                    self._beside("leave", partial(self._leave, command.generation, connection))
                case Connected():
                    self._listener.on_connected(command)
                case Outage():
                    self._listener.on_outage(command)
                case Restored():
                    self._listener.on_restored(command)
                case Fatal():
                    self._listener.on_fatal(command)
        if asks:
            # One thread for all of them, so that they leave in their order.
            self._beside("subscribe", partial(_each, asks))

    def _beside(self, what: str, work: Callable[[], None]) -> None:
        self._spawn(f"ws-{self._name}-{what}-{self._supervisor.generation}", work)

    def _open(self, generation: int) -> None:
        outcome: Event = OpenFailed(
            generation=generation, detail="the construction ended by an error", status=None
        )
        try:
            made = self._connector.open(generation, self._inbox.put, self._take)
            if isinstance(made, OpenFailed):
                outcome = made
            else:
                self._connections[generation] = made
                outcome = Opened(generation=generation)
        finally:
            self._inbox.put(outcome)
        late = self._connections.get(generation)
        if late is not None and self._ended.is_set():
            # Nobody reads the inbox any more.
            late.silence()
            late.leave()

    def _take(self, text: str, received_at: Instant) -> None:
        self._inside.taking = True
        try:
            self._listener.on_frame(text, received_at)
        finally:
            self._inside.taking = False

    def _leave(self, generation: int, connection: Connection) -> None:
        try:
            connection.leave()
        finally:
            self._inbox.put(Left(generation=generation))


def _each(works: Sequence[Callable[[], None]]) -> None:
    for work in works:
        work()


def public_client(
    url: str,
    topics: Sequence[str],
    listener: Listener,
    *,
    clock: Clock,
    timing: Timing | None = None,
) -> WsClient:
    """A client of the public linear stream at `url`: an endpoint's `public_url`."""
    limits = timing or Timing()
    connector = PybitConnector(url, clock=clock, timing=limits)
    return WsClient(
        topics, listener, private=False, clock=clock, connector=connector, timing=limits
    )


def private_client(
    url: str,
    credentials: Credentials,
    listener: Listener,
    *,
    clock: Clock,
    topics: Sequence[str] = PRIVATE_TOPICS,
    timing: Timing | None = None,
    synchronise: Callable[[], object] | None = None,
) -> WsClient:
    """A client of the private stream at `url`: an endpoint's `private_url`.

    `synchronise` (SystemClock.synchronise with a call of market/time) precedes every
    authentication.
    """
    limits = timing or Timing()
    connector = PybitConnector(
        url, clock=clock, timing=limits, credentials=credentials, synchronise=synchronise
    )
    return WsClient(topics, listener, private=True, clock=clock, connector=connector, timing=limits)
