from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.errors import AuthenticationRefused, ErrorKind, Rejected, Unanswered
from bybit_adapter.rest.account import AccountTerms, FeeRates, KeyTerms, Settled
from bybit_adapter.rest.words import Answer
from bybit_adapter.rest_client import RestClient
from gridcore.clock import DAY_US, Instant

NOW = Instant(1_780_000_000_000_000)
KEY_ROW: dict[str, Any] = {
    "readOnly": 0,
    "userID": 24600000,
    "permissions": {"ContractTrade": ["Order", "Position"], "Spot": [], "Wallet": None},
    "ips": ["*"],
    "expiredAt": "2027-01-01T00:00:00Z",
}


def test_positions_are_asked_by_symbol_or_by_settle_coin_and_never_by_both(
    exchange: Any, client: RestClient
) -> None:
    exchange.script("/v5/position/list", exchange.ok({"list": []}))

    client.account.positions("BTCUSDT")
    client.account.positions()

    assert [one.parameters for one in exchange.seen] == [
        {"category": "linear", "symbol": "BTCUSDT", "limit": "200"},
        {"category": "linear", "settleCoin": "USDT", "limit": "200"},
    ]


def test_positions_are_paged_and_both_legs_stay(exchange: Any, client: RestClient) -> None:
    long, short = ({"symbol": "BTCUSDT", "positionIdx": index} for index in (1, 2))
    exchange.script(
        "/v5/position/list",
        exchange.ok({"list": [long], "nextPageCursor": "a"}),
        exchange.ok({"list": [short], "nextPageCursor": ""}),
    )

    listing = client.account.positions()

    assert listing.rows == (long, short)
    assert listing.complete


def test_the_wallet_is_the_one_row_of_the_unified_account(
    exchange: Any, client: RestClient
) -> None:
    row = {"accountType": "UNIFIED", "coin": [], "accountIMRate": ""}
    exchange.script("/v5/account/wallet-balance", exchange.ok({"list": [row]}))

    assert client.account.wallet() == Answer(row=row, extra={}, asked_at=NOW, exchange_at=NOW)
    assert exchange.seen[0].parameters == {"accountType": "UNIFIED"}


@pytest.mark.parametrize("result", [{}, {"list": []}, {"list": ["x"]}])
def test_a_wallet_without_a_row_is_no_answer(
    exchange: Any, client: RestClient, result: Any
) -> None:
    exchange.script("/v5/account/wallet-balance", exchange.ok(result))

    assert isinstance(client.account.wallet(), Unanswered)


def test_the_accounts_terms_are_typed(exchange: Any, client: RestClient) -> None:
    row = {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5}
    exchange.script("/v5/account/info", exchange.ok(row))

    assert client.account.terms() == AccountTerms(
        margin_mode="REGULAR_MARGIN", unified_status=5, raw=row
    )
    exchange.script("/v5/account/info", exchange.ok({}))
    assert isinstance(client.account.terms(), Unanswered)


