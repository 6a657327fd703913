"""grid_update.json: the grid after every fill of a sequence, and which saved grids are restored."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bbu_reference.framework import FileReport
from bbu_reference.grid_model import RecordedGrid, RightGrid, RightRefusal, is_correct
from bbu_reference.grid_rules import GridState, explain, state_of
from bbu_reference.grid_subject import GridSubject, grid_config
from bbu_reference.numbers import recorded_ticks, ticks
from bbu_reference.restore import check_restore


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every step of every sequence, and the restore cases of the header."""
    report.judge_each(
        document["header"].get("restore_grid_cases", ()),
        lambda case: check_restore(case, report),
        stratum="restore",
    )
    report.judge_each(document["cases"], lambda case: _Sequence(case, report).run())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recorded grid: its state, its prices as written, and whether it was called correct."""

    state: GridState
    prices: tuple[str, ...]
    anchor: str | None
    valid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call, made on the grid under test and on both models."""

    where: str
    on_ours: Callable[[GridSubject], None]
    on_right: Callable[[RightGrid], None]
    on_old: Callable[[RecordedGrid], None]


EMPTY = Recorded(
    state=GridState(raised=False, sides="", levels=(), anchor=None),
    prices=(),
    anchor=None,
    valid=False,
)


class _Sequence:
    """The grid under test follows the recording, and is set from it where a rule excused it."""

    def __init__(self, case: dict[str, Any], report: FileReport) -> None:
        self.case = case
        self.report = report
        self.tick: str = case["tick"]
        self.config = grid_config(case["n"], case["step"], case["threshold"])
        self.subject = GridSubject(self.config, self.tick)
        self.before = EMPTY
        self.in_step = True

    def run(self) -> None:
        case = self.case
        sides, prices = case["build"]
        if case["prebuilt"]:
            anchor = prices[len(prices) // 2] if prices else None
            self._judge(self._build(case["price"]), self._recorded(sides, prices, anchor, {}))
        for index, row in enumerate(case["steps"]):
            prices = row["P"] if row["P"] is not None else list(self.before.prices)
            recorded = self._recorded(row["S"], prices, row.get("a"), row)
            self._judge(self._update(index, row["f"], row["c"]), recorded)

    def _recorded(
        self, sides: str, prices: list[str], anchor: str | None, row: dict[str, Any]
    ) -> Recorded:
        levels = tuple(recorded_ticks(price, self.tick) for price in prices)
        state = GridState(
            raised="err" in row,
            sides=sides,
            levels=levels,
            anchor=None if anchor is None else recorded_ticks(anchor, self.tick),
        )
        exact = [Fraction(price) for price in prices]
        valid = bool(row["v"]) if "v" in row else is_correct(exact, sides)
        return Recorded(state=state, prices=tuple(prices), anchor=anchor, valid=valid)

    def _build(self, price: str) -> Step:
        center = ticks(price, self.tick)
        assert center is not None
        return Step(
            where=f"{self.case['id']} build",
            on_ours=lambda subject: subject.build(price),
            on_right=lambda grid: grid.build(center),
            on_old=lambda grid: grid.build(float(price)),
        )

    def _update(self, index: int, fill: str | None, last: str | None) -> Step:
        return Step(
            where=f"{self.case['id']} step {index}",
            on_ours=lambda subject: subject.update(fill, last),
            on_right=lambda grid: grid.update(ticks(fill, self.tick), ticks(last, self.tick)),
            on_old=lambda grid: grid.update(_float(fill), _float(last)),
        )

    def _judge(self, step: Step, recorded: Recorded) -> None:
        stratum = self.case["s"]
        if not self.before.state.sound:
            self.report.tally(stratum).skipped += 1
            self.before = recorded
            self.in_step = False
            return
        if not self.in_step:
            self.subject = GridSubject(self.config, self.tick)
            self.subject.adopt(self.before.state)
        step.on_ours(self.subject)
        ours = self.subject.state
        right = RightGrid(self.case["n"], self.case["step"], self.case["threshold"])
        start = self.before.state
        right.adopt([int(level) for level in start.levels], list(start.sides), start.anchor)
        refusal = None
        try:
            step.on_right(right)
        except RightRefusal as error:
            refusal = error
        expected = GridState(
            raised=refusal is not None,
            sides="".join(right.sides),
            levels=tuple(right.levels),
            anchor=right.anchor,
        )
        rules = explain(
            tick=self.tick,
            step=self.case["step"],
            before=start.levels,
            recorded=recorded.state,
            right=expected,
            refusal=refusal,
            near=right.near,
            reproduced=self._reproduced(step, recorded),
        )
        self.report.settle(
            stratum,
            step.where,
            ours=(ours, self.subject.valid()),
            recorded=(recorded.state, recorded.valid),
            rules=rules,
            right=(
                expected,
                is_correct([Fraction(level) for level in right.levels], expected.sides),
            ),
        )
        self.in_step = ours == recorded.state
        self.before = recorded

    def _reproduced(self, step: Step, recorded: Recorded) -> bool:
        """Whether the old bots' model, defects included, gives the recorded state."""
        old = RecordedGrid(self.tick, self.case["n"], self.case["step"], self.case["threshold"])
        prices = [float(price) for price in self.before.prices]
        old.adopt(prices, list(self.before.state.sides), _float(self.before.anchor))
        raised = False
        try:
            step.on_old(old)
        except (ValueError, ArithmeticError):
            raised = True
        state = state_of(old, self.tick, raised=raised)
        valid = is_correct([*map(Fraction, old.prices)], state.sides)
        return state == recorded.state and valid is recorded.valid


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)
