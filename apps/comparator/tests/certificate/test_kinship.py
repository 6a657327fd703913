"""Which fills are kin: one id, symbol and side, near in time."""

from decimal import Decimal

from apps.comparator.tests.told import MakeFill, Tables
from comparator.certificate.kinship import Kinship
from comparator.matching import align
from gridcore.sides import SELL


def test_kin_are_the_fills_of_the_id_within_ten_minutes(
    live: Tables, backtest: Tables, make_fill: MakeFill
) -> None:
    mine = live(
        ("a", 0),
        make_fill("a", 600, qty="1"),
        ("a", 1201),
        ("b", 600),
        make_fill("a", 600, side=SELL),
    )
    theirs = backtest(("a", 599), ("a", 5000))
    kinship = Kinship(mine, theirs, align(mine, theirs), ["a"])

    kin = kinship.kin_of(make_fill("a", 600))

    assert kin.live_qty == Decimal(2 + 1)
    assert kin.backtest_qty == Decimal(2)


def test_kin_know_all_orders_of_the_id_and_those_without_a_partner(
    live: Tables, backtest: Tables, make_fill: MakeFill
) -> None:
    mine = live(
        make_fill("a", 10, order_id="paired"),
        make_fill("a", 1500, order_id="alone"),
        make_fill("b", 20, order_id="other"),
    )
    theirs = backtest(("a", 10))
    kinship = Kinship(mine, theirs, align(mine, theirs), ["a", "b"])

    kin = kinship.kin_of(make_fill("a", 3000))

    assert kin.orders == {"paired", "alone"}
    assert kin.unpaired_orders == {"alone"}


def test_an_id_without_fills_has_no_kin(
    live: Tables, backtest: Tables, make_fill: MakeFill
) -> None:
    kinship = Kinship(live(), backtest(), align(live(), backtest()), [])

    kin = kinship.kin_of(make_fill("a", 0))

    assert (kin.live_qty, kin.backtest_qty, kin.orders) == (Decimal(0), Decimal(0), set())
