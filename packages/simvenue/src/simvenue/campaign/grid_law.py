"""Once everything is quiet: the desired grid stands, or each gap has a reason that still holds.

It asks engine and gates as the session does, on a session that is not used any more.
"""

from typing import TYPE_CHECKING

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.policy import DIRECTIONS, NO_LIMITS, SIDES, Candidate
from gridcore.session.effects import Effects
from gridcore.session.gates import DenyReason, Proposal, judge
from gridcore.session.modes import Mode
from simvenue.campaign.laws import Law, LawBroken

if TYPE_CHECKING:
    from gridcore.session.strategy import Strategy
    from simvenue.campaign.world import World

PASSING = (DenyReason.BREAKER, DenyReason.RATE, DenyReason.RETRY_LATER, DenyReason.POSITION_UNSURE)
"""Reasons that a calm of minutes must have ended."""


class GridChecker:
    """GRID_STANDS."""

    __slots__ = ()

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Nothing is judged on the way."""

    def finished(self, world: "World") -> None:
        """Every strategy: nothing to cancel, nothing to place without a standing denial."""
        for strategy in world.session.strategies.values():
            # Between an event and the ticker after it the book may lag behind what is wanted.
            if not strategy.stirred:
                self._judge(strategy, world.now)

    def _judge(self, strategy: "Strategy", now: Instant) -> None:
        rules = strategy.engine.rules
        if not strategy.engine.levels:
            raise _broken(strategy, "expected a grid, found none was ever built")
        if max(strategy.modes) < Mode.HALT:
            for order, cause in rules.cancels(strategy.book):
                raise _broken(
                    strategy,
                    f"order {order.order_id} is still there to be given up ({cause.value})",
                )
        for place in list(rules.places(strategy.book, NO_LIMITS)):
            if not _forbidden(strategy, place):
                self._judge_gap(strategy, place, now)

    def _judge_gap(self, strategy: "Strategy", place: Candidate, now: Instant) -> None:
        direction, side, price = place.direction, place.side, place.price
        at = f"{DIRECTIONS[direction].value} {SIDES[side].value} at {price} ticks"
        denied = (
            strategy.limits.denies(direction, side, price)
            or (direction, side, price) in strategy.denials.levels
        )
        if not denied:
            raise _broken(strategy, f"{at} is missing, and nothing denies it")
        nearest = strategy.limits.at[direction][side]
        if nearest is not None and nearest != price:
            return  # one denial stands for its level and everything farther away
        proposal = Proposal(strategy, price, direction, side, now)
        again = judge(proposal)
        if again is None:
            reason = strategy.denials.reason(direction, side)
            if reason is DenyReason.COVERAGE and _resized(proposal):
                return
            raise _broken(strategy, f"{at} is denied ({reason}), yet every gate lets it pass")
        if again.reason in PASSING:
            raise _broken(strategy, f"{at} is still denied ({again.reason.value})")


def _resized(proposal: Proposal) -> bool:
    """Whether the denied close may have been larger: the price alone changes multipliers, from 1.5
    down to 0.5 and back with rounding, and a ticker lifts no denial."""
    uncovered = proposal.strategy.means.uncovered(proposal.direction)
    return uncovered <= 4 * proposal.steps


def _forbidden(strategy: "Strategy", place: Candidate) -> bool:
    """Whether a mode explains the gap."""
    mode = strategy.modes[place.direction]
    return mode >= (Mode.NO_OPEN if place.direction == place.side else Mode.HALT)


def _broken(strategy: "Strategy", what: str) -> LawBroken:
    return LawBroken(Law.GRID_STANDS, f"{strategy.symbol}: {what}")
