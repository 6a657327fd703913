"""A case tells of its fills, its order and the interruptions over it."""

from decimal import Decimal

import pytest

from apps.comparator.tests.told import MakeFill, Told, at
from comparator.certificate.bounds import Allowances, Bounds
from comparator.certificate.cases import Case, Kin
from comparator.certificate.evidence import Ending, Lost
from comparator.fills import Fill
from gridcore.sides import SELL

NO_KIN = Kin(live_qty=Decimal(0), backtest_qty=Decimal(0), orders=set(), unpaired_orders=set())


def case(told: Told, live: Fill | None, backtest: Fill | None) -> Case:
    bounds = Bounds(latency_us=None, latency_samples=0, queue={}, queue_samples={})
    return Case(
        live=live,
        backtest=backtest,
        kin=NO_KIN,
        evidence=told,
        bounds=bounds,
        allowances=Allowances(),
    )


def test_a_pair_has_two_times_and_the_larger_quantity(told: Told, make_fill: MakeFill) -> None:
    pair = case(told, make_fill("a", 12, qty="1"), make_fill("a", 10))

    assert pair.is_pair
    assert (pair.first_at, pair.last_at, pair.distance_us) == (at(10), at(12), 2_000_000)
    assert pair.qty == Decimal(2)
    assert pair.fill is pair.live
    assert pair.both == (pair.live, pair.backtest)


@pytest.mark.parametrize("is_live", [True, False])
def test_a_fill_alone_is_the_fill(told: Told, make_fill: MakeFill, is_live: bool) -> None:
    fill = make_fill("a", 10)
    alone = case(told, fill, None) if is_live else case(told, None, fill)

    assert not alone.is_pair
    assert alone.fill is fill
    assert alone.distance_us == 0


def test_what_was_not_measured_bounds_nothing(told: Told, make_fill: MakeFill) -> None:
    assert case(told, make_fill(), None).queue == 0


def test_only_orders_of_the_symbol_and_side_are_its_lives(told: Told, make_fill: MakeFill) -> None:
    told.place("a", 5, order_id="mine")
    told.place("a", 5, order_id="other-side", side=SELL)
    told.place("a", 5, order_id="other-symbol", symbol="ETHUSDT")

    assert [life.order_id for life in case(told, None, make_fill("a", 10)).lives] == ["mine"]


def test_only_a_live_fill_has_an_order_of_its_own(told: Told, make_fill: MakeFill) -> None:
    told.place("a", 5, 10, Ending.FILLED)

    assert case(told, make_fill("a", 10), None).life is told.lives[0]
    assert case(told, None, make_fill("a", 10)).life is None


def test_an_interruption_covers_a_case_with_both_its_ends(told: Told, make_fill: MakeFill) -> None:
    told.lose(Lost.MARKET, 10, 12)

    def covered(first: float, last: float) -> bool:
        pair = case(told, make_fill("a", first), make_fill("a", last))
        return bool(pair.lost(Lost.MARKET))

    assert covered(10, 12)
    assert not covered(9.9, 12)
    assert not covered(10, 12.1)
    assert not case(told, make_fill("a", 11), None).lost(Lost.BOT)
