"""Plays tapes through venue and session: jumps from one row that matters to the next.

It delivers events and carries out requests: decisions are the session's, fills the venue's.
"""

from collections.abc import Callable, Sequence

from backtest.config_parts import WindDownMode
from backtest.equity import EquityCurve, mark_column
from backtest.feeds import Bands, Stream, at_row
from backtest.finish import outcome_of
from backtest.opening import outage_events, setup_of, start_of, streams_of, valuing_stream
from backtest.outcome import RunOutcome
from backtest.recorder import Recorder
from backtest.wiring import RunPlan
from gridcore.clock import Instant
from gridcore.events import (
    CashMoved,
    Event,
    Execution,
    FundingPaid,
    Liquidated,
    OperatorAction,
    OperatorCommand,
    OrderStatus,
    OrderUpdate,
    PlaceRejected,
    PositionsSnapshot,
    PositionUpdate,
    SessionStarted,
    TimerFired,
)
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    NO_EFFECTS,
    AskSnapshot,
    CancelOrder,
    Effects,
)
from gridcore.sides import LONG
from simvenue import SimVenue
from simvenue.answers import Answers
from simvenue.records import Records
from simvenue.standing import stand
from tapes.scan import first_at_or_after, load_or_build

Progress = Callable[[int], None]
_PROGRESS_EVERY = 256
_NOTED = {FundingPaid, CashMoved, Liquidated, PlaceRejected, PositionUpdate}


class BandViolated(AssertionError):
    """A row that was to change nothing changed something: our fault."""


