"""The caps of one strategy: how many orders, how many placements, how much value.

It knows what one order of the grid costs; it refuses to know what is open.
"""

from decimal import Decimal

from gridcore.config import GridConfig, SafetyConfig, SizingConfig
from gridcore.instrument import Instrument
from gridcore.sizing import ONE, ZERO, AmountKind, SizeFlag, Sizer, parse_amount

REMEMBERED_PRICES = 4096
"""Bound of the memory of caps by price; beyond it the memory starts again."""


class Caps:
    """What is stated in the settings, else derived from the grid (L110, W24, W25).

    `open_orders` orders at most, 2 * levels + 10 by default; `placements` in any 60 s, 4 * levels.
    """

    __slots__ = (
        "_balance",
        "_by_price",
        "_factor",
        "_instrument",
        "_largest",
        "_of_wallet",
        "_sizer",
        "_stated",
        "open_orders",
        "placements",
    )

    def __init__(
        self, grid: GridConfig, sizing: SizingConfig, safety: SafetyConfig, instrument: Instrument
    ) -> None:
        levels = grid.level_count
        stated_orders, stated_placements = safety.max_open_orders, safety.max_placements_per_minute
        self.open_orders: int = 2 * levels + 10 if stated_orders is None else stated_orders
        self.placements: int = 4 * levels if stated_placements is None else stated_placements
        self._stated = safety.max_notional
        # A grid of one level has no side; its one order still needs room.
        self._factor = safety.notional_factor * max(grid.grid_count // 2, 1)
        amount = parse_amount(sizing.amount)
        self._of_wallet = amount.kind is AmountKind.WALLET_FRACTION
        self._sizer = Sizer(amount, instrument)
        self._instrument = instrument
        self._largest = max(sizing.early_imbalance_multiplier, ONE)
        self._balance: Decimal | None = None
        self._by_price: dict[int, Decimal] = {}

    def notional(self, price: int, balance: Decimal | None) -> Decimal | None:
        """The most that one direction may be worth, an order at `price` ticks included.

        Quote currency: notional_factor * (grid_count // 2) * the value of one order as it would be
        sent at that price, steps and minimum notional included. `balance` is the realised wallet
        balance; None (unknown) comes back only where the amount is a fraction of it.
        """
        if self._stated is not None:
            return self._stated
        if self._of_wallet:
            if balance is None:
                return None
            if balance is not self._balance:
                self._balance = balance
                self._by_price.clear()
        found = self._by_price.get(price)
        if found is None:
            if len(self._by_price) >= REMEMBERED_PRICES:
                self._by_price.clear()
            found = self._by_price[price] = self._derived(price, balance)
        return found

    def _derived(self, price: int, balance: Decimal | None) -> Decimal:
        # Amounts in coins or USDT do not read the wallet.
        wallet = ONE if balance is None or not self._of_wallet else balance
        sized = self._sizer.opening(price, wallet, self._largest)
        if sized.flag is SizeFlag.NOTHING_ASKED:
            return ZERO
        # What is asked below the smallest order can only leave, multiplied, as that order.
        steps = self._instrument.min_steps if sized.steps is None else sized.steps
        return self._factor * self._instrument.notional(price, steps)
