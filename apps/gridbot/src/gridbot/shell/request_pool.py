"""Threads that carry requests out: those that reduce risk never wait behind those that add it.

It knows lanes; it refuses to know requests.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping

from bybit_adapter.rate_limiter import Lane

WORKERS = 10
LANE_WORKERS = {Lane.CANCEL: 10, Lane.REDUCE: 9, Lane.OPEN: 4, Lane.QUERY: 2}
"""How many workers a lane may hold at once, so that opens and questions, whose calls may sit out
the exchange's limits, leave one to cancels and reducing orders at any time. What answers a question
may be all orders of a day, megabytes of rows, so that only two are held at once."""
WAITING_MAX = 4_000
CLOSE_S_MAX = 2.0

Work = Callable[[], None]


class RequestPool:
    """Bounded workers over one bounded queue. `on_died` hears of a worker that an error ended."""

    def __init__(
        self,
        name: str,
        *,
        on_died: Callable[[str], None],
        workers: int = WORKERS,
        lane_workers: Mapping[Lane, int] = LANE_WORKERS,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._on_died = on_died
        self._lane_workers = dict(lane_workers)
        self._waiting_max = waiting_max
        lock = threading.Lock()
        self._room = threading.Condition(lock)
        self._ended = threading.Condition(lock)
        self._waiting: dict[Lane, deque[Work]] = {lane: deque() for lane in Lane}
        self._running = dict.fromkeys(Lane, 0)
        self._count = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-request-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def in_flight(self) -> int:
        """Works that were taken and have not ended."""
        return self._count

    def submit(self, lane: Lane, work: Work) -> bool:
        """Take a work; False when too many wait, or the pool is closed."""
        with self._room:
            if self._closed or self._count >= self._waiting_max:
                return False
            self._count += 1
            self._waiting[lane].append(work)
            self._room.notify()
        return True

    def close(self, patience_s: float = CLOSE_S_MAX) -> bool:
        """Begin nothing more; whether everything begun has ended within `patience_s`."""
        with self._room:
            self._closed = True
            for waiting in self._waiting.values():
                self._count -= len(waiting)
                waiting.clear()
            self._room.notify_all()
            return self._ended.wait_for(lambda: not self._count, patience_s)

    def _work(self) -> None:
        finished = False
        try:
            while (found := self._next()) is not None:
                lane, work = found
                try:
                    work()
                finally:
                    self._done(lane)
            finished = True
        finally:
            if not finished:
                name = threading.current_thread().name
                self._on_died(f"the thread {name} has ended by an error; see its traceback")

    def _next(self) -> tuple[Lane, Work] | None:
        with self._room:
            while True:
                if self._closed:
                    return None
                for lane in Lane:
                    if self._waiting[lane] and self._running[lane] < self._lane_workers[lane]:
                        self._running[lane] += 1
                        return lane, self._waiting[lane].popleft()
                self._room.wait()

    def _done(self, lane: Lane) -> None:
        with self._room:
            self._running[lane] -= 1
            self._count -= 1
            # Who did this looks for the next work itself, unless an error has ended it.
            if any(self._waiting.values()):
                self._room.notify()
            if not self._count:
                self._ended.notify_all()
