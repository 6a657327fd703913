"""Watches belief on the way: no mirrored value is ever replaced by something older (A25)."""

from typing import TYPE_CHECKING

from gridcore.clock import Instant
from gridcore.events import (
    Event,
    PositionsSnapshot,
    PositionUpdate,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.session.effects import Effects
from simvenue.campaign.laws import Law, LawBroken

if TYPE_CHECKING:
    from simvenue.campaign.world import World

NEVER = Instant(-1)


class MirrorChecker:
    """NEWEST_WINS."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[str, Instant] = {}
        """Age of every mirrored value when it was last looked at."""

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """After every report of a position or the wallet: nothing mirrored has become older."""
        if isinstance(event, (PositionUpdate, PositionsSnapshot)):
            strategy = world.session.strategies.get(event.symbol)
            if strategy is not None:
                for index, leg in enumerate(strategy.pair.legs):
                    self._look(f"{event.symbol} leg {index}", leg.at, now)
        elif isinstance(event, (WalletUpdate, WalletSnapshot)):
            for strategy in world.session.strategies.values():
                self._look("wallet", strategy.wallet.at, now)

    def finished(self, world: "World") -> None:
        """Nothing is left to judge."""

    def _look(self, name: str, at: Instant | None, now: Instant) -> None:
        found = NEVER if at is None else at
        before = self._seen.get(name, NEVER)
        if found < before:
            raise LawBroken(
                Law.NEWEST_WINS, f"{name}: a report of {before} gave way to one of {found}", now
            )
        self._seen[name] = found
