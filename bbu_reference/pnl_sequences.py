"""The tracker sequences of pnl.json: fills, marks, funding and percentages of one leg.

Every step starts from the recorded state before it, so that a deviation does not spread. What the
operation changes is compared; what the old tracker carried over from an earlier mark is not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from bbu_reference.framework import RAISES, FileReport, Raises, Rule, outcome
from bbu_reference.pnl_rules import BAD_LEVERAGE, IGNORED_LEVERAGE, MONEY_QUANTUM, OVER_CLOSE
from bbu_reference.tiers_model import (
    Row,
    initial,
    maintenance,
    rounded,
    row_of,
    subject_tiers,
    table_rows,
)
from gridcore.pnl import (
    RiskTiers,
    entry_value,
    fill_leg,
    funding_cash_flow,
    trading_fee,
    unrealised,
    unrealised_pct,
)
from gridcore.sides import DirectionType, SideType, opens

QUANTUM = Decimal("1e-8")
SIZE, ENTRY, REALISED, UNREALISED, FEES, FUNDING, VALUE, IM, IMR, MM, MMR = range(11)
"""Places in a recorded state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Both outputs of a step, what is right, and the rules that see the recording as wrong."""

    ours: object
    recorded: object
    right: object
    rules: list[Rule]


class _Leg:
    """One leg before a step, as recorded."""

    def __init__(self, case: dict[str, Any], document: dict[str, Any]) -> None:
        self.direction = DirectionType(case["dir"])
        self.fee_rate: str = case["fee"]
        self.leverage: str = str(case["lev"])
        self.rows: list[Row] = table_rows(document, case["sym"], None)
        self.tiers: RiskTiers = subject_tiers(self.rows)
        self.state = ["0"] * 14

    @property
    def size(self) -> Decimal:
        return Decimal(self.state[SIZE])

    @property
    def entry(self) -> Decimal | None:
        return Decimal(self.state[ENTRY]) or None


def check_sequence(case: dict[str, Any], document: dict[str, Any], report: FileReport) -> None:
    """Judge every step of one sequence."""
    leg = _Leg(case, document)
    for index, step in enumerate(case["steps"]):
        operation = OPERATIONS.get(step["op"])
        where = f"{case['id']} step {index}"
        if operation is None:
            report.fail(case["s"], where, f"unknown operation {step['op']!r}")
        else:
            judged = operation(leg, step)
            report.settle(
                case["s"],
                where,
                ours=judged.ours,
                recorded=judged.recorded,
                rules=judged.rules,
                right=judged.right,
            )
        leg.state = step["st"]


def _money(exact: Fraction) -> Decimal:
    """An exact amount at 1e-8, half-even."""
    scaled = round(exact * 10**8)
    return (Decimal(scaled) * QUANTUM).quantize(QUANTUM, ROUND_HALF_EVEN)


def _fill(leg: _Leg, step: dict[str, Any]) -> Judged:
    side = SideType(step["side"])
    price, qty = Decimal(step["price"]), Decimal(step["qty"])
    filled = outcome(lambda: fill_leg(leg.direction, leg.size, leg.entry, side, price, qty))
    if "err" in step:
        return Judged(ours=filled, recorded=RAISES, right=None, rules=[])
    opening = opens(leg.direction, side)
    ours: object = filled
    if not isinstance(filled, Raises):
        effective = qty if opening else filled.closed
        fee = trading_fee(price, effective, Decimal(leg.fee_rate))
        ours = (filled.realised, filled.size, filled.entry or Decimal(0), fee)
    charged = _change(leg, step, FEES, Fraction(qty) * Fraction(price) * Fraction(leg.fee_rate))
    recorded = (
        Decimal(step["ret"]),
        Decimal(step["st"][SIZE]),
        Decimal(step["st"][ENTRY]),
        rounded(charged),
    )
    return _right_fill(leg, step, opening, ours, recorded)


def _right_fill(
    leg: _Leg,
    step: dict[str, Any],
    opening: bool,
    ours: object,
    recorded: tuple[Decimal, Decimal, Decimal, Decimal],
) -> Judged:
    """T-2 in exact numbers: average entry, closed part, money at 1e-8."""
    size, entry = Fraction(leg.size), Fraction(leg.entry or 0)
    price, qty, rate = (Fraction(text) for text in (step["price"], step["qty"], leg.fee_rate))
    if opening:
        closed = profit = Fraction(0)
        entry = (size * entry + qty * price) / (size + qty)
        size += qty
        traded = qty
    else:
        closed = traded = min(qty, size)
        gain = price - entry if leg.direction is DirectionType.LONG else entry - price
        profit = gain * closed
        size -= closed
        entry = entry if size else Fraction(0)
    fee = traded * price * rate
    right = (_money(profit), rounded(size), rounded(entry), _money(fee))
    known = (
        recorded[1:3] == right[1:3]
        and _within(recorded[0], profit)
        and _within(recorded[3], qty * price * rate)
    )
    rules = []
    if not opening and qty > closed:
        rules.append(OVER_CLOSE)
    if _money(profit) != recorded[0] or _money(fee) != rounded(fee):
        rules.append(MONEY_QUANTUM)
    return Judged(ours=ours, recorded=recorded, right=right, rules=rules if known else [])


def _within(found: Decimal, exact: Fraction) -> bool:
    """Whether a recorded amount is the exact one up to the 28 digits of its arithmetic."""
    return abs(Fraction(found) - exact) <= Fraction(1, 10**14) * max(abs(exact), Fraction(1))


def _change(leg: _Leg, step: dict[str, Any], place: int, exact: Fraction) -> Fraction:
    """What a recorded total grew by; `exact` where they differ by the total's last digits only."""
    before, after = Fraction(leg.state[place]), Fraction(step["st"][place])
    lost_digits = max(abs(before), abs(after)) / 10**26
    change = after - before
    return exact if abs(change - exact) <= lost_digits else change


