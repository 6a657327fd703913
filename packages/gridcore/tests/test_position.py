"""What the risk rules say of a pair: examples from the field, and laws."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.config import RiskConfig
from gridcore.events import NO_LIQUIDATION, Liquidation
from gridcore.position import (
    NEUTRAL,
    LegRisk,
    PairRisk,
    RiskRules,
    RiskSeverity,
    RiskVerdict,
    mark_margins,
)
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, closing_side, opening_side

D = Decimal
ONE = D(1)


def leg(liquidation: Liquidation = NO_LIQUIDATION, **changes: Any) -> LegRisk:
    return LegRisk(**{"size": ONE, "entry": D(100), "liquidation": liquidation, **changes})


def pair(
    long: Liquidation = NO_LIQUIDATION, short: Liquidation = NO_LIQUIDATION, **changes: Any
) -> PairRisk:
    flat = changes.get("short_margin") == 0
    fields: dict[str, Any] = {
        "long": leg(long),
        "short": leg(short, size=D(0) if flat else ONE),
        "long_margin": D("0.4"),
        "short_margin": D("0.4"),
        "price": D(100),
        "low_balance": False,
    }
    return PairRisk(**{**fields, **changes})


def judge(state: PairRisk, **settings: Any) -> RiskVerdict:
    return RiskRules(RiskConfig(**settings)).judge(state)


def multipliers(verdict: RiskVerdict) -> tuple[Decimal, ...]:
    """long Buy, long Sell, short Buy, short Sell."""
    return verdict.long_buy, verdict.long_sell, verdict.short_buy, verdict.short_sell


def test_a_short_whose_liquidation_is_5_percent_above_the_market_is_in_emergency() -> None:
    """LS-01."""
    verdict = judge(pair(short=D(105)))

    assert verdict.short_severity is RiskSeverity.EMERGENCY
    assert multipliers(verdict) == (ONE, ONE, D("1.5"), ONE)


def test_a_short_whose_liquidation_is_300_percent_of_the_market_is_not() -> None:
    """LS-01: the reversed comparison called this an emergency 22 times in a day."""
    assert judge(pair(short=D(300))) == NEUTRAL


@pytest.mark.parametrize(
    ("state", "settings", "expected"),
    [
        (pair(long=D(85)), {}, (1, "1.5", 1, 1)),
        (pair(long=D(82)), {}, (1, 1, "0.5", 1)),
        (pair(long=D(82), low_balance=True), {}, (1, 1, 1, 1)),
        (pair(short=D(113)), {}, (1, 1, "1.5", 1)),
        (pair(short=D(118)), {}, (1, "0.5", 1, 1)),
        (pair(short=D(118), low_balance=True), {}, (1, 1, 1, 1)),
        (pair(long_margin=D("0.05"), short_margin=D("0.05")), {}, (1, "0.5", "0.5", 1)),
        (
            pair(long_margin=D("0.05"), short_margin=D("0.05")),
            {"increase_same_position_on_low_margin": True},
            (2, 1, 1, 2),
        ),
        (pair(long_margin=D("0.2"), short_margin=D("0.6"), price=D(99)), {}, (2, 1, 1, 1)),
        (pair(long_margin=D("0.1"), short_margin=D("0.6"), price=D(101)), {}, (2, 1, 1, 1)),
        (pair(long_margin=D("0.6"), short_margin=D("0.2"), price=D(101)), {}, (1, 1, 1, 2)),
        (pair(long_margin=D("0.6"), short_margin=D("0.1"), price=D(99)), {}, (1, 1, 1, 2)),
        (pair(long_margin=D("0.3"), short_margin=D("0.6"), price=D(99)), {}, (1, 1, 1, 1)),
        (pair(long_margin=D("0.6"), short_margin=D("0.3"), price=D(101)), {}, (1, 1, 1, 1)),
        (pair(short=None, long_margin=D("0.6"), short_margin=D(0)), {}, (1, 1, 1, 1)),
    ],
)
def test_recorded_examples(
    state: PairRisk, settings: dict[str, Any], expected: tuple[str | int, ...]
) -> None:
    """R-8."""
    assert multipliers(judge(state, **settings)) == tuple(D(value) for value in expected)


def test_a_calm_hedge_is_left_alone() -> None:
    """LS-02, from production: long margin .38 at +1.52 %, short 1.05 at -.90 %.

    The short is the larger leg and loses; neither grows.
    """
    state = pair(
        long=D(40),
        short=D(250),
        long_margin=D("0.38"),
        short_margin=D("1.05"),
        price=D("101.52"),
    )

    assert judge(state, min_total_margin=D(0)) == NEUTRAL


def test_an_emergency_is_never_overwritten_by_a_milder_rule() -> None:
    """R-9, golden/README.md 4: long emergency and moderate short at once."""
    verdict = judge(pair(long=D(85), short=D(118)))

    assert multipliers(verdict) == (ONE, D("1.5"), ONE, ONE)
    assert verdict.fired == ("long_emergency", "short_moderate")


def test_the_emergency_of_the_short_wins_over_the_moderate_long() -> None:
    assert multipliers(judge(pair(long=D(82), short=D(113)))) == (ONE, ONE, D("1.5"), ONE)


def test_both_emergencies_close_both_legs_faster() -> None:
    """A-10."""
    verdict = judge(pair(long=D(90), short=D(110)))

    assert multipliers(verdict) == (ONE, D("1.5"), D("1.5"), ONE)


def test_a_flat_leg_has_no_rules_even_with_an_entry() -> None:
    state = pair(long=D(95), short=D(105))
    flat = PairRisk(
        long=leg(D(95), size=D(0)),
        short=leg(D(105), size=D(0)),
        long_margin=D(0),
        short_margin=D(0),
        price=state.price,
        low_balance=False,
    )

    assert judge(flat) == NEUTRAL


@pytest.mark.parametrize("entry", [None, D(0)])
def test_a_leg_without_an_entry_has_no_rules(entry: Decimal | None) -> None:
    """R-4."""
    state = pair()
    bare = PairRisk(
        long=leg(D(95), entry=entry),
        short=state.short,
        long_margin=state.long_margin,
        short_margin=state.short_margin,
        price=state.price,
        low_balance=False,
    )

    assert judge(bare) == NEUTRAL


def test_rules_can_be_switched_off() -> None:
    assert judge(pair(long=D(95), short=D(105)), enabled=False) == NEUTRAL


@pytest.mark.parametrize("price", ["0", "-1"])
def test_an_unknown_price_is_not_judged(price: str) -> None:
    """R-10, LS-29."""
    with pytest.raises(ValueError, match="known last price"):
        judge(pair(price=D(price)))


def test_a_verdict_is_read_by_direction_and_side() -> None:
    verdict = judge(pair(long=D(85), short=D(113)))

    assert verdict.multiplier(LONG, SELL) == D("1.5")
    assert verdict.multiplier(SHORT, BUY) == D("1.5")
    assert verdict.multiplier(LONG, BUY) == verdict.multiplier(SHORT, SELL) == ONE
    assert verdict.severity(LONG) is verdict.severity(SHORT) is RiskSeverity.EMERGENCY


def test_margins_are_notional_at_mark_over_equity() -> None:
    """R-7b: one basis for all."""
    assert mark_margins(leg(size=D(2)), leg(size=D(3)), D(50), D(1000)) == (D("0.1"), D("0.15"))


def test_a_severity_can_be_asked_for_one_leg() -> None:
    rules = RiskRules(RiskConfig())

    assert rules.severity(SHORT, leg(D(105)), D(100)) is RiskSeverity.EMERGENCY
    assert rules.severity(SHORT, leg(D(118)), D(100)) is RiskSeverity.MODERATE
    assert rules.severity(SHORT, leg(None), D(100)) is RiskSeverity.NONE
    assert rules.severity(LONG, leg(D(95), size=D(0)), D(100)) is RiskSeverity.NONE


def test_an_even_pair_has_no_rule_of_size() -> None:
    rules = RiskRules(RiskConfig())

    assert rules.even(D(2), D(3), D(100), D(1000))
    assert not rules.even(D(2), D(5), D(100), D(1000))
    assert not rules.even(D("0.5"), D("0.5"), D(100), D(1000))
    assert not rules.even(D(2), D(0), D(100), D(1000))
    assert not rules.even(D(2), D(3), None, D(1000))
    assert not rules.even(D(2), D(3), D(100), D(0))


prices = st.decimals("1", "500", places=2)
liquidations = st.one_of(st.just(NO_LIQUIDATION), st.none(), prices)
margins = st.decimals("0", "3", places=4)
settings = st.builds(
    RiskConfig,
    min_liq_ratio=st.decimals("0.5", "1", places=2),
    max_liq_ratio=st.decimals("1", "1.5", places=2),
    min_total_margin=st.decimals("0", "3", places=2),
    increase_same_position_on_low_margin=st.booleans(),
)
pairs = st.builds(
    PairRisk,
    long=st.builds(leg, liquidations, entry=prices),
    short=st.builds(leg, liquidations, entry=prices),
    long_margin=margins,
    short_margin=margins,
    price=prices,
    low_balance=st.booleans(),
)


@given(settings, st.sampled_from([LONG, SHORT]), prices, prices, prices)
def test_severity_never_falls_as_the_price_moves_towards_liquidation(
    config: RiskConfig, direction: DirectionType, liquidation: Decimal, one: Decimal, other: Decimal
) -> None:
    """LS-01: in physical terms, for both directions."""
    rules = RiskRules(config)
    far, near = (max(one, other), min(one, other))
    if direction is SHORT:
        far, near = near, far

    before = rules.severity(direction, leg(liquidation), far)
    after = rules.severity(direction, leg(liquidation), near)

    assert after >= before


@given(settings, pairs)
def test_in_danger_no_direction_grows_and_no_emergency_close_is_throttled(
    config: RiskConfig, state: PairRisk
) -> None:
    verdict = RiskRules(config).judge(state)

    for direction in DirectionType:
        severity = verdict.severity(direction)
        if severity > RiskSeverity.NONE:
            assert verdict.multiplier(direction, opening_side(direction)) <= ONE
        if severity is RiskSeverity.EMERGENCY:
            assert verdict.multiplier(direction, closing_side(direction)) == D("1.5")


@given(settings, pairs)
def test_a_verdict_has_the_severity_of_each_leg(config: RiskConfig, state: PairRisk) -> None:
    rules = RiskRules(config)
    verdict = rules.judge(state)

    assert verdict.long_severity is rules.severity(LONG, state.long, state.price)
    assert verdict.short_severity is rules.severity(SHORT, state.short, state.price)


@given(settings, pairs)
def test_an_even_pair_fires_no_rule_of_size(config: RiskConfig, state: PairRisk) -> None:
    rules = RiskRules(config)

    if rules.even(state.long_margin, state.short_margin, ONE, ONE):
        sizes = {"low_margin", "small", "small_and_losing"}
        fired = {name.split("_", 1)[1] for name in rules.judge(state).fired}
        assert not fired & sizes
