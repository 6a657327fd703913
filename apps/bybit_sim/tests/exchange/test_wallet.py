"""The wallet and the account as rows (bybit.md A.5)."""

from decimal import Decimal
from typing import Any

from bybit_sim.exchange.wallet import Funds, fee_row, info_row, key_row, wallet_row
from bybit_sim.exchange.words import ApiKey
from gridcore.clock import DAY_US, Instant

CREATED = Instant(1_767_261_600_000_000)
ACCOUNT_FIELDS = {
    "accountType",
    "accountIMRate",
    "accountIMRateByMp",
    "accountMMRate",
    "accountMMRateByMp",
    "totalEquity",
    "totalWalletBalance",
    "totalMarginBalance",
    "totalAvailableBalance",
    "totalPerpUPL",
    "totalInitialMargin",
    "totalInitialMarginByMp",
    "totalMaintenanceMargin",
    "totalMaintenanceMarginByMp",
    "accountLTV",
    "coin",
}
COIN_FIELDS = {
    "coin",
    "equity",
    "usdValue",
    "walletBalance",
    "locked",
    "spotHedgingQty",
    "borrowAmount",
    "accruedInterest",
    "totalOrderIM",
    "totalPositionIM",
    "totalPositionMM",
    "unrealisedPnl",
    "cumRealisedPnl",
    "bonus",
    "marginCollateral",
    "collateralSwitch",
    "colRes",
    "spotBorrow",
    "availableToWithdraw",
    "availableToBorrow",
    "free",
}


def funds(**changes: str) -> Funds:
    values = {
        "cash": "1000.5",
        "equity": "950.25",
        "initial": "300",
        "resting": "100",
        "maintenance": "20",
        "realised": "-7",
        **changes,
    }
    return Funds(**{name: Decimal(text) for name, text in values.items()})


def test_the_wallet_has_every_field_and_its_sums_agree() -> None:
    row: dict[str, Any] = wallet_row(funds(), "REGULAR_MARGIN")

    assert set(row) == ACCOUNT_FIELDS
    (coin,) = row["coin"]
    assert set(coin) == COIN_FIELDS
    assert (row["totalWalletBalance"], row["totalEquity"], row["totalPerpUPL"]) == (
        "1000.5",
        "950.25",
        "-50.25",
    )
    assert (row["totalAvailableBalance"], row["accountIMRate"], row["accountMMRate"]) == (
        "650.25",
        "0.3157",
        "0.021",
    )
    assert (coin["totalOrderIM"], coin["totalPositionIM"], coin["cumRealisedPnl"]) == (
        "100",
        "200",
        "-7",
    )


def test_nothing_is_available_below_zero_and_without_equity_there_is_no_rate() -> None:
    row = wallet_row(funds(equity="-1"), "REGULAR_MARGIN")

    assert (row["totalAvailableBalance"], row["accountIMRate"]) == ("0", "0")


def test_in_isolated_margin_the_account_wide_numbers_are_empty() -> None:
    row = wallet_row(funds(), "ISOLATED_MARGIN")

    wide = [
        "accountIMRate",
        "accountMMRateByMp",
        "totalMarginBalance",
        "totalAvailableBalance",
        "totalInitialMargin",
        "totalMaintenanceMarginByMp",
    ]
    assert [row[name] for name in wide] == [""] * 6
    assert row["totalEquity"] == "950.25"


def test_account_information_and_fees_are_texts_where_the_exchange_writes_texts() -> None:
    info = info_row("REGULAR_MARGIN", CREATED)

    assert (info["updatedTime"], info["unifiedMarginStatus"], info["dcpStatus"]) == (
        "1767261600000",
        5,
        "OFF",
    )
    assert fee_row("BTCUSDT", Decimal("0.00055"), Decimal("-0.0001")) == {
        "symbol": "BTCUSDT",
        "takerFeeRate": "0.00055",
        "makerFeeRate": "-0.0001",
    }


def test_a_key_tells_what_it_may_and_how_long_but_never_its_secret() -> None:
    key = ApiKey(key="k", secret="top-secret", read_only=True)

    row = key_row(key, 1001, "demo", CREATED, Instant(CREATED + 30 * DAY_US))

    assert (row["readOnly"], row["userID"], row["deadlineDay"], row["ips"]) == (1, 1001, 60, ["*"])
    assert (row["createdAt"], row["expiredAt"]) == ("2026-01-01T10:00:00Z", "2026-04-01T10:00:00Z")
    assert "top-secret" not in repr(row)


def test_a_key_bound_to_an_address_does_not_run_out() -> None:
    key = ApiKey(key="k", secret="s", ips=("127.0.0.1",))

    row = key_row(key, 1001, "demo", CREATED, CREATED)

    assert (row["deadlineDay"], row["expiredAt"]) == (-1, "1970-01-01T00:00:00Z")
