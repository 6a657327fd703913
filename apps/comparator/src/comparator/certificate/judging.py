"""Puts one case into its class, or says why none of them fits.

It knows the order in which the tests are asked; what a test looks at it refuses to know.
"""

from dataclasses import dataclass

from comparator.certificate.account_classes import (
    adl_or_liquidation,
    contradiction,
    data_gap,
    foreign,
    order_not_resting,
    outside_window,
    rejected_or_gated,
)
from comparator.certificate.bounds import Allowances
from comparator.certificate.cases import Case
from comparator.certificate.classes import Facts, FillClass, Finding, Test, failed, passed
from comparator.certificate.evidence import FundingCharge
from comparator.certificate.market_classes import latency, partial_fill, queue
from comparator.fills import DirectionFound, Fill
from comparator.loading.spans import Span
from gridcore.sides import LONG

Tests = tuple[tuple[FillClass, Test], ...]

BEFORE_ALL: Tests = (
    (FillClass.OUTSIDE_WINDOW, outside_window),
    (FillClass.DATA_GAP, data_gap),
)
"""What is asked before the recording's own word against a fill: its rows may be what is lost."""
ALONE: Tests = (
    (FillClass.ADL_OR_LIQUIDATION, adl_or_liquidation),
    (FillClass.FOREIGN, foreign),
    (FillClass.REJECTED_OR_GATED, rejected_or_gated),
    (FillClass.ORDER_NOT_RESTING, order_not_resting),
    (FillClass.PARTIAL_FILL, partial_fill),
    (FillClass.LATENCY, latency),
    (FillClass.QUEUE, queue),
)
APART_IN_TIME: Tests = (
    (FillClass.LATENCY, latency),
    (FillClass.QUEUE, queue),
    (FillClass.DATA_GAP, data_gap),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """A pair that differs, or a fill alone, in its class.

    `text` says why in one sentence, `facts` are the numbers behind it. `refused` are the classes
    that did not fit, each with its reason.
    """

    kind: FillClass
    live: Fill | None
    backtest: Fill | None
    text: str
    facts: Facts
    refused: tuple[tuple[FillClass, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFinding:
    """A recorded payment of funding, and whether its amount is what its parts come to."""

    kind: FillClass
    charge: FundingCharge
    text: str


def judge_case(case: Case) -> Divergence:
    """The class of a case, UNEXPLAINED with every reason when no test passes."""
    return _judge_pair(case) if case.is_pair else _judge_alone(case)


def judge_charge(charge: FundingCharge, window: Span, allowances: Allowances) -> ChargeFinding:
    """Funding is explained when amount = -sign * quantity * price * rate to its last digit (18.5).

    A long pays when the rate is positive; an amount below 0 was paid.
    """
    if charge.at not in window:
        return ChargeFinding(
            kind=FillClass.OUTSIDE_WINDOW, charge=charge, text="it lies outside the window"
        )
    if charge.price is None or charge.rate is None:
        text = "its price or its rate was not recorded"
        return ChargeFinding(kind=FillClass.UNEXPLAINED, charge=charge, text=text)
    value = charge.qty * charge.price * charge.rate
    due = -value if charge.direction is LONG else value
    if abs(due - charge.amount) > allowances.fee_per_execution:
        text = f"{charge.qty} at {charge.price} and {charge.rate} come to {due}, not to the amount"
        return ChargeFinding(kind=FillClass.UNEXPLAINED, charge=charge, text=text)
    text = f"{charge.qty} at {charge.price} and {charge.rate}"
    return ChargeFinding(kind=FillClass.FUNDING, charge=charge, text=text)


def _judge_alone(case: Case) -> Divergence:
    refused: list[tuple[FillClass, str]] = []
    first = _ask(case, BEFORE_ALL, refused)
    if first is not None:
        return first
    against = contradiction(case)
    if against is not None:
        return _divergence(case, FillClass.UNEXPLAINED, against, refused)
    found = _ask(case, ALONE, refused)
    if found is not None:
        return found
    side = "live" if case.live is not None else "backtest"
    return _divergence(
        case, FillClass.UNEXPLAINED, failed(f"a {side} fill alone that no class explains"), refused
    )


def _judge_pair(case: Case) -> Divergence:
    refused: list[tuple[FillClass, str]] = []
    against = contradiction(case) or _hard_difference(case)
    if against is not None:
        return _divergence(case, FillClass.UNEXPLAINED, against, refused)
    part = partial_fill(case)
    if part is not None and not part.passes:
        refused.append((FillClass.PARTIAL_FILL, part.text))
        live, backtest = case.both
        text = f"the quantities differ: {live.qty} live, {backtest.qty} in the backtest"
        return _divergence(case, FillClass.UNEXPLAINED, failed(text, *part.facts), refused)
    if case.distance_us > case.allowances.time_us:
        found = _ask(case, APART_IN_TIME, refused)
        if found is not None:
            return found
        text = f"the times differ by {case.distance_us} us"
        return _divergence(case, FillClass.UNEXPLAINED, failed(text), refused)
    return _divergence(case, FillClass.PARTIAL_FILL, part or passed("equal"), refused)


def _hard_difference(case: Case) -> Finding | None:
    """What no class explains in a pair: one order has one price, one direction, one fee rate."""
    live, backtest = case.both
    is_sure = live.direction_found is not DirectionFound.INFERRED
    if is_sure and live.direction is not backtest.direction:
        return failed(
            f"the directions differ: {live.direction} live, {backtest.direction} in the backtest"
        )
    allowed = case.allowances
    if abs(live.notional * backtest.qty - backtest.notional * live.qty) > (
        allowed.price * live.qty * backtest.qty
    ):
        return failed(
            f"the prices differ: {live.price} live, {backtest.price} in the backtest",
            ("live_price", live.price),
            ("backtest_price", backtest.price),
        )
    due = backtest.fee * live.qty / backtest.qty
    rounding = allowed.fee_per_execution * (live.executions + backtest.executions)
    if abs(live.fee - due) > rounding:
        return failed(
            f"the fees differ: {live.fee} live, {due} by the backtest's rate",
            ("live_fee", live.fee),
            ("backtest_fee", backtest.fee),
        )
    return None


def _ask(case: Case, tests: Tests, refused: list[tuple[FillClass, str]]) -> Divergence | None:
    """The first class whose test passes; the others are added to `refused`."""
    for kind, test in tests:
        found = test(case)
        if found is None:
            continue
        if found.passes:
            return _divergence(case, kind, found, refused)
        refused.append((kind, found.text))
    return None


def _divergence(
    case: Case, kind: FillClass, found: Finding, refused: list[tuple[FillClass, str]]
) -> Divergence:
    return Divergence(
        kind=kind,
        live=case.live,
        backtest=case.backtest,
        text=found.text,
        facts=found.facts,
        refused=tuple(refused),
    )
