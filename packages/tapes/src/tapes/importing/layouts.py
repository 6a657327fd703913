"""Which columns of a source file mean what.

Knows the headers of the sources; refuses to guess a header it does not know.
"""

from dataclasses import dataclass
from enum import Enum

from tapes.errors import TapeError
from tapes.importing.moments import TimeUnit


class SourceKind(Enum):
    """What a file holds. AUTO is settled by its header."""

    AUTO = "auto"
    BYBIT = "bybit"
    BYBIT_SPOT = "bybit-spot"
    COLUMNS = "columns"
    BARS = "bars"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLayout:
    """Column names of trades; None where the source has no such column."""

    time: str
    price: str
    size: str
    side: str | None = None
    trade_id: str | None = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BarLayout:
    """Column names of bars."""

    time: str
    volume: str
    open: str = "open"
    high: str = "high"
    low: str = "low"
    close: str = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnOptions:
    """What the user says about a file's columns; None means "as its header suggests"."""

    kind: SourceKind = SourceKind.AUTO
    time_unit: TimeUnit = TimeUnit.AUTO
    time: str | None = None
    price: str | None = None
    size: str | None = None
    side: str | None = None
    trade_id: str | None = None
    symbol: str | None = None
    delimiter: str = ","


AS_THE_HEADER_SAYS = ColumnOptions()

# The linear archive; trdMatchID and everything after it is missing in some files, RPI is new.
_BYBIT = TradeLayout(
    time="timestamp",
    price="price",
    size="size",
    side="side",
    trade_id="trdMatchID",
    symbol="symbol",
)
_BYBIT_SPOT = TradeLayout(
    time="timestamp", price="price", size="volume", side="side", trade_id="id"
)
# What `backtest tape export` writes.
_EXPORTED = TradeLayout(time="time", price="price", size="size", side="side")
_BAR_PRICES = ("open", "high", "low", "close")
_BAR_TIMES = ("timestamp", "time", "start", "startTime", "start_at", "open_time", "openTime")
_BAR_VOLUMES = ("volume", "vol")


def settle_layout(header: list[str], options: ColumnOptions, file: str) -> TradeLayout | BarLayout:
    """The layout of a file with these column names; TapeError lists them when none fits."""
    if options.kind is SourceKind.BARS:
        return _bar_layout(header, options, file)
    if options.kind is SourceKind.COLUMNS or options.time or options.price or options.size:
        return _named_layout(header, options, file)
    if options.kind is SourceKind.BYBIT:
        return _existing(_BYBIT, header, file)
    if options.kind is SourceKind.BYBIT_SPOT:
        return _existing(_BYBIT_SPOT, header, file)
    if set(_BAR_PRICES) <= set(header):
        return _bar_layout(header, options, file)
    for layout in (_BYBIT, _BYBIT_SPOT, _EXPORTED):
        if {layout.time, layout.price, layout.size} <= set(header):
            return _existing(layout, header, file)
    raise _unknown_header(file, "the columns of Bybit's archive, of bars, or named ones", header)


def _named_layout(header: list[str], options: ColumnOptions, file: str) -> TradeLayout:
    layout = TradeLayout(
        time=options.time or "time",
        price=options.price or "price",
        size=options.size or "size",
        side=options.side,
        trade_id=options.trade_id,
        symbol=options.symbol,
    )
    asked = [options.side, options.trade_id, options.symbol]
    missing = [name for name in asked if name is not None and name not in header]
    if missing:
        raise _unknown_header(file, f"the columns named: {', '.join(missing)}", header)
    return _existing(layout, header, file)


def _existing(layout: TradeLayout, header: list[str], file: str) -> TradeLayout:
    """The layout without the optional columns that this file lacks."""
    needed = (layout.time, layout.price, layout.size)
    missing = [name for name in needed if name not in header]
    if missing:
        raise _unknown_header(file, f"columns {', '.join(missing)}", header)
    return TradeLayout(
        time=layout.time,
        price=layout.price,
        size=layout.size,
        side=layout.side if layout.side in header else None,
        trade_id=layout.trade_id if layout.trade_id in header else None,
        symbol=layout.symbol if layout.symbol in header else None,
    )


def _bar_layout(header: list[str], options: ColumnOptions, file: str) -> BarLayout:
    times = [options.time] if options.time else list(_BAR_TIMES)
    volumes = [options.size] if options.size else list(_BAR_VOLUMES)
    time = next((name for name in times if name in header), None)
    volume = next((name for name in volumes if name in header), None)
    if time is None or volume is None or not set(_BAR_PRICES) <= set(header):
        expected = f"a time ({', '.join(times)}), open, high, low, close, {' or '.join(volumes)}"
        raise _unknown_header(file, expected, header)
    return BarLayout(time=time, volume=volume)


def _unknown_header(file: str, expected: str, header: list[str]) -> TapeError:
    return TapeError(
        f"the columns of {file} are not known",
        expected=expected,
        found=", ".join(header) if header else "nothing",
        mend="The first line must name the columns; say which is which with --time-column, "
        "--price-column, --size-column, --side-column.",
    )
