"""Rows of the transaction log."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.normalizer.movements import movement
from bybit_adapter.normalizer.numbers import Scale
from bybit_adapter.normalizer.words import BadElement, Reason
from gridcore.clock import Instant
from gridcore.events import CashKind, CashMoved, FundingPaid
from gridcore.instrument import Steps
from gridcore.sides import LONG

AT = Instant(1_762_199_126_022_000)
ROW = {
    "id": "592324_BTCUSDT_161440249321",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "funding": "-0.1084",
    "fee": "0",
    "change": "-0.1084",
    "cashFlow": "0",
    "transactionTime": "1762185600000",
    "type": "SETTLEMENT",
    "feeRate": "0.0001",
    "size": "0.020",
    "qty": "0.020",
    "currency": "USDT",
    "category": "linear",
    "tradePrice": "54200.1",
    "tradeId": "534c0003-4bf7-486f-aa02-78cee36825e4",
}


@pytest.fixture
def read(scale: Scale) -> Callable[..., CashMoved | FundingPaid | Reason]:
    def movement_of(**changes: Any) -> CashMoved | FundingPaid | Reason:
        scales = {"BTCUSDT": scale}
        return movement({**ROW, **changes}, scales.get, AT)

    return movement_of


Read = Callable[..., CashMoved | FundingPaid | Reason]


def test_a_long_pays_funding_under_the_id_of_its_execution_ls44(read: Read) -> None:
    assert read() == FundingPaid(
        symbol="BTCUSDT",
        at=Instant(1_762_185_600_000_000),
        exec_id="534c0003-4bf7-486f-aa02-78cee36825e4",
        direction=LONG,
        qty=Steps(20),
        rate=Decimal("0.0001"),
        price=Decimal("54200.1"),
        amount=Decimal("-0.1084"),
    )


def test_without_a_funding_field_the_change_is_the_amount(read: Read) -> None:
    event = read(funding="", change="0.2")

    assert isinstance(event, FundingPaid)
    assert (event.amount, event.rate) == (Decimal("0.2"), Decimal("-0.0001"))


@pytest.mark.parametrize(
    ("kind", "amount", "cash"),
    [
        ("TRANSFER_IN", "100", CashKind.TRANSFER),
        ("TRANSFER_OUT", "-100", CashKind.TRANSFER),
        ("DEPOSIT", "5", CashKind.DEPOSIT),
        ("WITHDRAW", "-5", CashKind.WITHDRAWAL),
        ("INTEREST", "-0.01", CashKind.INTEREST),
        ("BONUS", "1", CashKind.BONUS),
        ("BONUS_RECOLLECT", "-1", CashKind.BONUS),
        ("INSURANCE", "7", CashKind.INSURANCE),
    ],
)
def test_cash_that_no_trade_moved(kind: str, amount: str, cash: CashKind, read: Read) -> None:
    assert read(type=kind, change=amount, symbol="") == CashMoved(
        at=Instant(1_762_185_600_000_000),
        kind=cash,
        amount=Decimal(amount),
        movement_id=f"592324_BTCUSDT_161440249321:{kind}",
    )


@pytest.mark.parametrize("kind", ["TRADE", "DELIVERY", "LIQUIDATION", "ADL"])
def test_cash_of_trades_is_told_by_executions(kind: str, read: Read) -> None:
    assert read(type=kind) is Reason.OF_TRADE


def test_other_coins_and_other_symbols_are_not_ours(read: Read) -> None:
    assert read(currency="BTC") is Reason.OTHER_COIN
    assert read(symbol="XRPUSDT") is Reason.UNKNOWN_SYMBOL


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "NOVEL"},
        {"type": ""},
        {"type": "DEPOSIT", "change": ""},
        {"type": "DEPOSIT", "id": ""},
        {"tradeId": ""},
        {"tradePrice": "0"},
        {"funding": "", "change": ""},
        {"feeRate": "x"},
        {"side": ""},
    ],
)
def test_what_cannot_be_booked_is_bad(changes: dict[str, str], read: Read) -> None:
    with pytest.raises(BadElement):
        read(**changes)


def test_a_time_that_cannot_be_is_when_we_asked_l77(read: Read) -> None:
    event = read(type="DEPOSIT", transactionTime="0")

    assert isinstance(event, CashMoved)
    assert event.at == AT
