"""Public rows: from the frame's text to the record, exactly."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from bybit_adapter.normalizer.decode import decode
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import BadElement, TradeFrame
from event_saver.rows.public import PublicRows
from grid_db.records import PublicTrade, TickerSnapshot
from grid_db.words import Environment
from gridcore.clock import Instant
from gridcore.instrument import Instrument
from gridcore.sides import BUY, SELL, SideType

BTC = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
MS = 1_800_000_000_123
EXCHANGE_TS = datetime(2027, 1, 15, 8, 0, 0, 123_000, tzinfo=UTC)
RECEIVED_AT = Instant(1_800_000_000_150_007)
LOCAL_TS = datetime(2027, 1, 15, 8, 0, 0, 150_007, tzinfo=UTC)
ELEMENTS: list[dict[str, object]] = [
    {"T": MS, "s": "BTCUSDT", "S": "Buy", "v": "0.010", "p": "99800.10", "i": "a", "seq": 7},
    {"T": MS, "s": "BTCUSDT", "S": "Sell", "v": "2", "p": "99800.0", "i": "b"},
]


def trade(trade_id: str, side: SideType, price: str, size: str, seq: int | None) -> PublicTrade:
    return PublicTrade(
        environment=Environment.SIM,
        symbol="BTCUSDT",
        trade_id=trade_id,
        exchange_ts=EXCHANGE_TS,
        local_ts=LOCAL_TS,
        side=side,
        price=Decimal(price),
        size=Decimal(size),
        seq=seq,
    )


TRADES = [trade("a", BUY, "99800.1", "0.01", 7), trade("b", SELL, "99800", "2", None)]


@pytest.fixture
def rows() -> PublicRows:
    return PublicRows(Environment.SIM, {"BTCUSDT": BTC})


@pytest.fixture
def normalizer() -> Normalizer:
    return Normalizer({"BTCUSDT": BTC}, on_dead_letter=lambda letter: None)


def frame_of(elements: list[dict[str, object]], *, topic_first: bool = True) -> bytes:
    content = {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": MS, "data": elements}
    return orjson.dumps(content if topic_first else dict(reversed(content.items())))


def test_a_frame_of_trades_becomes_its_records_in_bulk(
    rows: PublicRows, normalizer: Normalizer
) -> None:
    frame = decode(frame_of(ELEMENTS))
    assert isinstance(frame, TradeFrame)
    columns = normalizer.trade_columns(frame, RECEIVED_AT)
    assert columns is not None

    assert rows.trades(columns) == TRADES


@pytest.mark.parametrize("topic_first", [True, False])
def test_trades_one_by_one_are_the_same_records(
    rows: PublicRows, normalizer: Normalizer, topic_first: bool
) -> None:
    received = normalizer.text(frame_of(ELEMENTS, topic_first=topic_first), RECEIVED_AT)

    assert [rows.of(one) for one in received] == TRADES


def test_a_trade_without_an_id_is_no_record(rows: PublicRows, normalizer: Normalizer) -> None:
    element = {**ELEMENTS[0], "i": ""}

    received = normalizer.text(frame_of([element]), RECEIVED_AT)

    assert [rows.of(one) for one in received] == [None]


def test_a_ticker_becomes_a_record_and_an_unknown_quote_is_none(
    rows: PublicRows, normalizer: Normalizer
) -> None:
    frame = {
        "topic": "tickers.BTCUSDT",
        "type": "snapshot",
        "cs": 1,
        "ts": MS,
        "data": {
            "symbol": "BTCUSDT",
            "lastPrice": "99800.1",
            "markPrice": "99801.23",
            "bid1Price": "",
        },
    }

    (received,) = normalizer.text(orjson.dumps(frame), RECEIVED_AT)

    assert rows.of(received) == TickerSnapshot(
        environment=Environment.SIM,
        symbol="BTCUSDT",
        exchange_ts=EXCHANGE_TS,
        local_ts=LOCAL_TS,
        last_price=Decimal("99800.1"),
        mark_price=Decimal("99801.23"),
        bid1_price=None,
        ask1_price=None,
        funding_rate=None,
    )


def test_a_ticker_with_quotes_and_funding_rate_has_them(
    rows: PublicRows, normalizer: Normalizer
) -> None:
    quotes = {"bid1Price": "99800", "ask1Price": "99800.2", "fundingRate": "-0.0001"}
    data = {"symbol": "BTCUSDT", "lastPrice": "99800.1", **quotes}
    frame = {"topic": "tickers.BTCUSDT", "type": "snapshot", "ts": MS, "data": data}

    (received,) = normalizer.text(orjson.dumps(frame), RECEIVED_AT)

    found = rows.of(received)
    assert isinstance(found, TickerSnapshot)
    assert (found.bid1_price, found.ask1_price) == (Decimal(99800), Decimal("99800.2"))
    assert found.funding_rate == Decimal("-0.0001")


LISTED = [
    {"execId": "b", "price": "99800", "size": "2", "side": "Sell", "time": str(MS)},
    {
        "execId": "a",
        "price": "99800.1",
        "size": "0.01",
        "side": "Buy",
        "time": str(MS),
        "seq": "7",
    },
]


def test_listed_trades_are_the_records_of_the_stream_oldest_first(rows: PublicRows) -> None:
    assert rows.listed("BTCUSDT", LISTED, RECEIVED_AT) == TRADES


@pytest.mark.parametrize("name", ["execId", "price", "size", "time"])
def test_a_listed_trade_that_cannot_be_read_spoils_the_listing(rows: PublicRows, name: str) -> None:
    with pytest.raises(BadElement, match=name):
        rows.listed("BTCUSDT", [LISTED[0], {**LISTED[1], name: ""}], RECEIVED_AT)
