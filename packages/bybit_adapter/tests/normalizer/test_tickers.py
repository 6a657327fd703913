"""Ticker frames: snapshot, deltas, and what came too late (bybit.md B.3)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.normalizer.numbers import Scale
from bybit_adapter.normalizer.tickers import Merged, TickerBook
from bybit_adapter.normalizer.words import BadElement, Reason
from gridcore.clock import Instant
from gridcore.events import Ticker
from gridcore.instrument import Instrument

TOPIC = "tickers.BTCUSDT"
MS = 1_762_199_126_000
AT = Instant(MS * 1000)
FULL = {
    "symbol": "BTCUSDT",
    "lastPrice": "54000.50",
    "markPrice": "54001.23",
    "bid1Price": "54000.40",
    "ask1Price": "54000.50",
    "fundingRate": "0.0001",
    "volume24h": "91705.276",
}
TICKER = Ticker(
    symbol="BTCUSDT",
    at=AT,
    last=540005,
    mark=Decimal("54001.23"),
    bid=540004,
    ask=540005,
    funding_rate=Decimal("0.0001"),
)


class Stream:
    """One topic of one connection."""

    def __init__(self, scale: Scale) -> None:
        self.book = TickerBook()
        self.scale = scale

    def take(
        self, kind: object, data: dict[str, Any], ms: int = MS, cs: int | None = None
    ) -> Merged:
        frame: dict[str, Any] = {"topic": TOPIC, "type": kind, "ts": ms, "data": data}
        if cs is not None:
            frame["cs"] = cs
        at = Instant(ms * 1000)
        return self.book.merge(TOPIC, frame, data, "BTCUSDT", self.scale, at)


@pytest.fixture
def stream(scale: Scale) -> Stream:
    return Stream(scale)


def test_a_snapshot_is_a_ticker(stream: Stream) -> None:
    assert stream.take("snapshot", FULL) == Merged(ticker=TICKER, reason=None)


def test_nothing_is_emitted_before_a_snapshot_a39(stream: Stream) -> None:
    early = stream.take("delta", FULL)

    assert early == Merged(ticker=None, reason=Reason.NO_SNAPSHOT)
    assert stream.take("delta", FULL) == early


def test_a_delta_changes_what_it_names(stream: Stream) -> None:
    stream.take("snapshot", FULL)

    ticker = stream.take("delta", {"symbol": "BTCUSDT", "lastPrice": "54000.70"}, MS + 100).ticker

    assert ticker == Ticker(
        symbol="BTCUSDT",
        at=Instant(AT + 100_000),
        last=540007,
        mark=TICKER.mark,
        bid=540004,
        ask=540005,
        funding_rate=Decimal("0.0001"),
    )


NAMES = ("lastPrice", "markPrice", "bid1Price", "ask1Price", "fundingRate")
VALUES = st.decimals("0.1", "99999.9", places=1).map(lambda value: format(value, "f"))
DELTAS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES | st.sampled_from(["", None])))


@given(DELTAS)
def test_merged_deltas_equal_one_snapshot_a39(
    deltas: list[dict[str, Any]],
) -> None:
    tenth, thousandth = Decimal("0.1"), Decimal("0.001")
    instrument = Instrument(
        symbol="BTCUSDT",
        tick_size=tenth,
        qty_step=thousandth,
        min_qty=thousandth,
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )
    stream, other = Stream(Scale(instrument)), Stream(Scale(instrument))
    merged = stream.take("snapshot", FULL)
    reference: dict[str, Any] = dict(FULL)
    for delta in deltas:
        merged = stream.take("delta", delta)
        reference.update({name: value for name, value in delta.items() if value})

    assert merged == other.take("snapshot", reference)


def test_a_reconnect_forgets_everything(stream: Stream) -> None:
    stream.take("snapshot", FULL)

    stream.book.reset()

    assert stream.take("delta", FULL).reason is Reason.NO_SNAPSHOT


def test_a_new_snapshot_forgets_what_it_does_not_name(stream: Stream) -> None:
    stream.take("snapshot", FULL, cs=9)

    ticker = stream.take("snapshot", {"lastPrice": "54000.50"}, MS + 1, cs=3).ticker

    assert ticker is not None
    assert (ticker.last, ticker.mark, ticker.bid, ticker.funding_rate) == (540005, None, None, None)


@pytest.mark.parametrize(
    ("kind", "ms", "cs"),
    [("delta", MS - 1, None), ("delta", MS - 1, 10), ("delta", MS, 9), ("snapshot", MS - 1, 11)],
)
def test_a_frame_that_was_overtaken_changes_nothing(
    kind: str, ms: int, cs: int | None, stream: Stream
) -> None:
    stream.take("snapshot", FULL, MS, cs=10)

    late = stream.take(kind, {"lastPrice": "1.0"}, ms, cs)

    assert late == Merged(ticker=None, reason=Reason.OVERTAKEN)
    assert stream.take("delta", {}, cs=10).ticker == TICKER


def test_a_frame_without_a_time_is_taken_and_the_known_time_stays(stream: Stream) -> None:
    stream.take("snapshot", FULL)

    assert stream.take("delta", {"lastPrice": "54000.60"}, 0).ticker is not None
    assert stream.take("delta", {"lastPrice": "1.0"}, MS - 1).reason is Reason.OVERTAKEN


def test_the_same_frame_twice_is_the_same_ticker_twice(stream: Stream) -> None:
    assert stream.take("snapshot", FULL, cs=10) == stream.take("snapshot", FULL, cs=10)


@pytest.mark.parametrize("last", ["", None, "0", "0.00"])
def test_there_is_no_ticker_without_a_last_price_ls60(last: str | None, stream: Stream) -> None:
    merged = stream.take("snapshot", {**FULL, "lastPrice": last})

    assert merged == Merged(ticker=None, reason=Reason.NO_PRICE)


def test_quotes_of_zero_are_no_quotes_ls60(stream: Stream) -> None:
    stream.take("snapshot", FULL)
    gone = {"bid1Price": "0", "ask1Price": "0.00", "markPrice": "0"}

    merged = stream.take("delta", gone)

    assert merged.ticker is not None
    assert (merged.ticker.bid, merged.ticker.ask, merged.ticker.mark) == (None, None, None)
    assert merged.faults == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [("bid1Price", "abc"), ("ask1Price", "-1"), ("markPrice", "-0.5"), ("fundingRate", "NaN")],
)
def test_a_bad_field_is_unknown_and_its_neighbours_count_l95(
    name: str, value: str, stream: Stream
) -> None:
    stream.take("snapshot", FULL)

    merged = stream.take("delta", {"lastPrice": "54000.60", name: value})

    assert merged.ticker is not None
    assert merged.ticker.last == 540006
    assert [fault.partition(":")[0] for fault in merged.faults] == [name]
    fields = {"bid1Price": "bid", "ask1Price": "ask", "markPrice": "mark"}
    assert getattr(merged.ticker, fields.get(name, "funding_rate")) is None


def test_a_last_price_that_cannot_be_read_silences_until_the_next(stream: Stream) -> None:
    stream.take("snapshot", FULL)

    assert stream.take("delta", {"lastPrice": "abc"}).ticker is None
    assert stream.take("delta", {"markPrice": "54001.23"}).ticker is None
    assert stream.take("delta", {"lastPrice": "54000.50"}).ticker == TICKER


@pytest.mark.parametrize("kind", ["", None, "full", 1, []])
def test_a_frame_is_a_snapshot_or_a_delta(kind: object, stream: Stream) -> None:
    with pytest.raises(BadElement, match="type: expected snapshot or delta"):
        stream.take(kind, FULL)


def test_a_negative_funding_rate_and_one_of_zero_are_rates(stream: Stream) -> None:
    for text, rate in (("-0.00075", Decimal("-0.00075")), ("0", Decimal(0))):
        ticker = stream.take("snapshot", {**FULL, "fundingRate": text}).ticker

        assert ticker is not None
        assert ticker.funding_rate == rate


def test_topics_do_not_share_their_state(stream: Stream) -> None:
    stream.take("snapshot", FULL)
    frame = {"topic": "tickers.ETHUSDT", "type": "delta", "ts": MS}

    merged = stream.book.merge("tickers.ETHUSDT", frame, FULL, "ETHUSDT", stream.scale, AT)

    assert merged.reason is Reason.NO_SNAPSHOT
