"""An account as clients see it: acknowledgements, outcomes and pushes (bybit.md A.4, A.7, B.4)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import (
    Amendment,
    Lifetime,
    NewOrder,
    OrderRecord,
    OrderType,
    PrivateTopic,
    Push,
)
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.sides import BUY, SELL
from simvenue import FillModel
from simvenue.limits import Refusal

Orders = Callable[..., NewOrder]
Plays = Callable[..., tuple[Push, ...]]
Exchanges = Callable[..., Exchange]
ORDER, EXECUTION, FAST = PrivateTopic.ORDER, PrivateTopic.EXECUTION, PrivateTopic.FAST_EXECUTION
POSITION, WALLET = PrivateTopic.POSITION, PrivateTopic.WALLET
UID = 1001


def placed(account: Account, order: NewOrder, now: Instant) -> OrderRecord:
    outcome = account.create(order, now)
    assert isinstance(outcome, OrderRecord), outcome
    return outcome


def rows(pushes: tuple[Push, ...], topic: PrivateTopic) -> list[dict[str, Any]]:
    return [row for push in pushes if push.topic is topic for row in push.rows]


def topics(pushes: tuple[Push, ...]) -> list[PrivateTopic]:
    return [push.topic for push in pushes]


def test_a_resting_order_is_told_as_new_with_its_unchanged_position(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    order = placed(account, new_order("49123.4", "0.010", link="grid-1"), exchange.now)

    pushes = exchange.take_pushes()
    assert topics(pushes) == [ORDER, POSITION]
    (row,) = rows(pushes, ORDER)
    assert (row["orderId"], row["orderLinkId"]) == (order.order_id, "grid-1")
    assert (row["orderStatus"], row["price"], row["qty"], row["leavesQty"], row["avgPrice"]) == (
        "New",
        "49123.40",
        "0.010",
        "0.010",
        "",
    )
    assert row["cumExecQty"] == "0.000"
    assert row["lastPriceOnCreated"] == "50000.00"
    (position,) = rows(pushes, POSITION)
    assert (position["positionIdx"], position["side"], position["size"], position["seq"]) == (
        1,
        "",
        "0.000",
        -1,
    )
    assert account.open_orders("BTCUSDT") == [order]


def test_a_fill_is_told_by_execution_order_position_and_wallet(
    exchange: Exchange, account: Account, new_order: Orders, trade: Plays
) -> None:
    order = placed(account, new_order("49000", "0.010", link="grid-1"), exchange.now)
    exchange.take_pushes()

    pushes = trade(exchange, "48999.9")

    assert topics(pushes) == [EXECUTION, FAST, ORDER, POSITION, WALLET]
    (fill,) = rows(pushes, EXECUTION)
    assert (fill["execPrice"], fill["execQty"], fill["execFee"], fill["feeRate"]) == (
        "49000.00",
        "0.010",
        "0.098",
        "0.0002",
    )
    assert (fill["isMaker"], fill["closedSize"], fill["leavesQty"], fill["execPnl"]) == (
        True,
        "0.000",
        "0.000",
        "0",
    )
    (fast,) = rows(pushes, FAST)
    assert (fast["execId"], fast["orderLinkId"], fast["seq"]) == (
        fill["execId"],
        "",
        fill["seq"],
    )
    (ended,) = rows(pushes, ORDER)
    assert (ended["orderStatus"], ended["avgPrice"], ended["cumExecQty"], ended["cumExecFee"]) == (
        "Filled",
        "49000",
        "0.010",
        "0.098",
    )
    assert ended["cumFeeDetail"] == {"USDT": "0.098"}
    (position,) = rows(pushes, POSITION)
    assert (position["side"], position["size"], position["entryPrice"], position["seq"]) == (
        "Buy",
        "0.010",
        "49000",
        fill["seq"],
    )
    (wallet,) = rows(pushes, WALLET)
    assert wallet["coin"][0]["walletBalance"] == "9999.902"
    assert account.open_orders(None) == []
    assert account.ended_orders(None, exchange.now) == [order]
    assert [row.exec_id for row in account.executions("BTCUSDT")] == [fill["execId"]]


def test_a_round_trip_closes_with_the_fees_of_both_ends(
    exchange: Exchange, account: Account, new_order: Orders, trade: Plays
) -> None:
    placed(account, new_order("49000", "0.010"), exchange.now)
    trade(exchange, "48999.9")
    order = placed(account, new_order("49500", "0.010", side=SELL, reduce_only=True), exchange.now)
    exchange.take_pushes()

    pushes = trade(exchange, "49500.1")

    (fill,) = rows(pushes, EXECUTION)
    assert (fill["side"], fill["closedSize"], fill["execPnl"], fill["execFee"]) == (
        "Sell",
        "0.010",
        "5",
        "0.099",
    )
    (row,) = account.closed_pnl_rows("BTCUSDT")
    assert (row["orderId"], row["closedPnl"], row["openFee"], row["closeFee"]) == (
        order.order_id,
        "4.803",
        "0.098",
        "0.099",
    )
    assert (row["avgEntryPrice"], row["avgExitPrice"], row["side"], row["fillCount"]) == (
        "49000",
        "49500",
        "Sell",
        "1",
    )
    assert rows(pushes, ORDER)[0]["closedPnl"] == "4.803"
    assert [row["change"] for row in account.transaction_rows()] == ["4.901", "-0.098"]
    assert account.transaction_rows()[0]["cashBalance"] == "10004.803"
    assert account.venue.wallet == Decimal("10004.803")
    flat = account.position_rows("BTCUSDT", exchange.now)[0]
    assert (flat["size"], flat["side"], flat["curRealisedPnl"], flat["cumRealisedPnl"]) == (
        "0.000",
        "",
        "4.803",
        "4.803",
    )


def test_a_post_only_order_that_would_take_is_acknowledged_then_cancelled(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    placed(account, new_order("50100"), exchange.now)

    (row,) = rows(exchange.take_pushes(), ORDER)
    assert (row["orderStatus"], row["rejectReason"], row["leavesQty"]) == (
        "Cancelled",
        "EC_PostOnlyWillTakeLiquidity",
        "0.000",
    )


def test_a_cancel_by_link_id_is_told_with_its_reason(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    placed(account, new_order(link="grid-1"), exchange.now)
    exchange.take_pushes()

    outcome = account.cancel("BTCUSDT", "", "grid-1", exchange.now)

    assert isinstance(outcome, OrderRecord)
    pushes = exchange.take_pushes()
    assert topics(pushes) == [ORDER, POSITION]
    (row,) = rows(pushes, ORDER)
    assert (row["orderStatus"], row["cancelType"], row["rejectReason"]) == (
        "Cancelled",
        "CancelByUser",
        "EC_PerCancelRequest",
    )


@pytest.mark.parametrize(
    ("symbol", "order_id", "link"),
    [("BTCUSDT", "no-such-id", ""), ("BTCUSDT", "", "nobody"), ("ETHUSDT", "", "grid-1")],
)
def test_a_cancel_of_nothing_is_refused_110001(
    exchange: Exchange,
    account: Account,
    new_order: Orders,
    symbol: str,
    order_id: str,
    link: str,
) -> None:
    placed(account, new_order(link="grid-1"), exchange.now)

    outcome = account.cancel(symbol, order_id, link, exchange.now)

    assert isinstance(outcome, Refusal)
    assert outcome.code == 110001


def test_cancel_all_takes_one_symbol_or_every_symbol(
    exchange: Exchange, account: Account, new_order: Orders, trade: Plays
) -> None:
    trade(exchange, "3000", symbol="ETHUSDT")
    bitcoin = placed(account, new_order(), exchange.now)
    ether = placed(account, new_order("2900", "0.10", symbol="ETHUSDT"), exchange.now)

    assert account.open_orders(None) == [ether, bitcoin]
    assert account.cancel_all("BTCUSDT", exchange.now) == [bitcoin]
    assert account.cancel_all(None, exchange.now) == [ether]
    assert account.open_orders(None) == []


def test_an_amended_order_is_told_with_its_new_price_and_quantity(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    order = placed(account, new_order(), exchange.now)
    exchange.take_pushes()

    outcome = account.amend(
        Amendment(
            symbol="BTCUSDT", order_id=order.order_id, order_link_id="", qty="0.02", price="48000"
        ),
        exchange.now,
    )

    assert outcome is order
    pushes = exchange.take_pushes()
    assert topics(pushes) == [ORDER, POSITION]
    (row,) = rows(pushes, ORDER)
    assert (row["price"], row["qty"], row["orderStatus"]) == ("48000.00", "0.020", "New")


@pytest.mark.parametrize(
    ("qty", "price", "code"),
    [
        (None, None, 10001),
        ("0.010", "49000.0", 10001),
        ("0.0105", None, 10001),
        (None, "49000.05", 10001),
        (None, "60000", 110003),
        ("9", None, 110007),
    ],
)
def test_an_impossible_amendment_is_refused_and_nothing_is_told(
    exchange: Exchange,
    account: Account,
    new_order: Orders,
    qty: str | None,
    price: str | None,
    code: int,
) -> None:
    order = placed(account, new_order(), exchange.now)
    exchange.take_pushes()

    outcome = account.amend(
        Amendment(
            symbol="BTCUSDT", order_id=order.order_id, order_link_id="", qty=qty, price=price
        ),
        exchange.now,
    )

    assert isinstance(outcome, Refusal)
    assert outcome.code == code
    assert exchange.take_pushes() == ()


def test_a_market_order_fills_at_the_opposite_quote_and_is_told_once(
    exchange: Exchange, account: Account, new_order: Orders, ticker: Plays
) -> None:
    ticker(exchange, "50000", bid="49999.9", ask="50000.5")

    order = placed(account, new_order(None, "0.010", order_type=OrderType.MARKET), exchange.now)

    pushes = exchange.take_pushes()
    assert topics(pushes) == [EXECUTION, FAST, POSITION, WALLET, ORDER]
    assert rows(pushes, EXECUTION)[0]["execPrice"] == "50000.50"
    (row,) = rows(pushes, ORDER)
    assert (row["orderStatus"], row["timeInForce"], row["orderType"]) == (
        "Filled",
        "IOC",
        "Market",
    )
    assert account.open_orders(None) == []
    assert account.find_order(order.order_id, "") is order


def test_funding_is_an_execution_and_a_settlement_of_both_legs(
    exchange: Exchange, account: Account, new_order: Orders, ticker: Plays
) -> None:
    placed(account, new_order(None, "0.010", order_type=OrderType.MARKET), exchange.now)
    placed(
        account,
        new_order(None, "0.004", order_type=OrderType.MARKET, side=SELL, idx=2),
        exchange.now,
    )
    ticker(exchange, "50000", mark="50000", rate="0.0001")
    exchange.take_pushes()

    pushes = exchange.advance(Instant(exchange.now + 6 * HOUR_US))

    first, second = rows(pushes, EXECUTION)
    assert (first["execType"], first["side"], first["execFee"], first["execQty"]) == (
        "Funding",
        "Buy",
        "0.05",
        "0.010",
    )
    assert (second["side"], second["execFee"], second["orderId"]) == ("Sell", "-0.02", "")
    assert [
        (row["type"], row["funding"], row["change"]) for row in account.transaction_rows()[:2]
    ] == [("SETTLEMENT", "0.02", "0.02"), ("SETTLEMENT", "-0.05", "-0.05")]
    assert topics(pushes) == [EXECUTION, EXECUTION, POSITION, WALLET]
    assert len(rows(pushes, POSITION)) == 2


def test_with_latency_an_order_is_acknowledged_at_once_and_listed_when_it_has_arrived(
    make_exchange: Exchanges, new_order: Orders, trade: Plays
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]

    order = placed(account, new_order(link="grid-1"), exchange.now)

    assert exchange.take_pushes() == ()
    assert account.open_orders(None) == []
    assert account.find_order("", "grid-1") is None
    assert exchange.next_deadline() == exchange.now + 50_000
    pushes = trade(exchange, "48000")
    assert [(row["orderStatus"], row["createdTime"]) for row in rows(pushes, ORDER)] == [
        ("New", str(order.created_at // 1000)),
        ("Filled", str(order.created_at // 1000)),
    ]
    assert pushes[0].at == order.created_at + 50_000


def test_an_account_that_advances_far_acts_at_each_deadline(
    make_exchange: Exchanges, new_order: Orders, trade: Plays
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]
    sent_at = exchange.now
    placed(account, new_order(None, order_type=OrderType.MARKET), sent_at)

    account.advance(Instant(sent_at + 6 * HOUR_US))

    funded_at = sent_at - SECOND_US + 6 * HOUR_US
    assert {push.at for push in account.take_pushes()} == {sent_at + 50_000, funded_at}


def test_a_cancel_that_loses_to_a_fill_is_told_as_a_second_filled(
    make_exchange: Exchanges, new_order: Orders, trade: Plays
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]
    order = placed(account, new_order(), exchange.now)
    trade(exchange, "50000")
    assert isinstance(account.cancel("BTCUSDT", order.order_id, "", exchange.now), OrderRecord)
    trade(exchange, "48000", after_us=10_000)

    pushes = trade(exchange, "48000")

    (row,) = rows(pushes, ORDER)
    assert (row["orderStatus"], row["cancelType"], row["rejectReason"]) == (
        "Filled",
        "CancelByUser",
        "EC_OrigClOrdIDDoesNotExist",
    )


def test_an_acknowledged_order_that_the_wallet_can_no_longer_afford_is_rejected_on_arrival(
    make_exchange: Exchanges, new_order: Orders, trade: Plays
) -> None:
    exchange = make_exchange(latency_us=50_000)
    trade(exchange, "50000")
    account = exchange.accounts[UID]
    placed(account, new_order(qty="1.5"), exchange.now)
    late = placed(account, new_order(qty="1.5"), exchange.now)

    pushes = trade(exchange, "50000")

    assert [row["orderStatus"] for row in rows(pushes, ORDER)] == ["New", "Rejected"]
    assert account.ended_orders(None, exchange.now) == [late]


def test_deleveraging_and_liquidation_close_by_orders_of_the_exchange(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    placed(account, new_order(None, "0.010", order_type=OrderType.MARKET), exchange.now)
    exchange.take_pushes()

    assert account.deleverage("BTCUSDT", 1, Decimal("0.004"), exchange.now) is None

    pushes = exchange.take_pushes()
    (fill,) = rows(pushes, EXECUTION)
    assert (fill["execType"], fill["side"], fill["closedSize"], fill["createType"]) == (
        "AdlTrade",
        "Sell",
        "0.004",
        "CreateByAdl_PassThrough",
    )
    assert rows(pushes, FAST) == []
    assert rows(pushes, ORDER)[0]["orderStatus"] == "Filled"

    account.liquidate(exchange.now)

    (bust,) = rows(exchange.take_pushes(), EXECUTION)
    assert (bust["execType"], bust["closedSize"], bust["createType"]) == (
        "BustTrade",
        "0.006",
        "CreateByLiq",
    )
    assert [row["type"] for row in account.transaction_rows()] == ["LIQUIDATION", "ADL", "TRADE"]


def test_cash_moves_the_wallet_and_is_logged(exchange: Exchange, account: Account) -> None:
    account.move_cash(Decimal("500.5"), exchange.now)
    account.move_cash(Decimal(-20_000), exchange.now)

    assert [(row["type"], row["change"]) for row in account.transaction_rows()] == [
        ("TRANSFER_OUT", "-10500.5"),
        ("TRANSFER_IN", "500.5"),
    ]
    pushes = exchange.take_pushes()
    assert [row["totalWalletBalance"] for row in rows(pushes, WALLET)] == ["10500.5", "0"]


def test_a_cancelled_order_is_forgotten_by_the_history_after_a_day(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    order = placed(account, new_order(), exchange.now)
    account.cancel_all(None, exchange.now)

    day = 24 * HOUR_US
    assert account.ended_orders("BTCUSDT", Instant(exchange.now + day)) == [order]
    assert account.ended_orders("BTCUSDT", Instant(exchange.now + day + SECOND_US)) == []


def test_partial_fills_are_told_one_by_one_until_the_order_is_filled(
    make_exchange: Exchanges, new_order: Orders, trade: Plays
) -> None:
    exchange = make_exchange(partial_fills=1000, seed=7)
    trade(exchange, "50000")
    account = exchange.accounts[UID]
    order = placed(account, new_order(qty="0.010"), exchange.now)
    exchange.take_pushes()

    told: list[str] = []
    while account.open_orders(None):
        told += [row["orderStatus"] for row in rows(trade(exchange, "48000"), ORDER)]

    assert told == ["PartiallyFilled"] * (len(told) - 1) + ["Filled"]
    assert len(told) > 1
    assert sum(fill.qty for fill in account.executions(None)) == order.cum_qty == order.qty


def test_a_quote_fills_where_the_account_fills_by_quotes(
    make_exchange: Exchanges, new_order: Orders, ticker: Plays
) -> None:
    exchange = make_exchange(fill_model=FillModel.BOOK_TOUCH)
    ticker(exchange, "50000", bid="49999.9", ask="50000.1")
    placed(exchange.accounts[UID], new_order("49000"), exchange.now)
    exchange.take_pushes()

    pushes = ticker(exchange, "49000.1", bid="48999.9", ask="49000")

    assert [row["orderStatus"] for row in rows(pushes, ORDER)] == ["Filled"]


def test_an_amendment_of_nothing_is_refused_110001(exchange: Exchange, account: Account) -> None:
    change = Amendment(symbol="BTCUSDT", order_id="", order_link_id="no", qty="1", price=None)

    outcome = account.amend(change, exchange.now)

    assert isinstance(outcome, Refusal)
    assert outcome.code == 110001


def test_the_same_seed_gives_the_same_ids(
    make_exchange: Exchanges, new_order: Orders, trade: Plays
) -> None:
    ids = []
    for _ in range(2):
        exchange = make_exchange(seed=3)
        trade(exchange, "50000")
        ids.append(placed(exchange.accounts[UID], new_order(side=BUY), exchange.now).order_id)

    assert ids[0] == ids[1]


def test_an_order_of_the_owner_is_refused_like_any_other(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    outcome = account.manual_order(new_order("not a price"), exchange.now)

    assert isinstance(outcome, Refusal)
    assert outcome.code == 10001


def test_an_immediate_order_without_a_maker_is_cancelled(
    exchange: Exchange, account: Account, new_order: Orders
) -> None:
    placed(account, new_order("49000", lifetime=Lifetime.IOC), exchange.now)

    pushes = exchange.take_pushes()
    assert [(row["orderStatus"], row["rejectReason"]) for row in rows(pushes, ORDER)] == [
        ("Cancelled", "EC_NoImmediateQtyToFill")
    ]
    assert topics(pushes) == [ORDER, POSITION]


def test_fees_and_account_rows_name_what_was_configured(
    exchange: Exchange, account: Account
) -> None:
    assert account.fee_rows("BTCUSDT") == [
        {"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}
    ]
    assert [row["symbol"] for row in account.fee_rows(None)] == ["BTCUSDT", "ETHUSDT"]
    assert account.info_row(exchange.now)["marginMode"] == "REGULAR_MARGIN"
    assert account.key_row(account.keys[0], exchange.now)["apiKey"] == "demo-key"
