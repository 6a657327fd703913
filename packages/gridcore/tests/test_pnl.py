"""Profit, margin, funding, liquidation of a pair. Expected values are worked out by hand."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gridcore.events import NO_LIQUIDATION
from gridcore.pnl import (
    LegFill,
    LegLiquidation,
    RiskTier,
    RiskTiers,
    entry_value,
    fill_leg,
    funding_cash_flow,
    liquidation_ratio,
    margin_pct,
    margin_ratio,
    mark_value,
    pair_liquidation,
    to_money,
    trading_fee,
    unrealised,
    unrealised_pct,
)
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

D = Decimal


def tier(cap: str | None, rate: str, deduction: str, initial: str) -> RiskTier:
    return RiskTier(
        max_value=None if cap is None else D(cap),
        maintenance_rate=D(rate),
        deduction=D(deduction),
        initial_rate=D(initial),
    )


@pytest.fixture
def ltc_tiers() -> RiskTiers:
    """The first tiers of LTCUSDT as M-6 states them."""
    return RiskTiers(
        [
            tier("200000", "0.01", "0", "0.02"),
            tier("400000", "0.015", "1000", "0.03"),
            tier(None, "0.02", "3000", "0.04"),
        ]
    )


def liquidation(
    tiers: RiskTiers,
    *,
    long: tuple[str, str | None] = ("0", None),
    short: tuple[str, str | None] = ("0", None),
    mark: str,
    wallet: str,
    other_unrealised: str = "0",
    other_maintenance: str = "0",
) -> tuple[LegLiquidation, LegLiquidation]:
    return pair_liquidation(
        long_size=D(long[0]),
        long_entry=None if long[1] is None else D(long[1]),
        short_size=D(short[0]),
        short_entry=None if short[1] is None else D(short[1]),
        mark=D(mark),
        wallet=D(wallet),
        tiers=tiers,
        other_unrealised=D(other_unrealised),
        other_maintenance=D(other_maintenance),
    )


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("1.000000005", "1.00000000"),
        ("1.000000015", "1.00000002"),
        ("-1.000000005", "-1.00000000"),
        ("0.0000000050000000001", "0.00000001"),
    ],
)
def test_money_is_rounded_half_even_to_eight_places(amount: str, rounded: str) -> None:
    assert format(to_money(D(amount)), "f") == rounded


def test_a_long_gains_when_the_price_rises_and_a_short_when_it_falls() -> None:
    """M-1."""
    assert unrealised(LONG, D(100), D(110), D(2)) == D(20)
    assert unrealised(SHORT, D(100), D(110), D(2)) == D(-20)


@pytest.mark.parametrize(
    ("direction", "entry", "price", "percent"),
    [
        (LONG, "50", "55", "100"),
        (SHORT, "50", "55", "-100"),
        (LONG, "0", "55", "0"),
        (LONG, "50", "0", "0"),
        (SHORT, "-1", "55", "0"),
    ],
)
def test_return_on_margin_in_percent(
    direction: DirectionType, entry: str, price: str, percent: str
) -> None:
    """M-2 at leverage 10: a tenth on the price is the whole margin."""
    assert unrealised_pct(direction, D(entry), D(price), D(10)) == D(percent)


def test_position_values_at_entry_and_at_mark_have_two_names() -> None:
    """M-3, LS-55."""
    assert entry_value(D(2), D(100)) == D(200)
    assert mark_value(D(2), D(110)) == D(220)


def test_ratios_over_an_empty_wallet_are_zero() -> None:
    """M-4, M-8."""
    assert margin_ratio(D(26), D(100)) == D("0.26")
    assert margin_ratio(D(26), D(0)) == 0
    assert margin_pct(D(5), D(200)) == D("2.5")
    assert margin_pct(D(5), D(-1)) == 0


def test_an_unknown_price_has_no_liquidation_ratio() -> None:
    """LS-29: 0 would read as safe."""
    assert liquidation_ratio(D(85), D(100)) == D("0.85")
    assert liquidation_ratio(D(85), D(0)) is None


def test_a_fee_is_rounded_once_and_a_rebate_is_negative() -> None:
    assert trading_fee(D("99800.0"), D("0.011"), D("0.0002")) == D("0.21956")
    assert trading_fee(D(100), D(1), D("-0.0001")) == D("-0.01")


@pytest.mark.parametrize(
    ("direction", "rate", "flow"),
    [(LONG, "0.0001", "-0.1"), (SHORT, "0.0001", "0.1"), (LONG, "-0.0001", "0.1")],
)
def test_a_long_pays_a_positive_funding_rate(
    direction: DirectionType, rate: str, flow: str
) -> None:
    """T-5, LS-44: the flow is the change of the wallet."""
    assert funding_cash_flow(direction, D(10), D(100), D(rate)) == D(flow)


def test_opening_fills_average_the_entry() -> None:
    """SC-1: short .010 at 100000.0, then .010 at 100200.0."""
    first = fill_leg(SHORT, D(0), None, SELL, D("100000.0"), D("0.010"))
    second = fill_leg(SHORT, first.size, first.entry, SELL, D("100200.0"), D("0.010"))

    assert second == LegFill(D("0.020"), D("100100"), D(0), D(0))


def test_a_closing_fill_realises_and_keeps_the_entry() -> None:
    """SC-1: long .022 at 99700.2 average, .011 sold at 99800.0."""
    filled = fill_leg(LONG, D("0.022"), D("99700.2"), SELL, D("99800.0"), D("0.011"))

    assert filled == LegFill(D("0.011"), D("99700.2"), D("0.011"), D("1.09780000"))


def test_a_close_beyond_the_position_is_cut_to_it() -> None:
    """T-2: the caller sees the rest as qty - closed."""
    filled = fill_leg(SHORT, D("0.3"), D(50), BUY, D(40), D(1))

    assert filled == LegFill(D(0), None, D("0.3"), D(3))


def test_a_close_without_a_position_closes_nothing() -> None:
    assert fill_leg(LONG, D(0), None, SELL, D(40), D(1)) == LegFill(D(0), None, D(0), D(0))


@pytest.mark.parametrize(("price", "qty"), [("0", "1"), ("-1", "1"), ("1", "0"), ("1", "-1")])
def test_a_fill_needs_a_price_and_a_quantity(price: str, qty: str) -> None:
    """T-1."""
    with pytest.raises(ValueError, match="positive price and quantity"):
        fill_leg(LONG, D(0), None, BUY, D(price), D(qty))


def test_an_open_leg_without_an_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="entry price"):
        fill_leg(LONG, D(1), None, BUY, D(100), D(1))


amounts = st.decimals(min_value="0.001", max_value="10000", places=3)


@given(
    st.sampled_from([LONG, SHORT]),
    st.lists(st.tuples(st.sampled_from([BUY, SELL]), amounts, amounts), max_size=20),
)
def test_profit_taken_and_profit_left_add_up_to_the_cash_of_all_fills(
    direction: DirectionType, fills: list[tuple[SideType, Decimal, Decimal]]
) -> None:
    """A-12 for one leg: realised + unrealised at any price = what the trades cost and brought."""
    size, entry, realised, cash = D(0), None, D(0), D(0)
    for side, price, qty in fills:
        filled = fill_leg(direction, size, entry, side, price, qty)
        opening = (direction is LONG) is (side is BUY)
        traded = qty if opening else filled.closed
        cash += traded * price * (1 if side is SELL else -1)
        size, entry = filled.size, filled.entry
        realised += filled.realised
    worth = size * 100 * (1 if direction is LONG else -1)
    left = unrealised(direction, entry, D(100), size) if entry is not None else D(0)

    assert abs(cash + worth - realised - left) <= D("1e-8") * (len(fills) + 1)
    assert (entry is None) is (size == 0)


def test_a_net_long_pair_has_its_price_on_the_long_leg(ltc_tiers: RiskTiers) -> None:
    """wallet 150, long 5 at 56, short 0.5 at 58: 150 + 5(p-56) + 0.5(58-p) = 0.01 * 5.5p.

    4.5p - 101 = 0.055p gives p = 101 / 4.445.
    """
    long, short = liquidation(
        ltc_tiers, long=("5", "56"), short=("0.5", "58"), mark="57", wallet="150"
    )

    assert isinstance(long, Decimal)
    assert long.quantize(D("1e-6")) == D("22.722160")
    assert short is NO_LIQUIDATION


def test_a_net_short_pair_has_its_price_on_the_short_leg(ltc_tiers: RiskTiers) -> None:
    """wallet 100, long 2.2 at 56, short 3.1 at 58: 156.6 - 0.9p = 0.053p gives 156.6 / 0.953."""
    long, short = liquidation(
        ltc_tiers, long=("2.2", "56"), short=("3.1", "58"), mark="57", wallet="100"
    )

    assert long is NO_LIQUIDATION
    assert isinstance(short, Decimal)
    assert short.quantize(D("1e-6")) == D("164.323190")


def test_a_long_that_its_wallet_can_carry_to_zero_has_no_price(ltc_tiers: RiskTiers) -> None:
    """L-1: equity 400 behind 280 of value."""
    assert liquidation(ltc_tiers, long=("5", "56"), mark="57", wallet="400") == (
        NO_LIQUIDATION,
        NO_LIQUIDATION,
    )


def test_equal_legs_have_no_price_while_they_are_safe(ltc_tiers: RiskTiers) -> None:
    legs = ("3", "56"), ("3", "58")

    assert liquidation(ltc_tiers, long=legs[0], short=legs[1], mark="57", wallet="90") == (
        NO_LIQUIDATION,
        NO_LIQUIDATION,
    )


def test_equal_legs_beyond_their_margin_report_the_mark(ltc_tiers: RiskTiers) -> None:
    """3 * 2 of locked profit - 10 < 0.01 * 342 of maintenance margin."""
    legs = ("3", "56"), ("3", "58")

    assert liquidation(ltc_tiers, long=legs[0], short=legs[1], mark="57", wallet="-10") == (
        D(57),
        D(57),
    )


def test_a_flat_pair_has_no_price(ltc_tiers: RiskTiers) -> None:
    assert liquidation(ltc_tiers, mark="57", wallet="-5") == (NO_LIQUIDATION, NO_LIQUIDATION)


def test_a_long_that_is_beyond_reports_the_price_it_passed(ltc_tiers: RiskTiers) -> None:
    """wallet 5, long 10 at 56: 10p - 555 = 0.1p gives 555 / 9.9, above the mark of 50."""
    long, _ = liquidation(ltc_tiers, long=("10", "56"), mark="50", wallet="5")

    assert isinstance(long, Decimal)
    assert long.quantize(D("1e-6")) == D("56.060606")


def test_a_short_with_nothing_behind_it_reports_the_mark(ltc_tiers: RiskTiers) -> None:
    """wallet -300: even at a price of 0 a short 3 at 58 does not bring 300."""
    assert liquidation(ltc_tiers, short=("3", "58"), mark="57", wallet="-300") == (
        NO_LIQUIDATION,
        D(57),
    )


def test_the_tier_at_the_liquidation_price_counts_not_the_one_at_the_mark(
    ltc_tiers: RiskTiers,
) -> None:
    """Long 10000 at 56 is worth 570000 at mark (third tier) and 476500 where it is liquidated.

    90000 + 10000(p-56) = 0.02 * 10000p - 3000 gives p = 467000 / 9800.
    """
    long, _ = liquidation(ltc_tiers, long=("10000", "56"), mark="57", wallet="90000")

    assert isinstance(long, Decimal)
    assert long.quantize(D("1e-6")) == D("47.653061")


def test_a_price_beyond_a_tier_boundary_is_found_with_that_tier(ltc_tiers: RiskTiers) -> None:
    """wallet 400000: 10000p - 160000 = 0.01 * 10000p gives 160000 / 9900, in the first tier."""
    long, _ = liquidation(ltc_tiers, long=("10000", "56"), mark="57", wallet="400000")

    assert isinstance(long, Decimal)
    assert long.quantize(D("1e-6")) == D("16.161616")


def test_other_symbols_of_the_wallet_bring_the_price_nearer(ltc_tiers: RiskTiers) -> None:
    alone, _ = liquidation(ltc_tiers, long=("5", "56"), mark="57", wallet="150")
    together, _ = liquidation(
        ltc_tiers,
        long=("5", "56"),
        mark="57",
        wallet="150",
        other_unrealised="-40",
        other_maintenance="10",
    )

    assert isinstance(alone, Decimal)
    assert isinstance(together, Decimal)
    assert together == pytest.approx(alone + D(50) / D("4.95"), rel=D("1e-20"))


def test_a_jump_between_tiers_is_a_price_of_its_own() -> None:
    """A table whose margin jumps by 500 at a value of 1000: nothing is left just above it."""
    steep = RiskTiers([tier("1000", "0.01", "0", "0.02"), tier(None, "0.51", "0", "1")])

    _, short = liquidation(steep, short=("10", "95"), mark="90", wallet="200")

    assert short == D(100)


def test_the_liquidation_of_a_pair_needs_a_mark(ltc_tiers: RiskTiers) -> None:
    with pytest.raises(ValueError, match="mark price above 0"):
        liquidation(ltc_tiers, long=("1", "50"), mark="0", wallet="10")


sizes = st.decimals(min_value="0", max_value="20000", places=1)
prices = st.decimals(min_value="10", max_value="100", places=2)


@given(sizes, prices, sizes, prices, prices, st.decimals("0", "500000", places=2))
def test_nothing_is_left_at_the_liquidation_price_and_something_before_it(
    long_size: Decimal,
    long_entry: Decimal,
    short_size: Decimal,
    short_entry: Decimal,
    mark: Decimal,
    wallet: Decimal,
) -> None:
    """golden/README.md 15, checked by substitution."""
    tiers = RiskTiers(
        [
            tier("200000", "0.01", "0", "0.02"),
            tier("400000", "0.015", "1000", "0.03"),
            tier(None, "0.02", "3000", "0.04"),
        ]
    )

    def excess(price: Decimal) -> Decimal:
        profit = long_size * (price - long_entry) + short_size * (short_entry - price)
        needed = tiers.maintenance_margin(long_size * price)
        return wallet + profit - needed - tiers.maintenance_margin(short_size * price)

    assume(excess(mark) > 0)
    long, short = pair_liquidation(
        long_size=long_size,
        long_entry=long_entry,
        short_size=short_size,
        short_entry=short_entry,
        mark=mark,
        wallet=wallet,
        tiers=tiers,
    )

    assume(long is not NO_LIQUIDATION or short is not NO_LIQUIDATION)
    price = long if isinstance(long, Decimal) else short
    assert isinstance(price, Decimal)
    assert abs(excess(price)) < D("1e-15")
    assert (price < mark) if isinstance(long, Decimal) else (price > mark)
    assert excess((price + mark) / 2) > 0
