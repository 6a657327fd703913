"""tickers: a snapshot, then only what changed (bybit.md B.3)."""

import orjson

from bybit_sim.market.ticker_stream import TickerStream
from gridcore.clock import Instant

FIELDS = {"symbol": "BTCUSDT", "lastPrice": "1.0", "markPrice": "2.0"}


def test_the_first_frame_is_a_snapshot_of_all_fields() -> None:
    stream = TickerStream("BTCUSDT")

    frame = stream.change(FIELDS, Instant(5_000), 7, always=False)

    assert frame is not None
    assert frame.topic == "tickers.BTCUSDT"
    assert orjson.loads(frame.body) == {
        "topic": "tickers.BTCUSDT",
        "type": "snapshot",
        "data": FIELDS,
        "cs": 7,
        "ts": 5,
    }


def test_a_delta_holds_the_symbol_and_the_changed_fields_only() -> None:
    stream = TickerStream("BTCUSDT")
    stream.snapshot(FIELDS, Instant(0), 1)

    frame = stream.change(FIELDS | {"markPrice": "2.5"}, Instant(0), 2, always=False)

    assert frame is not None
    decoded = orjson.loads(frame.body)
    assert decoded["type"] == "delta"
    assert decoded["data"] == {"symbol": "BTCUSDT", "markPrice": "2.5"}


def test_nothing_is_told_when_nothing_changed_unless_it_always_must_be() -> None:
    stream = TickerStream("BTCUSDT")
    stream.snapshot(FIELDS, Instant(0), 1)

    quiet = stream.change(FIELDS, Instant(0), 2, always=False)
    told = stream.change(FIELDS, Instant(0), 2, always=True)

    assert quiet is None
    assert told is not None
    assert orjson.loads(told.body)["data"] == {"symbol": "BTCUSDT"}


def test_a_second_subscriber_gets_what_the_first_was_last_told() -> None:
    """Deltas of both continue from the same state."""
    stream = TickerStream("BTCUSDT")
    stream.snapshot(FIELDS, Instant(0), 1)

    frame = stream.snapshot(FIELDS | {"lastPrice": "9.0"}, Instant(0), 2)

    assert orjson.loads(frame.body)["data"] == FIELDS
