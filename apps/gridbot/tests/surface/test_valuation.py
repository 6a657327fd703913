"""What positions are worth at the market."""

from decimal import Decimal
from typing import Any

import pytest

from gridbot.surface.valuation import (
    distance_pct,
    equity_of,
    legs_of,
    market_price,
    nearest_liquidation_pct,
    unrealised_of,
)
from gridcore.events import NO_LIQUIDATION, Liquidation
from gridcore.session.mirror import MirroredLeg
from gridcore.sides import LONG, SHORT, DirectionType


def leg(size: int, liquidation: Liquidation) -> MirroredLeg:
    made = MirroredLeg()
    made.size = size
    made.liquidation = liquidation
    return made


@pytest.mark.parametrize(
    ("direction", "liquidation", "wanted"),
    [
        (LONG, Decimal(75), Decimal("25.00")),
        (LONG, Decimal(100), Decimal("0.00")),
        (LONG, Decimal(110), Decimal("-10.00")),
        (SHORT, Decimal(125), Decimal("25.00")),
        (SHORT, Decimal(90), Decimal("-10.00")),
        (SHORT, Decimal("100.126"), Decimal("0.13")),
    ],
)
def test_the_distance_shrinks_towards_the_liquidation_price_of_each_direction(
    direction: DirectionType, liquidation: Decimal, wanted: Decimal
) -> None:
    assert distance_pct(direction, leg(5, liquidation), Decimal(100)) == wanted


@pytest.mark.parametrize(
    ("held", "price"),
    [
        (leg(0, Decimal(75)), Decimal(100)),
        (leg(5, None), Decimal(100)),
        (leg(5, NO_LIQUIDATION), Decimal(100)),
        (leg(5, Decimal(75)), None),
    ],
)
def test_what_is_not_known_has_no_distance(held: MirroredLeg, price: Decimal | None) -> None:
    assert distance_pct(LONG, held, price) is None


def test_a_leg_is_valued_at_the_mark_of_the_newest_ticker(account: Any) -> None:
    account.tick(997_000)
    account.tick(990_000)
    strategy = account.session.strategies["BTCUSDT"]

    long, _ = legs_of(strategy)

    assert market_price(strategy) == 99_000
    assert long.value == long.leg.qty * 99_000
    assert long.leg.entry is not None
    assert long.unrealised == long.leg.qty * (99_000 - long.leg.entry)
    assert long.unrealised < 0


def test_equity_is_cash_and_unrealised_profit_of_every_symbol(make_account: Any) -> None:
    account = make_account(symbols={"BTCUSDT": 1_000_000, "ETHUSDT": 35_000})
    account.start()
    account.walk(60)
    account.walk(60, symbol="ETHUSDT", size=60)
    session = account.session
    each = [leg for one in session.strategies.values() for leg in legs_of(one)]

    assert sum(leg.unrealised for leg in each) == unrealised_of(session) != 0
    assert equity_of(session) == session.balance + unrealised_of(session)


def test_the_nearest_liquidation_is_the_smallest_distance_of_all_legs(make_account: Any) -> None:
    account = make_account(balance=400)
    account.start()
    assert nearest_liquidation_pct(account.session) is None

    account.tick(975_000)

    long, short = legs_of(account.session.strategies["BTCUSDT"])
    assert short.distance_pct is None
    assert nearest_liquidation_pct(account.session) == long.distance_pct
    assert long.distance_pct is not None
    assert 0 < long.distance_pct < 100


def test_a_liquidation_price_that_nobody_told_is_not_none(account: Any) -> None:
    account.tick(997_000)
    long, short = legs_of(account.session.strategies["BTCUSDT"])
    assert (long.liquidation_text, short.liquidation_text) == ("none", "none")

    long.leg.liquidation = None

    assert long.liquidation_text is None
