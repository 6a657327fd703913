"""qty.json: order sizes, rounding, the early imbalance, instruments as the exchange states them."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbu_reference.framework import RAISES, FileReport, Raises, Rule, outcome
from bbu_reference.numbers import ceil_steps, near_threshold, round_half_even, whole
from gridcore.config import GridConfig
from gridcore.grid import build_levels
from gridcore.instrument import Instrument, exact
from gridcore.sizing import Amount, AmountKind, Sizer, early_imbalance_factor, parse_amount

MIN_NOTIONAL = Decimal(5)
"""The constant of the old bots; today every instrument states its own (README 16)."""
WITHOUT_LIMIT = Decimal(10) ** 20

IMPOSSIBLE_AMOUNT = Rule(
    name="impossible_amount",
    reason="An amount of 0, below 0 or without end traded the minimum or failed late; it is "
    "refused when the configuration is loaded.",
)
BASE_AMOUNT = Rule(
    name="base_amount",
    reason="b<quantity> was refused; it is a fixed base quantity.",
)
LIMITS = Rule(
    name="instrument_limits",
    reason="The size ignored the instrument's limits; it is cut to the maximum quantity, and below "
    "the minimum there is no order.",
)
HALF_EVEN = Rule(
    name="half_even",
    reason="A price on exactly half a tick was rounded up by one of two rounding rules; the one "
    "rule left is half-even.",
)
NO_PRICE = Rule(
    name="no_price",
    reason="A price that rounds to 0 or below was given out; it is refused.",
)
NO_NUMBER = Rule(
    name="no_number",
    reason="A price or a wallet that is no finite number gave a size; it is refused.",
)
NOT_FABRICATED = Rule(
    name="not_fabricated",
    reason="Missing limits were filled in with defaults; an instrument that is not wholly stated "
    "is refused.",
)
TEXT_NUMBERS = Rule(
    name="text_numbers",
    reason="A number was taken over with the dust of its float; it is read through its text.",
)
FLOAT_THRESHOLD = Rule(
    name="float_threshold",
    reason="Floats decided a comparison within 1e-9 of its threshold; exact numbers decide it by "
    "its value.",
)


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every case by its kind."""
    instruments = document["header"]["instruments"]

    def judge(case: dict[str, Any]) -> None:
        kind = KINDS.get(case["s"])
        if kind is None:
            report.fail(case["s"], case["id"], f"unknown kind {case['s']!r}")
        else:
            kind(case, instruments, report)

    report.judge_each(document["cases"], judge)


def _instrument(symbol: str, row: dict[str, str]) -> Instrument:
    return Instrument(
        symbol=symbol,
        tick_size=Decimal(row["tick_size"]),
        qty_step=Decimal(row["qty_step"]),
        min_qty=Decimal(row["min_qty"]),
        max_qty=Decimal(row["max_qty"]),
        min_notional=MIN_NOTIONAL,
    )


def _check_size(case: dict[str, Any], instruments: dict[str, Any], report: FileReport) -> None:
    """A base size. Unrounded recordings are compared after rounding up to the step."""
    row = instruments[case["sym"]]
    step = Fraction(row["qty_step"])
    recorded: object = RAISES
    if "err" not in case:
        out = outcome(lambda: Fraction(case["out"]))
        recorded = out if isinstance(out, Raises) else ceil_steps(out, step)
        if case["out"] in ("Infinity", "NaN"):
            recorded = case["out"]
    right, rules = _right_size(case, row, recorded)
    report.settle(
        case["s"],
        case["id"],
        ours=outcome(lambda: _our_size(case, row)),
        recorded=recorded,
        rules=rules,
        right=right,
    )


def _our_size(case: dict[str, Any], row: dict[str, str]) -> int:
    sizer = Sizer(parse_amount(case["amount"]), _instrument(case["sym"], row))
    price = whole(Fraction(case["price"]) / Fraction(row["tick_size"]))
    return sizer.opening(price, Decimal(case["wallet"]), Decimal(1)).steps or 0


