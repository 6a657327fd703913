"""Whole frames: dispatch, isolation of elements, leftovers, and frames that were tampered with."""

import copy
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import DeadLetter, Received, SetAside
from gridcore.clock import EARLIEST_PLAUSIBLE, Instant
from gridcore.events import (
    NO_LIQUIDATION,
    Execution,
    FundingPaid,
    OrderUpdate,
    PositionUpdate,
    PublicTrade,
    Ticker,
    WalletUpdate,
)
from gridcore.instrument import Instrument

NOW = Instant(1_762_199_126_500_000)
AT = Instant(1_762_199_126_022_000)
RECORDED = Path(__file__).parents[4].parent / "shared" / "fixtures" / "bybit_messages"
Make = Callable[..., dict[str, Any]]
Desk = Any

TICKER = {
    "topic": "tickers.BTCUSDT",
    "type": "snapshot",
    "cs": 24987956059,
    "ts": 1762199126022,
    "data": {
        "symbol": "BTCUSDT",
        "lastPrice": "54000.50",
        "markPrice": "54001.23",
        "bid1Price": "54000.40",
        "ask1Price": "54000.50",
        "fundingRate": "-0.000212",
    },
}
TRADES = {
    "topic": "publicTrade.BTCUSDT",
    "type": "snapshot",
    "ts": 1762199126022,
    "data": [
        {
            "T": 1762199126001,
            "s": "BTCUSDT",
            "S": "Buy",
            "v": "0.010",
            "p": "54000.40",
            "L": "PlusTick",
            "i": f"trade-{number}",
            "BT": False,
            "RPI": False,
            "seq": 1783284617,
        }
        for number in range(3)
    ],
}


# -- from frame to event, one test per stream (L66) ------------------------------------------------


def test_a_ticker_frame_becomes_a_ticker_l66(desk: Desk) -> None:
    (received,) = desk.text(json.dumps(TICKER))

    assert received == Received(
        event=Ticker(
            symbol="BTCUSDT",
            at=AT,
            last=540005,
            mark=Decimal("54001.23"),
            bid=540004,
            ask=540005,
            funding_rate=Decimal("-0.000212"),
        ),
        topic="tickers.BTCUSDT",
        exchange_at=AT,
        received_at=NOW,
        raw=TICKER,
    )


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_trades_become_events_on_both_paths_l66(separators: tuple[str, str], desk: Desk) -> None:
    received = desk.text(json.dumps(TRADES, separators=separators))

    assert [one.event.trade_id for one in received] == ["trade-0", "trade-1", "trade-2"]
    assert {one.event.price for one in received} == {540004}
    assert {one.exchange_at for one in received} == {AT}
    assert desk.normalizer.counts.events == 3
    assert desk.buried == desk.aside == []


@pytest.mark.parametrize("topic", ["order", "order.linear"])
def test_order_frames_become_order_updates_l66(
    topic: str, desk: Desk, private: Make, order_row: Make
) -> None:
    row = order_row()

    (received,) = desk.frame(private(topic, row))

    assert isinstance(received.event, OrderUpdate)
    assert received.raw is row
    assert (received.topic, received.exchange_at, received.received_at) == (topic, AT, NOW)


def test_execution_frames_become_executions_and_funding_l66(
    desk: Desk, private: Make, execution_row: Make
) -> None:
    funding = execution_row(execType="Funding", side="Buy", execId="f")

    received = desk.frame(private("execution", execution_row(), funding))

    assert [type(one.event) for one in received] == [Execution, FundingPaid]


def test_position_frames_become_position_updates_l66(
    desk: Desk, private: Make, position_row: Make
) -> None:
    (received,) = desk.frame(private("position.linear", position_row()))

    assert isinstance(received.event, PositionUpdate)
    assert received.event.liquidation is NO_LIQUIDATION


def test_wallet_frames_become_wallet_updates_with_the_frames_time_l66_l77(
    desk: Desk, private: Make, wallet_row: Make
) -> None:
    (received,) = desk.frame(private("wallet", wallet_row()))

    assert isinstance(received.event, WalletUpdate)
    assert received.event.at == AT


