"""What is refused before it is acknowledged, with the codes of bybit.md A.4 and A.6."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import Lifetime, NewOrder, OrderRecord, OrderType
from gridcore.sides import BUY, SELL
from simvenue.limits import Refusal

MARKET: dict[str, Any] = {"price": None, "order_type": OrderType.MARKET, "lifetime": Lifetime.IOC}


@pytest.fixture
def create(
    exchange: Exchange, account: Account, new_order: Callable[..., NewOrder]
) -> Callable[..., OrderRecord | Refusal]:
    def make(**changes: Any) -> OrderRecord | Refusal:
        return account.create(new_order(**changes), exchange.now)

    return make


Creating = Callable[..., OrderRecord | Refusal]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"symbol": "XRPUSDT"}, 10001, id="unknown symbol"),
        pytest.param({"idx": 0}, 10001, id="one-way index in hedge mode"),
        pytest.param({"idx": 3}, 10001, id="no such index"),
        pytest.param({"link": "a b"}, 10001, id="link id with a space"),
        pytest.param({"link": "x" * 37}, 10001, id="link id of 37 characters"),
        pytest.param({"qty": "ten"}, 10001, id="quantity that is no number"),
        pytest.param({"qty": "NaN"}, 10001, id="quantity that is not finite"),
        pytest.param({"qty": "-0.010"}, 10001, id="negative quantity"),
        pytest.param({"qty": "0"}, 10001, id="quantity 0 without close"),
        pytest.param({"qty": "0.0105"}, 10001, id="quantity off the step"),
        pytest.param({"qty": "1190.001"}, 10001, id="quantity over the maximum"),
        pytest.param({**MARKET, "qty": "500.001"}, 10001, id="market quantity over its maximum"),
        pytest.param({"qty": "0.0009"}, 110017, id="quantity below a step"),
        pytest.param({"price": None}, 10001, id="limit order without a price"),
        pytest.param({"price": "49000.05"}, 10001, id="price off the tick"),
        pytest.param({"price": "-1"}, 10001, id="negative price"),
        pytest.param({"price": "abc"}, 10001, id="price that is no number"),
        pytest.param({"price": "49_000"}, 10001, id="price with an underscore"),
        pytest.param({"price": " 49000 "}, 10001, id="price with spaces"),
        pytest.param({"qty": "\u0661"}, 10001, id="quantity in other digits than 0 to 9"),
        pytest.param({"price": "50500.1"}, 110003, id="buy above the band"),
        pytest.param({"price": "49499.9", "side": SELL, "idx": 2}, 110003, id="sell below it"),
        pytest.param({"price": "4000", "qty": "0.001"}, 110094, id="notional below 5 USDT"),
        pytest.param({"qty": "2.1"}, 110007, id="more than the wallet affords"),
        pytest.param({"side": SELL, "price": "51000"}, 110017, id="close of a flat leg"),
        pytest.param({"reduce_only": True}, 110017, id="reduce-only that would open"),
        pytest.param({**MARKET, "side": SELL}, 110017, id="market close of a flat leg"),
        pytest.param({**MARKET, "qty": "3"}, 110007, id="market order too dear"),
        pytest.param(
            {**MARKET, "qty": "0", "side": SELL, "reduce_only": True, "close_on_trigger": True},
            110017,
            id="close of everything without a position",
        ),
        pytest.param(
            {**MARKET, "qty": "all", "side": SELL, "reduce_only": True, "close_on_trigger": True},
            10001,
            id="close of a quantity that is no number",
        ),
        pytest.param({**MARKET, "symbol": "ETHUSDT"}, 110118, id="market order without a price"),
    ],
)
def test_a_senseless_order_is_refused_with_the_code_of_the_exchange(
    create: Creating, account: Account, changes: dict[str, Any], code: int
) -> None:
    outcome = create(**changes)

    assert isinstance(outcome, Refusal)
    assert outcome.code == code
    assert account.open_orders(None) == []


def test_the_texts_name_what_clients_look_for(create: Creating) -> None:
    mismatch, minimum = create(idx=0), create(price="4000", qty="0.001")

    assert isinstance(mismatch, Refusal)
    assert mismatch.text == "position idx not match position mode"
    assert isinstance(minimum, Refusal)
    assert minimum.text == "Order does not meet minimum order value 5USDT"


def test_a_link_id_is_never_accepted_twice_even_after_its_order_ended_110072(
    create: Creating, account: Account, exchange: Exchange
) -> None:
    create(link="once")
    account.cancel_all(None, exchange.now)

    outcome = create(link="once")

    assert isinstance(outcome, Refusal)
    assert outcome.code == 110072


def test_orders_without_a_link_id_are_no_duplicates(create: Creating) -> None:
    assert isinstance(create(), OrderRecord)
    assert isinstance(create(), OrderRecord)


@pytest.mark.parametrize(
    ("price", "side", "idx"), [("50500", BUY, 1), ("49500", SELL, 2), ("1", BUY, 1)]
)
def test_a_price_at_the_end_of_the_band_or_far_on_its_own_side_is_accepted(
    create: Creating, price: str, side: Any, idx: int
) -> None:
    qty = "10" if price == "1" else "0.010"
    assert isinstance(create(price=price, side=side, idx=idx, qty=qty), OrderRecord)


def test_the_501st_open_order_of_a_symbol_is_refused_110020(create: Creating) -> None:
    for _ in range(500):
        assert isinstance(create(price="10000", qty="0.001"), OrderRecord)

    outcome = create(price="10000", qty="0.001")

    assert isinstance(outcome, Refusal)
    assert outcome.code == 110020


def test_a_close_is_cut_to_what_its_leg_leaves_uncovered(create: Creating) -> None:
    create(**MARKET)

    first = create(price="51000", side=SELL, qty="0.007", reduce_only=True)
    second = create(price="51000", side=SELL, qty="0.007", reduce_only=True)

    assert isinstance(first, OrderRecord)
    assert isinstance(second, OrderRecord)
    assert (first.qty, second.qty) == (Decimal("0.007"), Decimal("0.003"))


def test_a_reduce_only_quantity_over_the_maximum_is_cut_instead_of_refused(
    create: Creating,
) -> None:
    create(**MARKET)

    outcome = create(price="51000", side=SELL, qty="1190.001", reduce_only=True)

    assert isinstance(outcome, OrderRecord)
    assert outcome.qty == Decimal("0.010")


def test_quantity_zero_closes_the_whole_leg(create: Creating, account: Account) -> None:
    create(**MARKET)

    outcome = create(**{**MARKET, "qty": "0"}, side=SELL, reduce_only=True, close_on_trigger=True)

    assert isinstance(outcome, OrderRecord)
    assert outcome.cum_qty == Decimal("0.010")
    assert account.venue.legs("BTCUSDT")[0].size == 0


def test_in_one_way_mode_the_refusal_says_that_only_hedge_mode_is_traded(
    create: Creating, account: Account, exchange: Exchange
) -> None:
    assert account.switch_mode(None, 0, exchange.now) is None

    wrong, right = create(idx=1), create(idx=0)

    assert isinstance(wrong, Refusal)
    assert wrong.text == "position idx not match position mode"
    assert isinstance(right, Refusal)
    assert right.code == 10001
    assert "hedge mode only" in right.text
