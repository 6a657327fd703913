"""What a run begins with: the strategies' set-ups, the streams of rows, the outages on the way."""

from collections.abc import Mapping, Sequence

from appkit.exits import RunFailed
from backtest.feeds import (
    Outage,
    Stream,
    TickerStream,
    TradeStream,
    at_row,
    outages,
    rows_between,
)
from backtest.wiring import RunPlan, StrategyPlan
from gridcore.clock import Instant
from gridcore.events import StreamLost, StreamRestored
from gridcore.session.setup import StrategySetup
from tapes.scan import ScanIndex


def setup_of(plan: RunPlan, strategy: StrategyPlan) -> StrategySetup:
    """One strategy's set-up for the session."""
    spec = plan.symbols[strategy.symbol]
    return StrategySetup(
        strat_id=strategy.strat_id,
        instrument=spec.instrument,
        tiers=spec.tiers,
        taker_fee=plan.venue.taker_fee,
        grid=strategy.grid,
        risk=strategy.risk,
        sizing=strategy.sizing,
        safety=plan.safety,
        close_gate=strategy.close_gate,
        time_in_force=strategy.time_in_force,
        salt=strategy.identity_salt,
        anchor_price=strategy.anchor_price,
    )


def streams_of(plan: RunPlan, indexes: Mapping[str, ScanIndex]) -> list[Stream]:
    """Trades before tickers of the same time, symbols in the plan's order."""
    streams: list[Stream] = []
    for symbol, spec in plan.symbols.items():
        tape = plan.tapes[symbol]
        rows = rows_between(tape.trades.time, plan.start, plan.end)
        index = indexes[symbol]
        streams.append(TradeStream(tape, index, spec.instrument, len(streams), rows))
    for symbol, spec in plan.symbols.items():
        tape = plan.tapes[symbol]
        if tape.tickers is not None:
            rows = rows_between(tape.tickers.time, plan.start, plan.end)
            streams.append(TickerStream(tape, spec.instrument, len(streams), rows))
    return streams


def start_of(plan: RunPlan, streams: Sequence[Stream]) -> Instant:
    firsts = [
        at_row(stream.times, stream.cursor) for stream in streams if stream.cursor < stream.stop
    ]
    if not firsts:
        raise RunFailed(
            "the tapes have no row between start and end",
            "choose another --start and --end, or another tape",
        )
    return min(firsts)


def valuing_stream(streams: Sequence[Stream], symbol: str) -> Stream:
    """The stream whose rows value a symbol: its tickers, else its trades."""
    return [stream for stream in streams if stream.symbol == symbol][-1]


def outage_events(plan: RunPlan, start: Instant) -> list[StreamLost | StreamRestored]:
    """Every outage as the loss and the return of a symbol's stream, in order of time."""
    events: list[StreamLost | StreamRestored] = []
    found: list[Outage] = []
    for symbol in plan.symbols:
        found += outages(plan.tapes[symbol], symbol, plan.safety.ticker_gap_s)
    for outage in found:
        if outage.restored_at <= start or (plan.end is not None and outage.lost_at >= plan.end):
            continue
        events.append(StreamLost(at=outage.lost_at, symbol=outage.symbol, reason=outage.reason))
        events.append(StreamRestored(at=outage.restored_at, symbol=outage.symbol))
    return sorted(events, key=lambda event: event.at)
