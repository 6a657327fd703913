"""The transaction log (bybit.md A.5): every change of the wallet once, with the balance after."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.transactions import Transactions
from bybit_sim.exchange.words import NewOrder, OrderType
from gridcore.clock import Instant
from gridcore.events import CashKind, CashMoved
from gridcore.sides import SELL

FIELDS = (
    "id symbol category side transactionTime type transSubType qty size currency tradePrice "
    "funding fee cashFlow change cashBalance feeRate bonusChange tradeId orderId orderLinkId "
    "extraFees"
)


def test_a_trade_shows_profit_fee_and_what_the_leg_holds(
    exchange: Exchange, account: Account, new_order: Callable[..., NewOrder]
) -> None:
    account.create(
        new_order(None, "0.010", order_type=OrderType.MARKET, side=SELL, idx=2, link="one"),
        exchange.now,
    )

    (row,) = account.transaction_rows()

    assert list(row) == FIELDS.split()
    assert all(isinstance(value, str) for value in row.values())
    assert (row["type"], row["side"], row["qty"], row["size"], row["tradePrice"]) == (
        "TRADE",
        "Sell",
        "0.010",
        "-0.010",
        "50000.00",
    )
    assert (row["fee"], row["cashFlow"], row["change"], row["cashBalance"], row["funding"]) == (
        "0.275",
        "0",
        "-0.275",
        "9999.725",
        "",
    )
    assert (row["orderLinkId"], row["feeRate"], row["currency"]) == ("one", "0.00055", "USDT")


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (CashKind.DEPOSIT, "TRANSFER_IN"),
        (CashKind.WITHDRAWAL, "TRANSFER_OUT"),
        (CashKind.INSURANCE, "INSURANCE"),
    ],
)
def test_cash_has_no_symbol_and_its_own_word(kind: CashKind, word: str) -> None:
    log = Transactions(7, Decimal(100))

    log.cash(CashMoved(at=Instant(5_000), kind=kind, amount=Decimal("2.5"), movement_id="C1"))

    (row,) = log.rows()
    assert (row["type"], row["symbol"], row["cashFlow"], row["cashBalance"]) == (
        word,
        "",
        "2.5",
        "102.5",
    )
    assert (row["transactionTime"], row["id"]) == ("5", "7_000000000001_USDT")


def test_rows_are_newest_first_and_their_ids_sort_in_the_order_of_happening() -> None:
    log = Transactions(7, Decimal(0))
    for number in range(12):
        log.cash(
            CashMoved(
                at=Instant(1),
                kind=CashKind.DEPOSIT,
                amount=Decimal(number),
                movement_id=f"C{number}",
            )
        )

    ids = [str(row["id"]) for row in log.rows()]

    assert ids == sorted(ids, reverse=True)
    assert log.balance == 66
