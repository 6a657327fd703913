"""No path to a placement avoids the chain of gates (A34, L08, L09, L10, L11).

Once by reading the sources, once by judging again every placement of worlds full of faults.
"""

import ast
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridcore.clock import MINUTE_US, SECOND_US, Instant
from gridcore.config import CloseGate
from gridcore.events import (
    Event,
    Execution,
    OperatorAction,
    OperatorCommand,
    OrderUpdate,
    PlaceAccepted,
    PlaceRejected,
    Ticker,
)
from gridcore.session.codes import Reaction, reaction_to_place
from gridcore.session.effects import Approved, Effects, PlaceOrder
from gridcore.session.modes import Mode
from gridcore.session.orders import TrackedOrder
from gridcore.sides import opens
from gridcore.working import direction_index
from simvenue.campaign.exposure_law import notional_cap, open_orders_cap, placements_cap
from simvenue.campaign.mode_law import concerns
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.world import World

ROOT = Path(__file__).resolve().parents[2]

# -- by reading -------------------------------------------------------------------------------

Place = tuple[str, str]
"""(file, innermost function)."""


def sources() -> list[Path]:
    return sorted(
        path for folder in ("packages", "apps") for path in (ROOT / folder).glob("*/src/**/*.py")
    )


def functions(tree: ast.AST, name: str = "") -> Iterator[tuple[ast.AST, str]]:
    """Every node with the name of the innermost function around it."""
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else name
        yield node, inner
        yield from functions(node, inner)


def named(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Subscript):
        return named(node.value, name)
    if isinstance(node, ast.Attribute):
        return node.attr == name
    return isinstance(node, ast.Name) and node.id == name


def uses(name: str) -> list[Place]:
    """Where something is called, or handed on to be called later; asking for its type is not."""
    found = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if name not in text:
            continue
        for node, function in functions(ast.parse(text)):
            if not isinstance(node, ast.Call) or named(node.func, "isinstance"):
                continue
            if any(named(part, name) for part in (node.func, *node.args)) or any(
                named(keyword.value, name) for keyword in node.keywords
            ):
                found.append((path.name, function))
    return found


def test_only_the_chain_s_end_and_the_journal_s_reader_make_a_proof_of_approval() -> None:
    """The reader gives back what a journal holds: such a proof is compared, never sent."""
    assert uses("Approved") == [("forms.py", "_approved"), ("gates.py", "approve")]


def test_approval_is_asked_for_in_one_place_after_every_gate_was_asked() -> None:
    assert uses("approve") == [("strategy.py", "_propose")]
    (path,) = [path for path in sources() if path.parts[-2:] == ("session", "strategy.py")]
    (propose,) = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name == "_propose"
    ]
    lines = ast.unparse(propose).splitlines()
    judged = lines.index("    denial = judge(proposal)")
    assert lines[judged + 1 : judged + 4] == [
        "    if denial is not None:",
        "        self._denied(proposal, denial)",
        "        return",
    ]
    assert judged < next(number for number, line in enumerate(lines) if "approve(" in line)


# -- by judging again -------------------------------------------------------------------------


Level = tuple[str, str, str, int]


def level_of(order: PlaceOrder) -> Level:
    return order.symbol, order.direction.value, order.side.value, int(order.price)


