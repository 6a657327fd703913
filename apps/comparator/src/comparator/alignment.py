"""Aligns two ascending series of times at the least cost; it knows nothing but the times.

A pair costs its distance in time, two rows left apart cost the cap together (18.7). Pairs do not
cross, so rows pair in the order in which they are kept: the only question is which rows to keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass

KEPT, LEFT = 1, 2
_LIVE, _BACKTEST = 1, -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The rows that pair, the k-th of one side with the k-th of the other.

    `unsure_*` are rows that one alignment of least cost pairs and another one leaves.
    """

    live: tuple[int, ...]
    backtest: tuple[int, ...]
    unsure_live: tuple[int, ...]
    unsure_backtest: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Event:
    at: int
    kind: int
    row: int


@dataclass(frozen=True, slots=True)
class _Step:
    """One row, and how each number of rows that wait after it is reached at least cost."""

    event: _Event
    ways: dict[int, int]


def align_times(live: Sequence[int], backtest: Sequence[int], cap_us: int) -> Alignment:
    """The alignment of least cost; of several, the one that keeps the earliest rows.

    Rows are taken in order of time. The state is how many live rows wait for a partner (negative:
    backtest rows), and each waiting row costs the time that passes. Twice the cost is counted, so
    that the half cap of a row that is left is whole. A state that costs more than one nearer to
    zero with the difference left apart cannot win, so few states live at a time.
    """
    events = [_Event(at, _LIVE, row) for row, at in enumerate(live)]
    events += [_Event(at, _BACKTEST, row) for row, at in enumerate(backtest)]
    events.sort(key=lambda event: event.at)
    fates: list[tuple[_Event, int, bool]] = []
    costs = {0: 0}
    open_steps: list[_Step] = []
    before = events[0].at if events else 0
    for event in events:
        costs = _waited(costs, 2 * (event.at - before), cap_us)
        before = event.at
        if len(costs) == 1:
            fates += _settle(open_steps)
            open_steps.clear()
        costs, ways = _advance(costs, event.kind, cap_us)
        open_steps.append(_Step(event, ways))
    fates += _settle(open_steps)
    return _alignment(fates)


def _waited(costs: dict[int, int], elapsed: int, cap_us: int) -> dict[int, int]:
    """What every state costs when time has passed, without those that cannot win any more."""
    waited = {state: cost + abs(state) * elapsed for state, cost in costs.items()}
    return _without_hopeless(waited, cap_us)


def _advance(
    costs: dict[int, int], kind: int, cap_us: int
) -> tuple[dict[int, int], dict[int, int]]:
    """The least cost of every state after one more row, and the ways that lead there."""
    after: dict[int, int] = {}
    ways: dict[int, int] = {}
    for waiting, cost in costs.items():
        for state, total, way in ((waiting + kind, cost, KEPT), (waiting, cost + cap_us, LEFT)):
            known = after.get(state)
            if known is None or total < known:
                after[state], ways[state] = total, way
            elif total == known:
                ways[state] |= way
    return after, ways


def _without_hopeless(costs: dict[int, int], cap_us: int) -> dict[int, int]:
    """Drop states that a state nearer to zero beats whatever follows.

    From the nearer state the same can be done, leaving one later row of the other side for each
    row that waits less. Zero is always there: every row so far can have been left.
    """
    kept = {0: costs[0]}
    for states in (
        sorted(state for state in costs if state > 0),
        sorted((state for state in costs if state < 0), reverse=True),
    ):
        nearest, limit = 0, costs[0]
        for state in states:
            limit += cap_us * abs(state - nearest)
            nearest = state
            if costs[state] <= limit:
                kept[state] = limit = costs[state]
    return kept


def _settle(steps: Sequence[_Step]) -> list[tuple[_Event, int, bool]]:
    """(row, its fate, whether another fate costs the same) from one state of zero to the next."""
    on_way: list[set[int]] = []
    possible: list[int] = []
    states = {0}
    for step in reversed(steps):
        on_way.append(states)
        ways = 0
        earlier: set[int] = set()
        for state in states:
            way = step.ways[state]
            ways |= way
            if way & KEPT:
                earlier.add(state - step.event.kind)
            if way & LEFT:
                earlier.add(state)
        possible.append(ways)
        states = earlier
    fates: list[tuple[_Event, int, bool]] = []
    waiting = 0
    for step, reachable, ways in zip(steps, reversed(on_way), reversed(possible), strict=True):
        target = waiting + step.event.kind
        keeps = target in reachable and bool(step.ways[target] & KEPT)
        waiting = target if keeps else waiting
        fates.append((step.event, KEPT if keeps else LEFT, ways == KEPT | LEFT))
    return fates


def _alignment(fates: Sequence[tuple[_Event, int, bool]]) -> Alignment:
    kept: dict[int, list[int]] = {_LIVE: [], _BACKTEST: []}
    unsure: dict[int, list[int]] = {_LIVE: [], _BACKTEST: []}
    for event, fate, is_unsure in fates:
        if fate == KEPT:
            kept[event.kind].append(event.row)
        if is_unsure:
            unsure[event.kind].append(event.row)
    return Alignment(
        live=tuple(kept[_LIVE]),
        backtest=tuple(kept[_BACKTEST]),
        unsure_live=tuple(unsure[_LIVE]),
        unsure_backtest=tuple(unsure[_BACKTEST]),
    )