class Run:
    """One run over the tapes of a plan."""

    def __init__(self, plan: RunPlan, *, tick_by_tick: bool, progress: Progress | None) -> None:
        self.plan = plan
        self.tick_by_tick = tick_by_tick
        self.symbols = tuple(plan.symbols)
        self._progress = progress
        self.indexes = {symbol: load_or_build(tape) for symbol, tape in plan.tapes.items()}
        self.streams = streams_of(plan, self.indexes)
        self.start = start_of(plan, self.streams)
        self.venue = SimVenue(plan.venue, tuple(plan.symbols.values()), self.start)
        stand(self.venue, plan.opening.standing)
        self.records = Records(plan.symbols)
        self.answers = Answers(self.venue, self.records)
        self.session = AccountSession(
            "backtest", [setup_of(plan, one) for one in plan.strategies], plan.safety
        )
        for symbol, rows in plan.opening.grids.items():
            self.session.adopt_grid(symbol, rows)
        instruments = {symbol: spec.instrument for symbol, spec in plan.symbols.items()}
        self.recorder = Recorder(self.session, instruments)
        marks = [
            mark_column(
                plan.tapes[symbol],
                symbol,
                instruments[symbol].qty_step,
                self.indexes[symbol],
            )
            for symbol in self.symbols
        ]
        self.valuing = [valuing_stream(self.streams, symbol) for symbol in self.symbols]
        self.first_rows = {stream.symbol: stream.cursor for stream in self.valuing}
        self.curve = EquityCurve(
            marks,
            [(stream.cursor, stream.stop) for stream in self.valuing],
            self.start,
            plan.initial_balance,
        )
        self._outages = outage_events(plan, self.start)
        self._next_outage = 0
        self._cash_moved = bool(plan.opening.standing.legs)
        self.now = self._session_start()
        self.wakes = 0
        self.placed = 0
        self.cancelled = 0
        self.rejected: dict[str, int] = {}
        self.most_orders = 0

    # -- the loop --------------------------------------------------------------------------

    def play(self) -> RunOutcome:
        """Play every row and return what came of it."""
        self._handle(SessionStarted(at=self.now))
        total_before = [stream.cursor for stream in self.streams]
        while not self.venue.stopped:
            deadline = self._deadline()
            stream, row, bands = self._next_row(deadline)
            if stream is not None:
                self._wake_on(stream, row, bands)
            elif deadline is not None and deadline <= self._last_time():
                self._wake_at(deadline)
            else:
                break
            self.wakes += 1
            if self._progress is not None and self.wakes % _PROGRESS_EVERY == 0:
                self._progress(self._rows_done(total_before))
        self._finish_rows()
        self._wind_down()
        if self._progress is not None:
            self._progress(self._rows_done(total_before))
        return outcome_of(self, self._rows_done(total_before))

    def _session_start(self) -> Instant:
        if self.plan.session_start is not None:
            return min(self.plan.session_start, self.start)
        # What stands may fill with the first row: the books have to be open by then.
        return Instant(self.start - 1) if self.plan.opening.standing.orders else self.start

    def _rows_done(self, before: Sequence[int]) -> int:
        return sum(
            stream.cursor - first for stream, first in zip(self.streams, before, strict=True)
        )

    def _deadline(self) -> Instant | None:
        """The earliest instant at which something is due without a row."""
        earliest = self.venue.next_deadline()
        timer = self.session.next_deadline()
        if timer is not None and (earliest is None or timer < earliest):
            earliest = timer
        if self._next_outage < len(self._outages):
            outage = self._outages[self._next_outage].at
            if earliest is None or outage < earliest:
                earliest = outage
        return earliest

    def _next_row(self, deadline: Instant | None) -> tuple[Stream | None, int, Bands | None]:
        """The first row of any stream that matters, before the deadline, and its bands."""
        best: Stream | None = None
        best_row = 0
        best_key = (0, 0, 0)
        best_bands: Bands | None = None
        for stream in self.streams:
            limit = stream.stop
            if stream.cursor >= limit:
                continue
            if deadline is not None:
                limit = min(first_at_or_after(stream.times, deadline, stream.cursor), limit)
            bands: Bands | None = None
            if self.tick_by_tick:
                row = stream.cursor
            else:
                bands = Bands(
                    self.session.quiet_band(stream.symbol), self.venue.quiet_band(stream.symbol)
                )
                row = stream.find(bands, limit)
            if row >= limit:
                continue
            if len(self.streams) == 1:
                return stream, row, bands
            key = (int(stream.times[row]), stream.seq(row), stream.number)
            if best is None or key < best_key:
                best, best_row, best_key, best_bands = stream, row, key, bands
        return best, best_row, best_bands

    def _last_time(self) -> int:
        return max(int(stream.times[stream.stop - 1]) for stream in self.streams if stream.stop)

    # -- waking ----------------------------------------------------------------------------

    def _wake_on(self, stream: Stream, row: int, bands: Bands | None) -> None:
        """Deliver one row: what the venue makes of it, then the row as a ticker."""
        at = at_row(stream.times, row)
        if len(self.streams) > 1:
            self._skip_others(stream, row)
        if row > stream.cursor and (bands is None or stream.moves_venue(row, bands)):
            self._skip_to(stream, row)
        self.now = at
        if bands is None:
            self.venue.expect_anything()
        events = stream.to_venue(row, self.venue)
        if events:
            self._deliver(events)
        ticker = stream.ticker(row)
        if ticker is not None:
            self._handle(ticker)
        if self._cash_moved:
            self._change_line(stream, row)
        stream.cursor = row + 1

    def _skip_others(self, stream: Stream, row: int) -> None:
        """Bring every other stream to the place it has when this row comes."""
        at, seq = at_row(stream.times, row), stream.seq(row)
        for other in self.streams:
            if other is not stream:
                self._skip_to(other, other.rows_before(at, seq, stream.number))

    def _skip_to(self, stream: Stream, row: int) -> None:
        """Skip quiet rows; the latest of them is delivered, and must change nothing."""
        if row <= stream.cursor:
            return
        latest = row - 1
        self.now = at_row(stream.times, latest)
        ticker = stream.ticker(latest)
        events = stream.to_venue(latest, self.venue)
        effects = None if ticker is None else self.session.handle(ticker, self.now)
        if events or effects:
            raise BandViolated(
                f"{stream.symbol}: expected row {latest} to change nothing, found "
                f"{events} and {effects}"
            )
        stream.cursor = row

    def _wake_at(self, deadline: Instant) -> None:
        """What is due at an instant: venue, outages, session timers; rows before it come first."""
        for stream in self.streams:
            upto = min(first_at_or_after(stream.times, deadline, stream.cursor), stream.stop)
            self._skip_to(stream, upto)
        self.now = deadline
        due = self.venue.next_deadline()
        if due is not None and due <= deadline:
            self._deliver(self.venue.advance(deadline))
        while (
            self._next_outage < len(self._outages)
            and self._outages[self._next_outage].at <= deadline
        ):
            event = self._outages[self._next_outage]
            self._next_outage += 1
            self._deliver([event])
        timer = self.session.next_deadline()
        if timer is not None and timer <= deadline:
            self._deliver([TimerFired(at=deadline)])
        if self._cash_moved:
            self._change_line(None, 0)

    def _finish_rows(self) -> None:
        """Deliver the latest rows of every stream, so that the end state is the tape's end."""
        if self.venue.stopped:
            return
        for stream in self.streams:
            self._skip_to(stream, stream.stop)
        self.now = Instant(self._last_time())

    def _wind_down(self) -> None:
        if self.plan.wind_down is not WindDownMode.CLOSE_ALL or self.venue.stopped:
            return
        self._deliver(self.venue.close_all(self.now))

    def _change_line(self, stream: Stream | None, row: int) -> None:
        """Cash or positions changed: another equity line from the row in hand on."""
        self._cash_moved = False
        rows = [row if one is stream else one.cursor for one in self.valuing]
        self.curve.change(self.venue, rows)

    # -- events and requests ---------------------------------------------------------------

    def _deliver(self, events: Sequence[Event]) -> None:
        handle, now = self.session.handle, self.now
        for event in events:
            kind = type(event)
            if kind is Execution:
                self._cash_moved = True
                self.records.take((event,))
            elif kind in _NOTED:
                self._note(event)
            effects = handle(event, now)
            if effects is not NO_EFFECTS:
                self.recorder.take(event, effects)
                if effects.requests:
                    self._carry_out(effects)
            if kind is Liquidated and not self.venue.stopped:
                self._handle(OperatorCommand(at=now, action=OperatorAction.RESUME, symbol=None))
        if self.plan.legs_follow_orders:
            self._tell_legs(events)

    def _tell_legs(self, events: Sequence[Event]) -> None:
        """The leg of every order that came or was cancelled, unless fills told of it already."""
        told = {event.symbol for event in events if isinstance(event, PositionUpdate)}
        for event in events:
            if (
                isinstance(event, OrderUpdate)
                and event.symbol not in told
                and event.status in (OrderStatus.NEW, OrderStatus.CANCELLED)
            ):
                legs = self.venue.position_updates(event.symbol, self.now)
                self._deliver([legs[0] if event.direction is LONG else legs[1]])

    def _note(self, event: Event) -> None:
        """Keep count of what the run itself needs."""
        if isinstance(event, PlaceRejected):
            code = str(event.code)
            self.rejected[code] = self.rejected.get(code, 0) + 1
        elif isinstance(event, PositionUpdate):
            self.recorder.distance(event)
        else:
            self._cash_moved = True
            self.records.take((event,))
            if isinstance(event, Liquidated):
                self.recorder.liquidated(event)

    def _handle(self, event: Event) -> None:
        effects = self.session.handle(event, self.now)
        if effects is not NO_EFFECTS:
            self.recorder.take(event, effects)
            if effects.requests:
                self._carry_out(effects)

    def _carry_out(self, effects: Effects) -> None:
        self.most_orders = max(self.most_orders, self.session.open_orders)
        for request in effects.requests:
            if isinstance(request, AskSnapshot):
                self._answer(request)
            elif isinstance(request, CancelOrder):
                self.cancelled += 1
                self._deliver(self.venue.submit(request, self.now))
            else:
                self.placed += 1
                self._deliver(self.venue.submit(request.request, self.now))

    def _answer(self, request: AskSnapshot) -> None:
        """The venue's view, as the exchange would answer it."""
        answer = self.answers.answer(request, self.now, self.now)
        if isinstance(answer, PositionsSnapshot):
            for leg in answer.legs:
                self._note(leg)
        self._deliver([answer])


def run_backtest(
    plan: RunPlan, *, tick_by_tick: bool = False, progress: Progress | None = None
) -> RunOutcome:
    """Run a plan; with `tick_by_tick` every row is delivered and none is skipped."""
    return Run(plan, tick_by_tick=tick_by_tick, progress=progress).play()
