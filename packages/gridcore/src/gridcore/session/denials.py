"""Denials in force: what was denied, why, and the kind of event that lifts it.

Scarce margin and coverage go to the nearest level first, so one denial stands for its level and
everything farther from the market on that side.
"""

from gridcore.policy import Limits
from gridcore.saved import Saved
from gridcore.session.gates import Deny, DenyReason, LiftedBy, Proposal

_SLOTS = ((0, 0), (0, 1), (1, 0), (1, 1))
_BY_COVERAGE = (LiftedBy.COVERAGE_GREW, LiftedBy.ORDER_KNOWN)
_OF_ONE_LEVEL = (LiftedBy.LEVEL_DEADLINE, LiftedBy.ORDER_GONE)


class StandingDenial:
    """One denial: reason, price in ticks, and the uncovered position at the time."""

    __slots__ = ("lifted_by", "price", "reason", "uncovered")

    def __init__(self, reason: DenyReason, lifted_by: LiftedBy, price: int, uncovered: int) -> None:
        self.reason = reason
        self.lifted_by = lifted_by
        self.price = price
        self.uncovered = uncovered


class Denials:
    """The standing denial of each (direction, side), and how often each reason occurred."""

    __slots__ = ("_any", "_limits", "_noticed", "_raised", "_standing", "counts", "levels")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._standing: list[list[StandingDenial | None]] = [[None, None], [None, None]]
        self._noticed: list[list[tuple[str, int] | None]] = [[None, None], [None, None]]
        self._raised = False
        self._any = False
        self.counts: dict[str, int] = {}
        self.levels: dict[tuple[int, int, int], LiftedBy] = {}
        """Single levels denied: (direction, side, price), and what lifts the denial."""

    def remember(self, proposal: Proposal, denial: Deny, uncovered: int) -> bool:
        """Deny a level and everything beyond; whether this is news since the last one there."""
        direction, side, price = proposal.direction, proposal.side, proposal.price
        reason = denial.reason.value
        self.counts[reason] = self.counts.get(reason, 0) + 1
        if denial.lifted_by in _OF_ONE_LEVEL:
            self.levels[(direction, side, price)] = denial.lifted_by
            return True
        self._standing[direction][side] = StandingDenial(
            denial.reason, denial.lifted_by, price, uncovered
        )
        self._any = True
        self._limits.deny_from(direction, side, price)
        news = (reason, price)
        if self._noticed[direction][side] == news:
            return False
        self._noticed[direction][side] = news
        return True

    def first_raise(self) -> bool:
        """Whether a raise to the minimum notional happens for the first time."""
        first = not self._raised
        self._raised = True
        return first

    def _lift(self, direction: int, side: int) -> None:
        self._standing[direction][side] = None
        self._limits.lift(direction, side)
        self._any = any(one is not None for pair in self._standing for one in pair)

    def _lift_kind(self, *kinds: LiftedBy) -> bool:
        lifted = False
        if not self._any:
            return lifted
        for direction, side in _SLOTS:
            denial = self._standing[direction][side]
            if denial is not None and denial.lifted_by in kinds:
                self._lift(direction, side)
                lifted = True
        return lifted

    def mode_changed(self) -> None:
        """Lift what a mode denied."""
        self._lift_kind(LiftedBy.MODE)

    def books_changed(self) -> None:
        """Lift what positions, orders and wallet denied: one of them changed."""
        self._lift_kind(LiftedBy.BOOKS_CHANGED)

    def order_known(self) -> bool:
        """Lift what waits for an order that can be cancelled; whether there was any."""
        return self._lift_kind(LiftedBy.ORDER_KNOWN)

    def position_sure(self, direction: int) -> None:
        """Lift the closes of a direction that waited for a position report."""
        denial = self._standing[direction][1 - direction]
        if denial is not None and denial.lifted_by is LiftedBy.POSITION:
            self._lift(direction, 1 - direction)

    def rate_free(self) -> bool:
        """Lift what the window of placements denied; whether there was any."""
        return self._lift_kind(LiftedBy.RATE_DEADLINE)

    def level_due(self, direction: int, side: int, price: int) -> None:
        """Lift a denial of one level whose deadline has come."""
        self.levels.pop((direction, side, price), None)

    def order_gone(self, direction: int, price: int) -> None:
        """Lift what an order at a level stood in the way of."""
        for side in (0, 1):
            if self.levels.get((direction, side, price)) is LiftedBy.ORDER_GONE:
                del self.levels[(direction, side, price)]

    def reason(self, direction: int, side: int) -> DenyReason | None:
        """Why a direction and side is denied from some level on; None when it is not."""
        denial = self._standing[direction][side]
        return None if denial is None else denial.reason

    def wallet_changed(self) -> None:
        """Lift what the wallet denied."""
        self._lift_kind(LiftedBy.WALLET, LiftedBy.BOOKS_CHANGED)

    def coverage_changed(self, direction: int, uncovered: int) -> None:
        """Lift a denied close when more of the position is uncovered than at its denial."""
        if not self._any:
            return
        side = 1 - direction
        denial = self._standing[direction][side]
        if denial is None or denial.lifted_by not in _BY_COVERAGE:
            return
        if uncovered > denial.uncovered:
            self._lift(direction, side)
        else:
            denial.uncovered = uncovered

    def coverage_released(self, direction: int) -> None:
        """Lift a denied close: coverage is no longer kept for another one."""
        denial = self._standing[direction][1 - direction]
        if denial is not None and denial.lifted_by in _BY_COVERAGE:
            self._lift(direction, 1 - direction)

    def clear(self) -> None:
        """Other levels, other denials."""
        self.levels.clear()
        for direction, side in _SLOTS:
            self._lift(direction, side)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "standing": [
                None
                if (denial := self._standing[direction][side]) is None
                else {
                    "reason": denial.reason.value,
                    "lifted_by": denial.lifted_by.name,
                    "price": denial.price,
                    "uncovered": denial.uncovered,
                }
                for direction, side in _SLOTS
            ],
            "noticed": [
                None if (news := self._noticed[direction][side]) is None else list(news)
                for direction, side in _SLOTS
            ],
            "levels": [[*level, kind.name] for level, kind in sorted(self.levels.items())],
            "raised": self._raised,
            "counts": dict(sorted(self.counts.items())),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        standing = saved.list_of("standing")
        noticed = saved.list_of("noticed")
        for (direction, side), denied, news in zip(_SLOTS, standing, noticed, strict=True):
            self._lift(direction, side)
            self._noticed[direction][side] = _news(news)
            if denied is not None:
                part = Saved(denied)
                price = part.whole("price")
                self._standing[direction][side] = StandingDenial(
                    DenyReason(part.text("reason")),
                    LiftedBy[part.text("lifted_by")],
                    price,
                    part.whole("uncovered"),
                )
                self._limits.deny_from(direction, side, price)
                self._any = True
        self.levels = {
            (int(level[0]), int(level[1]), int(level[2])): LiftedBy[str(level[3])]
            for level in saved.list_of("levels")
            if isinstance(level, list)
        }
        self._raised = saved.flag("raised")
        counts = saved.part("counts")
        self.counts = {name: counts.whole(name) for name in counts.names()}


def _news(value: object) -> tuple[str, int] | None:
    if not isinstance(value, list):
        return None
    reason, price = value
    return str(reason), int(price)
