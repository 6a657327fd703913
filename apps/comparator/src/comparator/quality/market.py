"""Is the market recorded whole: tickers without gaps, trades where the tickers moved."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from appkit.dates import instant_text
from comparator.evidence.recorded import Evidence
from comparator.loading.spans import Span
from comparator.quality.findings import (
    Finding,
    FindingKind,
    Part,
    QualityLimits,
    Severity,
    covered_us,
    share,
)
from grid_db.bulk import TickerBlock, TradeBlock
from grid_db.types import from_microseconds
from grid_db.words import Stream
from gridcore.clock import SECOND_US, Instant

Times = NDArray[np.int64]
Flags = NDArray[np.bool_]
Result = Iterator[Finding | Part]


def market_findings(evidence: Evidence, symbol: str, limits: QualityLimits) -> Result:
    """What is wrong with the recorded market of a symbol, and the sound shares of its parts."""
    tickers, trades = evidence.tickers(symbol), evidence.trades(symbol)
    if not len(tickers):
        yield _bars(FindingKind.NO_TICKERS, symbol, "no ticker was recorded in the window")
    else:
        yield from _staleness(evidence, symbol, tickers, limits)
        yield from _ticker_gaps(evidence, symbol, tickers, trades, limits)
        yield from _order(evidence, symbol, tickers)
    if not len(trades):
        yield _bars(FindingKind.NO_TRADES, symbol, "no trade of the market was recorded")
    else:
        yield from _missing_trades(evidence, symbol, tickers, trades, limits)


def _bars(kind: FindingKind, symbol: str, text: str) -> Finding:
    return Finding(kind=kind, severity=Severity.BARS, symbol=symbol, count=1, text=text)


def _staleness(
    evidence: Evidence, symbol: str, tickers: TickerBlock, limits: QualityLimits
) -> Result:
    last, end = int(tickers.at[-1]), evidence.run.window.end
    if end - last > limits.stale_us:
        yield _bars(
            FindingKind.STALE,
            symbol,
            f"the newest ticker is of {instant_text(last)}, {_seconds(end - last)} before the end "
            "of the window",
        )


def _ticker_gaps(
    evidence: Evidence,
    symbol: str,
    tickers: TickerBlock,
    trades: TradeBlock,
    limits: QualityLimits,
) -> Result:
    """Gaps beyond the limit: missing where a trade, the ledger or the length says so, else quiet.

    A market without trades has no new tickers either (18.11 asks for 5 s; a quiet symbol is sound).
    """
    window = evidence.run.window
    missing = [hole.span.cut(window) for hole in evidence.holes(Stream.TICKERS, symbol)]
    quiet: list[Span] = []
    edges = np.concatenate([[window.start], tickers.at, [window.end]])
    for row in np.flatnonzero(np.diff(edges) > limits.ticker_gap_us).tolist():
        gap = _span(edges[row], edges[row + 1])
        last = int(tickers.last[row - 1]) if row else None
        moved = _moved_within(trades, gap, last)
        (missing if moved or gap.length_us > limits.silence_us else quiet).append(gap)
    yield Part(
        name=f"{symbol} tickers",
        sound=share(covered_us(missing, window), window.length_us),
    )
    if missing:
        yield _gaps(FindingKind.TICKERS_MISSING, Severity.LOWERS, symbol, missing, "tickers")
    if quiet:
        yield _gaps(FindingKind.QUIET, Severity.TOLD, symbol, quiet, "tickers and trades")


def _moved_within(trades: TradeBlock, gap: Span, last: int | None) -> bool:
    """Whether a trade well inside a gap says another price than the ticker before it."""
    first, stop = np.searchsorted(trades.at, [gap.start + SECOND_US, gap.end - SECOND_US])
    inside = trades.price[first:stop]
    return bool(len(inside)) if last is None else bool(np.any(inside != last))


def _order(evidence: Evidence, symbol: str, tickers: TickerBlock) -> Result:
    """Tickers that were stored after later ones; two of one time the database does not hold."""
    window = evidence.run.window
    late = evidence.rows.tickers.out_of_order(
        evidence.run.environment,
        symbol,
        from_microseconds(window.start),
        from_microseconds(window.end),
    )
    yield Part(name=f"{symbol} order of tickers", sound=share(late, len(tickers)))
    if late:
        yield Finding(
            kind=FindingKind.TIME_DECREASES,
            severity=Severity.LOWERS,
            symbol=symbol,
            count=late,
            text=f"{late} tickers came with earlier times than those before them",
        )


def _missing_trades(
    evidence: Evidence,
    symbol: str,
    tickers: TickerBlock,
    trades: TradeBlock,
    limits: QualityLimits,
) -> Result:
    """Where tickers say prices that no trade beside them has: trades are missing there."""
    window = evidence.run.window
    missing = [hole.span.cut(window) for hole in evidence.holes(Stream.TRADES, symbol)]
    before = np.searchsorted(trades.at, tickers.at, side="right") - 1
    edges = np.append(trades.at, window.end)
    known = before >= 0
    moved: Flags = known & (tickers.last != trades.price[np.maximum(before, 0)])
    moved &= tickers.at - trades.at[np.maximum(before, 0)] > limits.clock_us
    moved &= edges[before + 1] - tickers.at > limits.clock_us
    silent = np.unique(before[moved])
    missing += [_span(edges[row], edges[row + 1]) for row in silent.tolist()]
    yield Part(name=f"{symbol} trades", sound=share(covered_us(missing, window), window.length_us))
    if missing:
        yield _gaps(FindingKind.TRADES_MISSING, Severity.LOWERS, symbol, missing, "trades")


def _gaps(
    kind: FindingKind, severity: Severity, symbol: str, spans: list[Span], what: str
) -> Finding:
    spans = sorted(spans, key=lambda span: span.start)
    longest = max(spans, key=lambda span: span.length_us)
    total = sum(span.length_us for span in spans)
    return Finding(
        kind=kind,
        severity=severity,
        symbol=symbol,
        count=len(spans),
        text=f"{len(spans)} gaps without {what}, {_seconds(total)} in all; the longest is of "
        f"{_seconds(longest.length_us)} from {instant_text(longest.start)} on",
        spans=tuple(spans),
    )


def _span(start: int, end: int) -> Span:
    return Span(start=Instant(int(start)), end=Instant(int(end)))


def _seconds(length_us: int) -> str:
    return f"{length_us / SECOND_US:,.1f} s"
