"""The guard at work: it looks for signs of life, and while there are none it sweeps.

It knows when; what a sign is and which orders go is known by its parts.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from gridbot.guard.signs import Signs
from gridbot.guard.sweep import Sweep, Swept
from gridbot.guard.watch import Life, Watch
from gridcore.message import message

LOOK_S = 1.0
PROBE_S = 3600.0
"""How often it is seen that keys still work: a guard that may not cancel has to be told of."""
AGAIN_S = 7.0
"""When a clear book is looked at again: what the daemon sent last may arrive until its recv_window
of 5 s is over, and 2 s later (bybit.md, UNCERTAIN creates)."""


@message
class Exposure:
    """How long orders rested untended: from the last sign of life until none was left, in seconds.

    `cancelled`: how many the guard took away.
    """

    seconds: float
    cancelled: int


@message
class Trouble:
    """Something that did not work, of one account; it is tried again."""

    account: str
    text: str


News = Life | Exposure | Trouble
"""What is told: a life that has changed, a book that is clear, and what stands in the way."""


class Stop(Protocol):
    """Whether the end was asked for, as a threading.Event tells it."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds, or until the end was asked for; whether it was."""
        ...


class Guard:
    """Runs until `stop`. `steady_s` is a clock that stands still while the machine sleeps."""

    def __init__(
        self,
        signs: Signs,
        sweeps: Sequence[Sweep],
        *,
        silent_s: float,
        steady_s: Callable[[], float],
        stop: Stop,
        tell: Callable[[News], None],
    ) -> None:
        self._signs = signs
        self._sweeps = tuple(sweeps)
        self._steady_s = steady_s
        self._stop = stop
        self._tell = tell
        self._watch = Watch(silent_s, steady_s())
        self._life: Life | None = None
        self._probed_s = steady_s()
        self._cancelled = 0
        self._clear_at_s: float | None = None
        self._troubles: dict[str, str] = {}

    def run(self) -> None:
        """Guard until the end is asked for."""
        with ThreadPoolExecutor(len(self._sweeps), "sweep") as threads:
            pause_s, cancelling = 0.0, False
            while not self._stop.wait(pause_s):
                pause_s = LOOK_S
                life = self._look(quickly=cancelling)
                cancelling = False
                if life is not Life.GONE:
                    self._probe()
                elif self._is_due():
                    found = tuple(threads.map(Sweep.step, self._sweeps))
                    self._watch.busy(self._steady_s())
                    cancelling = self._judge(found)
                    pause_s = 0.0 if cancelling else LOOK_S

    def _look(self, *, quickly: bool) -> Life:
        """How the daemon is now. The pages are asked only where the file says nothing new, and not
        while there is work: a daemon that stands still would hold it up."""
        beat = self._signs.beat()
        answers = False
        if beat is not None and not quickly and not beat.ended and not self._watch.is_new(beat):
            answers = self._signs.answers(beat)
        life = self._watch.look(beat, self._steady_s(), answers=answers)
        if life is not self._life:
            self._turn(life)
        return life

    def _turn(self, life: Life) -> None:
        self._life = life
        self._tell(life)
        self._cancelled = 0
        self._clear_at_s = None
        self._troubles.clear()
        if life is Life.GONE:
            for sweep in self._sweeps:
                sweep.begin()
            self._watch.busy(self._steady_s())

    def _probe(self) -> None:
        now_s = self._steady_s()
        if now_s - self._probed_s >= PROBE_S:
            self._probed_s = now_s
            for sweep in self._sweeps:
                self._note(sweep.account, sweep.probe())
            self._watch.busy(self._steady_s())

    def _is_due(self) -> bool:
        clear_at_s = self._clear_at_s
        return clear_at_s is None or self._steady_s() - clear_at_s >= AGAIN_S

    def _judge(self, found: Sequence[Swept]) -> bool:
        """Take note of a step; whether there is more to cancel at once."""
        for sweep, one in zip(self._sweeps, found, strict=True):
            self._note(sweep.account, one.trouble)
        cancelled = sum(one.cancelled for one in found)
        self._cancelled += cancelled
        if any(one.found or not one.whole for one in found):
            self._clear_at_s = None
            return bool(cancelled)
        now_s, was_clear = self._steady_s(), self._clear_at_s is not None
        self._clear_at_s = now_s
        if not was_clear:
            seconds = now_s - self._watch.heard_s
            self._tell(Exposure(seconds=seconds, cancelled=self._cancelled))
        return False

    def _note(self, account: str, trouble: str | None) -> None:
        """Tell what stands in the way once, until it is something else."""
        if trouble is None:
            self._troubles.pop(account, None)
        elif self._troubles.get(account) != trouble:
            self._troubles[account] = trouble
            self._tell(Trouble(account=account, text=trouble))