def _right_size(
    case: dict[str, Any], row: dict[str, str], recorded: object
) -> tuple[object, list[Rule]]:
    """The size by its definition (Q-1 to Q-5), and why the recorded one is another."""
    amount = case["amount"]
    kind = amount[0] if amount[:1] in ("x", "b") else ""
    number = outcome(lambda: Decimal(amount.removeprefix(kind)))
    if isinstance(number, Raises):
        return RAISES, []
    if not number.is_finite() or number <= 0:
        known = recorded == _recorded_size(kind, number, case, row)
        return RAISES, [IMPOSSIBLE_AMOUNT] if known else []
    value = Fraction(number)
    stated = outcome(lambda: (Fraction(case["price"]), Fraction(case["wallet"])))
    if isinstance(stated, Raises):
        return RAISES, [NO_NUMBER]
    price, wallet = stated
    step = Fraction(row["qty_step"])
    if price <= 0 or (kind == "x" and wallet <= 0):
        return 0, []
    asked = value if kind == "b" else value * (wallet if kind == "x" else 1) / price
    steps = ceil_steps(max(asked, Fraction(MIN_NOTIONAL) / price), step)
    least, most = (Fraction(row[name]) / step for name in ("min_qty", "max_qty"))
    limited = 0 if steps < least else min(steps, int(most))
    rules = [BASE_AMOUNT] if kind == "b" else []
    if limited != steps:
        rules.append(LIMITS)
    return limited, rules if recorded == (RAISES if kind == "b" else steps) else []


def _recorded_size(kind: str, number: Decimal, case: dict[str, Any], row: dict[str, str]) -> object:
    """What the old bots made of an impossible amount: an error, no end, or the minimum."""
    price, wallet = Fraction(case["price"]), Fraction(case["wallet"])
    if kind == "b":
        return RAISES
    if price <= 0 or (kind == "x" and wallet <= 0):
        return 0
    if number.is_nan():
        return RAISES
    if number.is_infinite() and number > 0:
        return "Infinity"
    return ceil_steps(Fraction(MIN_NOTIONAL) / price, Fraction(row["qty_step"]))


def _check_round(case: dict[str, Any], instruments: dict[str, Any], report: FileReport) -> None:
    """Rounding alone: quantities up to the step, prices to the nearest tick."""
    row = instruments[case["sym"]]
    step, tick = Fraction(row["qty_step"]), Fraction(row["tick_size"])
    free = Instrument(
        symbol=case["sym"],
        tick_size=Decimal(row["tick_size"]),
        qty_step=Decimal(row["qty_step"]),
        min_qty=Decimal(row["qty_step"]),
        max_qty=WITHOUT_LIMIT,
        min_notional=Decimal(0),
    )
    sizer = Sizer(Amount(kind=AmountKind.BASE, value=Decimal(case["qty"])), free)
    report.settle(
        "round_qty",
        case["id"],
        ours=(sizer.closing(1, Decimal(0), Decimal(1)).steps or 0) * step,
        recorded=Fraction(case["round_qty"]),
    )
    ratio = Fraction(case["price"]) / tick
    right: object = round_half_even(ratio) * tick
    rules = [HALF_EVEN] if ratio % 1 == Fraction(1, 2) else []
    if ratio <= 0 or round_half_even(ratio) <= 0:
        right, rules = RAISES, [NO_PRICE]
    half_up = (abs(ratio) + Fraction(1, 2)) // 1 * (1 if ratio >= 0 else -1)
    if Fraction(case["round_price"]) != half_up * tick:
        rules = []
    one_level = GridConfig(grid_count=1)
    report.settle(
        "round_price",
        case["id"],
        ours=outcome(lambda: build_levels(whole(ratio), one_level)[0] * tick),
        recorded=Fraction(case["round_price"]),
        rules=rules,
        right=right,
    )