# -- isolation -------------------------------------------------------------------------------------


def test_one_bad_element_does_not_lose_its_frame_l95_l76(
    desk: Desk, private: Make, execution_row: Make
) -> None:
    bad = execution_row(execPrice="", execId="bad")
    rows = [execution_row(execId="a"), bad, None, execution_row(execId="b"), "x"]

    received = desk.frame(private("execution", *rows))

    assert [one.event.exec_id for one in received] == ["a", "b"]
    assert [one.raw for one in desk.buried] == [None, "x", bad]
    assert desk.buried[2].text.startswith("execPrice: expected a price above 0")
    assert desk.normalizer.counts.dead_letters == 3


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize(
    "changes", [{"p": ""}, {"p": "0"}, {"v": None}, {"S": "Both"}, {"p": "1e999"}, {"i": 5}]
)
def test_one_bad_trade_does_not_lose_its_frame_l95(
    changes: dict[str, Any], separators: tuple[str, str], desk: Desk
) -> None:
    frame = copy.deepcopy(TRADES)
    frame["data"][1].update(changes)  # type: ignore[index]

    received = desk.text(json.dumps(frame, separators=separators))

    assert [one.event.trade_id for one in received] == ["trade-0", "trade-2"]
    assert len(desk.buried) == 1


def test_a_bad_wallet_row_is_buried(desk: Desk, private: Make, wallet_row: Make) -> None:
    received = desk.frame(private("wallet", {"coin": 5}, wallet_row()))

    assert [type(one.event) for one in received] == [WalletUpdate]
    assert len(desk.buried) == 1


def test_a_bad_field_of_a_ticker_is_told_and_the_ticker_delivered(desk: Desk) -> None:
    frame = {**TICKER, "data": {**TICKER["data"], "bid1Price": "abc"}}  # type: ignore[dict-item]

    (received,) = desk.frame(frame)

    assert received.event.bid is None
    assert desk.buried[0].raw is frame


# -- leftovers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        *(None, 5, "x", [], {}, {"topic": None, "data": []}, {"topic": 5}, {"topic": ""}),
        *({"topic": "order"}, {"topic": "order", "data": {}}, {"topic": "wallet", "data": "x"}),
        *({"topic": "tickers.BTCUSDT", "data": []}, {"topic": "publicTrade.BTCUSDT"}),
    ],
)
def test_a_frame_of_no_shape_is_buried_whole(frame: object, desk: Desk) -> None:
    assert desk.frame(frame) == []
    assert [one.raw for one in desk.buried] == [frame]
    assert desk.normalizer.counts.frames == 1


def test_a_text_that_is_no_json_is_buried(desk: Desk) -> None:
    assert desk.text("{") == []
    assert desk.buried[0].raw == "{"
    assert desk.buried[0].received_at == NOW


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ({"op": "pong", "args": ["1675418560633"], "conn_id": "a"}, "CONTROL"),
        ({"success": True, "ret_msg": "", "op": "auth", "conn_id": "a"}, "CONTROL"),
        ({"topic": "kline.5.BTCUSDT", "data": []}, "OTHER_TOPIC"),
        ({"topic": "orderbook.50.BTCUSDT", "data": {}}, "OTHER_TOPIC"),
        ({"topic": "execution.fast", "data": []}, "OTHER_TOPIC"),
        ({"topic": "execution.fast.linear", "data": []}, "OTHER_TOPIC"),
        ({"topic": "order.spot", "data": []}, "OTHER_CATEGORY"),
        ({**TICKER, "type": "delta"}, "NO_SNAPSHOT"),
        ({**TICKER, "data": {"symbol": "XRPUSDT"}}, "UNKNOWN_SYMBOL"),
        ({**TICKER, "data": {}}, "NO_PRICE"),
    ],
)
def test_frames_without_events_are_set_aside_with_their_reason(
    frame: dict[str, Any], reason: str, desk: Desk
) -> None:
    assert desk.frame(frame) == []
    assert desk.reasons == [reason]
    assert desk.aside[0].raw is frame
    assert desk.buried == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"category": "spot"}, "OTHER_CATEGORY"),
        ({"symbol": "XRPUSDT"}, "UNKNOWN_SYMBOL"),
        ({"orderType": "Market"}, "NO_LIMIT_ORDER"),
        ({"orderStatus": "Untriggered"}, "CONDITIONAL"),
    ],
)
def test_rows_without_events_are_set_aside_with_their_reason(
    changes: dict[str, Any], reason: str, desk: Desk, private: Make, order_row: Make
) -> None:
    received = desk.frame(private("order", order_row(**changes), order_row()))

    assert len(received) == 1
    assert desk.reasons == [reason]
    assert sum(desk.normalizer.counts.set_aside.values()) == 1


