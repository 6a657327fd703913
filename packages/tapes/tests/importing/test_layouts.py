"""Headers of the known sources, and named columns."""

import pytest

from tapes.errors import TapeError
from tapes.importing.layouts import (
    BarLayout,
    ColumnOptions,
    SourceKind,
    TradeLayout,
    settle_layout,
)

OLD = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional"
NEW = OLD + ",foreignNotional,RPI"


def settle(header: str, **options: object) -> TradeLayout | BarLayout:
    return settle_layout(header.split(","), ColumnOptions(**options), "a.csv")  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [OLD, NEW])
def test_the_archive_is_known_in_old_and_new_column_sets(header: str) -> None:
    assert settle(header) == TradeLayout(
        time="timestamp",
        price="price",
        size="size",
        side="side",
        trade_id="trdMatchID",
        symbol="symbol",
    )


def test_missing_trailing_columns_are_done_without() -> None:
    layout = settle("timestamp,symbol,side,size,price")

    assert isinstance(layout, TradeLayout)
    assert (layout.trade_id, layout.symbol) == (None, "symbol")


def test_spot_files_name_their_size_volume() -> None:
    layout = settle("id,timestamp,price,volume,side,rpi")

    assert isinstance(layout, TradeLayout)
    assert (layout.size, layout.trade_id, layout.symbol) == ("volume", "id", None)


@pytest.mark.parametrize("time", ["timestamp", "start", "openTime"])
def test_bars_are_known_by_their_prices(time: str) -> None:
    assert settle(f"{time},open,high,low,close,volume") == BarLayout(time=time, volume="volume")


def test_what_export_writes_is_known() -> None:
    assert settle("time,price,size,side") == TradeLayout(
        time="time", price="price", size="size", side="side"
    )


def test_named_columns_win_over_what_the_header_suggests() -> None:
    layout = settle("timestamp,price,size,mid,who", price="mid", time="timestamp", side="who")

    assert layout == TradeLayout(time="timestamp", price="mid", size="size", side="who")


@pytest.mark.parametrize(
    ("header", "options", "words"),
    [
        ("a,b,c", {}, "found a, b, c"),
        ("a,b,c", {"kind": SourceKind.BYBIT}, "timestamp, price, size"),
        ("a,b,c", {"kind": SourceKind.BYBIT_SPOT}, "volume"),
        ("a,b,c", {"kind": SourceKind.BARS}, "open, high"),
        ("time,price,size", {"price": "mid"}, "columns mid"),
        ("time,price,size", {"side": "who", "kind": SourceKind.COLUMNS}, "the columns named: who"),
        ("1767653689.2300,BTCUSDT,Buy,0.0001,94125.23", {}, "first line must name"),
        ("open,high,low,close", {}, "a time"),
    ],
)
def test_an_unknown_header_is_refused_with_what_was_found(
    header: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(TapeError, match=words):
        settle(header, **options)


def test_an_empty_file_has_no_columns() -> None:
    with pytest.raises(TapeError, match="found nothing"):
        settle_layout([], ColumnOptions(), "a.csv")
