"""pnl.json: profit, margins, ratios, tier tables, liquidation of a pair, sequences of one leg."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbu_reference import pnl_sequences
from bbu_reference.framework import RAISES, FileReport, Raises, Rule, outcome
from bbu_reference.pnl_rules import (
    BAD_LEVERAGE,
    ENTRY_REFERENCE,
    IGNORED_LEVERAGE,
    NO_TIERS,
    TEXT_NUMBERS,
    UNKNOWN_PRICE,
)
from bbu_reference.tiers_model import (
    Pair,
    Row,
    flat_rows,
    initial,
    maintenance,
    recorded_liquidation,
    right_liquidation,
    rounded,
    row_of,
    subject_tiers,
    table_rows,
)
from gridcore.pnl import (
    entry_value,
    liquidation_ratio,
    margin_pct,
    margin_ratio,
    pair_liquidation,
    parse_tiers,
    unrealised,
    unrealised_pct,
)
from gridcore.sides import DirectionType

Judge = Callable[[dict[str, Any], dict[str, Any], FileReport], None]
FLOAT_NOISE = Fraction(1, 10**15)
"""Relative difference between a recorded float quotient and the exact one."""


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every case by its kind."""

    def judge(case: dict[str, Any]) -> None:
        kind = KINDS.get(case["s"])
        if kind is None:
            report.fail(case["s"], case["id"], f"unknown kind {case['s']!r}")
        else:
            kind(case, document, report)

    report.judge_each(document["cases"], judge)


def _check_profit(case: dict[str, Any], document: dict[str, Any], report: FileReport) -> None:
    """M-1 and M-2; the inverse-contract percentage of the first bot is not compared."""
    del document
    direction = DirectionType(case["dir"])
    entry, price, size, leverage = (
        Decimal(case[name]) for name in ("entry", "price", "size", "lev")
    )
    report.settle(
        case["s"],
        case["id"],
        ours=(
            unrealised(direction, entry, price, size),
            unrealised_pct(direction, entry, price, leverage),
        ),
        recorded=(Decimal(case["upnl"]), Decimal(case["pct"])),
    )


def _check_margin(case: dict[str, Any], document: dict[str, Any], report: FileReport) -> None:
    """Initial margin, maintenance margin and its rate (M-5)."""
    rows = table_rows(document, case["sym"], case["tiers"])
    value, leverage = Fraction(case["pv"]), Fraction(case["lev"])
    recorded = (
        RAISES if isinstance(case["im"], str) else Decimal(case["im"][0]),
        RAISES if isinstance(case["mm"], str) else tuple(Decimal(text) for text in case["mm"]),
    )
    rules: list[Rule] = []
    right: object = (RAISES, RAISES)
    if not rows:
        rules = [NO_TIERS]
    elif value >= 0:
        rate = row_of(rows, value)[1] if value else Fraction(0)
        needed = (rounded(maintenance(rows, value)), rounded(rate))
        if leverage <= 0:
            right, rules = (RAISES, needed), [BAD_LEVERAGE]
        else:
            right = (rounded(initial(rows, value, leverage)), needed)
            if value / leverage > value * row_of(rows, value)[3]:
                rules = [IGNORED_LEVERAGE]
        if recorded != (_recorded_initial(case, document, rows), needed):
            rules = []
    report.settle(
        case["s"],
        case["id"],
        ours=_our_margins(case, document),
        recorded=recorded,
        rules=rules,
        right=right,
    )


def _recorded_initial(
    case: dict[str, Any], document: dict[str, Any], rows: Sequence[Row]
) -> Decimal:
    """The old margin: by the tier alone, or by leverage alone where no tier reached so far."""
    value, leverage = Fraction(case["pv"]), Fraction(case["lev"])
    custom = case["tiers"]
    table = [] if custom is None else document["header"]["custom_tiers"][custom]
    if table and table[-1][0] != "Infinity" and value > Fraction(table[-1][0]):
        return rounded(value / leverage) if leverage > 0 else Decimal(0)
    return rounded(value * row_of(rows, value)[3])


def _our_margins(case: dict[str, Any], document: dict[str, Any]) -> tuple[object, object]:
    value, leverage = Decimal(case["pv"]), Decimal(case["lev"])
    tiers = outcome(lambda: subject_tiers(table_rows(document, case["sym"], case["tiers"])))
    if isinstance(tiers, Raises):
        return tiers, tiers
    needed = outcome(
        lambda: (
            tiers.maintenance_margin(value),
            tiers.tier_of(value).maintenance_rate if value else Decimal(0),
        )
    )
    return outcome(lambda: tiers.initial_margin(value, leverage)), needed