class Judge:
    """Asks of every placement what the gates ask, of the state that the session shows."""

    def __init__(self) -> None:
        self.first = self.again = self.resumed = 0
        """Placements with a new wire id, with one sent before, and after an operator's resume."""
        self._sent: dict[str, PlaceOrder] = {}
        self._waits: dict[Level, Instant] = {}
        """Levels whose placement was refused for a passing reason, and until when they wait."""
        self._refused: set[str] = set()
        self._placed: dict[str, deque[Instant]] = {}
        self._resumed = False

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        """Judge every placement of an event."""
        if isinstance(event, OperatorCommand) and event.action is OperatorAction.RESUME:
            self._resumed = True
        self._follow_refusals(event, now, effects)
        placed = [request.request for request in effects.requests if isinstance(request, Approved)]
        assert not placed or isinstance(event, Ticker), "only tickers place"
        for number, order in enumerate(placed):
            later = {request.wire_id for request in placed[number + 1 :]}
            live = [order for order in world.session.live_orders() if order.wire_id not in later]
            self._judge(world, order, live, now)

    def finished(self, world: World) -> None:
        """Nothing is left to judge."""

    def _follow_refusals(self, event: Event, now: Instant, effects: Effects) -> None:
        """The first refusal for a passing reason stops its level for a second, whatever the id."""
        if isinstance(event, PlaceRejected):
            order = self._sent.get(event.wire_id)
            retried = reaction_to_place(event.code) is Reaction.RETRY
            if order is not None and retried and event.wire_id not in self._refused:
                self._waits[level_of(order)] = Instant(now + SECOND_US)
            self._refused.add(event.wire_id)
        elif isinstance(event, PlaceAccepted | OrderUpdate | Execution):
            known = self._sent.get(event.wire_id)
            if known is not None:
                self._refused.add(event.wire_id)
                self._waits.pop(level_of(known), None)
        # Other levels after a rebuild: nothing waits any more.
        if any(notice.event in ("grid_built", "grid_rebuilt") for notice in effects.notices):
            self._waits.clear()

    def _judge(
        self, world: World, order: PlaceOrder, live: list[TrackedOrder], now: Instant
    ) -> None:
        opening = opens(order.direction, order.side)
        self._judge_mode(world, order, opening)
        self._judge_level(order, live)
        self._judge_brakes(world, order, now)
        if opening:
            self._judge_open(world, order, live)
        else:
            self._judge_close(world, order, live)
        self.resumed += self._resumed
        assert now >= self._waits.pop(level_of(order), now), "a level waits for its retry"
        if order.wire_id in self._sent:
            self.again += 1
        else:
            self.first += 1
        self._sent[order.wire_id] = order

    def _judge_mode(self, world: World, order: PlaceOrder, opening: bool) -> None:
        forbidden = Mode.NO_OPEN if opening else Mode.HALT
        for request in world.session.standing_modes():
            assert request.mode < forbidden or not concerns(request.scope, order), request

    def _judge_level(self, order: PlaceOrder, live: list[TrackedOrder]) -> None:
        there = [
            other.wire_id
            for other in live
            if (other.symbol, other.direction, other.price)
            == (order.symbol, order.direction, order.price)
        ]
        assert there == [order.wire_id], "one order per level and direction"

    def _judge_brakes(self, world: World, order: PlaceOrder, now: Instant) -> None:
        strategy = world.session.strategies[order.symbol]
        side = 0 if order.side.value == "Buy" else 1
        direction = direction_index(order.direction)
        assert not strategy.brakes.breaker.blocks(direction, side, int(order.price))
        placed = self._placed.setdefault(order.symbol, deque())
        while placed and now - placed[0] >= MINUTE_US:
            placed.popleft()
        placed.append(now)
        assert len(placed) <= placements_cap(strategy.setup)

    def _judge_open(self, world: World, order: PlaceOrder, live: list[TrackedOrder]) -> None:
        strategy = world.session.strategies[order.symbol]
        setup, wallet = strategy.setup, strategy.wallet
        own = [other for other in live if other.symbol == order.symbol]
        assert len(own) <= open_orders_cap(setup)
        assert wallet.available is None or wallet.available > 0
        steps = sum(
            int(other.price) * other.leaves
            for other in own
            if other.opens and other.direction is order.direction
        )
        value = setup.instrument.tick_size * setup.instrument.qty_step * steps
        value += strategy.pair.legs[direction_index(order.direction)].value
        assert value <= notional_cap(setup, int(order.price), wallet.balance)

    def _judge_close(self, world: World, order: PlaceOrder, live: list[TrackedOrder]) -> None:
        strategy = world.session.strategies[order.symbol]
        index = direction_index(order.direction)
        assert order.reduce_only
        assert strategy.brakes.unsure[index] is None, "closes wait for a sure position"
        covered = sum(
            other.leaves
            for other in live
            if not other.opens
            and (other.symbol, other.direction) == (order.symbol, order.direction)
        )
        size = strategy.pair.legs[index].size
        strict = strategy.setup.close_gate is CloseGate.STRICT
        assert covered < size if strict else covered <= size


@pytest.fixture(scope="module")
def judge() -> Judge:
    """One that has judged forty worlds."""
    total = Judge()
    for seed in range(101, 141):
        judge = Judge()
        World(scenario_of(seed), [judge]).play()
        total.first += judge.first
        total.again += judge.again
        total.resumed += judge.resumed
    return total


@pytest.mark.untraced
def test_every_placement_satisfies_every_gate_judged_anew(judge: Judge) -> None:
    assert judge.first > 1_000


def test_a_placement_sent_again_passes_the_same_chain_a34(judge: Judge) -> None:
    assert judge.again > 20


def test_a_placement_after_an_operator_s_resume_passes_the_same_chain_l11(judge: Judge) -> None:
    assert judge.resumed > 100
