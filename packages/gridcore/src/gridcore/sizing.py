"""Amount and multipliers -> whole steps, rounded once, exactly.

It knows one instrument and one amount; it refuses to know positions, coverage and margin.
"""

from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from fractions import Fraction
from typing import NamedTuple

from gridcore.config import ConfigError
from gridcore.events import NO_LIQUIDATION, Liquidation
from gridcore.instrument import Instrument, Price, Steps
from gridcore.message import message

ONE = Decimal(1)
ZERO = Decimal(0)


class AmountKind(Enum):
    """What the number of an amount means."""

    WALLET_FRACTION = "x"
    QUOTE = ""
    BASE = "b"


@message
class Amount:
    """How much an order is asked to be worth before multipliers; the value is positive."""

    kind: AmountKind
    value: Decimal


class SizeFlag(StrEnum):
    """What happened to the size between what was asked and what came out."""

    AS_ASKED = "as_asked"
    RAISED = "raised"
    CUT = "cut"
    BELOW_MINIMUM = "below_minimum"
    NOTHING_ASKED = "nothing_asked"


class Sized(NamedTuple):
    """The size of an order; steps None (no order) with BELOW_MINIMUM and NOTHING_ASKED only."""

    steps: Steps | None
    flag: SizeFlag


_BELOW_MINIMUM = Sized(None, SizeFlag.BELOW_MINIMUM)
_NOTHING_ASKED = Sized(None, SizeFlag.NOTHING_ASKED)


def parse_amount(text: str) -> Amount:
    """Read `x<fraction of wallet>`, `<USDT>` or `b<base quantity>`; ConfigError otherwise (Q-1)."""
    kind = AmountKind.QUOTE
    for prefixed in (AmountKind.WALLET_FRACTION, AmountKind.BASE):
        if text.startswith(prefixed.value):
            kind = prefixed
    try:
        value = Decimal(text[len(kind.value) :])
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or value <= 0:
        raise ConfigError(
            "amount: expected x<fraction of wallet>, <USDT> or b<base quantity> with a finite "
            f'number above 0, such as "x0.001", "25" or "b0.002", found {text!r}'
        )
    return Amount(kind=kind, value=value)


def early_imbalance_factor(
    long_size: Decimal | int,
    short_size: Decimal | int,
    long_liquidation: Liquidation,
    short_liquidation: Liquidation,
    multiplier: Decimal,
) -> Decimal:
    """`multiplier` while 1.1 < long / short < 10 and neither leg has a liquidation price (Q-6).

    Sizes, not margins; an unknown liquidation price (None) is not the absence of one.
    """
    for liquidation in (long_liquidation, short_liquidation):
        if liquidation is not NO_LIQUIDATION and liquidation != ZERO:
            return ONE
    between = 11 * short_size < 10 * long_size and long_size < 10 * short_size
    return multiplier if between else ONE


class Sizer:
    """Turns one strategy's amount into order sizes on one instrument.

    Every comparison and rounding is done on whole numbers: with the asked worth n/d in units of
    tick * step, an order at p ticks has ceil(n / (d * p)) steps.
    """

    __slots__ = (
        "_asked",
        "_by_price",
        "_least",
        "_max_steps",
        "_min_steps",
        "_per_wallet",
        "_wallet",
        "amount",
        "instrument",
    )

    def __init__(self, amount: Amount, instrument: Instrument) -> None:
        self.amount = amount
        self.instrument = instrument
        unit = Fraction(instrument.tick_size) * Fraction(instrument.qty_step)
        self._least = (Fraction(instrument.min_notional) / unit).as_integer_ratio()
        self._min_steps = instrument.min_steps
        self._max_steps = instrument.max_steps
        value = Fraction(amount.value)
        per = Fraction(instrument.qty_step) if amount.kind is AmountKind.BASE else unit
        self._asked = (value / per).as_integer_ratio()
        self._per_wallet = self._asked if amount.kind is AmountKind.WALLET_FRACTION else None
        self._by_price = amount.kind is not AmountKind.BASE
        self._wallet: Decimal | None = None

    def opening(self, price: Price, wallet: Decimal, multiplier: Decimal) -> Sized:
        """Size of an order that opens: at least the minimum notional (Q-2 to Q-5).

        `price` in ticks, `wallet` the realised balance, `multiplier` the product of all
        multipliers. A price or wallet that is not positive asks for nothing
        (Q-2). RAISED means more than 1.5 times what was asked.
        """
        above, below = self._ratio(price, wallet, multiplier)
        if above <= 0 or below <= 0:
            return _NOTHING_ASKED
        steps = -(-above // below)
        least_above, least_below = self._least
        if least_above:
            least = -(-least_above * price.denominator // (least_below * price.numerator))
            if least > steps:
                steps = least
        if steps < self._min_steps:
            return _BELOW_MINIMUM
        if steps > self._max_steps:
            return Sized(self._max_steps, SizeFlag.CUT)
        raised = 2 * steps * below > 3 * above
        return Sized(Steps(steps), SizeFlag.RAISED if raised else SizeFlag.AS_ASKED)

    def closing(self, price: Price, wallet: Decimal, multiplier: Decimal) -> Sized:
        """Size of an order that closes: never raised to the minimum notional."""
        above, below = self._ratio(price, wallet, multiplier)
        if above <= 0 or below <= 0:
            return _NOTHING_ASKED
        steps = -(-above // below)
        if steps < self._min_steps:
            return _BELOW_MINIMUM
        if steps > self._max_steps:
            return Sized(self._max_steps, SizeFlag.CUT)
        return Sized(Steps(steps), SizeFlag.AS_ASKED)

    def _ratio(self, price: Price, wallet: Decimal, multiplier: Decimal) -> tuple[int, int]:
        """The asked size in steps as (numerator, denominator)."""
        if self._per_wallet is not None and wallet is not self._wallet:
            self._wallet = wallet
            whole, parts = wallet.as_integer_ratio()
            self._asked = self._per_wallet[0] * whole, self._per_wallet[1] * parts
        above, below = self._asked
        if self._by_price:
            above *= price.denominator
            below *= price.numerator
        if multiplier is not ONE:
            multiplier_above, multiplier_below = multiplier.as_integer_ratio()
            above *= multiplier_above
            below *= multiplier_below
        return above, below
