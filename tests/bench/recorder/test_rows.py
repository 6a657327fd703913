"""The simulator's rows as values: what means nothing is none, what was never traded has no time."""

from decimal import Decimal

import pytest

from bench.recorder.rows import Leg, above_zero, number, timeless


@pytest.mark.parametrize(
    ("text", "plain", "positive"),
    [
        ("", None, None),
        (None, None, None),
        ("0", Decimal(0), None),
        ("1.50", Decimal("1.5"), Decimal("1.5")),
    ],
)
def test_numbers_are_exact_and_absence_is_none(
    text: object, plain: Decimal | None, positive: Decimal | None
) -> None:
    assert (number(text), above_zero(text)) == (plain, positive)


def test_a_leg_that_was_never_traded_has_changed_at_no_time() -> None:
    flat = Leg("BTCUSDT", "Buy", 7, Decimal(0), None, Decimal(0), Decimal(0))

    assert timeless(flat).at_us == 0
    assert timeless(flat._replace(realised=Decimal(-1))).at_us == 7
