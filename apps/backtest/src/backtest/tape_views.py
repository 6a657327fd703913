"""What the tape commands print; the same records become JSON as they are."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.dates import instant_text
from appkit.output import key_value_table, number_text
from tapes.importing import FaultCount
from tapes.manifest import Gap
from tapes.summary import TapeSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeMade:
    """The outcome of an import or a synthesis. `faults` is empty for a perfect source."""

    tape: TapeSummary
    faults: tuple[FaultCount, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeShown:
    """The outcome of `tape info`; `verified` is None when the hashes were not recomputed."""

    tape: TapeSummary
    verified: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeExported:
    """The outcome of `tape export`."""

    tape: str
    files: tuple[str, ...]
    trade_rows: int
    ticker_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Rows of each kind."""

    trades: int
    tickers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeRecorded:
    """The outcome of `tape from-db`.

    `kept` rows were on the tape, `read` came from the database, `added` are those of them that the
    tape did not have; `late` of them are older than its newest row. `read_from_us` None: all was
    read.
    """

    tape: TapeSummary
    database: str
    environment: str
    kept: RowCounts
    read: RowCounts
    added: RowCounts
    late: int
    read_from_us: int | None
    notes: tuple[str, ...]


def show_made(console: Console, made: TapeMade) -> None:
    """Print a new tape and every kind of fault that its source had."""
    if made.faults:
        console.print(_fault_table(made.faults))
    for note in made.notes:
        console.print(Text(f"note: {note}"))
    show_summary(console, made.tape)


def show_recorded(console: Console, recorded: TapeRecorded) -> None:
    """Print what was added to a tape from where, and the tape."""
    for note in recorded.notes:
        console.print(Text(f"note: {note}"))
    read_from_us = recorded.read_from_us
    if read_from_us is not None:
        since = f"from {instant_text(read_from_us)} UTC on"
        console.print(Text(f"kept {_rows(recorded.kept)}; read {_rows(recorded.read)} {since}"))
    added = recorded.added
    console.print(Text(f"added {_rows(added)}" if added.trades or added.tickers else "nothing new"))
    show_summary(console, recorded.tape)
    for gap in recorded.tape.gaps:
        console.print(Text(_gap(gap)))


def show_shown(console: Console, shown: TapeShown) -> None:
    """Print a tape, its silences and its gaps."""
    show_summary(console, shown.tape)
    silences = shown.tape.silences
    for silence in silences.first:
        length = _duration(silence.end_us - silence.start_us)
        console.print(Text(f"  silence of {length} from {instant_text(silence.start_us)}"))
    if silences.count > len(silences.first):
        console.print(Text(f"  and {silences.count - len(silences.first)} more silences"))
    for gap in shown.tape.gaps:
        console.print(Text(_gap(gap)))
    if shown.verified:
        console.print(Text("every sha256 was recomputed and is right"))


def show_exported(console: Console, exported: TapeExported) -> None:
    """Print what was written where."""
    for file in exported.files:
        console.print(Text(f"wrote {file}"))


def show_summary(console: Console, tape: TapeSummary) -> None:
    """Print a tape at a glance."""
    sides = tape.sides
    rows = [
        ("symbol", tape.symbol),
        ("source", tape.source),
        ("trades", number_text(tape.trade_rows)),
        ("tickers", number_text(tape.ticker_rows) if tape.ticker_rows else "none"),
        ("from (UTC)", instant_text(tape.first_us)),
        ("to (UTC)", instant_text(tape.last_us)),
        ("span", _duration(tape.last_us - tape.first_us)),
        ("tick, step", f"{tape.tick_size}, {tape.qty_step}"),
        ("price", f"{number_text(tape.price_first)} to {number_text(tape.price_last)}"),
        ("price range", f"{number_text(tape.price_min)} to {number_text(tape.price_max)}"),
        ("sizes", f"{number_text(tape.size_min)} to {number_text(tape.size_max)}"),
        ("volume", number_text(tape.size_total)),
        (
            "takers",
            f"{sides.buy:,} buy, {sides.sell:,} sell, {sides.unknown:,} unknown",
        ),
        ("silences over 60 s", _silences(tape)),
        ("declared gaps", number_text(len(tape.gaps))),
        ("stored", f"{tape.stored_bytes / 2**20:,.1f} MiB"),
        ("sha256", tape.sha256),
    ]
    if tape.bars:
        rows.insert(2, ("made from bars", "a run plays both orders of the extremes"))
    console.print(key_value_table(f"Tape {tape.path}", rows))


def _fault_table(faults: tuple[FaultCount, ...]) -> Table:
    table = Table(title=Text("What the source had", style="bold"), title_justify="left", box=None)
    table.add_column("rows", justify="right")
    table.add_column("kind")
    table.add_column("first")
    for fault in faults:
        table.add_row(
            Text(number_text(fault.count)),
            Text(fault.meaning),
            Text("\n".join(fault.examples)),
        )
    return table


def _gap(gap: Gap) -> str:
    length = _duration(gap.end_us - gap.start_us)
    return f"  declared gap of {length} from {instant_text(gap.start_us)}: {gap.reason}"


def _rows(rows: RowCounts) -> str:
    return f"{rows.trades:,} trades and {rows.tickers:,} tickers"


def _silences(tape: TapeSummary) -> str:
    silences = tape.silences
    if not silences.count:
        return "none"
    return f"{silences.count:,}, the longest {_duration(silences.longest_us)}"


def _duration(length_us: int) -> str:
    """Days, hours, minutes and seconds, without the parts that are zero in front."""
    seconds, rest_us = divmod(length_us, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    fraction = f".{rest_us // 1000:03d}" if rest_us and not minutes else ""
    if days:
        return f"{days} d {hour} h {minute} min"
    if hours:
        return f"{hours} h {minute} min {second} s"
    if minutes:
        return f"{minutes} min {second} s"
    return f"{second}{fraction} s"
