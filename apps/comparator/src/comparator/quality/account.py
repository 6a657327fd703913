"""Are the account's rows sound: times that can be, prices that the market had, orders that end."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np

from appkit.dates import instant_text
from comparator.evidence.orders import OrderLife
from comparator.evidence.recorded import Evidence
from comparator.loading.live import kind_of
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
from grid_db.records import PrivateExecution
from grid_db.types import from_fixed8, microseconds
from grid_db.words import Stream
from gridcore.clock import Instant
from gridcore.event_words import OrderStatus
from gridcore.events import ExecType

Result = Iterator[Finding | Part]
_PRIVATE = (Stream.EXECUTIONS, Stream.ORDERS, Stream.POSITIONS, Stream.WALLET)


def account_findings(evidence: Evidence, symbol: str, limits: QualityLimits) -> Result:
    """What is wrong with the account's executions and orders on a symbol."""
    trades = [
        row
        for row in evidence.executions
        if row.symbol == symbol and kind_of(row) is ExecType.TRADE
    ]
    if not trades:
        yield Finding(
            kind=FindingKind.NO_EXECUTIONS,
            severity=Severity.BARS,
            symbol=symbol,
            count=1,
            text="nothing was executed in the window: there is nothing to compare",
        )
    yield from _times(evidence, symbol, trades, limits)
    if trades and len(evidence.tickers(symbol)):
        yield from _outside(evidence, symbol, trades, limits)
        yield from _unreached(evidence, symbol, trades, limits)
    yield from _endless(evidence, symbol)


def stream_findings(evidence: Evidence) -> Result:
    """Private streams of which parts were not recorded and not filled later."""
    window = evidence.run.window
    for stream in _PRIVATE:
        spans = [hole.span.cut(window) for hole in evidence.holes(stream)]
        yield Part(
            name=f"{stream.value} stream", sound=share(covered_us(spans, window), window.length_us)
        )
        if spans:
            yield Finding(
                kind=FindingKind.STREAM_MISSING,
                severity=Severity.LOWERS,
                symbol=None,
                count=len(spans),
                text=f"{stream.value} were not recorded {len(spans)} times, first from "
                f"{instant_text(spans[0].start)} on: {evidence.holes(stream)[0].reason}",
                spans=tuple(spans),
            )


def _times(
    evidence: Evidence, symbol: str, trades: Sequence[PrivateExecution], limits: QualityLimits
) -> Result:
    """Executions before their order was placed or after it ended: a clock or a zone is wrong."""
    wrong = [row for row in trades if _is_impossible(evidence.order(row.order_id), row, limits)]
    if wrong:
        yield _of_rows(
            FindingKind.TIME_IMPOSSIBLE,
            Severity.BARS,
            symbol,
            wrong,
            "executions lie before their order was placed or after it ended: times were shifted",
        )
    ordered = sorted(
        (row for row in trades if row.seq is not None), key=lambda row: (row.seq or 0, row.exec_id)
    )
    late = [row for earlier, row in pairwise(ordered) if row.exchange_ts < earlier.exchange_ts]
    yield Part(name=f"{symbol} order of times", sound=share(len(late), len(trades)))
    if late:
        yield _of_rows(
            FindingKind.TIME_DECREASES,
            Severity.LOWERS,
            symbol,
            late,
            "executions have earlier times than those that the exchange numbered before them",
        )


def _is_impossible(life: OrderLife | None, row: PrivateExecution, limits: QualityLimits) -> bool:
    if life is None:
        return False
    at, ended = microseconds(row.exchange_ts), life.ended_at
    is_whole = life.steps[0].status == OrderStatus.NEW
    return (is_whole and at < life.placed_at - limits.clock_us) or (
        ended is not None and at > ended + limits.clock_us
    )


def _outside(
    evidence: Evidence, symbol: str, trades: Sequence[PrivateExecution], limits: QualityLimits
) -> Result:
    """Prices beyond what the tickers before and after say, by more than the limit (18.11)."""
    tickers = evidence.tickers(symbol)
    allowed = limits.outside_pct / 100
    outside = []
    for row in trades:
        after = int(np.searchsorted(tickers.at, microseconds(row.exchange_ts)))
        beside = tickers.last[max(after - 1, 0) : after + 1]
        low, high = from_fixed8(int(beside.min())), from_fixed8(int(beside.max()))
        if not low * (1 - allowed) <= row.exec_price <= high * (1 + allowed):
            outside.append(row)
    if outside:
        yield _of_rows(
            FindingKind.OUTSIDE_MARKET,
            Severity.BARS,
            symbol,
            outside,
            f"executions have prices more than {limits.outside_pct} % from the market of their "
            "time: prices or times are wrong",
        )


def _unreached(
    evidence: Evidence, symbol: str, trades: Sequence[PrivateExecution], limits: QualityLimits
) -> Result:
    """Makers' executions at prices that nobody traded at or beyond at that time."""
    unreached = []
    makers = [row for row in trades if row.is_maker]
    for row in makers:
        at = microseconds(row.exchange_ts)
        start, end = at - limits.clock_us, at + limits.clock_us
        if not evidence.level(symbol, row.side, row.exec_price, start, end).trades:
            unreached.append(row)
    yield Part(name=f"{symbol} executions", sound=share(len(unreached), len(makers)))
    if unreached:
        yield _of_rows(
            FindingKind.MARKET_NOT_THERE,
            Severity.LOWERS,
            symbol,
            unreached,
            "executions are at prices that nobody traded at then: their times, or the trades of "
            "the market, are not right",
        )


def _endless(evidence: Evidence, symbol: str) -> Result:
    """Orders whose end is not recorded, though all of it was executed or its level was reused."""
    lives = [life for life in evidence.orders if life.symbol == symbol]
    newest = {life.client_order_id: life.order_id for life in lives}
    executed: dict[str, Decimal] = {}
    for row in evidence.executions:
        executed[row.order_id] = executed.get(row.order_id, Decimal(0)) + row.exec_qty
    endless = [
        life
        for life in lives
        if life.ended_at is None
        and (
            newest[life.client_order_id] != life.order_id
            or executed.get(life.order_id, Decimal(0)) >= life.qty
        )
    ]
    yield Part(name=f"{symbol} orders", sound=share(len(endless), len(lives)))
    if endless:
        first = endless[0]
        yield Finding(
            kind=FindingKind.ORDER_WITHOUT_END,
            severity=Severity.LOWERS,
            symbol=symbol,
            count=len(endless),
            text=f"{len(endless)} orders ended and no state of theirs says so, first "
            f"{first.order_id} of {instant_text(first.placed_at)}",
            spans=tuple(_moment(life.last.at) for life in endless),
        )


def _of_rows(
    kind: FindingKind,
    severity: Severity,
    symbol: str,
    rows: Sequence[PrivateExecution],
    text: str,
) -> Finding:
    first = rows[0]
    at = instant_text(microseconds(first.exchange_ts))
    return Finding(
        kind=kind,
        severity=severity,
        symbol=symbol,
        count=len(rows),
        text=f"{len(rows)} {text}; the first is {first.exec_id} at {at}, {first.side.value} "
        f"{first.exec_qty} at {first.exec_price}",
        spans=tuple(_moment(microseconds(row.exchange_ts)) for row in rows),
    )


def _moment(at: int) -> Span:
    return Span(start=Instant(at), end=Instant(at + 1))