@pytest.mark.parametrize("name", ["category", "symbol", "orderType"])
@pytest.mark.parametrize("value", ["", None])
def test_a_row_that_may_be_ours_is_never_silently_none_of_ours(
    name: str, value: str | None, desk: Desk, private: Make, order_row: Make
) -> None:
    received = desk.frame(private("order", order_row(**{name: value}), order_row()))

    assert len(received) == 1
    assert desk.reasons == []
    assert len(desk.buried) == 1


def test_a_categorised_topic_says_what_its_rows_may_omit(
    desk: Desk, private: Make, order_row: Make
) -> None:
    assert len(desk.frame(private("order.linear", order_row(category=None)))) == 1


def test_wallets_without_our_coin_and_trades_of_other_symbols_are_set_aside(
    desk: Desk, private: Make
) -> None:
    desk.frame(private("wallet", {"coin": []}))
    desk.text(json.dumps(TRADES).replace("BTCUSDT", "XRPUSDT"))

    assert desk.reasons == ["OTHER_COIN", *["UNKNOWN_SYMBOL"] * 3]


def test_without_a_listener_what_is_set_aside_is_counted(
    instruments: dict[str, Instrument],
) -> None:
    normalizer = Normalizer(instruments, print)

    normalizer.frame({"op": "pong"}, NOW)

    assert sum(normalizer.counts.set_aside.values()) == 1


# -- state -----------------------------------------------------------------------------------------


def test_a_reset_asks_for_a_new_snapshot_a39(desk: Desk) -> None:
    delta = {**TICKER, "type": "delta"}
    desk.frame(TICKER)
    assert len(desk.frame(delta)) == 1

    desk.normalizer.reset()

    assert desk.frame(delta) == []
    assert desk.reasons == ["NO_SNAPSHOT"]


def test_a_symbol_may_be_traded_later_and_its_instrument_may_change(
    desk: Desk, instruments: dict[str, Instrument]
) -> None:
    traded: dict[str, Instrument] = {}
    normalizer = Normalizer(traded, desk.buried.append)
    assert normalizer.frame(TICKER, NOW) == []

    traded["BTCUSDT"] = instruments["BTCUSDT"]
    (coarse,) = normalizer.frame(TICKER, NOW)
    traded["BTCUSDT"] = instruments["ETHUSDT"]
    (fine,) = normalizer.frame(TICKER, NOW)

    assert isinstance(coarse.event, Ticker)
    assert isinstance(fine.event, Ticker)
    assert (coarse.event.last, fine.event.last) == (540005, 5400050)


def test_trades_in_bulk_are_counted_and_doubtful_ones_are_not(desk: Desk) -> None:
    from bybit_adapter.normalizer.decode import decode

    frame = json.dumps(TRADES, separators=(",", ":"))
    bulk = desk.normalizer.trade_columns(decode(frame), NOW)
    doubtful = desk.normalizer.trade_columns(decode(frame.replace("54000.40", "0")), NOW)

    assert bulk.prices == [540004] * 3
    assert bulk.at == [1_762_199_126_001_000] * 3
    assert doubtful is None
    assert desk.normalizer.counts.events == 3


# -- frames that were tampered with ----------------------------------------------------------------

ODD: list[Any] = [
    None,
    "",
    0,
    "0",
    "-1",
    -1,
    "abc",
    "NaN",
    "Infinity",
    "1e999",
    True,
    False,
    [],
    {},
]
ODD += [1.5, "x" * 300, 10**30, "1735689600000", "Trade", "Funding", "Filled", "Buy", "linear"]


