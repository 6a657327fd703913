"""kline frames: the candle in progress as it changes, and its end (bybit.md B.3)."""

import orjson

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.kline_stream import KlineStream
from bybit_sim.market.klines import Candle
from gridcore.clock import Instant

START_MS = 1_672_324_800_000
CANDLE = Candle(Instant(START_MS * 1000), 100, 120, 90, 110, 30, 3_150)


def test_a_candle_in_progress_is_told_with_all_its_fields() -> None:
    stream = KlineStream(BTCUSDT, "5")

    frame = stream.current(CANDLE, Instant((START_MS + 7) * 1000), fresh=False)

    assert frame is not None
    assert orjson.loads(frame.body) == {
        "topic": "kline.5.BTCUSDT",
        "type": "snapshot",
        "ts": START_MS + 7,
        "data": [
            {
                "start": START_MS,
                "end": START_MS + 299_999,
                "interval": "5",
                "open": "10.00",
                "close": "11.00",
                "high": "12.00",
                "low": "9.00",
                "volume": "0.030",
                "turnover": "0.31500",
                "confirm": False,
                "timestamp": START_MS + 7,
            }
        ],
    }


def test_an_unchanged_candle_is_told_only_to_a_fresh_subscriber() -> None:
    stream = KlineStream(BTCUSDT, "5")
    stream.current(CANDLE, Instant(0), fresh=False)

    assert stream.current(CANDLE, Instant(0), fresh=False) is None
    assert stream.current(CANDLE, Instant(0), fresh=True) is not None
    assert stream.current(None, Instant(0), fresh=True) is None


def test_a_candle_that_goes_on_changing_in_place_is_told_again() -> None:
    stream = KlineStream(BTCUSDT, "1")
    candle = CANDLE.copy()
    stream.current(candle, Instant(0), fresh=False)

    candle.close = 115

    assert stream.current(candle, Instant(0), fresh=False) is not None


def test_an_ended_candle_is_confirmed_at_its_end() -> None:
    frame = orjson.loads(KlineStream(BTCUSDT, "1").closed(CANDLE).body)

    assert frame["data"][0]["confirm"] is True
    assert frame["data"][0]["timestamp"] == START_MS + 60_000
