"""What an export has to do: begin a tape, or keep rows of one and read the rest.

Knows tapes and counts; refuses to read or write rows.
"""

from dataclasses import dataclass
from pathlib import Path

from appkit.dates import instant_text
from backtest.recordings.columns import RecordingUnits
from backtest.recordings.market import END_US, RecordedMarket
from backtest.recordings.resuming import RowsMissing, check_has_all, first_difference, rows_between
from backtest.recordings.units import FINEST, finest_mark_unit, whole_unit
from grid_db.words import Environment, Stream
from tapes import Tape, TapeError, TapeHeader
from tapes.columns import Times

BEGINNING_US = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRequest:
    """What is asked for. `tickers` None: as the tape that is there, else as the recording has;
    `mark_unit` None: the finest that a run can count with."""

    target: Path
    environment: Environment
    symbol: str
    tick_size: str
    qty_step: str
    mark_unit: str | None = None
    tickers: bool | None = None
    replace: bool = False

    def units(self) -> RecordingUnits:
        """The units; TapeError when one cannot be used."""
        step = whole_unit(self.qty_step, "quantity step", "--step")
        mark = finest_mark_unit(step) if self.mark_unit is None else self.mark_unit
        return RecordingUnits(
            tick=whole_unit(self.tick_size, "tick size", "--tick"),
            step=step,
            mark=whole_unit(mark, "mark unit", "--mark-unit"),
            funding=whole_unit(FINEST, "funding unit", "--mark-unit"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How many of each kind."""

    trades: int
    tickers: int

    @property
    def total(self) -> int:
        """Of both kinds."""
        return self.trades + self.tickers


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPlan:
    """Keep `kept` rows of `earlier` (None: begin), those before `since_us`, and read `to_read`.

    `late` is how many of these are older than the newest row that was there.
    """

    header: TapeHeader
    earlier: Tape | None
    since_us: int
    kept: Rows
    to_read: Rows
    late: int
    oldest_us: dict[Stream, int]
    """The recording's oldest row of each stream of the tape (END_US where there is none)."""

    @property
    def with_tickers(self) -> bool:
        """Whether the tape has tickers."""
        return Stream.TICKERS in self.oldest_us

    @property
    def new(self) -> int:
        """How many rows the tape does not have yet."""
        earlier = self.earlier
        if earlier is None:
            return self.to_read.total
        manifest = earlier.manifest
        return self.kept.total + self.to_read.total - manifest.trade_rows - manifest.ticker_rows


def make_plan(market: RecordedMarket, request: RecordingRequest) -> RecordingPlan:
    """Look at the recording and at the tape that is there, if any.

    TapeError: nothing recorded, a tape of another source, or one that has rows which the recording
    does not have.
    """
    units = request.units()
    earlier = None
    if request.target.exists() and not request.replace:
        earlier = Tape.open(request.target)
    first_us = market.first_us(Stream.TRADES)
    if first_us is None:
        raise _nothing(market)
    oldest = {Stream.TRADES: first_us}
    ticker_us = market.first_us(Stream.TICKERS)
    if _wants_tickers(request, earlier, recorded=ticker_us is not None):
        oldest[Stream.TICKERS] = END_US if ticker_us is None else ticker_us
    tickers = Stream.TICKERS in oldest
    header = TapeHeader(
        symbol=request.symbol,
        tick_size=units.tick.text,
        qty_step=units.step.text,
        source=f"recording of {request.environment.value}: trades{' and tickers' * tickers}",
        mark_unit=units.mark.text if tickers else None,
        funding_unit=units.funding.text if tickers else None,
    )
    if earlier is None:
        return RecordingPlan(
            header=header,
            earlier=None,
            since_us=BEGINNING_US,
            kept=Rows(trades=0, tickers=0),
            to_read=_recorded(market, oldest, BEGINNING_US),
            late=0,
            oldest_us=oldest,
        )
    _check_source(earlier, header)
    since_us = _since(market, earlier, oldest)
    last_us = earlier.manifest.last_us
    late = sum(
        market.count(stream, since_us, last_us) - rows_between(times, since_us, last_us)
        for stream, times in _times(earlier, oldest).items()
        if since_us < last_us
    )
    return RecordingPlan(
        header=header,
        earlier=earlier,
        since_us=since_us,
        kept=_kept(earlier, oldest, since_us),
        to_read=_recorded(market, oldest, since_us),
        late=late,
        oldest_us=oldest,
    )


def _wants_tickers(request: RecordingRequest, earlier: Tape | None, *, recorded: bool) -> bool:
    if request.tickers is not None:
        return request.tickers
    return recorded if earlier is None else earlier.tickers is not None


def _since(market: RecordedMarket, earlier: Tape, oldest: dict[Stream, int]) -> int:
    """From where on to read: the tape's last time, whose rows may have been incomplete, or the
    first row that came late."""
    last_us = earlier.manifest.last_us
    since_us = last_us
    for stream, times in _times(earlier, oldest).items():
        count = market.counter(stream)
        from_us = oldest[stream]
        try:
            found = first_difference(times, from_us, last_us, count)
            # What the tape has of its last time is not looked for before, but must be there too.
            check_has_all(times, max(from_us, last_us), END_US, count)
        except RowsMissing as error:
            raise _other_recording(earlier, stream, from_us, error) from error
        if found is not None:
            since_us = min(since_us, found)
    return since_us


def _times(tape: Tape, oldest: dict[Stream, int]) -> dict[Stream, Times]:
    times = {Stream.TRADES: tape.trades.time}
    if Stream.TICKERS in oldest and tape.tickers is not None:
        times[Stream.TICKERS] = tape.tickers.time
    return times


def _kept(tape: Tape, oldest: dict[Stream, int], since_us: int) -> Rows:
    """Rows of the tape that are not read again: the earlier ones, and all that were pruned."""
    kept = {
        stream: rows_between(times, BEGINNING_US, max(since_us, oldest[stream]))
        for stream, times in _times(tape, oldest).items()
    }
    return Rows(trades=kept[Stream.TRADES], tickers=kept.get(Stream.TICKERS, 0))


def _recorded(market: RecordedMarket, oldest: dict[Stream, int], since_us: int) -> Rows:
    return Rows(
        trades=market.count(Stream.TRADES, since_us),
        tickers=market.count(Stream.TICKERS, since_us) if Stream.TICKERS in oldest else 0,
    )


def _check_source(tape: Tape, header: TapeHeader) -> None:
    found = tape.manifest.header
    for name in ("source", "symbol", "tick_size", "qty_step", "mark_unit", "funding_unit"):
        was, asked = getattr(found, name), getattr(header, name)
        if was != asked:
            raise TapeError(
                f"tape {tape.path} cannot be extended: another {name.replace('_', ' ')}",
                expected=repr(asked),
                found=repr(was),
                mend="Choose another folder with --out, or make it anew with --replace.",
            )


def _nothing(market: RecordedMarket) -> TapeError:
    there = ", ".join(market.recorded_symbols())
    environment = market.environment.value
    return TapeError(
        f"no tape can be made of {market.symbol}",
        expected=f"recorded trades in {environment}",
        found=f"none; recorded there: {there}" if there else f"no trades in {environment} at all",
        mend="Check symbol and --environment, and what `event-saver status` says of the recording.",
    )


def _other_recording(tape: Tape, stream: Stream, since_us: int, error: RowsMissing) -> TapeError:
    return TapeError(
        f"tape {tape.path} cannot be extended: it has {stream.value} that this database lacks",
        expected=f"at least {error.tape:,} {stream.value} from {instant_text(since_us)} UTC on",
        found=f"{error.recorded:,}",
        mend="Name the database it was made of, choose another folder with --out, or make it "
        "anew with --replace.",
    )
