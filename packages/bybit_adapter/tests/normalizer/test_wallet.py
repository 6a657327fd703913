"""Wallet rows of stream and listing (bybit.md A.5, B.4)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.normalizer.wallet import wallet
from bybit_adapter.normalizer.words import BadElement, Reason
from gridcore.clock import Instant
from gridcore.events import WalletUpdate

Make = Callable[..., dict[str, Any]]
AT = Instant(1_762_199_126_022_000)


def test_the_balance_is_the_coins_and_available_is_the_accounts_l105_ls50(wallet_row: Make) -> None:
    assert wallet(wallet_row(), AT) == WalletUpdate(
        at=AT, balance=Decimal("9647.75537647"), available=Decimal("9556.6")
    )


def test_empty_fields_everywhere_are_unknown_and_the_time_is_the_frames_a46_l76() -> None:
    usdt = {"coin": "USDT", "walletBalance": "12.5", "availableToWithdraw": "", "equity": ""}
    row = {"totalAvailableBalance": "", "totalEquity": "", "updateTime": "", "coin": [usdt]}

    assert wallet(row, AT) == WalletUpdate(at=AT, balance=Decimal("12.5"), available=None)


@pytest.mark.parametrize(
    ("account", "coin", "available"),
    [
        ("0", "9", "0"),
        ("", "9", "9"),
        (None, "0", "0"),
        ("abc", "9", "9"),
        ("", "", None),
        ("", "abc", None),
    ],
)
def test_available_is_unknown_zero_or_a_value_ls32(
    account: str | None, coin: str, available: str | None, wallet_row: Make
) -> None:
    coins = [{"coin": "USDT", "walletBalance": "1", "availableToWithdraw": coin}]

    update = wallet(wallet_row(totalAvailableBalance=account, coin=coins), AT)

    assert isinstance(update, WalletUpdate)
    assert update.available == (None if available is None else Decimal(available))


def test_a_bad_coin_does_not_cost_ours_l76(wallet_row: Make) -> None:
    usdt = {"coin": "USDT", "walletBalance": "1"}
    coins = [{"coin": "BTC", "walletBalance": "abc"}, None, {"coin": 5}, usdt]

    update = wallet(wallet_row(coin=coins), AT)

    assert isinstance(update, WalletUpdate)
    assert update.balance == 1


def test_a_row_without_our_coin_says_nothing_of_it(wallet_row: Make) -> None:
    assert wallet(wallet_row(coin=[{"coin": "BTC", "walletBalance": "1"}]), AT) is Reason.OTHER_COIN


@pytest.mark.parametrize("balance", ["", "abc", None])
def test_a_balance_that_nobody_states_is_bad(balance: str | None, wallet_row: Make) -> None:
    with pytest.raises(BadElement, match="walletBalance"):
        wallet(wallet_row(coin=[{"coin": "USDT", "walletBalance": balance}]), AT)


def test_a_row_without_coins_is_bad(wallet_row: Make) -> None:
    with pytest.raises(BadElement, match="coin: expected a list"):
        wallet(wallet_row(coin="USDT"), AT)


def test_an_older_row_has_its_own_time(wallet_row: Make) -> None:
    update = wallet(wallet_row(updateTime="1762199125472"), AT)

    assert isinstance(update, WalletUpdate)
    assert update.at == 1_762_199_125_472_000