def _check_imbalance(case: dict[str, Any], instruments: dict[str, Any], report: FileReport) -> None:
    """The early imbalance: sizes between 1.1 and 10 to 1, no liquidation price (Q-6)."""
    del instruments
    long, short = Fraction(case["long_size"]), Fraction(case["short_size"])
    calm = Fraction(case["long_liq"]) == 0 and Fraction(case["short_liq"]) == 0
    applies = calm and short > 0 and Fraction("1.1") < long / short < 10
    right = Fraction(case["qty"]) * (Fraction(case["mult"]) if applies else 1)
    edges = (Fraction("1.1"), Fraction(10))
    near = short > 0 and any(near_threshold(long / short, edge) for edge in edges)
    recorded = Fraction(case["out"])
    either = (Fraction(case["qty"]), Fraction(case["qty"]) * Fraction(case["mult"]))
    factor = early_imbalance_factor(
        Decimal(case["long_size"]),
        Decimal(case["short_size"]),
        Decimal(case["long_liq"]),
        Decimal(case["short_liq"]),
        Decimal(case["mult"]),
    )
    report.settle(
        case["s"],
        case["id"],
        ours=Fraction(case["qty"]) * Fraction(factor),
        recorded=recorded,
        rules=[FLOAT_THRESHOLD] if near and right != recorded and recorded in either else [],
        right=right,
    )


def _check_instrument(
    case: dict[str, Any], instruments: dict[str, Any], report: FileReport
) -> None:
    """Exchange filters read through `exact` and judged by Instrument (N-1)."""
    del instruments
    fields = _filters(case)
    recorded = None
    if case["out"] is not None:
        recorded = {name: Decimal(case["out"][name]) for name in fields}
    right, rules = _right_instrument(fields, recorded)
    report.settle(
        case["s"],
        case["id"],
        ours=_our_instrument(fields),
        recorded=recorded,
        rules=rules,
        right=right,
    )


def _filters(case: dict[str, Any]) -> dict[str, object]:
    lot, price = case["lot"] or {}, case["price_filter"] or {}
    return {
        "qty_step": lot.get("qtyStep"),
        "tick_size": price.get("tickSize"),
        "min_qty": lot.get("minOrderQty"),
        "max_qty": lot.get("maxOrderQty"),
    }


def _our_instrument(fields: dict[str, object]) -> dict[str, Decimal] | None:
    instrument = outcome(
        lambda: Instrument(
            symbol="TEST",
            min_notional=MIN_NOTIONAL,
            **{name: exact(str(value)) for name, value in fields.items()},
        )
    )
    if isinstance(instrument, Raises):
        return None
    return {name: getattr(instrument, name) for name in fields}


def _right_instrument(
    fields: dict[str, object], recorded: dict[str, Decimal] | None
) -> tuple[dict[str, Decimal] | None, list[Rule]]:
    stated = ("qty_step", "tick_size")
    if recorded is None or any(
        recorded[name] != outcome(lambda v=fields[name]: Decimal(v))  # type: ignore[misc]
        for name in stated
    ):
        return None, []
    numbers = {name: outcome(lambda v=value: Decimal(str(v))) for name, value in fields.items()}  # type: ignore[misc]
    known = all(
        not isinstance(number, Raises) and number.is_finite() and number > 0
        for number in numbers.values()
    )
    if not known or numbers["max_qty"] < numbers["min_qty"]:
        return None, [NOT_FABRICATED]
    dusty = any(isinstance(value, float) for value in fields.values())
    return numbers, [TEXT_NUMBERS] if dusty else []


KINDS: dict[str, Callable[[dict[str, Any], dict[str, Any], FileReport], None]] = {
    "dense": _check_size,
    "b_form": _check_size,
    "odd_text": _check_size,
    "wallet_edge": _check_size,
    "price_edge": _check_size,
    "notional_floor": _check_size,
    "round": _check_round,
    "early_imbalance": _check_imbalance,
    "instrument_parse": _check_instrument,
}
