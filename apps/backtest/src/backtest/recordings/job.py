"""Writes a planned tape: the rows to keep, the recording's rows, the gaps.

Knows the order of work, in bounded memory; refuses to know what was decided, and why.
"""

from collections.abc import Callable, Iterator

from backtest.recordings.columns import Places, RecordingUnits, ticker_columns, trade_columns
from backtest.recordings.gaps import earlier_gaps, ledger_gaps, merged_gaps
from backtest.recordings.market import END_US, RecordedMarket
from backtest.recordings.plan import BEGINNING_US, RecordingPlan, RecordingRequest
from tapes import Gap, Tape, TapeWriter, TickerColumns, TradeColumns
from tapes.compiled import Integers

COPIED_ROWS = 1 << 18
Progress = Callable[[int], None]
"""Is told how many rows have come from the recording so far."""


def export_recording(
    market: RecordedMarket,
    request: RecordingRequest,
    plan: RecordingPlan,
    on_progress: Progress = lambda rows: None,
) -> Tape:
    """Make or extend the tape; one to which nothing would be added is left as it is.

    The folder appears, or is replaced, when it is complete. TapeError when it cannot be.
    """
    earlier = plan.earlier
    if earlier is not None and plan.new == 0:
        manifest = earlier.manifest
        gaps = _gaps(market, plan, manifest.first_us, manifest.last_us)
        if tuple(gaps) == manifest.gaps:
            return earlier
    with TapeWriter(
        request.target,
        plan.header,
        tickers=plan.with_tickers,
        replace=earlier is not None or request.replace,
    ) as writer:
        span = _Span()
        for trades in _trades(market, request.units(), plan, on_progress):
            span.see(trades.time)
            writer.add_trades(trades)
        if plan.with_tickers:
            for tickers in _tickers(market, request.units(), plan, on_progress):
                span.see(tickers.time)
                writer.add_tickers(tickers)
        for gap in _gaps(market, plan, span.first_us, span.last_us):
            writer.declare_gap(gap)
        return writer.commit()


class _Span:
    """The first and the last time of what was written."""

    def __init__(self) -> None:
        self._ends: list[int] = []

    def see(self, times: Integers) -> None:
        if len(times):
            ends = [*self._ends, int(times[0]), int(times[-1])]
            self._ends = [min(ends), max(ends)]

    @property
    def first_us(self) -> int:
        return self._ends[0] if self._ends else BEGINNING_US

    @property
    def last_us(self) -> int:
        return self._ends[-1] if self._ends else BEGINNING_US


def _trades(
    market: RecordedMarket, units: RecordingUnits, plan: RecordingPlan, on_progress: Progress
) -> Iterator[TradeColumns]:
    if plan.earlier is not None:
        kept = plan.earlier.trades
        for part in _parts(plan.kept.trades):
            yield TradeColumns(
                time=kept.time[part],
                price=kept.price[part],
                size=kept.size[part],
                side=kept.side[part],
                seq=None if kept.seq is None else kept.seq[part],
            )
    places = Places() if plan.with_tickers else None
    done = 0
    for block in market.trades(plan.since_us):
        yield trade_columns(block, units, places)
        done += len(block)
        on_progress(done)


def _tickers(
    market: RecordedMarket, units: RecordingUnits, plan: RecordingPlan, on_progress: Progress
) -> Iterator[TickerColumns]:
    if plan.earlier is not None:
        kept = plan.earlier.tickers
        assert kept is not None, "a tape of the same source has tickers too"
        for part in _parts(plan.kept.tickers):
            yield TickerColumns(
                time=kept.time[part],
                seq=kept.seq[part],
                last=kept.last[part],
                bid=kept.bid[part],
                ask=kept.ask[part],
                mark=kept.mark[part],
                funding=kept.funding[part],
            )
    done = plan.to_read.trades
    for block in market.tickers(plan.since_us):
        yield ticker_columns(block, units)
        done += len(block)
        on_progress(done)


def _parts(rows: int) -> Iterator[slice]:
    for first in range(0, rows, COPIED_ROWS):
        yield slice(first, min(first + COPIED_ROWS, rows))


def _gaps(market: RecordedMarket, plan: RecordingPlan, first_us: int, last_us: int) -> list[Gap]:
    """What is missing between two instants: as the ledger says it of what the recording still has,
    and as the earlier tape said it of what has been pruned since."""
    found: list[Gap] = []
    known_from = dict.fromkeys(plan.oldest_us, BEGINNING_US)
    if plan.earlier is not None:
        # Beyond the tape's end it is the ledger that knows what was pruned before it was read.
        ends_us = plan.earlier.manifest.last_us
        known_from = {
            stream: min(oldest_us, ends_us) for stream, oldest_us in plan.oldest_us.items()
        }
        recorded = [us for stream, us in known_from.items() if plan.oldest_us[stream] < END_US]
        found += earlier_gaps(plan.earlier.manifest.gaps, max(recorded))
    for stream in plan.oldest_us:
        ledger = market.gaps(stream, first_us, last_us)
        found += ledger_gaps(ledger, market.symbol, known_from)
    return merged_gaps(found, first_us, last_us)
