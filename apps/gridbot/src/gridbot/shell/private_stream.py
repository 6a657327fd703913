"""One account's private stream: what its sockets tell, put into the inbox, and read from there.

Two halves, one on the sockets' threads and one on the loop. It refuses to take silence for loss
(L56): a quiet account is no dead stream.
"""

from collections.abc import Callable, Mapping, Sequence

from appkit.exits import RunFailed
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import DeadLetter, Received
from bybit_adapter.ws_client.client import PRIVATE_TOPICS
from bybit_adapter.ws_client.words import Connected, Fatal, FatalKind, Outage, Reason, Restored
from gridbot.shell.inbox import Inbox
from gridbot.shell.words import Item, PrivateFrame
from gridcore.clock import Instant
from gridcore.events import AuthenticationFailed, StreamLost, StreamRestored
from gridcore.instrument import Instrument

StreamEvent = StreamLost | StreamRestored | AuthenticationFailed
WALLET = "wallet"


def end_of(account: str, fatal: Fatal) -> RunFailed:
    """What a stream that has ended for good means for an account that cannot go on without."""
    remedy = "see whether the key is valid, with `gridbot doctor`"
    refused = fatal.kind is FatalKind.AUTHENTICATION
    return RunFailed(
        f"account {account}: the private stream has ended: {fatal.kind.value}: {fatal.detail}",
        remedy if refused else None,
    )


class PrivateEar:
    """Hears the stream client: everything goes into the inbox as it is."""

    def __init__(self, inbox: Inbox[Item]) -> None:
        self._inbox = inbox

    def on_frame(self, text: str, received_at: Instant) -> None:
        """Takes a frame; InboxFull counts as the loss of the connection."""
        self._inbox.offer(PrivateFrame(text=text, received_at=received_at))

    def on_connected(self, connected: Connected) -> None:
        """Passes it on."""
        self._inbox.put(connected)

    def on_outage(self, outage: Outage) -> None:
        """Passes it on."""
        self._inbox.put(outage)

    def on_restored(self, restored: Restored) -> None:
        """Passes it on."""
        self._inbox.put(restored)

    def on_fatal(self, fatal: Fatal) -> None:
        """Passes it on."""
        self._inbox.put(fatal)


class PrivateStream:
    """What the loop knows of the stream. Lost as soon as one topic fails, back when all deliver."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        on_dead_letter: Callable[[DeadLetter], None],
        topics: Sequence[str] = PRIVATE_TOPICS,
    ) -> None:
        self._normalizer = Normalizer(instruments, self._bury)
        self._on_dead_letter = on_dead_letter
        self._unread_at: Instant | None = None
        self._down = set(topics)
        self.heard_at: Instant | None = None

    @property
    def up(self) -> bool:
        """Whether every topic delivers."""
        return not self._down

    def frame(self, frame: PrivateFrame) -> list[Received]:
        """The events of a frame."""
        self.heard_at = frame.received_at
        return self._normalizer.text(frame.text, frame.received_at)

    def connected(self) -> None:
        """A new connection: what was merged is void."""
        self._normalizer.reset()

    def outage(self, outage: Outage) -> list[StreamEvent]:
        """What the session is told of an outage."""
        found: list[StreamEvent] = []
        if self.up:
            found.append(StreamLost(at=outage.since, symbol=None, reason=outage.reason.value))
        self._down |= set(outage.topics)
        if outage.reason is Reason.AUTHENTICATION_REFUSED:
            found.append(AuthenticationFailed(at=outage.noticed_at, text=outage.detail))
        return found

    def restored(self, restored: Restored) -> list[StreamEvent]:
        """What the session is told once everything delivers again."""
        if self.up:
            return []
        self._down -= set(restored.topics)
        return [StreamRestored(at=restored.until, symbol=None)] if self.up else []

    def fatal(self, fatal: Fatal) -> list[StreamEvent]:
        """A refused key halts the account (A38), which can still be watched; the rest is an end."""
        if fatal.kind is FatalKind.AUTHENTICATION:
            return [AuthenticationFailed(at=fatal.at, text=fatal.detail)]
        return []

    def paused(self, since: Instant, until: Instant) -> list[StreamEvent]:
        """The process was away: what came meanwhile may be lost, so everything is compared."""
        return self._compared("the process was away", since, until)

    def unread(self) -> list[StreamEvent]:
        """What the session is told when rows that came since the last look could not be read.

        Such a row of an order, a fill or a leg is lost, so everything is compared at once (L30);
        one of the wallet is followed by the next.
        """
        at, self._unread_at = self._unread_at, None
        return [] if at is None else self._compared("a row could not be read", at, at)

    def _compared(self, reason: str, since: Instant, until: Instant) -> list[StreamEvent]:
        """A loss and a return at once; of a stream that is down the return does it."""
        if not self.up:
            return []
        return [
            StreamLost(at=since, symbol=None, reason=reason),
            StreamRestored(at=until, symbol=None),
        ]

    def _bury(self, letter: DeadLetter) -> None:
        if letter.topic.partition(".")[0] != WALLET:
            self._unread_at = letter.received_at
        self._on_dead_letter(letter)
