"""What an order may cost: its size, the coverage it takes, and what wallet and caps still allow.

It knows mirror, reservations and settings of one strategy; it refuses to know levels and modes.
"""

from decimal import Decimal

from gridcore.events import Ticker
from gridcore.policy import DIRECTIONS, SIDES
from gridcore.session.caps import Caps
from gridcore.session.exposure import AccountExposure, Exposure
from gridcore.session.mirror import MirroredPair, MirroredWallet
from gridcore.session.reservations import Reservations
from gridcore.session.risk_watch import RiskWatch
from gridcore.session.setup import StrategySetup
from gridcore.sizing import Sized, Sizer, early_imbalance_factor, parse_amount

_ONE = Decimal(1)


class Means:
    """Sizes of one strategy's orders, and what they may add up to."""

    __slots__ = (
        "_early",
        "_exposure",
        "_max_margin",
        "_pair",
        "_reserved",
        "_risk",
        "_sizer",
        "_together",
        "_wallet",
        "caps",
    )

    def __init__(
        self,
        setup: StrategySetup,
        pair: MirroredPair,
        wallet: MirroredWallet,
        reserved: Reservations,
        risk: RiskWatch,
        together: AccountExposure,
    ) -> None:
        self.caps = Caps(setup.grid, setup.sizing, setup.safety, setup.instrument)
        self._sizer = Sizer(parse_amount(setup.sizing.amount), setup.instrument)
        self._early = setup.sizing.early_imbalance_multiplier
        self._max_margin = setup.risk.max_margin
        self._pair = pair
        self._wallet = wallet
        self._reserved = reserved
        self._risk = risk
        self._exposure = Exposure(
            setup.instrument, setup.tiers, setup.sizing.leverage, setup.taker_fee, pair, reserved
        )
        self._together = together
        together.join(self._exposure)

    def size(self, direction: int, side: int, price: int, ticker: Ticker | None) -> Sized | None:
        """Steps of an order at its level; None while the wallet or the market is unknown."""
        balance = self._wallet.balance
        if balance is None or ticker is None:
            return None
        verdict = self._risk.verdict(ticker.last, ticker.mark)
        multiplier = verdict.multiplier(DIRECTIONS[direction], SIDES[side])
        if self._early != _ONE:
            long, short = self._pair.legs
            multiplier *= early_imbalance_factor(
                long.size, short.size, long.liquidation, short.liquidation, self._early
            )
        if direction != side:
            return self._sizer.closing(price, balance, multiplier)
        return self._sizer.opening(price, balance, multiplier)

    def uncovered(self, direction: int) -> int:
        """Steps of the position that no close covers."""
        return self._pair.legs[direction].size - self._reserved.covered[direction]

    def affords(self, direction: int, price: int, steps: int) -> bool:
        """Whether the wallet carries one more open."""
        return self._together.affords(self._exposure, direction, price, steps)

    def within_max_margin(self, price: int, steps: int) -> bool:
        """Whether everything on the symbol stays within max_margin times the wallet."""
        balance = self._wallet.balance
        if balance is None:
            return False
        return self._exposure.value_with(price, steps) <= self._max_margin * balance

    def within_notional(self, direction: int, price: int, steps: int) -> bool:
        """Whether one direction, this open included, stays within its cap."""
        cap = self.caps.notional(price, self._wallet.balance)
        if cap is None:
            return False
        return self._exposure.direction_value_with(direction, price, steps) <= cap
