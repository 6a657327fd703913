"""What the exchange said to one account and nobody could read: counted, and told now and then.

It refuses to keep or to tell the rows themselves: they say what the account holds.
"""

import threading
from collections import Counter

from bybit_adapter.normalizer.words import DeadLetter
from gridbot.logs.setup import event_logger
from gridbot.throttle import Throttle
from gridcore.clock import MINUTE_US

TOLD_US = MINUTE_US
"""A topic whose format has changed fails with every row: its first in a minute is told."""


class DeadLetters:
    """The counts of one account. Safe between threads: streams and requests have their own."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._log = event_logger("gridbot.shell")
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._throttle: Throttle[str] = Throttle(TOLD_US)

    def bury(self, letter: DeadLetter) -> None:
        """Count a row by its topic, or the path of its listing; the first in a minute is told."""
        topic = letter.topic or "unknown"
        with self._lock:
            self._counts[topic] += 1
            told = self._throttle.admit(topic, letter.received_at)
        if told:
            self._log.warning("dead_letter", account=self._account, topic=topic, text=letter.text)

    def by_topic(self) -> dict[str, int]:
        """How many there were since the account was taken up."""
        with self._lock:
            return dict(self._counts)
