"""What a run came to, in a few lines for people, and why a run had no trade."""

from collections.abc import Mapping
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from appkit.dates import instant_text
from appkit.output import key_value_table, number_text, percent_text
from backtest.export import Finished
from backtest.metrics import Metrics, Results, TradeMetrics
from backtest.outcome import RunOutcome
from backtest.verify import VerifyReport

Rows = list[tuple[str, str]]


def metric_groups(results: Results) -> dict[str, Rows]:
    """Every metric for people, in groups, as texts with units."""
    metrics = results.metrics
    return {
        "Account": _account(metrics),
        "Risk": _risk(metrics),
        "Trades": _trades(metrics),
        "Grid": _grid(metrics),
        "Books": _books(results),
    }


def _account(metrics: Metrics) -> Rows:
    return [
        ("initial balance", _usdt(metrics.initial_balance)),
        ("final wallet", _usdt(metrics.final_wallet)),
        ("final equity", _usdt(metrics.final_equity)),
        ("net profit", f"{_usdt(metrics.net_pnl)} ({number_text(metrics.return_pct, 3)} %)"),
        ("realised profit", _usdt(metrics.realised)),
        ("unrealised profit", _usdt(metrics.unrealised)),
        ("fees", _usdt(metrics.fees)),
        ("funding paid", _usdt(metrics.funding_paid)),
        (
            "funding paid by longs / shorts",
            _pair(metrics.funding_paid_long, metrics.funding_paid_short),
        ),
        ("annual return", _pct(metrics.annual_return_pct)),
    ]


def _risk(metrics: Metrics) -> Rows:
    drawdown, exposure = metrics.drawdown, metrics.exposure
    rows = [
        ("deepest drawdown", f"{_usdt(drawdown.amount)} from {_usdt(drawdown.peak)}"),
        ("deepest drawdown, percent", _pct(drawdown.deepest_pct)),
        ("longest time below a peak", _span(drawdown.longest_us / 1e6)),
        ("recovery from the deepest", _span(metrics.drawdown_recovery_s)),
        ("Sharpe", number_text(metrics.sharpe, 3)),
        ("Sortino", number_text(metrics.sortino, 3)),
        ("Calmar", number_text(metrics.calmar, 3)),
        ("time in market", percent_text(exposure.time_in_market)),
        ("mean / peak gross exposure", _pair(exposure.mean_gross, exposure.peak_gross)),
        ("mean / peak net exposure", _pair(exposure.mean_net, exposure.peak_net)),
        ("mean gross exposure over balance", number_text(metrics.mean_gross_leverage, 3)),
        ("liquidations", number_text(metrics.liquidations)),
    ]
    for symbol, distance in metrics.min_liquidation_distance_pct.items():
        rows.append((f"least distance to liquidation, {symbol}", _pct(distance)))
    return rows


def _trades(metrics: Metrics) -> Rows:
    both, long, short = metrics.trades, metrics.long, metrics.short
    rows = [
        (
            "fills (opening / closing)",
            f"{both.fills:,} ({both.opening_fills:,} / {both.closing_fills:,})",
        ),
        ("closes won / lost", f"{both.wins:,} / {both.losses:,}"),
        ("win rate of closes", percent_text(both.win_rate)),
        ("average win / loss", _pair(both.average_win, both.average_loss, 4)),
        ("profit factor, net of fees", number_text(both.profit_factor, 3)),
        ("volume", _usdt(both.volume)),
        ("turnover (volume / initial balance)", number_text(metrics.turnover, 2)),
        ("fees over volume", _pct(metrics.fees_per_volume_pct, 4)),
    ]
    for name, side in (("long", long), ("short", short)):
        rows.append((f"{name}: fills, realised, profit factor", _direction(side)))
    return rows


def _grid(metrics: Metrics) -> Rows:
    cycles = metrics.cycles
    changes = ", ".join(f"{count:,} {cause}" for cause, count in metrics.grid_changes.items())
    return [
        ("completed cycles", f"{cycles.completed:,} ({number_text(cycles.per_day, 1)} a day)"),
        ("profit per cycle", _usdt(cycles.profit_per_cycle, 4)),
        ("profit per cycle, net of fees", _usdt(cycles.net_profit_per_cycle, 4)),
        ("mean time of a cycle", _span(cycles.mean_duration_s)),
        ("lots still open (oldest)", f"{cycles.open_lots:,} ({_span(cycles.oldest_lot_age_s)})"),
        ("grid changes", changes or "none"),
        ("orders placed / cancelled", f"{metrics.orders_placed:,} / {metrics.orders_cancelled:,}"),
        ("most open orders at once", number_text(metrics.max_open_orders)),
        ("fills by evidence", _counts(metrics.fill_evidence)),
    ]