def _mark(leg: _Leg, step: dict[str, Any]) -> Judged:
    price = Decimal(step["price"])
    ours: object = (Decimal(0),) * 5
    if leg.size and leg.entry is not None:
        value = entry_value(leg.size, leg.entry)
        margin = outcome(lambda: leg.tiers.initial_margin(value, Decimal(leg.leverage)))
        ours = (
            unrealised(leg.direction, leg.entry, price, leg.size),
            value,
            margin,
            leg.tiers.maintenance_margin(value),
            leg.tiers.tier_of(value).maintenance_rate,
        )
    after = step["st"]
    recorded = tuple(Decimal(after[place]) for place in (UNREALISED, VALUE, IM, MM, MMR))
    if not leg.size or leg.entry is None:
        return Judged(ours=ours, recorded=recorded, right=None, rules=[])
    gain = price - leg.entry if leg.direction is DirectionType.LONG else leg.entry - price
    held = leg.size * leg.entry
    value_held = Fraction(held)
    row = row_of(leg.rows, value_held)
    needed = (rounded(maintenance(leg.rows, value_held)), rounded(row[1]))
    leverage = Fraction(leg.leverage)
    by_tier = (gain * leg.size, held, rounded(value_held * row[3]), *needed)
    rules: list[Rule] = []
    due: object
    if leverage <= 0:
        rules, due = [BAD_LEVERAGE], RAISES
    elif 1 / leverage > row[3]:
        rules, due = [IGNORED_LEVERAGE], rounded(initial(leg.rows, value_held, leverage))
    else:
        due = by_tier[2]
    right = (*by_tier[:2], due, *needed)
    return Judged(
        ours=ours, recorded=recorded, right=right, rules=rules if recorded == by_tier else []
    )


def _funding(leg: _Leg, step: dict[str, Any]) -> Judged:
    price, rate = Decimal(step["price"]), Decimal(step["rate"])
    exact = Fraction(leg.size) * Fraction(price) * Fraction(rate)
    flow = -exact if leg.direction is DirectionType.LONG else exact
    right = _money(flow)
    recorded = rounded(-_change(leg, step, FUNDING, -flow))
    dusty = Fraction(right) != flow and _within(recorded, flow)
    return Judged(
        ours=funding_cash_flow(leg.direction, leg.size, price, rate),
        recorded=recorded,
        right=right,
        rules=[MONEY_QUANTUM] if dusty else [],
    )


def _percentage(leg: _Leg, step: dict[str, Any]) -> Judged:
    entry = leg.entry or Decimal(0)
    price, leverage = Decimal(step["price"]), Decimal(step["lev"])
    ours = unrealised_pct(leg.direction, entry, price, leverage) if leg.size else Decimal(0)
    return Judged(ours=ours, recorded=Decimal(step["ret"]), right=None, rules=[])


OPERATIONS: dict[str, Callable[[_Leg, dict[str, Any]], Judged]] = {
    "fill": _fill,
    "mark": _mark,
    "funding": _funding,
    "pct": _percentage,
}
