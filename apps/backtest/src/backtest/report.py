"""The report of a run: one HTML page that opens offline. It arranges; it computes nothing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from appkit.dates import instant_text
from appkit.output import number_text, percent_text
from appkit.report_page import Card, ReportPage, Tone
from backtest.export import Finished
from backtest.figures import (
    equity_figure,
    grid_figure,
    levels_figure,
    position_figure,
    price_figure,
)
from backtest.metrics import Metrics
from backtest.run_manifest import RunManifest
from backtest.summary import bracket_rows, metric_groups, worst_of

BARS_NOTE = (
    "This run was made from 1-minute bars. Within a bar nobody knows whether the high or the low "
    "came first, so both orders were run; the truth lies somewhere about them, not always between."
)
PRICE_HEIGHT_PX = 520


def render_report(runs: Mapping[str, Finished], title: str) -> str:
    """The page of a run over trades (one entry named "") or of a bracket (one entry per order).

    Of a bracket the page shows the order with the lower profit, and both in a table.
    """
    name = worst_of(runs)
    finished = runs[name]
    results = finished.results
    metrics, outcome = results.metrics, results.outcome
    page = ReportPage(title, subtitle=_subtitle(finished), footer=_footer(finished.manifest))
    page.add_summary(_cards(metrics))
    for text in _notes(finished, name):
        page.add_note(text, warning=True)
    if len(runs) > 1:
        page.add_table("Both orders of the bars", ("", *runs), bracket_rows(runs))
    page.add_figure("Equity and drawdown", equity_figure(outcome), height_px=PRICE_HEIGHT_PX)
    symbols = list(outcome.strategies.values())
    for symbol in symbols:
        page.add_figure(
            _titled("Price with fills", symbol, symbols),
            price_figure(outcome, symbol),
            remark="Filled markers open a position, hollow ones close it.",
            height_px=PRICE_HEIGHT_PX,
        )
    for strat_id, symbol in outcome.strategies.items():
        figure, remark = grid_figure(outcome, strat_id, symbol)
        title_text = _titled("Grid levels over time", symbol, symbols)
        page.add_figure(title_text, figure, remark=remark, height_px=PRICE_HEIGHT_PX)
    for symbol in symbols:
        page.add_figure(_titled("Position", symbol, symbols), position_figure(outcome, symbol))
        page.add_figure(
            _titled("Profit per level", symbol, symbols),
            levels_figure(results, symbol),
            remark="Profit before fees of the lots opened at a price; levels.csv has the numbers.",
        )
    for group, rows in metric_groups(results).items():
        page.add_table(group, ("", "value"), rows)
    _add_counts(page, metrics)
    _add_events(page, finished)
    page.add_table("Run manifest", ("", "value"), _manifest_rows(finished.manifest))
    return page.render()


def _titled(text: str, symbol: str, symbols: Sequence[str]) -> str:
    return f"{text}: {symbol}" if len(symbols) > 1 else text


def _subtitle(finished: Finished) -> str:
    outcome = finished.results.outcome
    names = ", ".join(f"{strat_id} on {symbol}" for strat_id, symbol in outcome.strategies.items())
    window = f"{instant_text(outcome.start)} to {instant_text(outcome.end)} UTC"
    return f"{names} · {window} · fill model {finished.manifest.fill_model}"


def _footer(manifest: RunManifest) -> str:
    return (
        f"{manifest.code} · configuration {manifest.configuration_hash[:12]} · "
        f"trades {manifest.trades_sha256[:12]}"
    )


def _cards(metrics: Metrics) -> list[Card]:
    drawdown, trades, cycles = metrics.drawdown, metrics.trades, metrics.cycles
    return [
        Card(
            label="Net profit, USDT",
            value=number_text(metrics.net_pnl, 2),
            remark=f"{number_text(metrics.return_pct, 2)} % of "
            f"{number_text(metrics.initial_balance, 0)}",
            tone=_tone(metrics.net_pnl),
        ),
        Card(
            label="Deepest drawdown",
            value=f"{number_text(drawdown.deepest_pct, 2)} %",
            remark=f"{number_text(drawdown.amount, 2)} USDT at most",
        ),
        Card(
            label="Sharpe",
            value=number_text(metrics.sharpe, 2),
            remark=f"Sortino {number_text(metrics.sortino, 2)}",
        ),
        Card(
            label="Fills",
            value=number_text(trades.fills),
            remark=f"{percent_text(trades.win_rate, 1)} of {trades.closing_fills:,} closes won",
        ),
        Card(
            label="Grid cycles",
            value=number_text(cycles.completed),
            remark=f"{number_text(cycles.net_profit_per_cycle, 4)} USDT each, net",
        ),
        Card(
            label="Fees, USDT",
            value=number_text(metrics.fees, 2),
            remark=f"funding paid {number_text(metrics.funding_paid, 2)}",
        ),
    ]


def _tone(amount: Decimal) -> Tone:
    return Tone.NEUTRAL if not amount else Tone.GOOD if amount > 0 else Tone.BAD


def _notes(finished: Finished, name: str) -> list[str]:
    outcome = finished.results.outcome
    notes = []
    for one in outcome.liquidations:
        notes.append(
            f"Liquidated at {instant_text(one.at)} UTC: equity {number_text(one.equity, 2)} was "
            f"below the maintenance margin {number_text(one.maintenance_margin, 2)}."
        )
    if name:
        notes.append(f"{BARS_NOTE} The pictures show {name}, the order with the lower profit.")
    return [*notes, *finished.manifest.warnings]


def _add_counts(page: ReportPage, metrics: Metrics) -> None:
    denials = [("denied by the session", key, count) for key, count in metrics.denials.items()]
    refusals = [("refused by the venue", key, count) for key, count in metrics.rejections.items()]
    rows = sorted(denials + refusals, key=lambda row: -row[2])
    page.add_table("Orders that were not placed", ("", "reason", "times"), rows)


def _add_events(page: ReportPage, finished: Finished) -> None:
    outcome = finished.results.outcome
    if outcome.liquidations:
        page.add_table(
            "Liquidations",
            ("time (UTC)", "equity", "maintenance margin"),
            [
                (instant_text(one.at), one.equity, one.maintenance_margin)
                for one in outcome.liquidations
            ],
        )
    page.add_table(
        "Positions at the end",
        ("symbol", "direction", "quantity", "entry", "mark", "liquidation"),
        [
            (
                leg.symbol,
                leg.direction,
                leg.qty,
                _rounded(leg.entry),
                leg.mark,
                _rounded(leg.liquidation),
            )
            for leg in outcome.legs
        ],
    )
    if outcome.alerts:
        page.add_table("Alerts", ("text",), [(text,) for text in outcome.alerts], rows_max=100)


def _rounded(price: Decimal | None) -> str:
    return "-" if price is None else f"{price:,.8g}"


def _manifest_rows(manifest: RunManifest) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [
        ("code", manifest.code),
        ("configuration hash", manifest.configuration_hash),
        ("fill model", manifest.fill_model),
        ("rows of the market", f"{manifest.ticks:,} ({manifest.wakes:,} looked at one by one)"),
        (
            "verified tick by tick",
            manifest.verified if manifest.verified is not None else "not asked",
        ),
        ("sha256 of trades.csv", manifest.trades_sha256),
    ]
    for tape in manifest.tapes:
        rows += [
            (f"tape of {tape.symbol}", f"{tape.source}; {tape.first} to {tape.last}"),
            (f"tape of {tape.symbol}, sha256", tape.sha256),
            (
                f"tape of {tape.symbol}, rows",
                f"{tape.trade_rows:,} trades, {tape.ticker_rows:,} tickers, {tape.gaps} gaps",
            ),
        ]
        if tape.synthetic_seed is not None:
            rows.append((f"tape of {tape.symbol}, seed", str(tape.synthetic_seed)))
    for symbol, market in manifest.markets.items():
        text = f"tick {market.tick_size}, step {market.qty_step}, {market.tiers} risk tiers"
        rows.append((f"instrument {symbol}", text))
        source = f"instrument: {market.instrument_source}; tiers: {market.tier_source}"
        rows.append((f"instrument {symbol}, from", source))
    return rows
