from decimal import Decimal
from typing import Any

import pytest

from backtest.cycles import pair_fills
from backtest.identity import IdentityViolated, check_identity
from backtest.outcome import FillKind
from gridcore.session.effects import LedgerKind
from gridcore.sides import LONG, SHORT


def identity_of(built: Any, **changes: Any) -> Any:
    outcome = built.outcome(**changes)
    return check_identity(outcome, pair_fills(outcome.fills))


def test_the_golden_scenario_sc_1_balances(sc_1: Any) -> None:
    identity = identity_of(sc_1)

    assert identity.holds
    assert identity.total == pytest.approx(Decimal("4.41699912"), abs=Decimal("1e-7"))
    assert identity.cycles == Decimal("8.1956")
    assert identity.inventory == Decimal("-1.9")
    assert identity.fees == Decimal("1.87860088")
    assert identity.tolerance == Decimal("1e-8") * 13


def test_funding_counts_against_the_gain_and_is_positive_when_paid(sc_1: Any) -> None:
    """LS-44: the ledger's signed cash flow is the only source."""
    sc_1.book(sc_1.fills[-1].at, LedgerKind.FUNDING, Decimal("-0.5"), LONG)
    sc_1.book(sc_1.fills[-1].at, LedgerKind.FUNDING, Decimal("0.2"), SHORT)

    identity = identity_of(sc_1)

    assert (identity.funding, identity.holds) == (Decimal("0.3"), True)


def test_cash_that_came_from_outside_is_named_and_not_a_profit(sc_1: Any) -> None:
    sc_1.book(sc_1.fills[-1].at, LedgerKind.CASH, Decimal(100), None)

    identity = identity_of(sc_1)

    assert (identity.cash, identity.holds) == (Decimal(100), True)


def test_wind_down_balances_without_inventory(sc_1: Any) -> None:
    """SC-3: both legs closed at 99990."""
    sc_1.fill((7, "long", "Sell", "99990", "0.011"), kind=FillKind.WIND_DOWN)
    sc_1.fill((7, "short", "Buy", "99990", "0.021"), kind=FillKind.WIND_DOWN)

    identity = identity_of(sc_1)

    assert (identity.cycles, identity.inventory) == (Decimal("6.2956"), Decimal(0))
    assert identity.holds


def test_a_cent_that_nothing_explains_is_told_with_all_numbers(sc_1: Any) -> None:
    right = sc_1.outcome()
    identity = identity_of(sc_1, final_equity=right.final_equity + Decimal("0.01"))

    assert not identity.holds
    with pytest.raises(
        IdentityViolated, match=r"cycles 8\.1956.*inventory -1\.9.*is off by 0\.00999999"
    ):
        identity.require()


def test_a_close_without_an_opening_violates_the_identity(builder: Any) -> None:
    builder.legs[LONG] = (Decimal(1), Decimal(100))
    builder.fill((1, "long", "Sell", "100", "1"))

    identity = identity_of(builder)

    assert identity.difference == 0
    with pytest.raises(IdentityViolated, match="closed without having been opened: 1 of BTCUSDT"):
        identity.require()


def test_inventory_without_a_mark_cannot_be_judged(sc_1: Any) -> None:
    identity = identity_of(sc_1, legs=[])

    assert not identity.holds
    assert identity.unmatched == ("BTCUSDT is held but has no mark",)


def test_a_run_without_fills_balances_exactly(builder: Any) -> None:
    identity = identity_of(builder)

    assert (identity.holds, identity.total, identity.cash) == (True, 0, 0)


def test_an_initial_balance_that_was_never_booked_violates_the_identity(builder: Any) -> None:
    builder.ledger.clear()

    identity = identity_of(builder, final_wallet=Decimal(10000), final_equity=Decimal(10000))

    assert (identity.holds, identity.difference) == (False, Decimal(10000))
