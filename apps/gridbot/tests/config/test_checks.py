from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gridbot.config.checks import (
    AccountCheck,
    Concern,
    StrategyCheck,
    check_account,
    check_strategy,
    seconds_to_place,
)
from gridbot.config.strategy import StrategyConfig
from gridbot.terms import SymbolTerms
from gridcore.config import SafetyConfig
from gridcore.preview import Feasibility

MakeTerms = Callable[..., SymbolTerms]
Check = Callable[..., StrategyCheck]
PRICE = Decimal(100_000)


@pytest.fixture
def check(make_terms: MakeTerms) -> Check:
    """Checks one strategy at a price of 100,000."""

    def checked(
        wallet: int = 10_000,
        price: Decimal = PRICE,
        leverage: Decimal = Decimal(10),
        safety: SafetyConfig | None = None,
        **keys: Any,
    ) -> StrategyCheck:
        who = {"strat_id": "grid", "account": "main", "symbol": "BTCUSDT", "amount": "200"}
        return check_strategy(
            StrategyConfig.model_validate(who | {"grid_count": 6} | keys),
            make_terms(),
            leverage=leverage,
            safety=safety or SafetyConfig(),
            price=price,
            wallet=Decimal(wallet),
        )

    return checked


def kinds(found: StrategyCheck | AccountCheck) -> list[object]:
    return [one.kind for one in found.findings]


def test_a_sound_configuration_has_nothing_to_be_told(check: Check) -> None:
    found = check()

    assert (found.findings, found.feasible) == ((), True)
    # All levels but the one at the market.
    assert found.requests == 6


def test_a_step_below_two_ticks_blocks(check: Check) -> None:
    """LS-11: 0.2 % of 60 is 1.2 ticks."""
    found = check(price=Decimal(60))

    assert kinds(found) == [Feasibility.LEVELS_IMPOSSIBLE]
    assert (found.feasible, found.requests) == (False, 0)


def test_an_amount_below_the_minimum_is_told_for_both_ends(check: Check) -> None:
    found = check(amount="4")

    (finding,) = [one for one in found.findings if one.kind is Concern.MINIMUM_AT_THE_EDGE]
    assert not finding.blocking
    assert (
        "asks for 4.0000 at the lowest level 99401.2 and 4.0000 at the highest level 100601.2, "
        "the exchange takes 5 at least"
    ) in finding.text


def test_an_amount_in_coins_may_be_too_small_at_one_end_only(check: Check) -> None:
    """0.001 of a coin at 4990.7 is below 5, at 5029.9 above."""
    found = check(amount="b0.001", price=Decimal(5010))

    (finding,) = [one for one in found.findings if one.kind is Concern.MINIMUM_AT_THE_EDGE]
    assert "at the lowest level" in finding.text
    assert "highest" not in finding.text


def test_an_amount_of_the_wallet_is_taken_from_the_wallet(check: Check) -> None:
    assert kinds(check(amount="x0.02")) == []
    assert Concern.MINIMUM_AT_THE_EDGE in kinds(check(amount="x0.0004"))


def test_a_margin_above_the_wallet_blocks(check: Check) -> None:
    found = check(wallet=50)

    assert Feasibility.MARGIN_ABOVE_WALLET in kinds(found)
    assert not found.feasible


def test_what_max_margin_keeps_out_is_told(check: Check) -> None:
    found = check(max_margin="0.1")

    (finding,) = found.findings
    assert finding.kind is Concern.ABOVE_MAX_MARGIN
    assert "max_margin 0.1 allows 1000.00" in finding.text
    assert found.feasible


def test_a_count_above_a_stated_cap_is_told(check: Check) -> None:
    safety = SafetyConfig(max_open_orders=5, max_placements_per_minute=2)

    found = check(safety=safety)

    assert kinds(found) == [Concern.ABOVE_MAX_ORDERS, Concern.ABOVE_PLACEMENTS]
    assert found.findings[1].text.endswith("placing all takes 3 minutes")


def test_a_leverage_above_the_symbols_blocks(check: Check) -> None:
    found = check(leverage=Decimal(101))

    assert kinds(found) == [Concern.ABOVE_MAX_LEVERAGE]
    assert not found.feasible


def test_a_configured_anchor_is_where_the_ladder_stands(check: Check) -> None:
    assert check(anchor_price=50_000).preview.price == 50_000


def test_placing_takes_as_long_as_the_rate_limit_makes_it() -> None:
    """bybit.md A.2: 10 creates a second, of which opens take 8; windows of 1.05 s."""
    assert seconds_to_place(0) == 0
    assert seconds_to_place(8) == 0
    assert seconds_to_place(9) == Decimal("1.05")
    assert seconds_to_place(50) == Decimal("6.3")


def test_strategies_of_one_account_share_wallet_and_requests(check: Check) -> None:
    one = check(grid_count=200, grid_step="0.05", amount="200", wallet=10_000)

    found = check_account("main", [one, one, one], Decimal(3000))

    assert found.requests == 600
    assert found.seconds == Decimal("77.7")
    assert kinds(found) == [
        Concern.SLOW_TO_PLACE,
        Concern.MARGINS_ABOVE_WALLET,
        Concern.MARGINS_ABOVE_WALLET,
    ]
    assert found.feasible


def test_margins_are_added_up_over_strategies_only(check: Check) -> None:
    """One strategy alone above the wallet is already told by its own ladder."""
    one = check()
    assert one.preview.long is not None
    margin = one.preview.long.margin

    assert kinds(check_account("main", [one], margin / 2)) == []
    assert kinds(check_account("main", [one, one], margin * 2)) == []
    assert kinds(check_account("main", [one, one], margin * 2 - 1)) == [
        Concern.MARGINS_ABOVE_WALLET
    ]


def test_one_strategy_that_blocks_makes_the_account_infeasible(check: Check) -> None:
    found = check_account("main", [check(), check(price=Decimal(60))], Decimal(10_000))

    assert not found.feasible
