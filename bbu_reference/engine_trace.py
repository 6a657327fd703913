"""engine_trace.json: every event given to the engine, and the intents and grids that came out."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbu_reference.engine_model import (
    NOTHING,
    SPARE_ORDERS,
    WORDS,
    BookOrder,
    RightEngine,
    Wanted,
    book_order,
    grid_hash,
    identity_of,
)
from bbu_reference.engine_subject import EngineState, EngineSubject
from bbu_reference.framework import FileReport, Raises, Rule, outcome
from bbu_reference.grid_model import RecordedGrid, RightGrid
from bbu_reference.grid_rules import FLOAT_ROUNDING, GridState, explain, state_of
from bbu_reference.numbers import canonical_text, recorded_ticks, ticks
from bbu_reference.restore import RESTORED_BY_PRICE, recorded_restore, restorable

ZERO_ANCHOR = Rule(
    name="zero_anchor",
    reason="An anchor_price of 0 counted as absent; a price of 0 or below is refused.",
)
BAD_PRICE = Rule(
    name="bad_price",
    reason="A ticker or an execution at a price of 0 or below was taken; it is refused before it "
    "changes anything.",
)
CANONICAL_TEXT = Rule(
    name="canonical_text",
    reason="The price's text entered the identity as a float prints it; it enters in its one "
    "canonical form.",
)


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every event of every scenario."""
    report.judge_each(document["cases"], lambda case: _Scenario(case, report).run())


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What one event caused, as it is compared; prices as floats, as the traces hold them."""

    raised: bool
    wanted: Wanted
    grid: str
    last: float | None
    fill: float | None
    anchor: float | None


class _Scenario:
    """The engine under test follows the trace; after an excused event it waits for a full grid."""

    def __init__(self, case: dict[str, Any], report: FileReport) -> None:
        self.case = case
        self.report = report
        self.tick: str = case["tick"]
        self.book: dict[str, BookOrder] = {}
        self.subject = EngineSubject(case)
        self.right = self._right_engine()
        self.waiting = False

    def run(self) -> None:
        self._judge_start()
        for index, row in enumerate(self.case["events"]):
            self._update_book(row)
            if self.waiting:
                self.report.tally(self.case["s"]).skipped += 1
                self._resume(row)
            else:
                self._judge(index, row)

    def _update_book(self, row: dict[str, Any]) -> None:
        for order in row.get("a", ()):
            self.book[order[1]] = book_order(order, self.tick)
        for order_id in row.get("d", ()):
            self.book.pop(order_id, None)

    def _right_engine(self) -> RightEngine:
        case = self.case
        grid = RightGrid(case["n"], case["step"], case["threshold"])
        engine = RightEngine(grid, case["symbol"], case["strat_id"], Fraction(self.tick))
        anchor = ticks(case["anchor_price"], self.tick)
        engine.center = anchor if anchor is not None and anchor > 0 else None
        return engine

    def _judge_start(self) -> None:
        """The grid right after construction; a saved grid is taken or refused by its prices."""
        case = self.case
        sides, prices = case["grid_after_init"]
        recorded: object = (sides, tuple(recorded_ticks(price, self.tick) for price in prices))
        start = self.subject.state()
        ours: object = (start.grid.sides, start.grid.levels)
        rules: list[Rule] = []
        right: object = None
        if case["anchor_price"] is not None and Fraction(case["anchor_price"]) <= 0:
            # Refused, and then made without an anchor.
            rules, right = [ZERO_ANCHOR] if not sides else [], ("refused", recorded)
            ours = ("refused" if self.subject.refused_anchor else "taken", ours)
            recorded = ("taken", recorded)
        elif case["restored_grid"]:
            taken = restorable(case["restored_grid"], self.tick, case["n"])
            right = taken or ("", ())
            known = recorded == recorded_restore(case["restored_grid"], self.tick)
            rules = [RESTORED_BY_PRICE] if right != recorded and known else []
        if not self.report.settle(
            case["s"],
            f"{case['id']} start",
            ours=ours,
            recorded=recorded,
            rules=rules,
            right=right,
        ):
            self.waiting = True
        self._follow(start)
        if rules and ZERO_ANCHOR not in rules:
            self.waiting = True

    def _follow(self, state: EngineState) -> None:
        """Put the right engine where the engine under test is."""
        grid = state.grid
        self.right.grid.adopt([int(level) for level in grid.levels], list(grid.sides), grid.anchor)
        self.right.last = None if state.last is None else Fraction(state.last)
        self.right.fill = None if state.fill is None else Fraction(state.fill)
        self.right.pending = state.last is None and state.fill is not None

    def _resume(self, row: dict[str, Any]) -> None:
        """Take over the recorded state at a full grid that is sound."""
        if "G" not in row:
            return
        sides, prices = row["G"]
        last, fill, anchor = (
            None if text is None else recorded_ticks(text, self.tick) for text in row["h"]
        )
        grid = GridState(
            raised=False,
            sides=sides,
            levels=tuple(recorded_ticks(price, self.tick) for price in prices),
            anchor=anchor,
        )
        complete = len(grid.levels) in (0, 2 * (self.case["n"] // 2) + 1)
        if grid.sound and complete and (last is None or last > 0):
            state = EngineState(grid=grid, last=last, fill=fill)
            self.subject.adopt(state)
            self._follow(state)
            self.waiting = False

    def _judge(self, index: int, row: dict[str, Any]) -> None:
        orders = [] if row.get("nolimits") else list(self.book.values())
        before = self.subject.state()
        wanted, raised = self.subject.take(row, orders)
        after = self.subject.state(raised=raised)
        recorded = self._recorded(row)
        right, rules = self._expected(row, orders, before, recorded)
        passed = self.report.settle(
            self.case["s"],
            f"{self.case['id']} event {index}",
            ours=self._output(after, wanted),
            recorded=recorded,
            rules=rules,
            right=right,
        )
        self.waiting = not passed or self._output(after, wanted) != recorded
        self._follow(after)

    def _output(self, state: EngineState, wanted: Wanted) -> Output:
        return Output(
            raised=state.grid.raised,
            wanted=wanted,
            grid=self._hash(state.grid),
            last=self._float(state.last),
            fill=self._float(state.fill),
            anchor=self._float(state.grid.anchor),
        )

    def _float(self, price: int | Fraction | None) -> float | None:
        """A price as the traces record it."""
        return None if price is None else float(price * Fraction(self.tick))

    def _hash(self, grid: GridState) -> str:
        tick = Fraction(self.tick)
        return grid_hash([float(level * tick) for level in grid.levels], grid.sides)

    def _recorded(self, row: dict[str, Any]) -> Output:
        cancels = [(intent[1], intent[2]) for intent in row["i"] if intent[0] == "C"]
        places = [
            (
                "B" if intent[1] == "Buy" else "S",
                recorded_ticks(intent[2], self.tick),
                intent[3],
                bool(intent[4]),
                intent[5],
                intent[6],
            )
            for intent in row["i"]
            if intent[0] == "P"
        ]
        last, fill, anchor = (None if text is None else float(text) for text in row["h"])
        return Output(
            raised="err" in row,
            wanted=Wanted(cancels=tuple(cancels), places=tuple(places)),  # type: ignore[arg-type]
            grid=row["g"],
            last=last,
            fill=fill,
            anchor=anchor,
        )

    def _expected(
        self, row: dict[str, Any], orders: list[BookOrder], before: EngineState, recorded: Output
    ) -> tuple[Output, list[Rule]]:
        """What is right at this event, and the rules that recognise another recording."""
        if row["e"] == "O":
            return self._output(before, NOTHING), []
        price = outcome(lambda: ticks(row["x"], self.tick))
        if isinstance(price, Raises) or price <= 0:
            refused = EngineState(
                grid=GridState(
                    raised=True,
                    sides=before.grid.sides,
                    levels=before.grid.levels,
                    anchor=before.grid.anchor,
                ),
                last=before.last,
                fill=before.fill,
            )
            return self._output(refused, NOTHING), [BAD_PRICE]
        right = self.right
        wanted = NOTHING
        if row["e"] == "T":
            wanted = right.ticked(price, orders)
        else:
            right.executed(price)
        state = GridState(
            raised=False,
            sides="".join(right.grid.sides),
            levels=tuple(right.grid.levels),
            anchor=right.grid.anchor,
        )
        expected = self._output(EngineState(grid=state, last=right.last, fill=right.fill), wanted)
        if expected == recorded:
            return expected, []
        return expected, self._rules(row, orders, before, recorded, state)

    def _rules(
        self,
        row: dict[str, Any],
        orders: list[BookOrder],
        before: EngineState,
        recorded: Output,
        right: GridState,
    ) -> list[Rule]:
        old = RecordedGrid(self.tick, self.case["n"], self.case["step"], self.case["threshold"])
        tick = Fraction(self.tick)
        anchor = before.grid.anchor
        old.adopt(
            [float(level * tick) for level in before.grid.levels],
            list(before.grid.sides),
            None if anchor is None else float(anchor * tick),
        )
        raised = False
        try:
            self._old_event(old, row, orders, before)
        except (ValueError, ArithmeticError):
            raised = True
        state = state_of(old, self.tick, raised=raised)
        rules = explain(
            tick=self.tick,
            step=self.case["step"],
            before=before.grid.levels,
            recorded=state,
            right=right,
            refusal=self.right.refusal,
            near=self.right.near,
            reproduced=raised == recorded.raised
            and grid_hash(old.prices, old.sides) == recorded.grid,
        )
        if rules or state != right:
            return rules
        if self._hashed_as_printed(row):
            return [CANONICAL_TEXT]
        return [FLOAT_ROUNDING] if self.right.near else []

    def _hashed_as_printed(self, row: dict[str, Any]) -> bool:
        """Whether places were recorded under another text of their price than the canonical one."""
        places = [intent for intent in row["i"] if intent[0] == "P"]
        strat_id, symbol = self.case["strat_id"], self.case["symbol"]
        as_printed = all(
            place[6] == identity_of(strat_id, symbol, place[1], place[2], WORDS[place[3]])
            for place in places
        )
        return as_printed and any(place[2] != canonical_text(Decimal(place[2])) for place in places)

    def _old_event(
        self,
        old: RecordedGrid,
        row: dict[str, Any],
        orders: list[BookOrder],
        before: EngineState,
    ) -> None:
        """What the old engine did to its grid at this event (E-2, E-3, E-5)."""
        tick = Fraction(self.tick)
        price = float(row["x"])
        fill = None if before.fill is None else float(before.fill * tick)
        if row["e"] == "X":
            last = None if before.last is None else float(before.last * tick)
            old.update(price, last)
            return
        anchor = self.case["anchor_price"]
        if not old.prices:
            old.build((None if anchor is None else float(anchor)) or price)
        elif not min(old.prices) <= price <= max(old.prices):
            old.build(price)
        if before.last is None and fill is not None and old.prices:
            old.update(fill, price)
        for direction in ("l", "s"):
            resting = sum(order.direction == direction for order in orders)
            if resting > len(old.prices) + SPARE_ORDERS:
                old.build(price)