@st.composite
def tampered(draw: st.DrawFn, frame: dict[str, Any]) -> dict[str, Any]:
    """A frame with some fields, of itself or of its elements, replaced or gone."""
    changed = copy.deepcopy(frame)
    for _ in range(draw(st.integers(1, 4))):
        data = changed.get("data")
        targets: list[Any] = [changed]
        if isinstance(data, dict):
            targets.append(data)
        elif isinstance(data, list):
            targets += [row for row in data if isinstance(row, dict)]
        target = draw(st.sampled_from(targets))
        if target:
            name = draw(st.sampled_from(sorted(target)))
            if draw(st.booleans()):
                target[name] = copy.deepcopy(draw(st.sampled_from(ODD)))
            else:
                del target[name]
    return changed


@pytest.fixture(scope="module")
def samples(
    private: Make, order_row: Make, execution_row: Make, position_row: Make, wallet_row: Make
) -> list[dict[str, Any]]:
    """One good frame of every stream, with several elements where it can have them."""
    return [
        TICKER,
        TRADES,
        private("order", order_row(), order_row(orderId="b", orderStatus="Filled", leavesQty="0")),
        private("execution", execution_row(), execution_row(execId="b", execType="AdlTrade")),
        private("execution", execution_row(execType="Funding"), execution_row(execId="c")),
        private("position", position_row(), position_row(positionIdx=2, side="", size="0")),
        private("wallet", wallet_row()),
    ]


@given(data=st.data())
def test_tampered_frames_never_raise_and_never_give_a_price_of_zero(
    samples: list[dict[str, Any]], instruments: dict[str, Instrument], data: st.DataObject
) -> None:
    """Every element becomes an event, a dead letter or is set aside; every time is plausible."""
    frame = data.draw(st.sampled_from(samples).flatmap(tampered))
    buried: list[DeadLetter] = []
    aside: list[SetAside] = []
    normalizer = Normalizer(instruments, buried.append, aside.append)

    received = normalizer.frame(frame, NOW)
    written = Normalizer(instruments, lambda _: None).text(json.dumps(frame), NOW)

    for one in received:
        assert_sane(one)
    elements = frame.get("data")
    if isinstance(elements, list) and frame.get("topic") and not whole(frame, buried, aside):
        assert len(received) + len(buried) + len(aside) == len(elements)
    assert [one.event for one in written] == [one.event for one in received]


@given(data=st.data())
def test_untouched_elements_of_a_tampered_frame_are_delivered(
    samples: list[dict[str, Any]], instruments: dict[str, Instrument], data: st.DataObject
) -> None:
    good = data.draw(st.sampled_from([one for one in samples if isinstance(one["data"], list)]))
    row = data.draw(tampered({"data": [good["data"][0]]}))
    rows = row.get("data")
    bad = rows[0] if isinstance(rows, list) and rows else rows
    place = data.draw(st.integers(0, len(good["data"])))
    mixed = {**good, "data": [*good["data"][:place], bad, *good["data"][place:]]}

    alone = Normalizer(instruments, lambda _: None).frame(good, NOW)
    together = Normalizer(instruments, lambda _: None).frame(mixed, NOW)

    kept = [one for one in together if one.raw is not bad]
    assert [one.event for one in kept] == [one.event for one in alone]


def whole(frame: dict[str, Any], buried: list[DeadLetter], aside: list[SetAside]) -> bool:
    """Whether the frame went away as a whole."""
    leftovers: list[DeadLetter | SetAside] = [*buried, *aside]
    return any(one.raw is frame for one in leftovers)


