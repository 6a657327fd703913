"""Watches what may be risked: open orders, placements in 60 s, value per direction.

The caps are computed here from the configuration; positions and orders are the session's own.
"""

from collections import deque
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from gridcore.clock import MINUTE_US, Instant
from gridcore.events import Event
from gridcore.session.effects import Approved, Effects, PlaceOrder
from gridcore.session.setup import StrategySetup
from gridcore.sides import opens
from gridcore.sizing import AmountKind, parse_amount
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.own_orders import OwnOrders

if TYPE_CHECKING:
    from simvenue.campaign.world import World

ZERO = Decimal(0)
ONE = Decimal(1)


class ExposureChecker:
    """EXPOSURE_WITHIN_CAPS."""

    __slots__ = ("_placed", "_setups")

    def __init__(self) -> None:
        self._setups: dict[str, StrategySetup] = {}
        self._placed: dict[str, deque[Instant]] = {}

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Judge every event that places something."""
        opened: dict[tuple[str, int], PlaceOrder] = {}
        closed_after: dict[str, int] = {}
        for request in effects.requests:
            if not isinstance(request, Approved):
                continue
            order: PlaceOrder = request.request
            self._count(world, order.symbol, now)
            if opens(order.direction, order.side):
                opened[(order.symbol, 0 if order.side.value == "Buy" else 1)] = order
                closed_after[order.symbol] = 0
            elif order.symbol in closed_after:
                closed_after[order.symbol] += 1
        for symbol, closes in closed_after.items():
            self._judge_orders(world, symbol, closes, now)
        for (symbol, index), order in opened.items():
            self._judge_value(world, symbol, index, order, now)

    def finished(self, world: "World") -> None:
        """The venue holds no more of our opens than the caps allow."""
        own = OwnOrders(world.scenario.setups)
        for symbol, setup in self._all(world).items():
            found = sum(1 for order in own.resting(world.venue, symbol) if not order.closing)
            if found > open_orders_cap(setup):
                raise LawBroken(
                    Law.EXPOSURE_WITHIN_CAPS,
                    f"{symbol}: expected at most {open_orders_cap(setup)} opens at the venue, "
                    f"found {found}",
                )

    def _all(self, world: "World") -> dict[str, StrategySetup]:
        if not self._setups:
            self._setups = {setup.instrument.symbol: setup for setup in world.scenario.setups}
        return self._setups

    def _count(self, world: "World", symbol: str, now: Instant) -> None:
        placed = self._placed.setdefault(symbol, deque())
        while placed and now - placed[0] >= MINUTE_US:
            placed.popleft()
        placed.append(now)
        cap = placements_cap(self._all(world)[symbol])
        if len(placed) > cap:
            raise LawBroken(
                Law.EXPOSURE_WITHIN_CAPS,
                f"{symbol}: expected at most {cap} placements in 60 s, found {len(placed)}",
                now,
            )

    def _judge_orders(self, world: "World", symbol: str, closes: int, now: Instant) -> None:
        """Closes that the same event placed after its last open do not count: they may pass."""
        cap = open_orders_cap(self._all(world)[symbol])
        live = sum(1 for order in world.session.live_orders() if order.symbol == symbol) - closes
        if live > cap:
            raise LawBroken(
                Law.EXPOSURE_WITHIN_CAPS,
                f"{symbol}: expected at most {cap} live orders after an open, found {live}",
                now,
            )

    def _judge_value(
        self, world: "World", symbol: str, index: int, order: PlaceOrder, now: Instant
    ) -> None:
        setup = self._all(world)[symbol]
        strategy = world.session.strategies[symbol]
        leg = strategy.pair.legs[index]
        resting = sum(
            int(live.price) * live.leaves
            for live in world.session.live_orders()
            if live.symbol == symbol and live.direction is order.direction and live.opens
        )
        instrument = setup.instrument
        value = leg.value + instrument.tick_size * instrument.qty_step * resting
        cap = notional_cap(setup, order.price, strategy.wallet.balance)
        if value > cap:
            raise LawBroken(
                Law.EXPOSURE_WITHIN_CAPS,
                f"{symbol} {order.direction.value}: expected a value of at most {cap}, found "
                f"{value} ({leg.value} held) after an open at {order.price} ticks",
                now,
            )


def open_orders_cap(setup: StrategySetup) -> int:
    """Live orders of one strategy: as stated, else 2 * levels + 10."""
    stated = setup.safety.max_open_orders
    return 2 * setup.grid.level_count + 10 if stated is None else stated


def placements_cap(setup: StrategySetup) -> int:
    """Placements of one strategy in any 60 s: as stated, else 4 * levels."""
    stated = setup.safety.max_placements_per_minute
    return 4 * setup.grid.level_count if stated is None else stated


def notional_cap(setup: StrategySetup, price: int, balance: Decimal | None) -> Decimal:
    """Value of one direction: as stated, else 1.5 times all opens of one side (C1).

    The value of one open at `price` ticks is what sizing makes of the amount (Q-2 to Q-5).
    """
    safety, instrument = setup.safety, setup.instrument
    if safety.max_notional is not None:
        return safety.max_notional
    unit = Fraction(instrument.tick_size) * Fraction(instrument.qty_step) * price
    amount = parse_amount(setup.sizing.amount)
    if amount.kind is AmountKind.BASE:
        asked = Fraction(amount.value) / Fraction(instrument.qty_step)
    else:
        wallet = balance if amount.kind is AmountKind.WALLET_FRACTION else ONE
        asked = Fraction(amount.value) * Fraction(ZERO if wallet is None else wallet) / unit
    asked *= Fraction(max(setup.sizing.early_imbalance_multiplier, ONE))
    least = Fraction(instrument.min_notional) / unit
    steps = ceil(max(asked, least))
    steps = min(max(steps, instrument.min_steps), instrument.max_steps)
    side = max(setup.grid.grid_count // 2, 1)
    return safety.notional_factor * side * instrument.notional(price, steps)
