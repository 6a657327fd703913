"""Margin per leg by tiers, and intervals in which a pair cannot use up the slack (M-5, 18.4)."""

from collections.abc import Callable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gridcore.instrument import Steps
from gridcore.sides import BUY, SELL
from simvenue.legs import Pair
from simvenue.margin import INFINITY, MarginTable
from simvenue.messages import SymbolSpec

STEP = Decimal("0.001")
UNIT = Decimal("0.0001")


def pair_of(long_steps: int, short_steps: int, entry: Decimal) -> Pair:
    pair = Pair()
    if long_steps:
        pair.long.fill(BUY, entry, STEP * long_steps, Steps(long_steps))
    if short_steps:
        pair.short.fill(SELL, entry, STEP * short_steps, Steps(short_steps))
    pair.changed()
    return pair


def table_of(make_spec: Callable[..., SymbolSpec], leverage: int) -> MarginTable:
    return MarginTable(make_spec().tiers, Decimal(leverage))


def excess(spec: SymbolSpec, pair: Pair, mark: Decimal) -> Decimal:
    profit = pair.net * mark + pair.offset
    tiers = spec.tiers
    return (
        profit
        - tiers.maintenance_margin(pair.long.qty * mark)
        - tiers.maintenance_margin(pair.short.qty * mark)
    )


def test_initial_margin_is_the_greater_of_leverage_and_tier_rate(
    make_spec: Callable[..., SymbolSpec],
) -> None:
    value = Decimal(300_000)  # tier 2: initial rate 0.04

    assert table_of(make_spec, 10).initial(value, value) == Decimal(30_000)
    assert table_of(make_spec, 50).initial(value, value) == Decimal(12_000)


def test_a_tier_s_boundary_belongs_to_the_lower_tier(make_spec: Callable[..., SymbolSpec]) -> None:
    table = table_of(make_spec, 100)

    assert table.initial(Decimal(200_000), Decimal(200_000)) == Decimal(4_000)
    assert table.initial(Decimal(200_001), Decimal(200_001)) == Decimal("8000.04")
    assert table.maintenance(Decimal(200_000)) == Decimal(2_000)


def test_resting_opens_are_charged_at_the_rate_of_their_leg(
    make_spec: Callable[..., SymbolSpec],
) -> None:
    pair = pair_of(5_000, 1_000, Decimal(60_000))  # 300,000 long, 60,000 short
    ten_thousand = 100_000_000  # in units of tick * step

    initial, maintenance = table_of(make_spec, 50).charge(
        pair, Decimal(60_000), UNIT, (ten_thousand, ten_thousand)
    )

    assert initial == Decimal("0.04") * 310_000 + Decimal("0.02") * 70_000
    assert maintenance == (Decimal("0.02") * 300_000 - 2_000) + Decimal("0.01") * 60_000


@given(
    long=st.integers(0, 9_000),
    short=st.integers(0, 9_000),
    mark=st.integers(1_000, 90_000),
    leverage=st.sampled_from([1, 3, 10, 25, 100]),
    resting=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
)
def test_the_charge_is_that_of_the_kernel_s_tiers_for_each_leg(
    make_spec: Callable[..., SymbolSpec],
    long: int,
    short: int,
    mark: int,
    leverage: int,
    resting: tuple[int, int],
) -> None:
    tiers = make_spec().tiers
    pair = pair_of(long, short, Decimal(50_000))

    initial, maintenance = table_of(make_spec, leverage).charge(pair, Decimal(mark), UNIT, resting)

    values = (pair.long.qty * mark, pair.short.qty * mark)
    expected = sum(tiers.maintenance_margin(value) for value in values)
    assert abs(maintenance - expected) < Decimal("1e-12")
    expected = Decimal(0)
    for value, units in zip(values, resting, strict=True):
        rate = max(1 / Decimal(leverage), tiers.tier_of(value).initial_rate)
        expected += (value + UNIT * units) * rate
    assert abs(initial - expected) < Decimal("1e-12")


@given(
    long=st.integers(0, 9_000),
    short=st.integers(0, 9_000),
    mark=st.integers(1_000, 90_000),
    slack=st.integers(1, 200_000),
    parts=st.lists(st.integers(1, 999), min_size=1, max_size=10),
)
def test_strictly_inside_the_safe_interval_the_pair_loses_less_than_the_slack(
    make_spec: Callable[..., SymbolSpec],
    long: int,
    short: int,
    mark: int,
    slack: int,
    parts: list[int],
) -> None:
    spec = make_spec()
    pair = pair_of(long, short, Decimal(50_000))
    if not pair.open:
        return

    low, high = table_of(make_spec, 10).safe_interval(pair, Decimal(mark), Decimal(slack))

    assert low < mark <= high
    top = high if high < INFINITY else Decimal(10) ** 7
    start = excess(spec, pair, Decimal(mark))
    for part in parts:
        inside = low + (top - low) * part / 1000
        assert start - excess(spec, pair, inside) < slack + Decimal("1e-15")


def test_one_leg_s_safe_interval_ends_at_its_liquidation_price(
    make_spec: Callable[..., SymbolSpec],
) -> None:
    table = table_of(make_spec, 10)
    long, short = pair_of(1_000, 0, Decimal(50_000)), pair_of(0, 1_000, Decimal(50_000))

    # 1 coin: profit falls by 1 and margin by 0.01 per unit of price.
    assert table.safe_interval(long, Decimal(50_000), Decimal(9_900)).low == Decimal(40_000)
    assert table.crossing(long, Decimal(50_000), Decimal(9_900)) == Decimal(40_000)
    assert table.safe_interval(short, Decimal(50_000), Decimal(10_100)).high == Decimal(60_000)
    assert table.crossing(short, Decimal(50_000), Decimal(10_100)) == Decimal(60_000)


def test_a_crossing_beyond_a_tier_boundary_is_left_to_the_kernel(
    make_spec: Callable[..., SymbolSpec],
) -> None:
    table = table_of(make_spec, 10)
    short = pair_of(0, 1_000, Decimal(150_000))
    long = pair_of(5_000, 0, Decimal(50_000))
    even = pair_of(1_000, 1_000, Decimal(50_000))

    assert table.crossing(short, Decimal(150_000), Decimal(100_000)) is None
    assert table.crossing(long, Decimal(50_000), Decimal(100_000)) is None
    assert table.crossing(even, Decimal(50_000), Decimal(100)) is None
