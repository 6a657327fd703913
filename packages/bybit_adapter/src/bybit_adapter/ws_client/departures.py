"""Generations that are on their way out: which of them still run, and which hang.

It refuses to touch them: what hangs is only counted.
"""


class Departures:
    """Exits with a deadline. A thread that outlives it is abandoned until it ends by itself."""

    __slots__ = ("_abandoned", "_deadlines")

    def __init__(self) -> None:
        self._deadlines: dict[int, int] = {}
        self._abandoned: set[int] = set()

    def leave(self, generation: int, deadline_us: int) -> None:
        """A generation is being exited."""
        self._abandoned.discard(generation)
        self._deadlines[generation] = deadline_us

    def abandon(self, generation: int) -> None:
        """A generation hangs in its construction."""
        self._abandoned.add(generation)

    def left(self, generation: int) -> None:
        """Nothing of a generation runs any more."""
        self._deadlines.pop(generation, None)
        self._abandoned.discard(generation)

    def check(self, now_us: int) -> None:
        """Abandons what has not left in time."""
        late = [generation for generation, at in self._deadlines.items() if at <= now_us]
        for generation in late:
            del self._deadlines[generation]
            self._abandoned.add(generation)

    def abandoned(self) -> int:
        """How many generations hang now."""
        return len(self._abandoned)

    def leaving(self) -> bool:
        """Whether an exit is still within its deadline."""
        return bool(self._deadlines)

    def next_deadline(self) -> int | None:
        """When the next exit is late."""
        return min(self._deadlines.values(), default=None)
