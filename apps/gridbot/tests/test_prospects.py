"""What can be foreseen is told at the start, and refuses a strategy that would begin."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from appkit.exits import UserError
from gridbot.config.strategy import StrategyConfig
from gridbot.prospects import Outlook, foretold, tends, warnings
from gridbot.terms import SymbolTerms
from gridcore.session.setup import StrategySetup

Terms = Callable[..., SymbolTerms]
Setup = Callable[..., StrategySetup]
WALLET = Decimal(10_000)


@pytest.fixture
def outlook(make_terms: Terms, make_strategy_setup: Setup) -> Callable[..., Outlook]:
    def one(*, is_tended: bool = False, **keys: Any) -> Outlook:
        written = {"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"} | keys
        setup = make_strategy_setup()
        return Outlook(
            strategy=StrategyConfig.model_validate(written),
            terms=make_terms(),
            setup=replace(setup, sizing=replace(setup.sizing, leverage=Decimal(10))),
            price=Decimal(100_000),
            tends=is_tended,
        )

    return one


def told(*outlooks: Outlook) -> list[str]:
    return warnings(outlooks, foretold("main", outlooks, WALLET))


def test_a_sound_configuration_is_told_nothing(outlook: Callable[..., Outlook]) -> None:
    assert told(outlook(grid_count=10, amount="b0.004")) == []


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"grid_step": "0.0001", "grid_count": 10, "amount": "b0.004"}, "tick"),
        ({"grid_count": 50, "amount": "b1"}, "need a margin of"),
    ],
)
def test_what_cannot_work_refuses_a_strategy_that_would_begin(
    keys: dict[str, Any], words: str, outlook: Callable[..., Outlook]
) -> None:
    """The step against the tick (LS-11), the margin of one side filled against the wallet."""
    with pytest.raises(UserError, match=f"strategy grid cannot begin: .*{words}") as refused:
        told(outlook(**keys))

    assert "gridbot preview" in str(refused.value.hint)


def test_a_strategy_that_tends_something_is_told_of_the_same_and_goes_on(
    outlook: Callable[..., Outlook],
) -> None:
    found = told(outlook(is_tended=True, grid_count=50, amount="b1"))

    assert any(text.startswith("grid: all long orders filled need a margin") for text in found)


def test_an_amount_below_the_minimum_at_an_end_of_the_grid_is_told(
    outlook: Callable[..., Outlook],
) -> None:
    found = told(outlook(grid_count=10, amount="3"))

    assert any("the exchange takes 5 at least" in text for text in found)


def test_many_orders_are_told_with_the_time_that_placing_them_takes(
    outlook: Callable[..., Outlook],
) -> None:
    keys = {"amount": "b0.001", "grid_count": 250, "grid_step": "0.01"}

    found = told(*(outlook(strat_id=f"g{number}", **keys) for number in range(3)))

    assert any(text.startswith("main: ") and "rate limit" in text for text in found)


def test_a_grid_an_order_or_a_position_is_something_to_tend(
    make_terms: Terms, make_account_setup: Callable[..., Any], make_life: Callable[..., Any]
) -> None:
    terms = make_terms()
    fresh, life = make_account_setup().session(), make_life(make_account_setup().session())
    while not life.session.live_orders():
        life.step()
    leg = {"symbol": "BTCUSDT", "positionIdx": 1, "size": "0.004"}
    held = replace(terms.mode.positions, rows=(leg,))
    flat = replace(terms.mode.positions, rows=(leg | {"size": "0"}, leg | {"size": ""}))

    def with_rows(rows: Any) -> SymbolTerms:
        return replace(terms, mode=replace(terms.mode, positions=rows))

    assert not tends(fresh, with_rows(flat), ())
    assert tends(fresh, with_rows(held), ())
    assert tends(fresh, terms, ("BTCUSDT",))
    assert tends(life.session, terms, ())