def _check_ratios(case: dict[str, Any], document: dict[str, Any], report: FileReport) -> None:
    """M-3, M-4 and M-8. The liquidation ratio was a float: equal within its noise."""
    del document
    above, below = Decimal(case["a"]), Decimal(case["b"])
    ours = (
        margin_ratio(above, below),
        margin_pct(above, below),
        margin_pct(above, below),
        entry_value(above, below),
    )
    names = ("margin_ratio", "imr_pct", "mmr_pct", "position_value")
    report.settle(
        case["s"], case["id"], ours=ours, recorded=tuple(Decimal(case[name]) for name in names)
    )
    ratio = liquidation_ratio(above, below)
    recorded = Fraction(case["liq_ratio"])
    if ratio is not None and abs(Fraction(ratio) - recorded) <= FLOAT_NOISE * abs(recorded):
        recorded = Fraction(ratio)
    report.settle(
        "liquidation_ratio",
        case["id"],
        ours=None if ratio is None else Fraction(ratio),
        recorded=recorded,
        rules=[UNKNOWN_PRICE] if not below and recorded == 0 else (),
    )


def _check_tiers(case: dict[str, Any], document: dict[str, Any], report: FileReport) -> None:
    """The exchange's rows, parsed (M-7)."""
    del document
    recorded: object = RAISES
    if not isinstance(case["out"], str):
        recorded = [tuple(Decimal(number) for number in row) for row in case["out"]]
    parsed = outcome(lambda: parse_tiers(case["tiers_in"]))
    ours: object = parsed
    if not isinstance(parsed, Raises):
        ours = [
            (
                Decimal("Infinity") if tier.max_value is None else tier.max_value,
                tier.maintenance_rate,
                tier.deduction,
                tier.initial_rate,
            )
            for tier in parsed.tiers
        ]
    right, rules = _right_tiers(case["tiers_in"], recorded)
    report.settle(case["s"], case["id"], ours=ours, recorded=recorded, rules=rules, right=right)


def _right_tiers(rows: Any, recorded: object) -> tuple[object, list[Rule]]:
    """Rows with floats in them, read through their texts; other rows as recorded."""
    if recorded == RAISES or not any(
        isinstance(value, float) for row in rows for value in row.values()
    ):
        return None, []
    fields = ("riskLimitValue", "maintenanceMargin", "mmDeduction", "initialMargin")

    def table(read: Callable[[Any], Decimal]) -> list[tuple[Decimal, ...]]:
        parsed = sorted(tuple(read(row.get(name) or 0) for name in fields) for row in rows)
        return [*parsed[:-1], (Decimal("Infinity"), *parsed[-1][1:])]

    right = table(lambda value: Decimal(str(value)))
    return right, [TEXT_NUMBERS] if recorded == table(Decimal) else []


def _check_pair(case: dict[str, Any], document: dict[str, Any], report: FileReport) -> None:
    """Liquidation prices of a pair; the fitted margins `im_mm` are not built (README 15)."""
    custom = case["tiers"]
    rows = flat_rows() if custom == "none" else table_rows(document, case["sym"], None)
    pair = Pair(
        long=Fraction(case["long"][0]),
        long_entry=Fraction(case["long"][1]),
        short=Fraction(case["short"][0]),
        short_entry=Fraction(case["short"][1]),
        equity=Fraction(case["equity"]),
        mark=Fraction(case["mark"]),
    )
    recorded = tuple(Decimal(text) or None for text in case["liq"])
    right: object = RAISES
    rules: list[Rule] = [UNKNOWN_PRICE]
    if pair.mark > 0:
        right = _decimals(right_liquidation(pair, rows))
        old = recorded_liquidation(pair, rows)
        known = all(_close(found, exact) for found, exact in zip(recorded, old, strict=True))
        rules = [ENTRY_REFERENCE] if known else []
    report.settle(
        case["s"],
        case["id"],
        ours=outcome(lambda: _our_pair(case, pair, rows)),
        recorded=recorded,
        rules=rules,
        right=right,
    )


def _our_pair(case: dict[str, Any], pair: Pair, rows: Sequence[Row]) -> tuple[Decimal | None, ...]:
    prices = pair_liquidation(
        long_size=Decimal(case["long"][0]),
        long_entry=Decimal(case["long"][1]),
        short_size=Decimal(case["short"][0]),
        short_entry=Decimal(case["short"][1]),
        mark=Decimal(case["mark"]),
        wallet=rounded(pair.wallet),
        tiers=subject_tiers(rows),
    )
    return tuple(price if isinstance(price, Decimal) else None for price in prices)


def _decimals(prices: tuple[Fraction | None, Fraction | None]) -> tuple[Decimal | None, ...]:
    return tuple(None if price is None else rounded(price) for price in prices)


def _close(found: Decimal | None, exact: Fraction | None) -> bool:
    """Equal within the rounding of the recorded expression."""
    if found is None or exact is None:
        return found is None and exact is None
    return abs(Fraction(found) - exact) <= abs(exact) / 10**20


KINDS: dict[str, Judge] = {
    "upnl": _check_profit,
    "margin": _check_margin,
    "ratios": _check_ratios,
    "tier_parse": _check_tiers,
    "pair": _check_pair,
    "tracker": pnl_sequences.check_sequence,
}
