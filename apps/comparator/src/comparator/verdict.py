"""What a certified comparison is worth: PASS, FAIL or SKIP, each with its reasons.

It knows thresholds; what the figures are it is told. No data and stale data are never a PASS.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from appkit.exits import ExitCode
from appkit.output import number_text, percent_text
from comparator.certificate.certify import Certified
from comparator.equity import EquityDivergence
from comparator.fills import SIDES, FillTable
from gridcore.config import require
from gridcore.sides import SELL

_ZERO, _ONE = Decimal(0), Decimal(1)


class Outcome(StrEnum):
    """What a verdict says; the worse beats the better: FAIL, then SKIP, then PASS (V-13)."""

    PASS = "PASS"
    SKIP = "SKIP"
    FAIL = "FAIL"

    @property
    def exit_code(self) -> ExitCode:
        """0, 4 or 3."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Outcome.PASS: ExitCode.DONE,
    Outcome.SKIP: ExitCode.NOTHING_TO_JUDGE,
    Outcome.FAIL: ExitCode.VERDICT_FAIL,
}
_WORSE = tuple(Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a PASS needs besides no unexplained fill; all are included in what passes.

    `matched_notional_min` and `queue_latency_max` are shares from 0 to 1. `exposure_orders_max`:
    how many orders the net exposure may differ by at the end, per symbol. `profit_tolerance` and
    `equity_tolerance` in quote currency; None: equity is not judged.
    """

    matched_notional_min: Decimal = Decimal("0.95")
    queue_latency_max: Decimal = Decimal("0.05")
    exposure_orders_max: Decimal = _ONE
    profit_tolerance: Decimal = Decimal("0.01")
    equity_tolerance: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("matched_notional_min", "queue_latency_max"):
            share = getattr(self, name)
            require(
                share.is_finite() and _ZERO <= share <= _ONE, name, "a share from 0 to 1", share
            )
        for name in ("exposure_orders_max", "profit_tolerance"):
            limit = getattr(self, name)
            require(limit.is_finite() and limit >= 0, name, "a number of 0 or more", limit)
        if self.equity_tolerance is not None:
            limit = self.equity_tolerance
            require(limit.is_finite() and limit >= 0, "equity_tolerance", "0 or more", limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that was looked at, what came of it, and the numbers in a sentence."""

    outcome: Outcome
    check: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The worst of its reasons; every check has one, also those that passed."""

    outcome: Outcome
    reasons: tuple[Reason, ...]

    def against(self) -> tuple[Reason, ...]:
        """The reasons that keep it from being a PASS, the worst first."""
        return tuple(
            reason
            for outcome in reversed(_WORSE[1:])
            for reason in self.reasons
            if reason.outcome is outcome
        )


def judge(
    certified: Certified | None,
    thresholds: Thresholds,
    *,
    doubts: Sequence[str] = (),
    breaches: Sequence[str] = (),
    equity: EquityDivergence | None = None,
) -> Verdict:
    """The verdict on a comparison.

    `doubts` are reasons why the recording cannot be judged by (SKIP), `breaches` why it is wrong
    (FAIL). Without a comparison it is never a PASS.
    """
    reasons = [_reason(Outcome.FAIL, "recording", text) for text in breaches]
    reasons += [_reason(Outcome.SKIP, "recording", text) for text in doubts]
    if certified is None:
        if not reasons:
            reasons.append(_reason(Outcome.SKIP, "fills", "nothing was compared"))
    else:
        reasons += _checks(certified, thresholds, equity)
    return Verdict(outcome=worst(reason.outcome for reason in reasons), reasons=tuple(reasons))


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """FAIL beats SKIP beats PASS; of nothing at all it is SKIP."""
    return max(outcomes, key=_WORSE.index, default=Outcome.SKIP)


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of several, with all their reasons."""
    taken = list(verdicts)
    return Verdict(
        outcome=worst(verdict.outcome for verdict in taken),
        reasons=tuple(reason for verdict in taken for reason in verdict.reasons),
    )


def _reason(outcome: Outcome, check: str, text: str) -> Reason:
    return Reason(outcome=outcome, check=check, text=text)


def _checked(holds: bool, check: str, text: str) -> Reason:
    return _reason(Outcome.PASS if holds else Outcome.FAIL, check, text)


def _checks(
    certified: Certified, thresholds: Thresholds, equity: EquityDivergence | None
) -> list[Reason]:
    if not len(certified.live):
        text = f"no live fill was recorded; the backtest has {len(certified.backtest)}"
        skipped = _reason(Outcome.SKIP, "fills", text)
        return [skipped, _unexplained(certified)] if len(certified.backtest) else [skipped]
    reasons = [
        _unexplained(certified),
        _matched_notional(certified, thresholds),
        _queue_and_latency(certified, thresholds),
        *_exposures(certified, thresholds),
        _profit(certified, thresholds),
    ]
    if thresholds.equity_tolerance is not None:
        reasons.append(_equity(equity, thresholds.equity_tolerance))
    return reasons


def _unexplained(certified: Certified) -> Reason:
    count = certified.unexplained_count
    text = f"{count} unexplained"
    first = next(iter(certified.unexplained), None)
    if first is not None:
        fill = first.live or first.backtest
        assert fill is not None
        text += f", the first: {fill.client_order_id} on {fill.symbol}: {first.text}"
    return _checked(count == 0, "unexplained", text)


def _matched_notional(certified: Certified, thresholds: Thresholds) -> Reason:
    share, least = certified.matched_notional_share, thresholds.matched_notional_min
    text = f"{percent_text(share)} of the notional is matched, at least {percent_text(least)} asked"
    return _checked(share >= least, "matched notional", text)


def _queue_and_latency(certified: Certified, thresholds: Thresholds) -> Reason:
    share, most = certified.queue_latency_share, thresholds.queue_latency_max
    text = f"{percent_text(share)} of the fills are in queue and latency, at most "
    return _checked(share <= most, "queue and latency", f"{text}{percent_text(most)} allowed")


def _exposures(certified: Certified, thresholds: Thresholds) -> list[Reason]:
    """An account has one strategy for each symbol, so that a symbol's exposure is a strategy's."""
    reasons = []
    for symbol in sorted({*certified.live.symbols(), *certified.backtest.symbols()}):
        live, backtest = (table.of_symbol(symbol) for table in (certified.live, certified.backtest))
        difference = net_exposure(backtest) - net_exposure(live)
        order = largest_order(backtest) or largest_order(live)
        limit = thresholds.exposure_orders_max * order
        text = (
            f"{symbol}: the net exposures differ by {number_text(difference)} at the end, "
            f"at most {number_text(limit)} allowed"
        )
        reasons.append(_checked(abs(difference) <= limit, "exposure", text))
    return reasons


def _profit(certified: Certified, thresholds: Thresholds) -> Reason:
    difference = net_profit(certified.backtest) - net_profit(certified.live)
    text = (
        f"the profits after fees differ by {number_text(difference)}, "
        f"at most {number_text(thresholds.profit_tolerance)} allowed"
    )
    return _checked(abs(difference) <= thresholds.profit_tolerance, "profit", text)


def _equity(equity: EquityDivergence | None, tolerance: Decimal) -> Reason:
    if equity is None or not equity.buckets:
        return _reason(Outcome.SKIP, "equity", "no equity of both sides was there to compare")
    text = (
        f"the equities differ by up to {number_text(equity.maximum)} over {equity.buckets} "
        f"points, at most {number_text(tolerance)} allowed"
    )
    return _checked(equity.maximum <= tolerance, "equity", text)


def net_exposure(fills: FillTable) -> Decimal:
    """What was bought less what was sold, in base coin."""
    qty, is_sell = fills.columns.qty, fills.columns.side == SIDES.index(SELL)
    return qty.take(~is_sell).total() - qty.take(is_sell).total()


def largest_order(fills: FillTable) -> Decimal:
    """The largest quantity that one order filled; 0 without a fill."""
    if not len(fills):
        return _ZERO
    return fills.columns.qty.value(int(fills.columns.qty.units.argmax()))


def net_profit(fills: FillTable) -> Decimal:
    """Realised profit less fees."""
    return fills.columns.realised.total() - fills.columns.fee.total()
