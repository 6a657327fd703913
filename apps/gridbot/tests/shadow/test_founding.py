from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from appkit.exits import UserError
from bybit_adapter.rest.account import FeeRates
from bybit_adapter.rest.words import Answer
from gridbot.config.model import AccountConfig
from gridbot.shadow.founding import stake, symbol_spec, venue_config
from gridbot.terms import SymbolTerms
from gridcore.clock import HOUR_US, Instant
from simvenue.messages import FillModel

Make = Callable[..., SymbolTerms]


def test_a_symbol_keeps_the_terms_of_the_real_exchange(make_terms: Make) -> None:
    terms = replace(make_terms(leverage=Decimal(7)), funding_interval_minutes=240)

    spec = symbol_spec(terms)

    assert (spec.instrument, spec.tiers) == (terms.instrument, terms.tiers)
    assert (spec.leverage, spec.funding_interval_us) == (Decimal(7), 4 * HOUR_US)
    assert spec.has_trades


def test_without_a_stated_interval_funding_is_paid_every_eight_hours(make_terms: Make) -> None:
    terms = replace(make_terms(), funding_interval_minutes=None)

    assert symbol_spec(terms).funding_interval_us == 8 * HOUR_US


def test_the_dearest_fees_of_all_symbols_are_paid_and_only_what_was_traded_through_fills(
    make_terms: Make,
) -> None:
    dear = replace(
        make_terms("ETHUSDT"),
        fees=FeeRates(symbol="ETHUSDT", maker=Decimal("0.0004"), taker=Decimal("0.0005")),
    )

    config = venue_config([make_terms(), dear], Decimal(500))

    assert (config.maker_fee, config.taker_fee) == (Decimal("0.0004"), Decimal("0.00055"))
    assert config.initial_balance == 500
    assert config.fill_model is FillModel.STRICT_CROSS
    assert config.repeat_in_pushes


def account(**changes: object) -> AccountConfig:
    keys = {"name": "main", "api_key": "env:KEY", "api_secret": "env:SECRET", "shadow": True}
    return AccountConfig.model_validate(keys | changes)


def wallet(balance: str) -> Answer:
    row = {"accountType": "UNIFIED", "coin": [{"coin": "USDT", "walletBalance": balance}]}
    return Answer(row=row, extra={}, asked_at=Instant(0), exchange_at=None)


def test_a_shadow_begins_with_what_is_configured_else_with_what_the_wallet_holds() -> None:
    assert stake(account(shadow_balance="500"), wallet("0")) == 500
    assert stake(account(), wallet("1234.5")) == Decimal("1234.5")


def test_with_nothing_no_shadow_begins() -> None:
    with pytest.raises(UserError, match="what the wallet holds, which is nothing") as caught:
        stake(account(), wallet("0"))
    assert caught.value.hint == "write shadow_balance: 10000 under the account"
