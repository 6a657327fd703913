"""Amounts to steps."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.config import ConfigError
from gridcore.events import NO_LIQUIDATION, Liquidation
from gridcore.instrument import Instrument
from gridcore.sizing import (
    Amount,
    AmountKind,
    Sized,
    SizeFlag,
    Sizer,
    early_imbalance_factor,
    parse_amount,
)

D = Decimal
ONE = D(1)
LTC: dict[str, Any] = {
    "symbol": "LTCUSDT",
    "tick_size": D("0.01"),
    "qty_step": D("0.1"),
    "min_qty": D("0.1"),
    "max_qty": D(80000),
    "min_notional": D(5),
}


def sizer(amount: str, **changes: Any) -> Sizer:
    return Sizer(parse_amount(amount), Instrument(**{**LTC, **changes}))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("x0.001", AmountKind.WALLET_FRACTION, "0.001"),
        ("x1e-3", AmountKind.WALLET_FRACTION, "0.001"),
        ("25", AmountKind.QUOTE, "25"),
        (" 100", AmountKind.QUOTE, "100"),
        ("1_000", AmountKind.QUOTE, "1000"),
        ("b0.002", AmountKind.BASE, "0.002"),
    ],
)
def test_an_amount_is_read_by_its_first_letter(text: str, kind: AmountKind, value: str) -> None:
    """Q-1, golden/README.md 16."""
    assert parse_amount(text) == Amount(kind=kind, value=D(value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "b",
        "abc",
        "0",
        "-5",
        "x0",
        "x-1",
        "b0",
        "NaN",
        "xNaN",
        "Infinity",
        "X0.001",
        "x x1",
    ],
)
def test_an_amount_that_cannot_be_traded_is_refused_at_load(text: str) -> None:
    """Q-1: "0" and "-5" traded the minimum, "NaN" failed at the first order."""
    with pytest.raises(ConfigError, match=r"amount: expected .* found"):
        parse_amount(text)


@pytest.mark.parametrize(
    ("amount", "price", "wallet", "steps"),
    [
        ("x0.001", 5420, "10000", 2),
        ("x0.001", 5420, "100", 1),
        ("x0.001", 5000, "5000", 1),
        ("5", 5000, "0", 1),
        ("100", 8000, "-1", 13),
        ("b0.25", 5420, "0", 3),
    ],
)
def test_opening_sizes(amount: str, price: int, wallet: str, steps: int) -> None:
    """The vectors of strategy.md 1.12."""
    assert sizer(amount).opening(price, D(wallet), ONE).steps == steps


@pytest.mark.parametrize(
    ("amount", "price", "wallet"),
    [("x0.001", 5420, "0"), ("x0.001", 5420, "-1"), ("100", 0, "100"), ("100", -5, "100")],
)
def test_without_wallet_or_price_nothing_is_asked(amount: str, price: int, wallet: str) -> None:
    """Q-2."""
    nothing = Sized(None, SizeFlag.NOTHING_ASKED)

    assert sizer(amount).opening(price, D(wallet), ONE) == nothing
    assert sizer(amount).closing(price, D(wallet), ONE) == nothing


def test_exactly_the_minimum_notional_is_not_raised() -> None:
    """Q-3: 5 USDT at 50."""
    assert sizer("5").opening(5000, D(0), ONE) == Sized(1, SizeFlag.AS_ASKED)  # type: ignore[arg-type]


def test_a_raise_above_one_and_a_half_of_what_was_asked_is_told() -> None:
    """2 USDT asked where 5 are needed is told of; 4 asked is 1.25 times and is not."""
    fine = {"qty_step": D("0.001"), "min_qty": D("0.001")}

    assert sizer("2", **fine).opening(5000, D(0), ONE).flag is SizeFlag.RAISED
    assert sizer("4", **fine).opening(5000, D(0), ONE).flag is SizeFlag.AS_ASKED
    assert sizer("5", **fine).opening(5000, D(0), ONE).flag is SizeFlag.AS_ASKED


def test_a_multiplier_applies_before_the_one_rounding() -> None:
    """Q-4, golden/README.md 6: base .092 * 0.5 = .046 is .1 of a step of .1, .046 of .001."""
    fine = sizer("b0.092", qty_step=D("0.001"), min_qty=D("0.001"), min_notional=D(0))

    assert fine.opening(5000, D(0), D("0.5")).steps == 46
    assert fine.opening(5000, D(0), D("1.5")).steps == 138
    assert sizer("b0.092", min_notional=D(0)).opening(5000, D(0), D("0.5")).steps == 1


def test_a_close_is_not_raised_to_the_minimum_notional() -> None:
    """1 USDT at 5.00 with a step of .1: 2 steps; an opening gets 10."""
    assert sizer("1").closing(500, D(0), ONE) == Sized(2, SizeFlag.AS_ASKED)  # type: ignore[arg-type]
    assert sizer("1").opening(500, D(0), ONE).steps == 10


@pytest.mark.parametrize("opening", [True, False])
def test_below_the_minimum_quantity_there_is_no_order(opening: bool) -> None:
    """Q-5."""
    coarse = sizer("b0.1", min_qty=D(1), min_notional=D(0))
    size = coarse.opening if opening else coarse.closing

    assert size(5000, D(0), ONE) == Sized(None, SizeFlag.BELOW_MINIMUM)


@pytest.mark.parametrize("opening", [True, False])
def test_the_maximum_quantity_cuts(opening: bool) -> None:
    small = sizer("b50", max_qty=D(10))
    size = small.opening if opening else small.closing

    assert size(5000, D(0), ONE) == Sized(100, SizeFlag.CUT)  # type: ignore[arg-type]


def test_exactly_the_maximum_quantity_is_not_cut() -> None:
    assert sizer("b10", max_qty=D(10)).opening(5000, D(0), ONE).flag is SizeFlag.AS_ASKED
    assert sizer("b10.1", max_qty=D(10)).opening(5000, D(0), ONE).flag is SizeFlag.CUT


def test_another_wallet_gives_another_size() -> None:
    same = sizer("x0.01")

    assert same.opening(5000, D(10000), ONE).steps == 20
    assert same.opening(5000, D(20000), ONE).steps == 40


def test_a_price_off_the_tick_is_taken_exactly() -> None:
    assert sizer("100").closing(Fraction(1, 10**7), D(0), ONE).flag is SizeFlag.CUT
    assert sizer("100").closing(Fraction(10001, 2), D(0), ONE).steps == 20


@pytest.mark.parametrize(
    ("long", "short", "long_liquidation", "short_liquidation", "applies"),
    [
        ("1.11", "1", NO_LIQUIDATION, NO_LIQUIDATION, True),
        ("1.1", "1", NO_LIQUIDATION, NO_LIQUIDATION, False),
        ("9.99", "1", D(0), NO_LIQUIDATION, True),
        ("10", "1", NO_LIQUIDATION, NO_LIQUIDATION, False),
        ("1", "2", NO_LIQUIDATION, NO_LIQUIDATION, False),
        ("2", "1", D(45), NO_LIQUIDATION, False),
        ("2", "1", NO_LIQUIDATION, D(95), False),
        ("2", "1", None, NO_LIQUIDATION, False),
        ("5", "0", NO_LIQUIDATION, NO_LIQUIDATION, False),
        ("0", "0", NO_LIQUIDATION, NO_LIQUIDATION, False),
    ],
)
def test_the_early_imbalance_needs_an_open_band_and_no_liquidation_price(
    long: str,
    short: str,
    long_liquidation: Liquidation,
    short_liquidation: Liquidation,
    applies: bool,
) -> None:
    """Q-6, A-09: sizes, open interval from 1.1 to 10."""
    factor = early_imbalance_factor(
        D(long), D(short), long_liquidation, short_liquidation, D("1.3")
    )

    assert factor == (D("1.3") if applies else ONE)


amounts = st.decimals("0.0001", "100000", places=4)
multipliers = st.sampled_from([D("0.5"), ONE, D("1.5"), D(2), D("1.17")])
instruments = st.builds(
    Instrument,
    symbol=st.just("TEST"),
    tick_size=st.sampled_from([D("0.01"), D("0.1"), D("0.25"), D("0.0000001")]),
    qty_step=st.sampled_from([D("0.001"), D("0.03"), D(1), D(100)]),
    min_qty=st.just(D(100)),
    max_qty=st.just(D(10) ** 15),
    min_notional=st.sampled_from([D(0), D(5), D("0.1")]),
)


@given(
    amounts, instruments, st.integers(1, 10**8), st.decimals("0", "10000", places=8), multipliers
)
def test_an_opening_is_the_smallest_size_that_is_enough(
    value: Decimal, instrument: Instrument, price: int, wallet: Decimal, multiplier: Decimal
) -> None:
    """Rounded up once, on exact numbers: one step less would fall short."""
    for kind in AmountKind:
        sized = Sizer(Amount(kind=kind, value=value), instrument).opening(price, wallet, multiplier)
        if sized.steps is None or sized.flag is SizeFlag.CUT:
            continue
        worth = Fraction(price) * Fraction(instrument.tick_size)
        base = Fraction(value)
        if kind is not AmountKind.BASE:
            base = base * (Fraction(wallet) if kind is AmountKind.WALLET_FRACTION else 1) / worth
        needed = max(base * Fraction(multiplier), Fraction(instrument.min_notional) / worth)
        step = Fraction(instrument.qty_step)

        assert sized.steps * step >= needed
        assert (sized.steps - 1) * step < needed


@given(amounts, instruments, st.integers(1, 10**8), multipliers)
def test_a_larger_multiplier_never_gives_a_smaller_order(
    value: Decimal, instrument: Instrument, price: int, multiplier: Decimal
) -> None:
    one = Sizer(Amount(kind=AmountKind.QUOTE, value=value), instrument)

    assert (one.opening(price, ONE, 2 * multiplier).steps or 0) >= (
        one.opening(price, ONE, multiplier).steps or 0
    )