def assert_sane(received: Received) -> None:
    event = received.event
    assert received.exchange_at >= EARLIEST_PLAUSIBLE
    prices: list[Any] = []
    if isinstance(event, Ticker):
        prices = [event.last, event.mark, event.bid, event.ask]
    elif isinstance(event, PublicTrade | OrderUpdate | Execution | FundingPaid):
        prices = [event.price]
    elif isinstance(event, PositionUpdate):
        liquidation = event.liquidation
        prices = [event.entry, event.mark, None if liquidation is NO_LIQUIDATION else liquidation]
        assert event.size >= 0
        assert (event.entry is None) is (event.size == 0)
    else:
        assert isinstance(event, WalletUpdate)
        assert event.balance.is_finite()
    assert event.at >= EARLIEST_PLAUSIBLE
    assert all(price is None or price > 0 for price in prices)


# -- recorded from our simulator -------------------------------------------------------------------


def test_every_frame_that_our_simulator_sent_is_read(desk: Desk) -> None:
    """Recorded from bybit_sim: placements, fills, an amendment, cancels, ADL, funding, a
    liquidation, cash in and out, and the public streams."""
    frames = (Path(__file__).parent / "recorded" / "bybit_sim_frames.jsonl").read_text("utf-8")

    received = [one for line in frames.splitlines() for one in desk.text(line)]

    kinds = Counter(type(one.event).__name__ for one in received)
    assert desk.buried == []
    assert set(desk.reasons) == {"OTHER_TOPIC", "NO_LIMIT_ORDER", "CONTROL"}
    assert kinds == SENT
    for one in received:
        assert_sane(one)
    executions = Counter(one.event.kind.value for one in received if hasattr(one.event, "kind"))
    assert executions == {"Trade": 11, "AdlTrade": 1, "BustTrade": 1}
    paid = [one.event for one in received if isinstance(one.event, FundingPaid)]
    assert {(leg.direction.value, leg.amount, leg.rate) for leg in paid} == {
        ("long", Decimal("-0.36062179"), Decimal("0.0000978")),
        ("short", Decimal("0.14619802"), Decimal("0.0000978")),
    }
    ended = [one.event for one in received if isinstance(one.event, OrderUpdate)]
    assert {order.reason for order in ended} == {
        "",
        "EC_PostOnlyWillTakeLiquidity",
        "EC_PerCancelRequest",
        "CancelAllBeforeLiq",
    }


SENT = {
    "Ticker": 12,
    "PublicTrade": 36,
    "OrderUpdate": 20,
    "Execution": 13,
    "FundingPaid": 2,
    "PositionUpdate": 27,
    "WalletUpdate": 16,
}


# -- recorded by others ----------------------------------------------------------------------------


def recorded(name: str) -> Any:
    path = RECORDED / "nautilus" / name
    if not path.is_file():
        pytest.skip("no ../shared/fixtures beside the project")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "events", "reasons"),
    [
        ("ws_ticker_linear.json", [Ticker], []),
        ("ws_account_execution.json", [Execution], []),
        ("ws_account_execution_adl.json", [Execution], []),
        ("ws_account_order_filled.json", [OrderUpdate], []),
        ("ws_account_position.json", [PositionUpdate], []),
        ("ws_account_wallet.json", [WalletUpdate], []),
        ("ws_account_execution_fast.json", [], ["OTHER_TOPIC"]),
        ("ws_orderbook_snapshot.json", [], ["OTHER_TOPIC"]),
        ("ws_kline.json", [], ["OTHER_TOPIC"]),
        ("ws_subscription_ack.json", [], ["CONTROL"]),
        ("ws_auth_failure.json", [], ["CONTROL"]),
    ],
)
def test_recorded_messages_are_read(
    name: str, events: list[type], reasons: list[str], desk: Desk
) -> None:
    received = desk.frame(recorded(name))

    assert [type(one.event) for one in received] == events
    assert desk.reasons == reasons
    assert desk.buried == []


def test_no_recorded_message_raises(desk: Desk) -> None:
    """Every JSON of both collections, fed as a frame, whatever it is."""
    files = sorted([*RECORDED.glob("nautilus/*.json"), *RECORDED.glob("jkorf/**/*.txt")])
    if not files:
        pytest.skip("no ../shared/fixtures beside the project")

    for file in files:
        text = file.read_text(encoding="utf-8-sig", errors="replace")
        start = min((text.find(mark) for mark in "{[" if mark in text), default=0)
        for one in desk.text(text[start:]):
            assert_sane(one)
