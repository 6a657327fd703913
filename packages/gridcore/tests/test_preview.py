"""The ladder before anything is traded."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.config import GridConfig
from gridcore.events import NO_LIQUIDATION
from gridcore.grid import build_levels
from gridcore.instrument import Instrument, InstrumentError
from gridcore.pnl import RiskTier, RiskTiers
from gridcore.preview import Feasibility, Preview, preview
from gridcore.sides import LONG, SHORT, GridSideType
from gridcore.sizing import SizeFlag, parse_amount

D = Decimal
TIERS = RiskTiers(
    [
        RiskTier(
            max_value=D(200000),
            maintenance_rate=D("0.01"),
            deduction=D(0),
            initial_rate=D("0.02"),
        ),
        RiskTier(
            max_value=None,
            maintenance_rate=D("0.015"),
            deduction=D(1000),
            initial_rate=D("0.03"),
        ),
    ]
)
LTC: dict[str, Any] = {
    "symbol": "LTCUSDT",
    "tick_size": D("0.01"),
    "qty_step": D("0.1"),
    "min_qty": D("0.1"),
    "max_qty": D(80000),
    "min_notional": D(5),
}


def ladder(
    price: str = "54.21",
    *,
    count: int = 10,
    step: str = "0.4",
    amount: str = "10",
    wallet: str = "1000",
    leverage: str = "10",
    **instrument: Any,
) -> Preview:
    return preview(
        D(price),
        grid=GridConfig(grid_count=count, grid_step=D(step)),
        amount=parse_amount(amount),
        instrument=Instrument(**{**LTC, **instrument}),
        wallet=D(wallet),
        tiers=TIERS,
        leverage=D(leverage),
    )


def kinds(found: Preview) -> list[tuple[Feasibility, bool]]:
    return [(finding.kind, finding.blocking) for finding in found.findings]


def test_the_levels_are_those_of_the_first_build() -> None:
    """The vector of strategy.md 1.12."""
    rows = ladder().rows

    assert [str(row.price) for row in rows] == [
        "53.13",
        "53.34",
        "53.55",
        "53.77",
        "53.99",
        "54.21",
        "54.43",
        "54.65",
        "54.87",
        "55.09",
        "55.31",
    ]
    assert [row.side for row in rows] == (
        [GridSideType.BUY] * 5 + [GridSideType.WAIT] + [GridSideType.SELL] * 5
    )


def test_sizes_are_those_of_opening_orders() -> None:
    """10 USDT at 53.13 is .1883, a step of .1 above is .2."""
    lowest, middle = ladder().rows[0], ladder().rows[5]

    assert (lowest.qty, lowest.notional, lowest.flag) == (
        D("0.2"),
        D("10.626"),
        SizeFlag.AS_ASKED,
    )
    assert (middle.qty, middle.notional, middle.flag) == (D(0), D(0), None)


def test_spacing_in_ticks_and_percent() -> None:
    """18.8, LS-11: the effective spacing, not the configured one."""
    found = ladder()

    assert found.spacing_ticks is not None
    assert (found.spacing_ticks.least, found.spacing_ticks.median, found.spacing_ticks.most) == (
        D(21),
        D(22),
        D(22),
    )
    assert found.spacing_pct is not None
    assert found.spacing_pct.least.quantize(D("1e-4")) == D("0.3937")


def test_an_even_number_of_distances_has_its_median_between_two() -> None:
    """100 with 2 levels of 1 % on each side: 98.01 99 100 101 102.01."""
    spacing = ladder("100", count=4, step="1").spacing_ticks

    assert spacing is not None
    assert (spacing.least, spacing.median, spacing.most) == (D(99), D(100), D(101))


def test_totals_of_one_side_filled() -> None:
    """5 buys of .2 from 53.13 to 53.99: 53.556 on average and in all, a tenth of it margin."""
    long = ladder().long

    assert long is not None
    assert (long.direction, long.orders, long.qty) == (LONG, 5, D(1))
    assert (long.notional, long.entry, long.margin) == (D("53.556"), D("53.556"), D("5.3556"))
    assert long.liquidation is NO_LIQUIDATION


def test_the_liquidation_estimate_of_the_short_side() -> None:
    """wallet 1000, short 1 at 54.87: 1000 + 54.87 - p = 0.01p."""
    short = ladder().short

    assert short is not None
    assert short.direction is SHORT
    assert isinstance(short.liquidation, Decimal)
    assert short.liquidation.quantize(D("1e-4")) == D("1044.4257")


def test_distances_to_the_edges() -> None:
    found = ladder()

    assert found.down_pct is not None
    assert found.up_pct is not None
    assert found.down_pct.quantize(D("1e-4")) == D("1.9923")
    assert found.up_pct.quantize(D("1e-4")) == D("2.0291")


def test_a_good_configuration_has_no_findings() -> None:
    assert ladder().findings == ()
    assert ladder().feasible


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"step": "0.01"}, (Feasibility.LEVELS_IMPOSSIBLE, True)),
        ({"price": "0"}, (Feasibility.LEVELS_IMPOSSIBLE, True)),
        ({"price": "-3"}, (Feasibility.LEVELS_IMPOSSIBLE, True)),
        ({"amount": "x0.01", "wallet": "0"}, (Feasibility.NOTHING_ASKED, True)),
        ({"amount": "b0.5", "min_qty": D(1)}, (Feasibility.BELOW_MINIMUM, True)),
        ({"amount": "2"}, (Feasibility.RAISED, False)),
        ({"amount": "1000", "max_qty": D(1)}, (Feasibility.CUT, False)),
        ({"amount": "5000"}, (Feasibility.MARGIN_ABOVE_WALLET, True)),
        (
            {"count": 40, "step": "1", "amount": "1000", "leverage": "50"},
            (Feasibility.LIQUIDATED_INSIDE, True),
        ),
        ({"count": 300, "step": "0.1"}, (Feasibility.TOO_MANY_ORDERS, True)),
    ],
)
def test_what_stands_in_the_way_is_found(
    changes: dict[str, Any], finding: tuple[Feasibility, bool]
) -> None:
    found = ladder(**changes)

    assert finding in kinds(found)
    assert found.feasible is not finding[1]


def test_impossible_levels_are_refused_with_the_reason() -> None:
    """golden/README.md 18, LS-11."""
    found = ladder(step="0.01")

    assert found.rows == ()
    assert "at least 2 ticks apart" in found.findings[0].text
    assert "raise grid_step" in found.findings[0].text


def test_a_single_level_has_no_spacing_and_opens_nothing() -> None:
    found = ladder(count=1)

    assert found.spacing_ticks is None
    assert found.long is not None
    assert (found.long.orders, found.long.entry, found.long.liquidation) == (0, None, None)


def test_a_price_that_is_no_number_is_refused() -> None:
    with pytest.raises(InstrumentError):
        ladder("NaN")


@given(
    st.decimals("1", "100000", places=2),
    st.integers(1, 60),
    st.decimals("0.1", "3", places=1),
    st.sampled_from(["x0.001", "25", "b0.5"]),
)
def test_a_ladder_agrees_with_the_grid_and_adds_up(
    price: Decimal, count: int, step: Decimal, amount: str
) -> None:
    found = ladder(str(price), count=count, step=str(step), amount=amount)
    if not found.rows:
        return
    levels = build_levels(int(price * 100), GridConfig(grid_count=count, grid_step=step))

    assert [row.price * 100 for row in found.rows] == levels
    assert found.long is not None
    assert found.short is not None
    assert found.long.notional + found.short.notional == sum(row.notional for row in found.rows)
    assert found.long.orders + found.short.orders == sum(1 for row in found.rows if row.qty)
