"""client_order_id.json: the identity of an order, and the identity inside a recorded link id."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

from bbu_reference.framework import RAISES, FileReport, Raises, Rule, outcome
from bbu_reference.numbers import canonical_text
from gridcore.instrument import decimal_text, exact
from gridcore.intents import client_order_id, recorded_prefix
from gridcore.sides import DirectionType, SideType

CANONICAL_TEXT = Rule(
    name="canonical_text",
    reason="The price's text entered the hash as it was given; one canonical text enters it, so "
    "that equal prices have one identity.",
    adr="0011",
)
UNKNOWN_SIDE = Rule(
    name="unknown_side",
    reason="A side or direction outside the closed set was hashed; it is refused.",
)
NO_PRICE = Rule(
    name="no_price",
    reason="A price that is no finite number was hashed; it is refused.",
)
STRATA = {
    "random",
    "price_text",
    "from_float",
    "strat_text",
    "odd_side",
    "collision",
    "enum_side",
}


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every identity, and the prefix cases of the header."""
    report.judge_each(
        document["header"].get("prefix_cases", ()),
        lambda row: _check_prefix(row, report),
        stratum="prefix",
    )
    report.judge_each(document["cases"], lambda case: _check_case(case, report))


def _check_prefix(row: dict[str, Any], report: FileReport) -> None:
    report.settle(
        "prefix", f"prefix of {row['in']!r}", ours=recorded_prefix(row["in"]), recorded=row["out"]
    )


def _check_case(case: dict[str, Any], report: FileReport) -> None:
    if case["s"] not in STRATA:
        report.fail(case["s"], case["id"], f"unknown kind {case['s']!r}")
        return
    right, rules = _right(case)
    report.settle(
        case["s"],
        case["id"],
        ours=outcome(lambda: _ours(case)),
        recorded=case["out"],
        rules=rules,
        right=right,
    )


def _ours(case: dict[str, Any]) -> str:
    return client_order_id(
        case["strat_id"],
        case["symbol"],
        SideType(case["side"]),
        decimal_text(exact(case["price"])),
        DirectionType(case["direction"]),
    )


def _right(case: dict[str, Any]) -> tuple[object, list[Rule]]:
    """The identity by its definition (I-1), and why the recorded one is another."""
    price = outcome(lambda: Decimal(case["price"]))
    if isinstance(price, Raises):
        return RAISES, []
    right: object = RAISES
    if case["side"] not in ("Buy", "Sell") or case["direction"] not in ("long", "short"):
        rules = [UNKNOWN_SIDE]
    elif not price.is_finite():
        rules = [NO_PRICE]
    else:
        right = _hash(case, canonical_text(price))
        rules = [CANONICAL_TEXT] if canonical_text(price) != str(price) else []
    return right, rules if case["out"] == _hash(case, str(price)) else []


def _hash(case: dict[str, Any], price: str) -> str:
    parts = [case["symbol"], case["side"], price, case["direction"]]
    if case["strat_id"] is not None:
        parts.insert(0, case["strat_id"])
    return sha256("_".join(parts).encode()).hexdigest()[:16]
