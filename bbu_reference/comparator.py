"""comparator.json: live and backtest trades, executions, curves and positions, and what they give.

A case of trades is judged twice: joined by number, as recorded, and paired by time, as is right.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbu_reference import comparator_model as model
from bbu_reference import comparator_positions as told
from bbu_reference import comparator_subject as subject
from bbu_reference.comparator_figures import Old, median, pearson, robust
from bbu_reference.comparator_rules import (
    MIXED_ORDER,
    READING_ORDER,
    SHIFTED_PAIRS,
    TWO_MEDIANS,
    UNKNOWN_DIRECTION,
    UNNUMBERED,
)
from bbu_reference.framework import FileReport, Rule
from comparator.fills import Source
from comparator.matching import Matching, align, match_exact

Case = dict[str, Any]
Model = Callable[[Old], Any]


class About:
    """A number; equal to one that differs by no more than the digits that are kept of it."""

    def __init__(self, value: Any, near: Fraction = Fraction(1, 10**20)) -> None:
        self.value = Fraction(value)
        self.near = near

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, About):
            return NotImplemented
        scale = Fraction(max(Fraction(1), abs(self.value), abs(other.value)))
        return abs(self.value - other.value) <= max(self.near, other.near) * scale

    def __hash__(self) -> int:
        return hash(About)

    def __repr__(self) -> str:
        return repr(float(self.value))


OF_FLOATS = Fraction(1, 10**9)
"""What a recorded number that was computed in floats may be off."""
FLOAT_FIGURES = ("pnl_correlation", "match_rate", "phantom_rate", "mean_time_delta_seconds")


def check(document: dict[str, Any], report: FileReport) -> None:
    """Judge every case by its kind."""
    report.judge_each(document["cases"], lambda case: _check_case(case, report))


def _check_case(case: Case, report: FileReport) -> None:
    checker = CHECKERS.get(case["s"])
    if checker is None:
        report.fail(case["s"], case["id"], f"expected one of {', '.join(CHECKERS)}")
        return
    checker(case, report)


def _settle(
    report: FileReport,
    stratum: str,
    case: Case,
    *,
    ours: object,
    recorded: object,
    modelled: Model,
    rules: Sequence[Rule],
) -> None:
    """Judge a case by the rules that made its recording what it is.

    A rule counts where its recorded behaviour alone changes the right output, and only when all of
    them together give the recording.
    """
    right = modelled(())
    in_force = [rule for rule in rules if modelled((rule,)) != right]
    if modelled(rules) != recorded:
        in_force = []
    report.settle(stratum, case["id"], ours=ours, recorded=recorded, rules=in_force, right=right)


# -- trades --------------------------------------------------------------------------------------


def _check_match(case: Case, report: FileReport) -> None:
    live = subject.table_of(case["live"], Source.LIVE)
    backtest = subject.table_of(case["backtest"], Source.BACKTEST)
    texts = case["price_tol"], case["qty_tol"]
    recorded = _recorded_match(case)

    def ours(matching: Matching) -> object:
        at_live, at_backtest = subject.times_of(live), subject.times_of(backtest)
        limits = Decimal(texts[0]), Decimal(texts[1])
        figures, breaches = subject.figures_of(live, backtest, matching, limits)
        return _outcome(
            [
                (*live.identities(matching.live)[row], at_live[mine], at_backtest[theirs])
                for row, (mine, theirs) in enumerate(
                    zip(matching.live.tolist(), matching.backtest.tolist(), strict=True)
                )
            ],
            live.identities(matching.live_only),
            backtest.identities(matching.backtest_only),
            figures,
            breaches,
            subject.deltas_as_rows(live, backtest, matching),
        )

    def modelled(old: Old) -> object:
        mine, theirs = model.rows_of(case["live"]), model.rows_of(case["backtest"])
        matched = model.match(mine, theirs, old)
        limits = Fraction(texts[0]), Fraction(texts[1])
        figures, breaches = model.trade_figures(mine, theirs, matched, limits, old)
        return _outcome(
            [(a.identity, a.number, a.at, b.at) for a, b in matched.pairs],
            [(row.identity, row.number) for row in matched.live_only],
            [(row.identity, row.number) for row in matched.backtest_only],
            figures,
            breaches,
            [
                [
                    *(a.identity, b.price - a.price, b.qty - a.qty, b.fee - a.fee, b.pnl - a.pnl),
                    Fraction(b.at - a.at, 1000),
                ]
                for a, b in matched.pairs
            ],
        )

    _settle(
        report,
        case["s"],
        case,
        ours=ours(match_exact(live, backtest)),
        recorded=recorded,
        modelled=lambda old: modelled((*old, SHIFTED_PAIRS)),
        rules=(TWO_MEDIANS, UNKNOWN_DIRECTION),
    )
    _settle(
        report,
        f"{case['s']} by time",
        case,
        ours=ours(align(live, backtest)),
        recorded=recorded,
        modelled=modelled,
        rules=(TWO_MEDIANS, UNKNOWN_DIRECTION, SHIFTED_PAIRS),
    )


def _recorded_match(case: Case) -> object:
    figures = {name: value for name, value in case["metrics"].items() if name != "breaches"}
    return _outcome(
        [tuple(pair) for pair in case["matched"]],
        [tuple(one) for one in case["live_only"]],
        [tuple(one) for one in case["backtest_only"]],
        figures,
        [(identity, int(number)) for identity, number in case["metrics"].get("breaches", ())],
        case["deltas"],
    )


def _outcome(
    matched: list[Any],
    live_only: list[Any],
    backtest_only: list[Any],
    figures: dict[str, Any],
    breaches: list[Any],
    deltas: list[list[Any]],
) -> tuple[Any, ...]:
    """One form for ours, the model's and the recorded; figures of 0 are not recorded."""
    return (
        *(matched, live_only, backtest_only, _figures(figures), breaches),
        [[row[0], *map(About, row[1:])] for row in deltas],
    )


