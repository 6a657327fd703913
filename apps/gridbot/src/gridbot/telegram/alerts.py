"""What is told by Telegram: grave enough, not too often, in order, and again when it failed.

It knows levels, the throttle and the queue; it refuses to know sessions, and never waits for the
network where notices are made.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from gridbot.logs.setup import event_logger
from gridbot.telegram.link import Failed
from gridbot.telegram.texts import notice_text, repeated_text
from gridbot.throttle import Throttle
from gridcore.clock import MINUTE_US, Instant
from gridcore.message import message
from gridcore.session.effects import Notice, Severity

THROTTLE_US = MINUTE_US
"""The same is told once in this time, by the wall clock; then comes how often it was left out."""
QUEUE_MAX = 200
OPEN_MAX = 1_000
BACK_OFFS_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Between the attempts to send one message; after the last one it is given up."""
PATIENCE_S_MAX = 60.0
LOOK_S = 1.0

_ORDER = list(Severity)
_TOPICS = {
    "mode_asked": ("mode", ("scope", "cause")),
    "mode_ended": ("mode", ("scope", "cause")),
    "risk_none": ("risk", ("symbol", "direction")),
    "risk_moderate": ("risk", ("symbol", "direction")),
    "risk_emergency": ("risk", ("symbol", "direction")),
    "reconcile_begun": ("reconcile", ("symbol",)),
    "reconciled": ("reconcile", ("symbol",)),
    "daemon_gone": ("daemon", ()),
    "daemon_lives": ("daemon", ()),
    "no_daemon_runs": ("daemon", ()),
}
_ENDS = frozenset({"daemon_lives", "no_daemon_runs", "mode_ended", "risk_none", "reconciled"})
_SAID_ANYWAY = {"mode_asked": ("cause", "reconcile"), "reconcile_begun": ("reason", "start")}
"""A reconciliation tells its begin and end itself, and every start has one."""
_SAYS_WHAT = frozenset({"cause", "direction", "reason", "scope", "strat_id", "symbol"})
"""Fields that tell one trouble from another; the others are numbers and ids."""

Topic = tuple[str, ...]
Sleep = Callable[[float], Awaitable[object]]


class Sender(Protocol):
    """Where messages go."""

    async def send(self, chat: int, text: str, *, silent: bool = False) -> Failed | None:
        """Send plain text; None when it was taken."""
        ...


@message(eq=True)
class _Key:
    account: str
    event: str
    severity: Severity
    fields: tuple[tuple[str, str], ...]


@message
class _Letter:
    text: str
    severity: Severity


class Alerts:
    """Listens to tidings, and tells one chat. One worker sends."""

    def __init__(
        self,
        sender: Sender,
        chat: int,
        level: Severity,
        now: Callable[[], Instant],
        *,
        sleep: Sleep = asyncio.sleep,
        back_offs_s: Sequence[float] = BACK_OFFS_S,
    ) -> None:
        self._sender = sender
        self._chat = chat
        self._level = level
        self._now = now
        self._sleep = sleep
        self._back_offs_s = tuple(back_offs_s)
        self._queue: deque[_Letter] = deque()
        self._left_out = 0
        self._throttle: Throttle[_Key] = Throttle(THROTTLE_US)
        self._open: dict[Topic, None] = {}
        self._filled = asyncio.Event()
        self._log = event_logger("gridbot.telegram")

    def hear(self, account: str, notice: Notice, now: Instant) -> None:
        """Tell a notice if it is grave enough, or the end of something that was told."""
        del now
        if not self._concerns(account, notice):
            return
        key = _Key(
            account=account,
            event=notice.event,
            severity=notice.severity,
            fields=tuple(one for one in notice.fields if one[0] in _SAYS_WHAT),
        )
        if self._throttle.admit(key, self._now()):
            self._put(notice_text(account, notice), notice.severity)

    def tell(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Tell something of the process itself, whatever the level."""
        self._put(text, severity)

    async def run(self) -> None:
        """Send what comes, until cancelled; what is on its way then stays in the queue."""
        while True:
            self._tell_repeated()
            if self._queue:
                await self._send_first()
            else:
                self._filled.clear()
                await _within(self._filled.wait(), LOOK_S)

    async def flush(self, seconds: float) -> None:
        """Send what is left, for so many seconds at most; the worker has ended."""
        await _within(self._send_all(), seconds)

    def _concerns(self, account: str, notice: Notice) -> bool:
        grave = _ORDER.index(notice.severity) >= _ORDER.index(self._level)
        if _SAID_ANYWAY.get(notice.event) in notice.fields:
            return False
        topic = _topic(account, notice)
        if topic is None:
            return grave
        if notice.event in _ENDS:
            was_told = topic in self._open
            self._open.pop(topic, None)
            return grave or was_told
        if grave:
            self._open[topic] = None
            if len(self._open) > OPEN_MAX:
                del self._open[next(iter(self._open))]
        return grave

    def _put(self, text: str, severity: Severity) -> None:
        """What is grave takes the place of the oldest that is not."""
        if len(self._queue) >= QUEUE_MAX:
            self._left_out += 1
            mild = [one for one in self._queue if one.severity is not Severity.ALERT]
            if severity is not Severity.ALERT or not mild:
                return
            self._queue.remove(mild[0])
        self._queue.append(_Letter(text=text, severity=severity))
        self._filled.set()

    def _tell_repeated(self) -> None:
        for key, times in self._throttle.ended(self._now()):
            told = repeated_text(key.account, key.event, key.fields, times)
            self._put(told, key.severity)

    async def _send_all(self) -> None:
        while self._queue:
            await self._send_first()

    async def _send_first(self) -> None:
        """Send the oldest message, or give it up; it leaves the queue when that is decided."""
        letter = self._queue[0]
        text = letter.text
        if self._left_out:
            text += f"\n({self._left_out} more did not fit and were left out)"
        told_out = self._left_out
        for pause_s in (*self._back_offs_s, None):
            failed = await self._sender.send(
                self._chat, text, silent=letter.severity is not Severity.ALERT
            )
            if failed is None:
                self._left_out -= told_out
                break
            if failed.lasting or pause_s is None:
                self._log.warning("alert_not_sent", why=failed.text)
                break
            await self._sleep(min(max(pause_s, failed.again_after_s or 0.0), PATIENCE_S_MAX))
        if self._queue and self._queue[0] is letter:
            self._queue.popleft()


def _topic(account: str, notice: Notice) -> Topic | None:
    found = _TOPICS.get(notice.event)
    if found is None:
        return None
    fields = dict(notice.fields)
    return (account, found[0], *(fields.get(name, "") for name in found[1]))


async def _within(waiting: Awaitable[object], seconds: float) -> None:
    """Wait so long at most. Not by wait_for, which loses an end that comes with what it awaits."""
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return
