"""The risk rules as rows: precedence, conditions, effects."""

from decimal import Decimal
from typing import Any

import pytest

from gridcore.config import RiskConfig
from gridcore.events import NO_LIQUIDATION, Liquidation
from gridcore.risk_table import (
    LegRisk,
    PairRisk,
    RiskSeverity,
    direction_rules,
    emergency_limits,
    endangered,
    generate_rule_table_markdown,
    rule_table,
)
from gridcore.sides import LONG, SHORT, DirectionType, closing_side, opening_side

D = Decimal


def pair(**changes: Any) -> PairRisk:
    leg = LegRisk(size=D(1), entry=D(100), liquidation=NO_LIQUIDATION)
    fields: dict[str, Any] = {
        "long": leg,
        "short": leg,
        "long_margin": D("0.4"),
        "short_margin": D("0.4"),
        "price": D(100),
        "low_balance": False,
    }
    return PairRisk(**{**fields, **changes})


def fired(direction: DirectionType, state: PairRisk, config: RiskConfig | None = None) -> list[str]:
    """Names of all rows that apply, whatever their precedence."""
    rules = direction_rules(direction, config or RiskConfig())
    return [rule.name for rule in rules if rule.applies(state)]


def test_the_chains_name_danger_before_growth() -> None:
    """LS-02: growth ran before the hedge rule for an hour."""
    names = [rule.name for rule in rule_table(RiskConfig())]

    assert names == [
        "long_emergency",
        "long_moderate",
        "long_low_margin",
        "long_small_and_losing",
        "long_small",
        "short_emergency",
        "short_moderate",
        "short_low_margin",
        "short_small_and_losing",
        "short_small",
    ]


def test_thresholds_of_the_defaults() -> None:
    """R-5, R-6: a long above 0.84, a short below 1.14 of the market price."""
    assert emergency_limits(RiskConfig()) == {LONG: D("0.84"), SHORT: D("1.14")}


@pytest.mark.parametrize(
    ("direction", "liquidation", "danger"),
    [
        (LONG, D("84.0001"), True),
        (LONG, D(84), False),
        (LONG, D(0), False),
        (LONG, NO_LIQUIDATION, False),
        (LONG, None, False),
        (SHORT, D("113.9999"), True),
        (SHORT, D(114), False),
        (SHORT, D(0), False),
        (SHORT, NO_LIQUIDATION, False),
        (SHORT, None, False),
    ],
)
def test_danger_is_strict_and_needs_a_price(
    direction: DirectionType, liquidation: Liquidation, danger: bool
) -> None:
    """A-10."""
    limit = emergency_limits(RiskConfig())[direction]

    assert endangered(direction, liquidation, limit, D(100)) is danger


@pytest.mark.parametrize(
    ("long_margin", "short_margin", "applies"),
    [
        ("0.05", "0.05", True),
        ("0.0500", "0.0531", True),
        ("0.0500", "0.0532", False),
        ("0.0524", "0.0500", True),
        ("0.0525", "0.0500", False),
        ("0.075", "0.075", False),
        ("0.0749", "0.075", True),
    ],
)
def test_low_margin_needs_equal_legs_and_little_in_all(
    long_margin: str, short_margin: str, applies: bool
) -> None:
    """R-5.3: 0.94 < ratio < 1.05 and total < 0.15, all strict."""
    state = pair(long_margin=D(long_margin), short_margin=D(short_margin))

    assert ("long_low_margin" in fired(LONG, state)) is applies
    assert ("short_low_margin" in fired(SHORT, state)) is applies


def test_a_leg_is_small_below_a_fifth_of_the_other() -> None:
    """R-5.5, R-6.5: exactly a fifth is not small."""
    assert fired(LONG, pair(long_margin=D("0.0999"), short_margin=D("0.5"))) == ["long_small"]
    assert fired(LONG, pair(long_margin=D("0.1"), short_margin=D("0.5"))) == []
    assert fired(SHORT, pair(long_margin=D("0.5"), short_margin=D("0.0999"))) == ["short_small"]
    assert fired(SHORT, pair(long_margin=D("0.5"), short_margin=D("0.1"))) == []


@pytest.mark.parametrize(("price", "losing"), [("99.99", LONG), ("100.01", SHORT), ("100", None)])
def test_a_leg_below_half_of_the_other_must_lose_to_grow(
    price: str, losing: DirectionType | None
) -> None:
    """R-5.4, R-6.4; R-8: exactly 0.5 or 2.0 gives nothing."""
    for direction, margins in ((LONG, ("0.2", "0.6")), (SHORT, ("0.6", "0.2"))):
        state = pair(long_margin=D(margins[0]), short_margin=D(margins[1]), price=D(price))
        expected = [f"{direction.value}_small_and_losing"] if direction is losing else []

        assert fired(direction, state) == expected


def test_a_margin_of_zero_on_the_short_stands_for_a_ten_thousandth() -> None:
    """R-4: ratio 6000, so nothing for the long; a tiny long counts as small against it."""
    assert fired(LONG, pair(long_margin=D("0.6"), short_margin=D(0))) == []
    tiny = pair(long_margin=D("0.00001"), short_margin=D(0))

    assert fired(LONG, tiny) == ["long_small"]


def test_margins_of_28_digits_are_compared_exactly() -> None:
    """A product rounded to 28 digits would make 0.2 * short equal to long here."""
    state = pair(
        long_margin=D("0.1302953889149817668060408194"),
        short_margin=D("0.6514769445749088340302040972"),
    )

    assert fired(LONG, state) == ["long_small"]


@pytest.mark.parametrize("increase", [False, True])
@pytest.mark.parametrize("direction", DirectionType)
def test_low_margin_grows_or_holds_its_own_direction(
    direction: DirectionType, increase: bool
) -> None:
    """R-7."""
    config = RiskConfig(increase_same_position_on_low_margin=increase)
    effect = direction_rules(direction, config)[2].effect

    assert effect.direction is direction
    assert effect.side is (opening_side(direction) if increase else closing_side(direction))
    assert effect.multiplier == (D(2) if increase else D("0.5"))


def test_severities_are_ordered() -> None:
    assert RiskSeverity.NONE < RiskSeverity.MODERATE < RiskSeverity.EMERGENCY


def test_the_documentation_is_made_from_the_table() -> None:
    """LS-04: prose said the reverse of the code for weeks."""
    text = generate_rule_table_markdown(RiskConfig())

    assert (
        "| short_emergency | emergency | liquidation / price < 1.14 | short Buy x 1.5 |\n" in text
    )
    assert (
        "| long_moderate | moderate | liquidation / price > 0.8 | short Buy x 0.5, "
        "not while the balance is low |\n" in text
    )
    assert len(text.splitlines()) == 12
