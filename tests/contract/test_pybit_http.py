"""Unmodified pybit over HTTP: every call the project makes, and what the exchange answers."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

SYMBOL = "BTCUSDT"
HALF = Decimal("0.5")

Eventually = Callable[..., Any]


@pytest.fixture
def quote(exchange: Any, http: HTTP) -> Decimal:
    """The best ask; the last price may be a trade that a test made."""
    return Decimal(_ticker(http)["ask1Price"])


def _ticker(http: HTTP) -> dict[str, str]:
    answer: Any = http.get_tickers(category="linear", symbol=SYMBOL)
    row: dict[str, str] = answer["result"]["list"][0]
    return row


def _order(
    side: str, idx: int, price: Decimal | None, qty: str = "0.010", **more: Any
) -> dict[str, Any]:
    order = {
        "category": "linear",
        "symbol": SYMBOL,
        "side": side,
        "positionIdx": idx,
        "orderType": "Limit" if price is not None else "Market",
        "qty": qty,
        "orderLinkId": uuid4().hex[:30],
        **more,
    }
    if price is not None:
        order |= {"price": str(price), "timeInForce": more.get("timeInForce", "PostOnly")}
    return order


def _away(price: Decimal, side: str, share: str = "0.005") -> Decimal:
    """A price on the tick, on the side where an order rests."""
    factor = 1 - Decimal(share) if side == "Buy" else 1 + Decimal(share)
    return (price * factor).quantize(HALF)


def _found(http: HTTP, order_id: str) -> dict[str, Any]:
    answer: Any = http.get_open_orders(category="linear", symbol=SYMBOL, orderId=order_id)
    rows = answer["result"]["list"]
    if not rows:
        answer = http.get_order_history(category="linear", symbol=SYMBOL, orderId=order_id)
        rows = answer["result"]["list"]
    row: dict[str, Any] = rows[0]
    return row


def _positions(http: HTTP) -> dict[int, dict[str, Any]]:
    answer: Any = http.get_positions(category="linear", symbol=SYMBOL)
    return {row["positionIdx"]: row for row in answer["result"]["list"]}


def _refused(call: Callable[[], object]) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as refusal:
        call()
    return refusal.value


# -- market ---------------------------------------------------------------------------------


def test_the_exchange_tells_its_time_in_seconds_and_nanoseconds(http: HTTP) -> None:
    answer: Any = http.get_server_time()

    seconds, nanoseconds = answer["result"]["timeSecond"], answer["result"]["timeNano"]
    assert int(nanoseconds) // 1_000_000_000 == int(seconds)
    assert abs(answer["time"] - int(nanoseconds) // 1_000_000) < 1000


def test_an_instrument_states_its_filters_as_texts(http: HTTP) -> None:
    answer: Any = http.get_instruments_info(category="linear", symbol=SYMBOL)

    (row,) = answer["result"]["list"]
    assert row["status"] == "Trading"
    assert Decimal(row["priceFilter"]["tickSize"]) > 0
    assert Decimal(row["lotSizeFilter"]["qtyStep"]) > 0
    assert Decimal(row["lotSizeFilter"]["minNotionalValue"]) >= 0
    assert isinstance(row["fundingInterval"], int)
    assert Decimal(row["leverageFilter"]["maxLeverage"]) >= 1


def test_unknown_symbols_and_other_categories_are_told_apart(http: HTTP) -> None:
    unknown = _refused(lambda: http.get_tickers(category="linear", symbol="NOSUCHUSDT"))
    nonsense = _refused(lambda: http.get_tickers(category="nonsense", symbol=SYMBOL))

    assert (unknown.status_code, nonsense.status_code) == (10001, 10001)
    assert unknown.message != nonsense.message


def test_a_ticker_has_last_mark_and_quotes(http: HTTP) -> None:
    ticker = _ticker(http)

    assert Decimal(ticker["bid1Price"]) < Decimal(ticker["ask1Price"])
    assert Decimal(ticker["markPrice"]) > 0
    assert Decimal(ticker["fundingRate"]).is_finite()
    assert int(ticker["nextFundingTime"]) > 0


def test_recent_trades_are_newest_first_and_limited(http: HTTP) -> None:
    answer: Any = http.get_public_trade_history(category="linear", symbol=SYMBOL, limit=5)

    rows = answer["result"]["list"]
    assert 0 < len(rows) <= 5
    times = [int(row["time"]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert {row["side"] for row in rows} <= {"Buy", "Sell"}


def test_candles_are_newest_first_and_hold_their_extremes(http: HTTP) -> None:
    answer: Any = http.get_kline(category="linear", symbol=SYMBOL, interval="1", limit=10)

    rows = answer["result"]["list"]
    starts = [int(row[0]) for row in rows]
    assert rows
    assert starts == sorted(starts, reverse=True)
    for _, opened, high, low, closed, *_ in rows:
        assert Decimal(low) <= min(Decimal(opened), Decimal(closed))
        assert Decimal(high) >= max(Decimal(opened), Decimal(closed))


def test_risk_tiers_agree_with_the_deduction_formula(http: HTTP) -> None:
    answer: Any = http.get_risk_limit(category="linear", symbol=SYMBOL)

    rows = answer["result"]["list"]
    deduction, bound, rate = Decimal(0), Decimal(0), None
    for row in rows:
        maintenance = Decimal(row["maintenanceMargin"])
        if rate is not None:
            deduction += bound * (maintenance - rate)
        assert Decimal(row["mmDeduction"] or 0) == deduction
        bound, rate = Decimal(row["riskLimitValue"]), maintenance


# -- orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "idx"), [("Buy", 1), ("Sell", 2)])
def test_an_open_of_either_leg_rests_is_amended_and_cancelled(
    http: HTTP, quote: Decimal, eventually: Eventually, side: str, idx: int
) -> None:
    price = _away(quote, side)
    placed: Any = http.place_order(**_order(side, idx, price))
    order_id = placed["result"]["orderId"]

    resting = eventually(lambda: _found(http, order_id), "the order")
    assert (resting["orderStatus"], resting["side"], resting["positionIdx"]) == ("New", side, idx)
    assert (Decimal(resting["price"]), resting["reduceOnly"]) == (price, False)

    further = _away(quote, side, "0.006")
    http.amend_order(
        category="linear", symbol=SYMBOL, orderId=order_id, price=str(further), qty="0.020"
    )
    moved = eventually(
        lambda: row if Decimal((row := _found(http, order_id))["price"]) == further else None,
        "the amended price",
    )
    assert Decimal(moved["qty"]) == Decimal("0.02")

    http.cancel_order(category="linear", symbol=SYMBOL, orderId=order_id)
    gone = eventually(
        lambda: row if (row := _found(http, order_id))["orderStatus"] == "Cancelled" else None,
        "the cancelled order",
    )
    assert gone["cancelType"] == "CancelByUser"
    assert Decimal(gone["leavesQty"]) == 0


def test_an_order_filled_in_parts_tells_each_part_and_becomes_a_position(
    exchange: Any, http: HTTP, quote: Decimal, eventually: Eventually
) -> None:
    if exchange.steer is None:
        pytest.skip("needs a hand on the market")
    before = Decimal(_positions(http)[1]["size"])
    price = _away(quote, "Buy")
    placed: Any = http.place_order(**_order("Buy", 1, price))
    order_id = placed["result"]["orderId"]

    exchange.steer.trade(price, "0.004", "Sell")
    part = eventually(
        lambda: (
            row if (row := _found(http, order_id))["orderStatus"] == "PartiallyFilled" else None
        ),
        "a partial fill",
    )
    first = Decimal(part["cumExecQty"])
    assert 0 < first <= Decimal("0.004")
    assert Decimal(part["leavesQty"]) == Decimal("0.01") - first
    exchange.steer.trade(price, "0.010", "Sell")
    eventually(lambda: _found(http, order_id)["orderStatus"] == "Filled" or None, "the whole fill")

    answer: Any = http.get_executions(category="linear", symbol=SYMBOL, orderId=order_id)
    rows = answer["result"]["list"]
    assert [Decimal(row["execQty"]) for row in rows] == [Decimal("0.01") - first, first]
    assert all(row["execType"] == "Trade" and row["isMaker"] for row in rows)
    leg = _positions(http)[1]
    assert (leg["side"], Decimal(leg["size"]) - before) == ("Buy", Decimal("0.01"))


def test_both_legs_are_held_at_once_and_closed_reduce_only(
    http: HTTP, quote: Decimal, eventually: Eventually
) -> None:
    before = {idx: Decimal(row["size"]) for idx, row in _positions(http).items()}
    for side, idx in (("Buy", 1), ("Sell", 2)):
        http.place_order(**_order(side, idx, None))
    eventually(
        lambda: all(
            Decimal(row["size"]) == before[idx] + Decimal("0.01")
            for idx, row in _positions(http).items()
        ),
        "both legs",
    )
    legs = _positions(http)
    assert (legs[1]["side"], legs[2]["side"]) == ("Buy", "Sell")

    for side, idx in (("Sell", 1), ("Buy", 2)):
        size = str(Decimal(_positions(http)[idx]["size"]))
        http.place_order(**_order(side, idx, None, size, reduceOnly=True))
    eventually(
        lambda: all(Decimal(row["size"]) == 0 for row in _positions(http).values()), "flat legs"
    )
    answer: Any = http.get_closed_pnl(category="linear", symbol=SYMBOL)
    sides = [row["side"] for row in answer["result"]["list"][:2]]
    assert sorted(sides) == ["Buy", "Sell"]


def test_a_post_only_order_that_would_take_is_accepted_and_then_cancelled(
    http: HTTP, quote: Decimal, eventually: Eventually
) -> None:
    placed: Any = http.place_order(**_order("Buy", 1, _away(quote, "Sell", "0.002")))

    row = eventually(
        lambda: (
            row
            if (row := _found(http, placed["result"]["orderId"]))["orderStatus"] == "Cancelled"
            else None
        ),
        "the cancelled order",
    )
    assert row["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"


def test_a_batch_answers_each_order_by_itself(http: HTTP, quote: Decimal) -> None:
    good = _order("Buy", 1, _away(quote, "Buy"))
    bad = _order("Buy", 1, _away(quote, "Buy"), qty="0.0001")
    batch = [{k: v for k, v in order.items() if k != "category"} for order in (good, bad)]
    answer: Any = http.place_batch_order(category="linear", request=batch)

    assert answer["retCode"] == 0
    first, second = answer["result"]["list"]
    codes = [row["code"] for row in answer["retExtInfo"]["list"]]
    assert first["orderId"]
    assert second["orderId"] == ""
    assert codes[0] == 0
    assert codes[1] != 0

    cancels: Any = http.cancel_batch_order(
        category="linear", request=[{"symbol": SYMBOL, "orderId": first["orderId"]}]
    )
    assert cancels["retExtInfo"]["list"][0]["code"] == 0


def test_cancel_all_takes_every_open_order_of_the_symbol(
    http: HTTP, quote: Decimal, eventually: Eventually
) -> None:
    for share in ("0.005", "0.006", "0.007"):
        http.place_order(**_order("Buy", 1, _away(quote, "Buy", share)))

    answer: Any = http.cancel_all_orders(category="linear", symbol=SYMBOL)

    assert len(answer["result"]["list"]) >= 3
    eventually(
        lambda: http.get_open_orders(category="linear", symbol=SYMBOL)["result"]["list"] == [],
        "no open orders",
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"qty": "0.0105"}, 10001),
        ({"qty": "0.0001"}, 110017),
        ({"positionIdx": 0}, 10001),
        ({"symbol": "NOSUCHUSDT"}, 10001),
        ({"qty": "500"}, 110007),
    ],
)
def test_what_the_exchange_refuses_carries_its_code(
    http: HTTP, quote: Decimal, change: dict[str, Any], code: int
) -> None:
    side = change.get("side", "Buy")
    order = _order(side, 1, _away(quote, side)) | change

    assert _refused(lambda: http.place_order(**order)).status_code == code


def test_a_flat_leg_has_nothing_to_reduce(
    http: HTTP, quote: Decimal, eventually: Eventually
) -> None:
    leg = _positions(http)[1]
    if Decimal(leg["size"]):
        http.place_order(**_order("Sell", 1, None, leg["size"], reduceOnly=True))
        eventually(lambda: Decimal(_positions(http)[1]["size"]) == 0, "a flat leg")

    order = _order("Sell", 1, _away(quote, "Sell"), reduceOnly=True)

    assert _refused(lambda: http.place_order(**order)).status_code == 110017


def test_a_price_far_outside_the_band_is_refused(http: HTTP, quote: Decimal) -> None:
    order = _order("Buy", 1, (quote * 3).quantize(HALF))

    assert _refused(lambda: http.place_order(**order)).status_code in (110003, 110121)


def test_a_link_id_is_never_used_twice(http: HTTP, quote: Decimal) -> None:
    order = _order("Buy", 1, _away(quote, "Buy"))
    http.place_order(**order)

    assert _refused(lambda: http.place_order(**order)).status_code == 110072
    http.cancel_order(category="linear", symbol=SYMBOL, orderLinkId=order["orderLinkId"])


def test_cancelling_and_amending_an_order_that_is_gone_is_refused(http: HTTP) -> None:
    nobody = {"category": "linear", "symbol": SYMBOL, "orderLinkId": "nobody-knows-it"}

    assert _refused(lambda: http.cancel_order(**nobody)).status_code == 110001
    assert _refused(lambda: http.amend_order(**nobody, qty="0.02")).status_code == 110001


def test_executions_come_in_pages_that_hold_every_row_once(
    exchange: Any, http: HTTP, quote: Decimal, eventually: Eventually
) -> None:
    for side, idx in (("Buy", 1), ("Sell", 1)) * 4:
        http.place_order(**_order(side, idx, None, reduceOnly=side == "Sell"))

    whole: Any = http.get_executions(category="linear", symbol=SYMBOL, limit=100)
    wanted = [row["execId"] for row in whole["result"]["list"]][:8]
    got: list[str] = []
    cursor = ""
    while len(got) < 8:
        page: Any = http.get_executions(
            category="linear", symbol=SYMBOL, limit=3, **({"cursor": cursor} if cursor else {})
        )
        rows, cursor = page["result"]["list"], page["result"]["nextPageCursor"]
        assert len(rows) <= 3
        got += [row["execId"] for row in rows]
        if not cursor:
            break
    assert got[:8] == wanted


# -- account --------------------------------------------------------------------------------


def test_hedge_mode_lists_both_legs_even_when_flat(http: HTTP) -> None:
    legs = _positions(http)

    assert set(legs) == {1, 2}
    for leg in legs.values():
        if Decimal(leg["size"]) == 0:
            assert leg["side"] == ""


def test_leverage_and_mode_that_stand_already_are_refused_as_unchanged(http: HTTP) -> None:
    leverage = _positions(http)[1]["leverage"]
    same = {"category": "linear", "symbol": SYMBOL}

    again = _refused(lambda: http.set_leverage(**same, buyLeverage=leverage, sellLeverage=leverage))
    assert again.status_code == 110043
    assert _refused(lambda: http.switch_position_mode(**same, mode=3)).status_code == 110025


def test_wallet_account_fees_and_key_are_told(http: HTTP) -> None:
    wallet: Any = http.get_wallet_balance(accountType="UNIFIED", coin="USDT")
    (account,) = wallet["result"]["list"]
    (coin,) = [row for row in account["coin"] if row["coin"] == "USDT"]
    assert Decimal(coin["walletBalance"]) > 0
    assert Decimal(account["totalAvailableBalance"]) > 0

    described: Any = http.get_account_info()
    assert described["result"]["marginMode"] in ("REGULAR_MARGIN", "ISOLATED_MARGIN")
    fees: Any = http.get_fee_rates(category="linear", symbol=SYMBOL)
    assert Decimal(fees["result"]["list"][0]["takerFeeRate"]) > 0
    key: Any = http.get_api_key_information()
    assert key["result"]["readOnly"] == 0
    log: Any = http.get_transaction_log(accountType="UNIFIED", category="linear")
    assert isinstance(log["result"]["list"], list)


# -- keys, clocks, rates --------------------------------------------------------------------


def test_a_key_that_nobody_has_and_a_wrong_secret_are_told_apart(
    exchange: Any, http_with: Callable[[str, str], HTTP]
) -> None:
    nobody = http_with("nobody", "nothing")
    wrong = http_with(exchange.trader.key, "wrong")

    assert _refused(nobody.get_account_info).status_code == 10003
    assert _refused(wrong.get_account_info).status_code == 10004


def test_a_read_only_key_reads_and_may_not_trade(
    exchange: Any, quote: Decimal, http_with: Callable[[str, str], HTTP]
) -> None:
    if exchange.read_only is None:
        pytest.skip("needs a read-only key")
    reader = http_with(exchange.read_only.key, exchange.read_only.secret)

    assert reader.get_positions(category="linear", symbol=SYMBOL)
    order = _order("Buy", 1, _away(quote, "Buy"))
    assert _refused(lambda: reader.place_order(**order)).status_code == 10005


def test_an_expired_key_is_refused(exchange: Any, http_with: Callable[[str, str], HTTP]) -> None:
    if exchange.expired is None:
        pytest.skip("needs an expired key")
    expired = http_with(exchange.expired.key, exchange.expired.secret)

    assert _refused(expired.get_account_info).status_code == 33004


def test_a_burst_over_the_limit_is_refused_with_10006_and_told_when_it_ends(
    exchange: Any, http: HTTP
) -> None:
    if exchange.steer is None:
        pytest.skip("testnet is not to be hammered")
    time.sleep(1.1)
    refusals = []
    for _ in range(8):
        try:
            http.get_fee_rates(category="linear", symbol=SYMBOL)
        except InvalidRequestError as refusal:
            refusals.append(refusal)

    assert refusals
    assert {refusal.status_code for refusal in refusals} == {10006}
    headers = refusals[0].resp_headers
    assert headers["X-Bapi-Limit"] == "5"
    assert headers["X-Bapi-Limit-Status"] == "0"
    assert int(headers["X-Bapi-Limit-Reset-Timestamp"]) > 0
