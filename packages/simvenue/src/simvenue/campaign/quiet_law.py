"""Once everything is quiet: the session believes what the venue holds, and trades again.

It compares orders, legs, wallet and modes at the end of a run; it refuses to look earlier.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.effects import Effects
from gridcore.session.modes import ModeCause, ModeRequest
from gridcore.session.orders import OrderState
from gridcore.sides import LONG
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.own_orders import OwnOrders
from simvenue.campaign.words import FaultKind

if TYPE_CHECKING:
    from simvenue.campaign.world import World

RESTING = (OrderState.OPEN, OrderState.PARTIAL)

EXCUSES: dict[ModeCause, tuple[FaultKind, ...]] = {
    ModeCause.OPERATOR: (FaultKind.OPERATOR,),
    ModeCause.LIQUIDATED: (),
    ModeCause.LOSS_LIMIT: (),
    ModeCause.DRAWDOWN: (),
    ModeCause.SYMBOL_CHANGED: (FaultKind.SYMBOL_CHANGED,),
    ModeCause.ORPHANS: (FaultKind.MANUAL_ORDER, FaultKind.SYMBOL_CHANGED),
}
"""Modes that may still stand, each only after one of these faults; (): the market alone can do it.
They end by the operator, or at midnight."""

HOVERS = Decimal("0.01")
"""How far the calm market swings."""


class QuietChecker:
    """BOOKS_AGREE."""

    __slots__ = ()

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Nothing is judged on the way."""

    def finished(self, world: "World") -> None:
        """Orders, then legs, then the wallet, then modes."""
        self._judge_orders(world)
        self._judge_legs(world)
        self._judge_wallet(world)
        self._judge_modes(world)

    def _judge_orders(self, world: "World") -> None:
        own = OwnOrders(world.scenario.setups)
        resting = {
            order.order_id: (setup.instrument.symbol, int(order.leaves))
            for setup in world.scenario.setups
            for order in own.resting(world.venue, setup.instrument.symbol)
        }
        believed: dict[str, tuple[str, int]] = {}
        for live in world.session.live_orders():
            if live.state not in RESTING:
                raise _broken(f"order {live.wire_id} is still {live.state.name}")
            believed[live.order_id] = (live.symbol, live.leaves)
        for order_id, expected in resting.items():
            found = believed.pop(order_id, None)
            if found != expected:
                raise _broken(f"order {order_id}: expected {expected}, found {found}")
        # An order of another hand may have been adopted by the operator's word.
        adopted = {
            order.order_id
            for market in world.venue.clearing.markets
            for order in market.book.orders.values()
        }
        for order_id, found in believed.items():
            if order_id not in adopted:
                raise _broken(f"order {order_id}: expected none at the venue, found {found}")

    def _judge_legs(self, world: "World") -> None:
        for setup in world.scenario.setups:
            symbol = setup.instrument.symbol
            mirrored = world.session.strategies[symbol].pair.legs
            for leg, mirror in zip(world.venue.legs(symbol), mirrored, strict=True):
                if leg.size != mirror.size:
                    raise _broken(
                        f"{symbol} {leg.direction.value}: expected {leg.size} steps, "
                        f"found {mirror.size}"
                    )
                if leg.size and leg.entry != mirror.entry:
                    raise _broken(
                        f"{symbol} {leg.direction.value}: expected an entry of {leg.entry}, "
                        f"found {mirror.entry}"
                    )

    def _judge_wallet(self, world: "World") -> None:
        for strategy in world.session.strategies.values():
            if strategy.wallet.balance != world.venue.wallet:
                raise _broken(
                    f"expected a wallet of {world.venue.wallet}, found {strategy.wallet.balance}"
                )

    def _judge_modes(self, world: "World") -> None:
        for request in world.session.standing_modes():
            faults = EXCUSES.get(request.cause)
            excused = faults is not None and (
                not faults or any(world.injected[kind] for kind in faults)
            )
            if not excused and not _endangered(world, request):
                raise _broken(
                    f"{request.cause.value} still asks {request.mode.name} for {request.scope!r} "
                    f"since {request.since}, to be ended by {request.ended_by}"
                )


def _endangered(world: "World", request: ModeRequest) -> bool:
    """Whether an emergency stands with reason: the venue's liquidation price is that close, or was
    within the last minute of a market that hovers about the threshold."""
    if request.cause is not ModeCause.EMERGENCY:
        return False
    symbol, _, direction = request.scope.partition("/")
    strategy = world.session.strategies[symbol]
    leg = strategy.pair.legs[0 if direction == LONG.value else 1]
    ticker, risk = strategy.last_ticker, strategy.setup.risk
    if ticker is None or not isinstance(leg.liquidation, Decimal) or not leg.size:
        return False
    ratio = leg.liquidation / strategy.instrument.price(ticker.last)
    if direction == LONG.value:
        return ratio > risk.long_emergency_factor * risk.min_liq_ratio * (1 - HOVERS)
    return 0 < ratio < risk.short_emergency_factor * risk.max_liq_ratio * (1 + HOVERS)


def _broken(what: str) -> LawBroken:
    return LawBroken(Law.BOOKS_AGREE, what)