def _books(results: Results) -> Rows:
    identity = results.identity
    return [
        ("profit of closed lots", _usdt(identity.cycles, 8)),
        ("+ inventory at mark", _usdt(identity.inventory, 8)),
        ("- fees", _usdt(identity.fees, 8)),
        ("- funding", _usdt(identity.funding, 8)),
        ("+ cash movements", _usdt(identity.cash, 8)),
        ("= total", _usdt(identity.total, 8)),
        ("difference", f"{identity.difference:.2e} (allowed {identity.tolerance:.0e})"),
    ]


def worst_of(runs: Mapping[str, Finished]) -> str:
    """The name of the run with the lowest profit."""
    return min(runs, key=lambda name: runs[name].results.metrics.net_pnl)


def bracket_rows(runs: Mapping[str, Finished]) -> list[tuple[str, ...]]:
    """The metrics that matter, side by side for every order of the bars."""
    columns = [_headline(finished.results.metrics) for finished in runs.values()]
    return [(name, *(dict(column)[name] for column in columns)) for name, _ in columns[0]]


def _headline(metrics: Metrics) -> Rows:
    return [
        ("net profit", f"{_usdt(metrics.net_pnl)} ({number_text(metrics.return_pct, 3)} %)"),
        ("realised / unrealised", _pair(metrics.realised, metrics.unrealised)),
        ("fees / funding paid", _pair(metrics.fees, metrics.funding_paid)),
        ("deepest drawdown", _pct(metrics.drawdown.deepest_pct)),
        (
            "Sharpe / Sortino",
            f"{number_text(metrics.sharpe, 2)} / {number_text(metrics.sortino, 2)}",
        ),
        ("fills", number_text(metrics.trades.fills)),
        ("win rate of closes", percent_text(metrics.trades.win_rate)),
        ("completed cycles", number_text(metrics.cycles.completed)),
        ("liquidations", number_text(metrics.liquidations)),
    ]


def print_summary(console: Console, runs: Mapping[str, Finished]) -> None:
    """The headline of every run, for the terminal."""
    for name, finished in runs.items():
        outcome = finished.results.outcome
        window = f"{instant_text(outcome.start)} to {instant_text(outcome.end)} UTC"
        title = f"{', '.join(outcome.strategies)} · {window}"
        if name:
            title += f" · bars, {name.replace('_', ' ')}"
        console.print(Text(title, style="bold"), soft_wrap=True)
        console.print(key_value_table("", _headline(finished.results.metrics)))
        rows = [(reason, f"{count:,}") for reason, count in outcome.denials.items()]
        if rows:
            console.print(key_value_table("denied orders", rows))


def print_verdict(console: Console, name: str, report: VerifyReport) -> None:
    """What the run row by row said about the run that skipped."""
    verdict = "identical" if report.identical else "NOT IDENTICAL"
    title = f"row by row{f', {name}' if name else ''}: {verdict}"
    rows = [
        (one.part, f"{one.entries:,} equal" if one.equal else one.difference)
        for one in report.comparisons
    ]
    console.print(Text(title, style="bold" if report.identical else "bold red"))
    console.print(key_value_table("", rows))


def why_no_trade(outcome: RunOutcome) -> str:
    """Why a run without a fill had none, from what is known of its orders and its market."""
    if outcome.ticks < 2:
        return f"the tape is too short: {outcome.ticks} row in the chosen time"
    if not outcome.grid_changes:
        return (
            "no grid was ever built: the first build needs a valid price, and last and mark within "
            "max_last_mark_gap_pct"
        )
    refused = {**outcome.denials, **{f"code {k}": n for k, n in outcome.orders_rejected.items()}}
    if not outcome.orders_placed:
        if refused:
            return f"every order was refused: {_counts(refused)}"
        return "no order was eligible: the price never stood half a step away from a free level"
    reached = [_reach(outcome, symbol) for symbol in outcome.price]
    return f"the price never filled one of {outcome.orders_placed:,} orders: {'; '.join(reached)}"


def _reach(outcome: RunOutcome, symbol: str) -> str:
    levels = [
        level
        for change in outcome.grid_changes
        if change.symbol == symbol
        for level in change.levels
    ]
    prices = outcome.price[symbol]
    if not levels or not len(prices):
        return f"{symbol} had no grid"
    return (
        f"{symbol} moved between {prices.min():,.8g} and {prices.max():,.8g}, its levels lay "
        f"between {float(min(levels)):,.8g} and {float(max(levels)):,.8g}"
    )


def _usdt(amount: Decimal | float | None, places: int = 2) -> str:
    return "-" if amount is None else f"{number_text(amount, places)} USDT"


def _pair(one: Decimal | float | None, other: Decimal | float | None, places: int = 2) -> str:
    return f"{number_text(one, places)} / {number_text(other, places)} USDT"


def _pct(value: Decimal | float | None, places: int = 2) -> str:
    return "-" if value is None else f"{number_text(value, places)} %"


def _direction(side: TradeMetrics) -> str:
    return (
        f"{side.fills:,}, {number_text(side.realised, 2)} USDT, "
        f"{number_text(side.profit_factor, 3)}"
    )


def _counts(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {name}" for name, count in ordered) or "none"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
