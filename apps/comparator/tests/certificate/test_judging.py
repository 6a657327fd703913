"""How a case finds its class: what no class excuses, the order of the tests, payments."""

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.comparator.tests.told import Certify, MakeFill, One, Told, at
from comparator.certificate.bounds import Allowances
from comparator.certificate.classes import FillClass
from comparator.certificate.evidence import FundingCharge, Lost
from comparator.certificate.judging import judge_charge
from comparator.fills import DirectionFound
from gridcore.sides import LONG, SHORT, DirectionType

UNEXPLAINED = FillClass.UNEXPLAINED
CHARGE = FundingCharge(
    at=at(10),
    symbol="BTCUSDT",
    direction=LONG,
    qty=Decimal("0.5"),
    price=Decimal("60000"),
    rate=Decimal("0.0001"),
    amount=Decimal("-3"),
)


def test_a_pair_at_two_prices_is_unexplained(one: One, make_fill: MakeFill) -> None:
    found = one([("a", 10)], [make_fill("a", 10, price="100.5")])

    assert found.kind is UNEXPLAINED
    assert found.text == "the prices differ: 100 live, 100.5 in the backtest"


def test_a_price_within_what_is_allowed_is_matched(certified: Certify, make_fill: MakeFill) -> None:
    sides = [("a", 10)], [make_fill("a", 10, price="100.5")]

    assert not certified(*sides, price=Decimal("0.5")).divergences
    assert certified(*sides, price=Decimal("0.49")).divergences


def test_a_pair_at_two_fee_rates_is_unexplained(one: One, make_fill: MakeFill) -> None:
    found = one([("a", 10)], [make_fill("a", 10, fee=Decimal("0.05"))])

    assert found.kind is UNEXPLAINED
    assert found.text == "the fees differ: 0.04 live, 0.05 by the backtest's rate"


def test_each_execution_may_round_its_fee_once(certified: Certify, make_fill: MakeFill) -> None:
    def differing(fee: str) -> int:
        theirs = make_fill("a", 10, fee=Decimal(fee), executions=2)
        return len(certified([("a", 10)], [theirs]).divergences)

    assert differing("0.04000003") == 0
    assert differing("0.04000004") == 1


def test_a_pair_of_two_directions_is_unexplained_unless_one_was_a_guess(
    certified: Certify, make_fill: MakeFill
) -> None:
    """LS-73: a close that breaks even reads as an opening."""
    theirs = [make_fill("a", 10, direction=SHORT)]
    guess = make_fill("a", 10, direction_found=DirectionFound.INFERRED)

    assert [one.kind for one in certified([("a", 10)], theirs).divergences] == [UNEXPLAINED]
    assert not certified([guess], theirs).divergences


def test_stamps_of_one_millisecond_are_one_time(certified: Certify) -> None:
    assert not certified([("a", 10)], [("a", 10.001)]).divergences
    assert certified([("a", 10)], [("a", 10.001001)]).divergences


def test_an_unexplained_fill_says_why_each_class_does_not_fit(one: One) -> None:
    found = one([("a", 10)])

    assert found.kind is UNEXPLAINED
    assert [kind for kind, _ in found.refused] == [
        FillClass.OUTSIDE_WINDOW,
        FillClass.DATA_GAP,
        FillClass.ADL_OR_LIQUIDATION,
        FillClass.FOREIGN,
        FillClass.PARTIAL_FILL,
        FillClass.LATENCY,
        FillClass.QUEUE,
    ]


def test_an_unexplained_backtest_fill_is_asked_about_its_order(one: One) -> None:
    assert [kind for kind, _ in one([], [("a", 10)]).refused] == [
        FillClass.OUTSIDE_WINDOW,
        FillClass.DATA_GAP,
        FillClass.REJECTED_OR_GATED,
        FillClass.ORDER_NOT_RESTING,
        FillClass.PARTIAL_FILL,
        FillClass.LATENCY,
        FillClass.QUEUE,
    ]


def test_what_differs_in_price_is_not_excused_by_a_gap(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    told.lose(Lost.MARKET, 0, 3600)

    assert one([("a", 10)], [make_fill("a", 12, price="101")]).kind is UNEXPLAINED


# -- payments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "amount"), [(LONG, "-3"), (SHORT, "3")])
def test_funding_is_quantity_times_price_times_rate(
    told: Told, direction: DirectionType, amount: str
) -> None:
    """18.5: a long pays when the rate is positive."""
    charge = replace(CHARGE, direction=direction, amount=Decimal(amount))

    assert judge_charge(charge, told.window, Allowances()).kind is FillClass.FUNDING


@pytest.mark.parametrize("amount", ["3", "-3.00000002", "0"])
def test_another_amount_is_unexplained(told: Told, amount: str) -> None:
    found = judge_charge(replace(CHARGE, amount=Decimal(amount)), told.window, Allowances())

    assert found.kind is UNEXPLAINED
    assert "come to -3.00000" in found.text


@pytest.mark.parametrize("charge", [replace(CHARGE, price=None), replace(CHARGE, rate=None)])
def test_a_payment_that_cannot_be_computed_is_unexplained(
    told: Told, charge: FundingCharge
) -> None:
    assert judge_charge(charge, told.window, Allowances()).kind is UNEXPLAINED


def test_a_payment_after_the_window_is_outside(told: Told) -> None:
    found = judge_charge(replace(CHARGE, at=at(3600)), told.window, Allowances())

    assert found.kind is FillClass.OUTSIDE_WINDOW
