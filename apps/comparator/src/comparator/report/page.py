"""The report of a comparison: one HTML page that opens offline; it computes nothing."""

from collections.abc import Sequence
from decimal import Decimal

from appkit.dates import instant_text
from appkit.output import number_text, percent_text
from appkit.report_page import Card, ReportPage, Tone
from comparator.certificate.classes import FillClass
from comparator.certificate.judging import Divergence
from comparator.models import ranked
from comparator.report.comparison import Comparison
from comparator.report.figures import (
    classes_figure,
    diverging,
    equity_figure,
    kind_text,
    price_figure,
)
from comparator.report.levels import level_rows
from comparator.verdict import Outcome, net_profit

PRICE_HEIGHT_PX = 520
PLACES = 8
"""Digits of a figure that are shown; validation_metrics.csv has them all."""
CERTIFICATE_FILE = "certificate.csv"


def render_page(comparison: Comparison) -> str:
    """The page of a comparison as HTML text."""
    certified = comparison.certified
    record = comparison.record
    page = ReportPage(
        comparison.title,
        subtitle=f"{instant_text(certified.window.start)} to "
        f"{instant_text(certified.window.end)} UTC",
        footer=f"{record.facts['links'].code} · certificate {record.sha256}",
    )
    page.add_summary(_cards(comparison))
    for reason in comparison.verdict.against():
        page.add_note(f"{reason.outcome}, {reason.check}: {reason.text}", warning=True)
    page.add_table(
        "Verdict",
        ("", "looked at", "found"),
        [(one.outcome, one.check, one.text) for one in comparison.verdict.reasons],
    )
    symbols = sorted({*certified.live.symbols(), *certified.backtest.symbols()})
    for symbol in symbols:
        page.add_figure(
            f"Price with both sets of fills: {symbol}"
            if len(symbols) > 1
            else "Price with both sets of fills",
            price_figure(certified, symbol, comparison.prices.get(symbol)),
            remark="A circle is a live fill, a cross one of the backtest; a cross in a circle is "
            "the same fill on both sides. Diamonds are divergences.",
            height_px=PRICE_HEIGHT_PX,
        )
    _add_classes(page, comparison)
    _add_equity(page, comparison)
    _add_levels(page, comparison)
    if comparison.models:
        page.add_table(
            "Fill models, the best first",
            ("model", "both", "live only", "backtest only", "mean error, s", "quantity error"),
            [
                (
                    *(fit.name, fit.both, fit.live_only, fit.backtest_only),
                    *(number_text(fit.error_us / 1_000_000, 6), number_text(fit.qty_error, 8)),
                )
                for fit in ranked(comparison.models)
            ],
        )
    _add_divergences(page, comparison)
    page.add_table("Figures", ("", "value"), _figures(comparison))
    page.add_table("Certificate", ("", "value"), _links(comparison))
    return page.render()


def _cards(comparison: Comparison) -> list[Card]:
    certified, outcome = comparison.certified, comparison.verdict.outcome
    matched = certified.counts[FillClass.MATCHED].pairs
    difference = net_profit(certified.backtest) - net_profit(certified.live)
    unexplained = certified.unexplained_count
    return [
        Card(
            label="Verdict",
            value=outcome.value,
            remark=f"{len(comparison.verdict.reasons)} checks",
            tone=_TONES[outcome],
        ),
        Card(
            label="Matched",
            value=number_text(matched),
            remark=f"of {len(certified.live):,} live, {len(certified.backtest):,} backtest; "
            f"{percent_text(certified.matched_notional_share)} of the notional",
        ),
        Card(
            label="Unexplained",
            value=number_text(unexplained),
            remark="fills, pairs and payments",
            tone=Tone.BAD if unexplained else Tone.GOOD,
        ),
        Card(
            label="Queue and latency",
            value=percent_text(certified.queue_latency_share),
            remark="of all fills",
        ),
        Card(
            label="Profit difference, USDT",
            value=number_text(difference, 4),
            remark="backtest minus live, after fees",
        ),
    ]