def test_fee_rates_are_those_of_the_symbol(exchange: Any, client: RestClient) -> None:
    rows = [
        {"symbol": "ETHUSDT", "takerFeeRate": "1", "makerFeeRate": "1"},
        {"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "-0.0001"},
    ]
    exchange.script("/v5/account/fee-rate", exchange.ok({"list": rows}))

    assert client.account.fee_rates("BTCUSDT") == FeeRates(
        symbol="BTCUSDT", maker=Decimal("-0.0001"), taker=Decimal("0.00055")
    )
    assert isinstance(client.account.fee_rates("SOLUSDT"), Unanswered)


def test_a_keys_terms_say_whether_it_may_trade(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/user/query-api", exchange.ok(KEY_ROW))

    terms = client.account.key_terms()

    assert isinstance(terms, KeyTerms)
    assert terms.may_trade
    assert (terms.user_id, terms.addresses) == (24600000, ("*",))
    assert terms.permissions == {"ContractTrade": ("Order", "Position"), "Spot": (), "Wallet": ()}
    assert terms.expires_at == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "change", [{"readOnly": 1}, {"permissions": {}}, {"permissions": {"ContractTrade": []}}]
)
def test_a_key_that_only_reads_may_not_trade(
    exchange: Any, client: RestClient, change: dict[str, Any]
) -> None:
    exchange.script("/v5/user/query-api", exchange.ok(KEY_ROW | change))

    terms = client.account.key_terms()

    assert isinstance(terms, KeyTerms)
    assert not terms.may_trade


def test_an_expired_key_is_refused(exchange: Any, client: RestClient) -> None:
    exchange.script("/v5/user/query-api", exchange.coded(33004, "Your api key has expired."))

    assert client.account.key_terms() == AuthenticationRefused(
        code=33004, text="Your api key has expired."
    )


def test_movements_and_closed_profit_are_sliced(exchange: Any, client: RestClient) -> None:
    """A43."""
    exchange.script("/v5/account/transaction-log", exchange.ok({"list": [{"id": "1"}]}))
    exchange.script("/v5/position/closed-pnl", exchange.ok({"list": []}))
    start = Instant(NOW - 8 * DAY_US)

    movements = client.account.transaction_log(start, NOW, kind="TRANSFER_IN")
    closed = client.account.closed_pnl(start, NOW, "BTCUSDT")

    assert movements.rows == ({"id": "1"},)
    assert closed.complete
    first, second = exchange.requests("/v5/account/transaction-log")
    assert first.parameters == {
        "accountType": "UNIFIED",
        "type": "TRANSFER_IN",
        "limit": "50",
        "startTime": "1779395200001",
        "endTime": "1780000000000",
    }
    assert second.parameters["endTime"] == "1779395200000"
    assert exchange.requests("/v5/position/closed-pnl")[0].parameters["limit"] == "100"


def test_movements_that_share_an_id_are_all_kept(exchange: Any, client: RestClient) -> None:
    """bybit.md A.5: a trade and its settlement may bear one id; none of them may be lost."""
    rows = [
        {"id": "1", "type": "TRANSFER_IN", "currency": "USDT", "change": "5"},
        {"id": "1", "type": "SETTLEMENT", "currency": "USDT", "side": "Buy", "tradeId": "a"},
        {"id": "1", "type": "SETTLEMENT", "currency": "USDT", "side": "Sell", "tradeId": "b"},
    ]
    exchange.script("/v5/account/transaction-log", exchange.ok({"list": rows}))

    movements = client.account.transaction_log(Instant(NOW - DAY_US), NOW)

    assert list(movements.rows) == rows


def test_leverage_is_set_for_both_legs_and_an_unchanged_one_is_fine(
    exchange: Any, client: RestClient
) -> None:
    exchange.script(
        "/v5/position/set-leverage",
        exchange.ok({}),
        exchange.coded(110043, "leverage not modified"),
        exchange.coded(110013, "cannot set leverage due to risk limit"),
    )

    found = [client.account.set_leverage("BTCUSDT", "10", "10") for _ in range(3)]

    assert found[:2] == [Settled(changed=True), Settled(changed=False)]
    assert isinstance(found[2], Rejected)
    assert found[2].kind is ErrorKind.LEVERAGE
    assert exchange.seen[0].parameters == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "buyLeverage": "10",
        "sellLeverage": "10",
    }


def test_hedge_mode_is_switched_on_unless_positions_are_in_the_way(
    exchange: Any, client: RestClient
) -> None:
    exchange.script(
        "/v5/position/switch-mode",
        exchange.ok({}),
        exchange.coded(110025, "Position mode is not modified"),
        exchange.coded(110024, "You have an existing position"),
    )

    found = [client.account.switch_to_hedge_mode("BTCUSDT") for _ in range(3)]

    assert found[:2] == [Settled(changed=True), Settled(changed=False)]
    assert isinstance(found[2], Rejected)
    assert found[2].kind is ErrorKind.BLOCKED_MODE_SWITCH
    assert exchange.seen[0].parameters == {"category": "linear", "symbol": "BTCUSDT", "mode": 3}
