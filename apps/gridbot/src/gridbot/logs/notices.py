"""Writes notices into the log: each under its part's logger, a repeated one as a count.

It refuses to know where the log goes.
"""

import logging

from appkit.dates import instant_iso
from gridbot.logs.setup import event_logger
from gridbot.throttle import Throttle
from gridcore.clock import MINUTE_US, Instant
from gridcore.session.effects import Notice, Severity

REPEATED_US = MINUTE_US
"""The same words are written once in this time; then comes how often they were left out (L32)."""

LEVELS = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ALERT: logging.ERROR,
}
_NEVER_THE_SAME = frozenset({"filled", "funding", "cash"})

Words = tuple[str, str, str, Severity, tuple[tuple[str, str], ...]]
"""Account, logger, event, severity, fields."""


class NoticeLog:
    """Listens to tidings."""

    def __init__(self) -> None:
        self._throttle: Throttle[Words] = Throttle(REPEATED_US)

    def hear(self, account: str, notice: Notice, now: Instant) -> None:
        """Write a notice, unless the same was written less than a minute ago."""
        words = account, notice.logger, notice.event, notice.severity, notice.fields
        if notice.event in _NEVER_THE_SAME or self._throttle.admit(words, now):
            _write(words, {"at": instant_iso(notice.at)})
        self.tell_repeated(now)

    def tell_repeated(self, now: Instant) -> None:
        """Write how often notices were left out whose minute has ended."""
        for words, times in self._throttle.ended(now):
            _write(words, {"at": instant_iso(now), "repeated": times})


def _write(words: Words, more: dict[str, object]) -> None:
    account, logger, event, severity, fields = words
    # A field of the kernel may be named as one of ours.
    named = {f"{name}_" if name in ("event", "level") else name: value for name, value in fields}
    event_logger(logger).log(LEVELS[severity], event, account=account, **named, **more)