_TONES = {Outcome.PASS: Tone.GOOD, Outcome.SKIP: Tone.NEUTRAL, Outcome.FAIL: Tone.BAD}


def _add_classes(page: ReportPage, comparison: Comparison) -> None:
    counts = comparison.certified.counts
    if diverging(counts):
        page.add_figure("Divergences by class", classes_figure(counts), height_px=320)
    page.add_table(
        "Where every fill is",
        ("class", "pairs", "live alone", "backtest alone", "payments", "live notional"),
        [
            (
                *(kind_text(kind), count.pairs, count.live, count.backtest, count.charges),
                number_text(count.live_notional, 2),
            )
            for kind, count in counts.items()
        ],
    )


def _add_equity(page: ReportPage, comparison: Comparison) -> None:
    if not comparison.equity and comparison.live_equity is None:
        return
    figure = equity_figure(comparison.live_equity, comparison.backtest_equity, comparison.equity)
    page.add_figure("Equity of both sides", figure)


def _add_levels(page: ReportPage, comparison: Comparison) -> None:
    page.add_table(
        "Level by level, those that diverge most first",
        (
            *("symbol", "direction", "side", "price", "live", "backtest", "matched"),
            *("quantity difference", "profit difference"),
        ),
        [
            (
                *(row.symbol, row.direction, row.side, row.price),
                *(row.live, row.backtest, row.matched, row.qty_delta, row.pnl_delta),
            )
            for row in level_rows(comparison.certified)
        ],
        rows_max=200,
    )


def _add_divergences(page: ReportPage, comparison: Comparison) -> None:
    ordered = sorted(
        comparison.certified.divergences, key=lambda one: one.kind is not FillClass.UNEXPLAINED
    )
    page.add_table(
        "Divergences, the unexplained first",
        ("class", "time (UTC)", "fill", "why"),
        [_divergence_row(one) for one in ordered],
        rows_max=200,
        whole_in=CERTIFICATE_FILE,
    )


def _divergence_row(one: Divergence) -> Sequence[object]:
    fill = one.live or one.backtest
    assert fill is not None
    sides = [name for name, end in (("live", one.live), ("backtest", one.backtest)) if end]
    told = f"{fill.symbol} {fill.direction} {fill.side} {number_text(fill.qty)}"
    where = "both" if len(sides) == 2 else f"{sides[0]} alone"
    return (
        *(f"{kind_text(one.kind)}, {where}", instant_text(fill.at)),
        *(f"{told} at {number_text(fill.price)}", _why(one)),
    )


def _why(one: Divergence) -> str:
    """The reason, and of an unexplained one what the class says that comes nearest to it."""
    nearest = dict(one.refused).get(FillClass.QUEUE)
    return one.text if nearest is None else f"{one.text}; {nearest}"


def _figures(comparison: Comparison) -> list[tuple[str, object]]:
    return [
        (name, round(value, PLACES) if isinstance(value, Decimal) else value)
        for name, value in comparison.metrics.rows()
        if value != ""
    ]


def _links(comparison: Comparison) -> list[tuple[str, str]]:
    links = comparison.record.facts["links"]
    rows = [
        ("sha256 of the certificate", comparison.record.sha256),
        ("code", links.code),
        ("sha256 of the configuration", links.configuration),
    ]
    rows += [(f"sha256 of the market of {symbol}", one) for symbol, one in links.tapes.items()]
    rows += [(name.replace("_", " "), value) for name, value in links.model.items()]
    bounds = comparison.certified.bounds
    latency = "not measured" if bounds.latency_us is None else f"{bounds.latency_us:,} us"
    rows.append(("latency, 99.9th percentile", f"{latency} ({bounds.latency_samples:,} samples)"))
    rows += [
        (
            f"queue bound of {symbol}",
            f"{number_text(qty)} ({bounds.queue_samples[symbol]:,} samples)",
        )
        for symbol, qty in bounds.queue.items()
    ]
    return rows