def _figures(figures: dict[str, Any]) -> dict[str, About]:
    return {
        name: About(value, OF_FLOATS) if name in FLOAT_FIGURES else About(value)
        for name, value in figures.items()
        if Fraction(value)
    }


def _check_unnumbered(case: Case, report: FileReport) -> None:
    live = subject.table_of(case["live"], Source.LIVE)
    backtest = subject.table_of(case["backtest"], Source.BACKTEST)
    matching = match_exact(live, backtest)
    at_live, at_backtest = subject.times_of(live), subject.times_of(backtest)
    pairs = zip(matching.live.tolist(), matching.backtest.tolist(), strict=True)

    def modelled(old: Old) -> object:
        mine = model.overwritten(case["live"], old)
        theirs = model.overwritten(case["backtest"], old)
        matched = model.match(mine, theirs, (SHIFTED_PAIRS,))
        return (
            [[a.identity, a.at, b.at] for a, b in matched.pairs],
            [row.identity for row in matched.live_only],
            [row.identity for row in matched.backtest_only],
            [len(mine), len(theirs)],
        )

    _settle(
        report,
        case["s"],
        case,
        ours=(
            [
                [identity, at_live[mine], at_backtest[theirs]]
                for (identity, _), (mine, theirs) in zip(
                    live.identities(matching.live), pairs, strict=True
                )
            ],
            [identity for identity, _ in live.identities(matching.live_only)],
            [identity for identity, _ in backtest.identities(matching.backtest_only)],
            [len(live), len(backtest)],
        ),
        recorded=(case["matched"], case["live_only"], case["backtest_only"], case["counts"]),
        modelled=modelled,
        rules=(UNNUMBERED,),
    )


def _check_loading(case: Case, report: FileReport) -> None:
    window_ms = case["window_ms"]
    rows = [
        row
        for row in case["rows"]
        if case["symbol"] in (None, row[9]) and (window_ms is None or row[8] <= window_ms)
    ]
    _settle(
        report,
        case["s"],
        case,
        ours=_trades(subject.loaded(rows)),
        recorded=_trades(case["out"]),
        modelled=lambda old: _trades(model.loaded(rows, old)),
        rules=(MIXED_ORDER, READING_ORDER),
    )


def _trades(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return [(*row[:3], *map(About, row[3:7]), *row[7:]) for row in rows]


# -- numbers, curves, positions ------------------------------------------------------------------


def _check_statistics(case: Case, report: FileReport) -> None:
    values, other = ([Decimal(text) for text in case[name]] for name in ("values", "other"))
    six, middle, correlation = subject.statistics_of(values, other)

    def modelled(old: Old) -> object:
        exact, beside = [Fraction(v) for v in values], [Fraction(v) for v in other]
        figures = list(robust("", exact, old).values())
        return _statistics(figures, median(exact), pearson(exact, beside))

    _settle(
        report,
        case["s"],
        case,
        ours=_statistics(six, middle, correlation),
        recorded=_statistics(case["spike"], case["median"], case["pearson"]),
        modelled=modelled,
        rules=(TWO_MEDIANS,),
    )


def _statistics(six: Sequence[Any], middle: object, correlation: object) -> object:
    return [About(value) for value in (*six, middle)], About(correlation, OF_FLOATS)


def _check_equity(case: Case, report: FileReport) -> None:
    points, figures = subject.equity_of(case["live"], case["backtest"], case["interval_s"])

    def modelled(old: Old) -> object:
        expected = told.buckets(case["live"], case["backtest"], case["interval_s"] * 1000)
        return _equity(expected, told.equity_figures(expected))

    _settle(
        report,
        case["s"],
        case,
        ours=_equity(points, figures),
        recorded=_equity(case["resampled"], case["metrics"]),
        modelled=modelled,
        rules=(),
    )


def _equity(points: Sequence[Sequence[Any]], figures: Sequence[Any]) -> object:
    return (
        [(at, _known(live), _known(backtest)) for at, live, backtest in points],
        [About(figures[0]), About(figures[1]), About(figures[2], OF_FLOATS)],
    )


def _check_positions(case: Case, report: FileReport) -> None:
    pairs, figures = subject.positions_of(case["live"], case["backtest"])

    def modelled(old: Old) -> object:
        expected = told.positions(case["live"], case["backtest"])
        return _positions(expected, told.position_figures(expected, old))

    _settle(
        report,
        case["s"],
        case,
        ours=_positions(pairs, figures),
        recorded=_positions(case["pairs"], case["metrics"]),
        modelled=modelled,
        rules=(TWO_MEDIANS,),
    )


def _positions(pairs: Sequence[Sequence[Any]], figures: dict[str, Any]) -> object:
    return (
        [
            (*pair[:3], *map(bool, pair[3:5]), [_known(delta) for delta in pair[5]])
            for pair in pairs
        ],
        _figures(figures),
    )


def _known(value: Any) -> About | None:
    return None if value is None else About(value)


CHECKERS: dict[str, Callable[[Case, FileReport], None]] = {
    "match": _check_match,
    "match_edge": _check_match,
    "no_occurrence": _check_unnumbered,
    "live_load": _check_loading,
    "equity": _check_equity,
    "stats": _check_statistics,
    "positions": _check_positions,
}
