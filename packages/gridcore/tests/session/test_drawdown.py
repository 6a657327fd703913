"""The optional limit on the fall of equity, unrealised profit included; off by default (W18)."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import DAY_US, Instant
from gridcore.pnl import unrealised
from gridcore.position import LegRisk
from gridcore.saved import Saved
from gridcore.session.drawdown import Drawdown, EquityLine, equity_line
from gridcore.sides import LONG, SHORT

TODAY = Instant(20_000 * DAY_US)
TOMORROW = Instant(TODAY + DAY_US)
TICK = Decimal("0.1")


def followed(pct: str | None, *equities: str, now: Instant = TODAY) -> Drawdown:
    drawdown = Drawdown(None if pct is None else Decimal(pct))
    for equity in equities:
        drawdown.observe(Decimal(equity), now)
    return drawdown


def legs(
    long: tuple[str, str] | None = None, short: tuple[str, str] | None = None
) -> tuple[LegRisk, LegRisk]:
    """Long and short as (size, entry)."""
    long_leg, short_leg = (
        LegRisk(
            size=Decimal(leg[0]) if leg else Decimal(0),
            entry=Decimal(leg[1]) if leg else None,
            liquidation=None,
        )
        for leg in (long, short)
    )
    return long_leg, short_leg


def test_the_limit_is_reached_at_its_percentage_below_the_peak() -> None:
    drawdown = followed("20", "900", "1000", "850")

    assert not drawdown.judge(Decimal("800.01"))
    assert drawdown.judge(Decimal(800))


def test_a_limit_that_is_off_remembers_nothing_and_is_never_reached() -> None:
    drawdown = followed(None, "1000")

    assert not drawdown.active
    assert not drawdown.judge(Decimal(-5))
    assert drawdown.band(equity_line(Decimal(1000), legs(("1", "100")), TICK)) == (None, None)
    assert drawdown.snapshot() == {"day": 0, "peak": None}


def test_nothing_is_reached_before_the_first_equity_is_known() -> None:
    drawdown = followed("20")

    assert drawdown.active
    assert not drawdown.judge(Decimal(0))


def test_a_limit_of_100_percent_is_reached_when_nothing_is_left() -> None:
    drawdown = followed("100", "1000")

    assert not drawdown.judge(Decimal("0.01"))
    assert drawdown.judge(Decimal(0))


def test_equity_that_was_never_above_zero_has_no_drawdown() -> None:
    assert not followed("20", "-10").judge(Decimal(-500))


def test_the_peak_begins_anew_at_utc_midnight() -> None:
    drawdown = followed("20", "1000")

    drawdown.observe(Decimal(700), TOMORROW)

    assert not drawdown.judge(Decimal("560.01"))
    assert drawdown.judge(Decimal(560))


def test_a_withdrawal_is_no_drawdown_and_a_deposit_no_profit() -> None:
    withdrawn, deposited = followed("20", "1000"), followed("20", "1000")

    withdrawn.move_cash(Decimal(-500))
    deposited.move_cash(Decimal(1000))

    assert not withdrawn.judge(Decimal(500))
    assert withdrawn.judge(Decimal(400))
    assert deposited.judge(Decimal(1600))


def test_after_the_operators_resume_the_fall_is_measured_from_there() -> None:
    drawdown = followed("20", "1000")

    drawdown.resume(Decimal(800))

    assert not drawdown.judge(Decimal(641))
    assert drawdown.judge(Decimal(640))


def test_cash_and_resume_before_the_first_equity_say_nothing() -> None:
    drawdown = followed("20")

    drawdown.move_cash(Decimal(5))
    drawdown.resume(Decimal(5))

    assert drawdown.snapshot()["peak"] is None


def test_equity_is_linear_in_the_last_price() -> None:
    """1000 elsewhere; 2 coins long from 100 and 1 short from 90, at 110: 20 up and 20 down."""
    line = equity_line(Decimal(1000), legs(("2", "100"), ("1", "90")), TICK)

    assert line.at(1100) == 1000
    assert line.at(Fraction(2201, 2)) == Fraction(100005, 100)


def test_a_leg_without_an_entry_has_no_unrealised_profit() -> None:
    long = LegRisk(size=Decimal(2), entry=None, liquidation=None)

    assert equity_line(Decimal(7), (long, legs()[1]), TICK).at(1100) == 7


def test_a_long_reaches_the_limit_below_and_a_short_above() -> None:
    """Equity 1000 at 100.0 and limit 20 %: 2 coins lose 200 within 100 of price."""
    drawdown = followed("20", "1000")

    long = drawdown.band(equity_line(Decimal(1000), legs(("2", "200")), TICK))
    short = drawdown.band(equity_line(Decimal(1000), legs(None, ("2", "200")), TICK))

    assert long == (1000, None)
    assert short == (None, 3000)


def test_bounds_between_two_ticks_are_the_last_tick_beyond() -> None:
    """3 coins lose 200 within 66.67 of price: reached at 1333 and at 2667, not next to them."""
    drawdown = followed("20", "1000")

    long = drawdown.band(equity_line(Decimal(1000), legs(("3", "200")), TICK))
    short = drawdown.band(equity_line(Decimal(1000), legs(None, ("3", "200")), TICK))

    assert long == (1333, None)
    assert short == (None, 2667)


@pytest.mark.parametrize(("others", "band"), [("800.01", (None, None)), ("800", None)])
def test_an_even_pair_reaches_the_limit_everywhere_or_nowhere(
    others: str, band: tuple[None, None] | None
) -> None:
    line = equity_line(Decimal(others), legs(("2", "200"), ("2", "200")), TICK)

    assert followed("20", "1000").band(line) == band


SIZES = st.integers(0, 5000).map(lambda steps: Decimal(steps) / 1000)
PRICES = st.integers(1, 20_000_000).map(lambda ticks: Decimal(ticks) / 100)
MONEY = st.integers(1, 10**9).map(lambda cents: Decimal(cents) / 100)


@given(
    st.integers(1, 1000).map(lambda tenths: Decimal(tenths) / 10),
    MONEY,
    MONEY,
    SIZES,
    PRICES,
    SIZES,
    PRICES,
    st.sampled_from([Decimal("0.1"), Decimal("0.01"), Decimal("0.5")]),
    st.integers(1, 2_000_000),
)
def test_the_band_and_a_direct_evaluation_agree_at_every_tick_near_the_bounds(
    pct: Decimal,
    peak: Decimal,
    others: Decimal,
    long: Decimal,
    long_entry: Decimal,
    short: Decimal,
    short_entry: Decimal,
    tick: Decimal,
    anywhere: int,
) -> None:
    drawdown = Drawdown(pct)
    drawdown.observe(peak, TODAY)
    pair = (
        LegRisk(size=long, entry=long_entry, liquidation=None),
        LegRisk(size=short, entry=short_entry, liquidation=None),
    )

    band = drawdown.band(equity_line(others, pair, tick))

    bounds = [bound for bound in band or () if bound is not None]
    for ticks in {anywhere} | {bound + off for bound in bounds for off in (-2, -1, 0, 1, 2)}:
        price = tick * ticks
        equity = (
            others
            + unrealised(LONG, long_entry, price, long)
            + unrealised(SHORT, short_entry, price, short)
        )
        inside = band is not None and all(
            (low is None or low < ticks) and (high is None or ticks < high) for low, high in [band]
        )
        assert inside is not drawdown.judge(equity)
        assert equity == equity_line(others, pair, tick).at(ticks)


@given(st.lists(st.tuples(st.integers(-100, 2000), st.integers(0, 3)), max_size=12), MONEY)
def test_a_restored_drawdown_answers_as_the_original(
    equities: list[tuple[int, int]], equity: Decimal
) -> None:
    drawdown, restored = followed("12.5"), followed("12.5", "77", now=Instant(TODAY + 9 * DAY_US))
    for value, day in sorted(equities, key=lambda pair: pair[1]):
        drawdown.observe(Decimal(value), Instant(TODAY + day * DAY_US))

    restored.restore(Saved(json.loads(json.dumps(drawdown.snapshot()))))

    assert restored.snapshot() == drawdown.snapshot()
    assert restored.judge(equity) is drawdown.judge(equity)
    later = Instant(TODAY + 3 * DAY_US)
    drawdown.observe(equity, later)
    restored.observe(equity, later)
    assert restored.snapshot() == drawdown.snapshot()
    line = EquityLine(base=Fraction(0), per_tick=Fraction(1))
    assert restored.band(line) == drawdown.band(line)


@pytest.mark.parametrize("peak", ["1", "0.5", "0.00000001"])
def test_a_small_account_has_a_limit_as_well(peak: str) -> None:
    limit = Drawdown(Decimal(10))
    limit.observe(Decimal(peak), Instant(1))

    assert not limit.judge(Decimal(peak))
    assert limit.judge(Decimal(peak) * Decimal("0.9"))


def test_an_account_that_has_nothing_cannot_fall() -> None:
    limit = followed("10", "0")

    assert not limit.judge(Decimal(0))
    assert not limit.judge(Decimal(-1))
