"""risk_multipliers.json: states of a hedged pair and the multipliers they give."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbu_reference.framework import RAISES, FileReport, Raises, Rule, outcome
from bbu_reference.risk_model import near_a_threshold, recorded_multipliers, right_multipliers
from gridcore.config import RiskConfig
from gridcore.position import LegRisk, PairRisk, RiskRules

PURE = Rule(
    name="pure_function",
    reason="Multipliers depended on the order and the number of passes; they are a function of "
    "the state.",
)
FLAT_LEG = Rule(
    name="flat_leg",
    reason="A flat leg that still had an entry price was judged; a flat leg has no rules.",
)
GRAVER_WINS = Rule(
    name="graver_wins",
    reason="A milder rule of the short direction overwrote the long direction's emergency; the "
    "graver effect stays.",
)
UNKNOWN_PRICE = Rule(
    name="unknown_price",
    reason="A price of 0 made every liquidation price look far away; an unknown price is refused.",
)
FLOAT_THRESHOLD = Rule(
    name="float_threshold",
    reason="Floats decided a comparison within 1e-9 of its threshold; exact numbers decide it by "
    "its value.",
)
COLUMNS = 12


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every case of the file."""
    report.judge_each(document["cases"], lambda columns: _check_case(columns, report))


def _check_case(columns: Sequence[Any], report: FileReport) -> None:
    if len(columns) != COLUMNS:
        raise KeyError(f"expected {COLUMNS} columns, found {len(columns)}")
    found = columns[9]
    recorded: object = RAISES if isinstance(found, str) else tuple(Fraction(text) for text in found)
    if Fraction(columns[3]) <= 0:
        right: object = RAISES
        rules = [UNKNOWN_PRICE]
    else:
        right = right_multipliers(columns)
        rules = _rules(columns, recorded, right)
    report.settle(
        columns[1], columns[0], ours=_ours(columns), recorded=recorded, rules=rules, right=right
    )


def _rules(columns: Sequence[Any], recorded: object, right: object) -> list[Rule]:
    """Why the recording differs; none when the recorded protocol does not give it either."""
    if recorded == right or recorded_multipliers(columns) != recorded:
        return []
    rules = []
    if columns[8] != "ls":
        rules.append(PURE)
    if any(Fraction(leg[0]) == 0 and leg[1] is not None for leg in columns[6:8]):
        rules.append(FLAT_LEG)
    if not rules and _overwritten(recorded, right):
        rules.append(GRAVER_WINS)
    if not rules and near_a_threshold(columns):
        rules.append(FLOAT_THRESHOLD)
    return rules


def _overwritten(recorded: object, right: object) -> bool:
    """Whether long.Sell alone differs: throttled where the emergency should have raised it."""
    if not isinstance(recorded, tuple) or not isinstance(right, tuple):
        return False
    same_elsewhere = recorded[0] == right[0] and recorded[2:] == right[2:]
    return same_elsewhere and recorded[1] == Fraction("0.5") and right[1] == Fraction("1.5")


def _ours(columns: Sequence[Any]) -> object:
    config, price, low_balance, long, short = columns[2], *columns[3:5], columns[6], columns[7]
    settings = RiskConfig(
        min_liq_ratio=Decimal(config[0]),
        max_liq_ratio=Decimal(config[1]),
        max_margin=Decimal(config[2]),
        min_total_margin=Decimal(config[3]),
        increase_same_position_on_low_margin=bool(config[4]),
    )
    pair = PairRisk(
        long=_leg(long),
        short=_leg(short),
        long_margin=Decimal(long[4]),
        short_margin=Decimal(short[4]),
        price=Decimal(price),
        low_balance=bool(low_balance),
    )
    verdict = outcome(lambda: RiskRules(settings).judge(pair))
    if isinstance(verdict, Raises):
        return verdict
    multipliers = (verdict.long_buy, verdict.long_sell, verdict.short_buy, verdict.short_sell)
    return tuple(Fraction(multiplier) for multiplier in multipliers)


def _leg(row: Sequence[Any]) -> LegRisk:
    size, entry, liquidation = row[:3]
    return LegRisk(
        size=Decimal(size),
        entry=None if entry is None else Decimal(entry),
        liquidation=Decimal(liquidation),
    )
