"""Private rows: every element is a record or a dead letter, and none costs its neighbours."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit_adapter.normalizer.words import DeadLetter as Unread
from bybit_adapter.normalizer.words import Reason, Received, SetAside, Trade
from event_saver.rows.attribution import Owners
from event_saver.rows.private import Kind, Origin, PrivateRow, PrivateRows, payload
from grid_db.records import (
    DeadLetter,
    FundingPayment,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    WalletSnapshot,
)
from grid_db.words import Attribution, Environment, Stream
from gridcore.clock import Instant
from gridcore.sides import BUY, SELL

MS = 1_800_000_000_123
AT = datetime(2027, 1, 15, 8, 0, 0, 123_000, tzinfo=UTC)
FRAME_AT = Instant(1_800_000_000_140_000)
RECEIVED_AT = Instant(1_800_000_000_150_007)
LOCAL_TS = datetime(2027, 1, 15, 8, 0, 0, 150_007, tzinfo=UTC)

ORDER: dict[str, object] = {
    "symbol": "BTCUSDT",
    "orderId": "order-1",
    "orderLinkId": "",
    "side": "Buy",
    "positionIdx": 1,
    "orderType": "Limit",
    "orderStatus": "PartiallyFilled",
    "price": "99800.10",
    "qty": "0.010",
    "leavesQty": "0.006",
    "cumExecQty": "0.004",
    "avgPrice": "99800.1",
    "reduceOnly": False,
    "rejectReason": "EC_NoError",
    "cancelType": "UNKNOWN",
    "updatedTime": str(MS),
    "category": "linear",
}
EXECUTION: dict[str, object] = {
    "symbol": "BTCUSDT",
    "orderId": "order-1",
    "orderLinkId": "0123456789abcdef-1",
    "execId": "exec-1",
    "execType": "Trade",
    "execTime": str(MS),
    "side": "Sell",
    "orderPrice": "99800.1",
    "execPrice": "99800.1",
    "execQty": "0.004",
    "execFee": "-0.0123",
    "feeRate": "-0.0001",
    "feeCurrency": "USDT",
    "execPnl": "1.5",
    "closedSize": "0.004",
    "leavesQty": "0",
    "isMaker": True,
    "seq": 77,
    "category": "linear",
}
POSITION: dict[str, object] = {
    "symbol": "BTCUSDT",
    "positionIdx": 2,
    "side": "Sell",
    "size": "0.5",
    "entryPrice": "100000",
    "liqPrice": "",
    "markPrice": "99800.1",
    "leverage": "10",
    "unrealisedPnl": "99.95",
    "cumRealisedPnl": "-3",
    "curRealisedPnl": "0",
    "positionIM": "5000",
    "positionMM": "250",
    "positionValue": "49900.05",
    "updatedTime": str(MS),
}
WALLET: dict[str, object] = {
    "accountType": "UNIFIED",
    "totalEquity": "1000.5",
    "totalAvailableBalance": "",
    "totalMarginBalance": "1000.1",
    "accountIMRate": "0.1",
    "accountMMRate": "bad",
    "coin": [
        {
            "coin": "USDT",
            "walletBalance": "999.123456789",
            "availableToWithdraw": "",
            "usdValue": "9",
        },
        {"coin": "BTC", "walletBalance": ""},
    ],
}


def maker(symbols: frozenset[str] = frozenset()) -> PrivateRows:
    numbers = count(1)
    return PrivateRows(
        Origin(environment=Environment.SIM, account_id="account-1", run_id="run-1"),
        Owners([]),
        symbols=symbols,
        new_id=lambda: f"letter-{next(numbers)}",
    )


def received(topic: str, raw: Mapping[str, object]) -> Received:
    event = object()
    return Received(
        event=event,  # type: ignore[arg-type]
        topic=topic,
        exchange_at=FRAME_AT,
        received_at=RECEIVED_AT,
        raw=raw,
    )


def row_of(topic: str, raw: Mapping[str, object]) -> PrivateRow | DeadLetter:
    (found,) = maker().received(received(topic, raw))
    return found


def test_an_order_keeps_its_state_and_the_whole_message() -> None:
    found = row_of("order", ORDER)

    assert isinstance(found, OrderState)
    assert (found.run_id, found.account_id, found.order_id) == ("run-1", "account-1", "order-1")
    assert (found.exchange_ts, found.local_ts) == (AT, LOCAL_TS)
    assert (found.status, found.side, found.position_idx) == ("PartiallyFilled", BUY, 1)
    assert (found.price, found.qty) == (Decimal("99800.1"), Decimal("0.01"))
    assert (found.leaves_qty, found.cum_exec_qty) == (Decimal("0.006"), Decimal("0.004"))
    assert (found.reduce_only, found.order_link_id) == (False, None)
    assert found.raw_json is not None
    assert '"orderType":"Limit"' in found.raw_json


def test_what_is_left_of_an_order_follows_from_the_rest_when_a_row_lacks_it() -> None:
    found = row_of("order", {**ORDER, "leavesQty": ""})

    assert isinstance(found, OrderState)
    assert found.leaves_qty == Decimal("0.006")


def test_an_execution_keeps_fee_currency_maker_flag_and_what_it_closed() -> None:
    found = row_of("execution.linear", EXECUTION)

    assert isinstance(found, PrivateExecution)
    assert (found.exec_id, found.exec_type, found.exchange_ts) == ("exec-1", "Trade", AT)
    assert (found.exec_fee, found.fee_currency) == (Decimal("-0.0123"), "USDT")
    assert (found.is_maker, found.seq) == (True, 77)
    assert (found.closed_size, found.leaves_qty) == (Decimal("0.004"), Decimal(0))
    assert (found.position_idx, found.attribution) == (1, Attribution.CLOSED_SIZE)
    assert found.closed_pnl == Decimal("1.5")


def test_an_execution_is_attributed_through_its_order() -> None:
    rows = maker()
    rows.received(received("order", {**ORDER, "side": "Sell", "positionIdx": 2}))

    (found,) = rows.received(received("execution", EXECUTION))

    assert isinstance(found, PrivateExecution)
    assert (found.position_idx, found.attribution) == (2, Attribution.ORDER)


def test_executions_that_no_order_of_ours_caused_are_kept_too() -> None:
    found = row_of("execution", {**EXECUTION, "execType": "AdlTrade"})

    assert isinstance(found, PrivateExecution)
    assert found.exec_type == "AdlTrade"


@pytest.mark.parametrize(
    ("side", "paid", "index", "amount", "rate"),
    [
        ("Buy", "0.5", 1, "-0.5", "0.0001"),
        ("Sell", "-0.5", 2, "0.5", "0.0001"),
        ("Sell", "0.5", 2, "-0.5", "-0.0001"),
    ],
)
def test_funding_is_a_payment_of_a_leg(
    side: str, paid: str, index: int, amount: str, rate: str
) -> None:
    funding = {
        **EXECUTION,
        "execType": "Funding",
        "side": side,
        "execFee": paid,
        "feeRate": "0.0001",
    }

    found = row_of("execution", funding)

    assert isinstance(found, FundingPayment)
    assert (found.position_idx, found.amount) == (index, Decimal(amount))
    assert found.funding_rate == Decimal(rate)


def test_a_position_is_a_leg_by_its_index_and_no_liquidation_is_none() -> None:
    found = row_of("position", POSITION)

    assert isinstance(found, PositionSnapshot)
    assert (found.side, found.size, found.entry_price) == (SELL, Decimal("0.5"), Decimal(100_000))
    assert found.liq_price is None
    assert (found.cum_realised_pnl, found.cur_realised_pnl) == (Decimal(-3), Decimal(0))


def test_a_flat_leg_of_hedge_mode_has_a_side_although_the_row_names_none() -> None:
    flat = {**POSITION, "positionIdx": 1, "side": "", "size": "0", "entryPrice": "0"}

    found = row_of("position", flat)

    assert isinstance(found, PositionSnapshot)
    assert (found.side, found.size, found.entry_price) == (BUY, Decimal(0), None)


def test_listings_call_the_entry_price_by_another_name() -> None:
    listed = {name: value for name, value in POSITION.items() if name != "entryPrice"}

    (found,) = maker().listed(Kind.POSITION, {**listed, "avgPrice": "100000"}, RECEIVED_AT)

    assert isinstance(found, PositionSnapshot)
    assert found.entry_price == Decimal(100_000)


def test_a_flat_row_of_one_way_mode_is_no_leg() -> None:
    assert maker().received(received("position", {**POSITION, "positionIdx": 0, "side": ""})) == []


def test_the_same_message_has_the_same_fingerprint_and_another_has_another() -> None:
    first, again = (
        row_of("position", POSITION),
        row_of("position", dict(reversed(POSITION.items()))),
    )
    other = row_of("position", {**POSITION, "markPrice": "99800.2"})

    assert isinstance(first, PositionSnapshot)
    assert isinstance(again, PositionSnapshot)
    assert isinstance(other, PositionSnapshot)
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint


def test_a_wallet_is_a_row_for_each_coin_with_the_accounts_numbers() -> None:
    usdt, btc = maker().received(received("wallet", WALLET))

    assert isinstance(usdt, WalletSnapshot)
    assert isinstance(btc, WalletSnapshot)
    assert (usdt.coin, usdt.wallet_balance) == ("USDT", Decimal("999.123456789"))
    assert (usdt.total_equity, usdt.total_available_balance) == (Decimal("1000.5"), None)
    assert (btc.coin, btc.wallet_balance) == ("BTC", Decimal(0))


def test_a_wallet_of_empty_texts_is_written_with_the_time_of_its_frame_a46() -> None:
    """L76, L77: neither lost, nor of 1970."""
    empty = dict.fromkeys(WALLET, "") | {"coin": [{"coin": "USDT", "walletBalance": ""}]}
    unread = Unread(topic="wallet", raw=empty, text="walletBalance", received_at=RECEIVED_AT)

    (found,) = maker().unread(unread)

    assert isinstance(found, WalletSnapshot)
    assert (found.exchange_ts, found.wallet_balance) == (LOCAL_TS, Decimal(0))
    (streamed,) = maker().received(received("wallet", empty))
    assert isinstance(streamed, WalletSnapshot)
    assert streamed.exchange_ts == datetime(2027, 1, 15, 8, 0, 0, 140_000, tzinfo=UTC)


def test_a_bad_coin_costs_itself_only_l79() -> None:
    coins = [{"coin": "USDT", "walletBalance": "1"}, {"coin": "BTC", "walletBalance": "much"}, "?"]

    usdt, btc, strange = maker().received(received("wallet", {**WALLET, "coin": coins}))

    assert isinstance(usdt, WalletSnapshot)
    assert isinstance(btc, DeadLetter)
    assert isinstance(strange, DeadLetter)
    assert "walletBalance" in btc.reason


def test_an_account_block_that_cannot_be_read_costs_no_coin_l79() -> None:
    """An earlier recorder lost every coin of a frame whose totals were odd."""
    totals = {name: "odd" for name, value in WALLET.items() if name.startswith(("total", "acc"))}

    coins = maker().received(received("wallet", {**WALLET, **totals}))

    assert [type(one) for one in coins] == [WalletSnapshot, WalletSnapshot]
    for coin in coins:
        assert isinstance(coin, WalletSnapshot)
        assert (coin.total_equity, coin.total_margin_balance, coin.account_im_rate) == (None,) * 3


@pytest.mark.parametrize(
    ("topic", "raw"), [("order", ORDER), ("execution", EXECUTION), ("position", POSITION)]
)
def test_a_row_keeps_the_whole_message_of_every_private_stream_l78_l82(
    topic: str, raw: Mapping[str, object]
) -> None:
    """What is needed later is not known now: fields that have no column are kept as well."""
    found = row_of(topic, {**raw, "new": {"deep": [None, "ключ"]}})

    assert isinstance(found, OrderState | PrivateExecution | PositionSnapshot)
    assert json.loads(found.raw_json or "") == {**raw, "new": {"deep": [None, "ключ"]}}


def test_the_inputs_of_a_liquidation_price_are_recorded_beside_it_l82() -> None:
    found = row_of("position", {**POSITION, "liqPrice": "123456.7"})

    assert isinstance(found, PositionSnapshot)
    assert found.liq_price == Decimal("123456.7")
    inputs = (found.mark_price, found.leverage, found.position_im, found.position_mm)
    assert inputs == (Decimal("99800.1"), Decimal(10), Decimal(5000), Decimal(250))
    assert (found.position_value, found.unrealised_pnl) == (Decimal("49900.05"), Decimal("99.95"))


def test_a_coin_keeps_the_accounts_numbers_as_they_came_l78() -> None:
    """L78: liquidation was off by what the coin said in place of the account."""
    usdt, _ = maker().received(received("wallet", WALLET))

    assert isinstance(usdt, WalletSnapshot)
    told = json.loads(usdt.raw_json or "")
    assert told["walletBalance"] == "999.123456789"
    assert "1000.5" in (usdt.raw_json or "")
    assert "bad" in (usdt.raw_json or "")


@pytest.mark.parametrize(
    ("topic", "raw", "stream"),
    [
        ("order", {**ORDER, "qty": ""}, Stream.ORDERS),
        ("execution", {**EXECUTION, "execPrice": "nan"}, Stream.EXECUTIONS),
        ("position", {**POSITION, "size": "much"}, Stream.POSITIONS),
        ("wallet", {"coin": "none"}, Stream.WALLET),
    ],
)
def test_an_element_that_cannot_be_read_is_a_dead_letter_whole_and_with_the_reason(
    topic: str, raw: Mapping[str, object], stream: Stream
) -> None:
    found = row_of(topic, raw)

    assert isinstance(found, DeadLetter)
    assert (found.stream, found.topic, found.letter_id) == (stream, topic, "letter-1")
    assert (found.account_id, found.run_id) == ("account-1", "run-1")
    assert found.payload == payload(raw)
    assert found.reason


def test_what_the_kernel_has_no_use_for_is_recorded_all_the_same() -> None:
    market = {**ORDER, "orderType": "Market", "price": "0", "orderStatus": "Filled"}
    aside = SetAside(
        topic="order", raw=market, reason=Reason.NO_LIMIT_ORDER, received_at=RECEIVED_AT
    )

    (found,) = maker().set_aside(aside)

    assert isinstance(found, OrderState)
    assert found.price == 0


@pytest.mark.parametrize("reason", [Reason.CONTROL, Reason.OTHER_CATEGORY, Reason.OTHER_TOPIC])
def test_answers_and_other_markets_are_not_recorded(reason: Reason) -> None:
    aside = SetAside(topic="order", raw=ORDER, reason=reason, received_at=RECEIVED_AT)

    assert maker().set_aside(aside) == []


def test_only_the_symbols_of_the_account_are_recorded() -> None:
    rows = maker(frozenset({"ETHUSDT"}))

    assert rows.received(received("order", ORDER)) == []
    assert rows.listed(Kind.ORDER, ORDER, RECEIVED_AT) == []
    assert len(rows.received(received("wallet", WALLET))) == 2


def test_a_frame_that_is_no_json_is_a_dead_letter_of_no_stream() -> None:
    unread = Unread(topic="", raw="{torn\0", text="expected JSON", received_at=RECEIVED_AT)

    (found,) = maker().unread(unread)

    assert isinstance(found, DeadLetter)
    assert (found.stream, found.reason) == (Stream.UNKNOWN, "expected JSON")
    assert found.payload == "{torn\\u0000"


def test_a_listed_row_that_cannot_be_read_is_a_dead_letter_too() -> None:
    (found,) = maker().listed(Kind.EXECUTION, {**EXECUTION, "execQty": ""}, RECEIVED_AT)

    assert isinstance(found, DeadLetter)
    assert (found.topic, found.stream) == ("execution", Stream.EXECUTIONS)


def test_a_public_trade_among_private_topics_is_nothing() -> None:
    trade = Trade(T=MS, s="BTCUSDT", S=BUY, v="1", p="1", i="a")
    one = Received(
        event=object(),  # type: ignore[arg-type]
        topic="publicTrade.BTCUSDT",
        exchange_at=FRAME_AT,
        received_at=RECEIVED_AT,
        raw=trade,
    )

    assert maker().received(one) == []


@pytest.mark.parametrize("raw", [b"\xff\xfe", "text", {"a": {1, 2}}, None])
def test_whatever_came_can_be_kept_as_text(raw: object) -> None:
    assert isinstance(payload(raw), str)


values = st.one_of(st.none(), st.text(max_size=12), st.integers(), st.booleans(), st.just("1.5"))


@given(
    topic=st.sampled_from(["order", "execution", "position", "wallet"]),
    changes=st.dictionaries(
        st.sampled_from(sorted({*ORDER, *EXECUTION, *POSITION, *WALLET})), values, max_size=5
    ),
)
def test_every_element_is_recorded_or_buried_and_never_raises(
    topic: str, changes: dict[str, object]
) -> None:
    rows: dict[str, dict[str, object]] = {
        "order": ORDER,
        "execution": EXECUTION,
        "position": POSITION,
        "wallet": WALLET,
    }
    raw: dict[str, object] = {**rows[topic], **changes}

    for found in maker().received(received(topic, raw)):
        assert isinstance(found, DeadLetter) or found.account_id == "account-1"
        assert isinstance(found, DeadLetter) or found.raw_json is not None
