"""The chain that turns a wanted order into an approved one, or says why not and what lifts it.

Every placement passes the whole chain; only `approve` makes an Approved.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Protocol

from gridcore.clock import Instant
from gridcore.config import CloseGate
from gridcore.message import message
from gridcore.session.effects import Approved, CancelReason, PlaceOrder
from gridcore.session.modes import Mode
from gridcore.sizing import Sized, SizeFlag
from gridcore.working import LONG_INDEX

if TYPE_CHECKING:
    from gridcore.session.strategy import Strategy

ZERO = Decimal(0)


class DenyReason(StrEnum):
    """Why an order may not go out."""

    MODE = "mode"
    DUPLICATE = "duplicate"
    RETRY_LATER = "retry_later"
    NOTHING_ASKED = "nothing_asked"
    BELOW_MINIMUM = "below_minimum"
    WALLET_UNKNOWN = "wallet_unknown"
    POSITION_UNSURE = "position_unsure"
    COVERAGE = "coverage"
    COVERAGE_HELD = "coverage_held"
    NOTHING_AVAILABLE = "nothing_available"
    AFFORDABILITY = "affordability"
    MAX_MARGIN = "max_margin"
    OPEN_ORDERS = "open_orders"
    NOTIONAL = "notional"
    BREAKER = "breaker"
    RATE = "rate"


class LiftedBy(IntEnum):
    """The kind of event that lifts a denial; a ticker alone never does."""

    MODE = 0
    COVERAGE_GREW = 1
    BOOKS_CHANGED = 2
    WALLET = 3
    LEVEL_DEADLINE = 4
    """A deadline that concerns one level."""
    ORDER_KNOWN = 5
    """The exchange's id of an order that is to be cancelled, or more coverage."""
    ORDER_GONE = 6
    """The end of the order at the level."""
    POSITION = 7
    """A position report newer than the exchange's refusal."""
    RATE_DEADLINE = 8
    """Room in the window of placements."""


@message
class Deny:
    """No, because of `reason`, until an event of the kind `lifted_by`."""

    reason: DenyReason
    lifted_by: LiftedBy


class Allow:
    """Yes; `reducing` when a gate that limits exposure lets a close pass."""

    __slots__ = ("note",)

    def __init__(self, note: str = "") -> None:
        self.note = note


ALLOW = Allow()
REDUCING = Allow("reducing")
Verdict = Allow | Deny


class Proposal:
    """An order on its way through the chain; gates may cut its size."""

    __slots__ = ("at", "direction", "opens", "price", "raised", "side", "steps", "strategy")

    def __init__(
        self, strategy: "Strategy", price: int, direction: int, side: int, at: Instant
    ) -> None:
        self.strategy = strategy
        self.price = price
        self.direction = direction
        self.side = side
        self.opens = direction == side
        self.steps = 0
        self.raised = False
        """Whether the minimum notional made it much larger than asked."""
        self.at = at


class Gate(Protocol):
    """One question asked of every placement."""

    def check(self, proposal: Proposal) -> Verdict:
        """Allow, Allow("reducing") or Deny."""
        ...


class ModeGate:
    """NO_OPEN and worse deny opens; HALT denies closes, too."""

    def check(self, proposal: Proposal) -> Verdict:
        """By the mode in force for the direction."""
        mode = proposal.strategy.modes[proposal.direction]
        if mode == 0:
            return ALLOW
        if proposal.opens or mode >= Mode.HALT:
            return Deny(reason=DenyReason.MODE, lifted_by=LiftedBy.MODE)
        return REDUCING


class DuplicateGate:
    """One order per level and direction; one sent again waits for its time (L05, A07)."""

    def check(self, proposal: Proposal) -> Verdict:
        """By the book of orders that are not terminal, and the placements to be sent again."""
        strategy = proposal.strategy
        if proposal.price in strategy.book.at[proposal.direction]:
            return Deny(reason=DenyReason.DUPLICATE, lifted_by=LiftedBy.ORDER_GONE)
        if strategy.brakes.waiting and strategy.brakes.retries.waits(
            (proposal.direction, proposal.side, proposal.price), proposal.at
        ):
            return Deny(reason=DenyReason.RETRY_LATER, lifted_by=LiftedBy.LEVEL_DEADLINE)
        return ALLOW


class SizeGate:
    """Gives the order its size: amount, multipliers, minimum and maximum (Q-1 to Q-7)."""

    def check(self, proposal: Proposal) -> Verdict:
        """Sets `steps`; denies what asks for nothing or falls below the minimum."""
        strategy = proposal.strategy
        sized: Sized | None = strategy.means.size(
            proposal.direction, proposal.side, proposal.price, strategy.last_ticker
        )
        if sized is None:
            return Deny(reason=DenyReason.WALLET_UNKNOWN, lifted_by=LiftedBy.WALLET)
        if sized.steps is None:
            if sized.flag is SizeFlag.NOTHING_ASKED:
                return Deny(reason=DenyReason.NOTHING_ASKED, lifted_by=LiftedBy.WALLET)
            return Deny(reason=DenyReason.BELOW_MINIMUM, lifted_by=LiftedBy.BOOKS_CHANGED)
        proposal.steps = sized.steps
        proposal.raised = sized.flag is SizeFlag.RAISED
        return ALLOW


class CoverageGate:
    """Closes cover at most the position; scarce coverage goes to the nearest level (X-2)."""

    def check(self, proposal: Proposal) -> Verdict:
        """Cuts a close to the uncovered position, or gives up the farthest close for it."""
        if proposal.opens:
            return ALLOW
        strategy = proposal.strategy
        if strategy.brakes.unsure[proposal.direction] is not None:
            return Deny(reason=DenyReason.POSITION_UNSURE, lifted_by=LiftedBy.POSITION)
        held = strategy.reserved.held_for[proposal.direction]
        uncovered = strategy.means.uncovered(proposal.direction)
        if held is not None and held != proposal.price and self._farther(proposal, held):
            return Deny(reason=DenyReason.COVERAGE_HELD, lifted_by=LiftedBy.COVERAGE_GREW)
        if strategy.close_gate is CloseGate.STRICT:
            if proposal.steps < uncovered:
                return ALLOW
            return Deny(reason=DenyReason.COVERAGE, lifted_by=LiftedBy.COVERAGE_GREW)
        if proposal.steps <= uncovered:
            return ALLOW
        farthest = strategy.reserved.farthest_close(proposal.direction, proposal.price)
        if farthest is not None:
            asked = strategy.give_up_close(
                proposal.direction, farthest, CancelReason.COVERAGE, proposal.at
            )
            strategy.reserved.held_for[proposal.direction] = proposal.price
            lifted_by = LiftedBy.COVERAGE_GREW if asked else LiftedBy.ORDER_KNOWN
            return Deny(reason=DenyReason.COVERAGE, lifted_by=lifted_by)
        if uncovered < strategy.min_steps:
            return Deny(reason=DenyReason.COVERAGE, lifted_by=LiftedBy.COVERAGE_GREW)
        proposal.steps = uncovered
        return ALLOW

    @staticmethod
    def _farther(proposal: Proposal, held: int) -> bool:
        if proposal.direction == LONG_INDEX:
            return proposal.price > held
        return proposal.price < held


class AffordabilityGate:
    """Initial margin of everything that is or may become a position must fit the wallet (X-4)."""

    def check(self, proposal: Proposal) -> Verdict:
        """Required margin of the account, this order included, plus its fee, against the wallet."""
        if not proposal.opens:
            return REDUCING
        available = proposal.strategy.wallet.available
        if available is not None and available <= 0:
            return Deny(reason=DenyReason.NOTHING_AVAILABLE, lifted_by=LiftedBy.WALLET)
        if proposal.strategy.means.affords(proposal.direction, proposal.price, proposal.steps):
            return ALLOW
        return Deny(reason=DenyReason.AFFORDABILITY, lifted_by=LiftedBy.BOOKS_CHANGED)


class MaxMarginGate:
    """max_margin: value at mark, resting opens and this order, over the wallet (R-12, LS-26)."""

    def check(self, proposal: Proposal) -> Verdict:
        """By the strategy's own exposure on its symbol."""
        if not proposal.opens:
            return REDUCING
        if proposal.strategy.means.within_max_margin(proposal.price, proposal.steps):
            return ALLOW
        return Deny(reason=DenyReason.MAX_MARGIN, lifted_by=LiftedBy.BOOKS_CHANGED)


class OpenOrdersGate:
    """A cap on orders that are not terminal, whatever the strategy wants (W24, C2)."""

    def check(self, proposal: Proposal) -> Verdict:
        """By the strategy's own count; closes pass."""
        if not proposal.opens:
            return REDUCING
        strategy = proposal.strategy
        if strategy.live < strategy.means.caps.open_orders:
            return ALLOW
        return Deny(reason=DenyReason.OPEN_ORDERS, lifted_by=LiftedBy.BOOKS_CHANGED)


class NotionalGate:
    """A cap on the value of one direction: position, opens and this order (C1, W25)."""

    def check(self, proposal: Proposal) -> Verdict:
        """Against the value of all opens of one side, times the configured factor."""
        if not proposal.opens:
            return REDUCING
        if proposal.strategy.means.within_notional(
            proposal.direction, proposal.price, proposal.steps
        ):
            return ALLOW
        return Deny(reason=DenyReason.NOTIONAL, lifted_by=LiftedBy.BOOKS_CHANGED)


class BreakerGate:
    """A placement that was refused repeatedly waits for its deadline (L36)."""

    def check(self, proposal: Proposal) -> Verdict:
        """By the strategy's circuit breaker; concerns one level only."""
        breaker = proposal.strategy.brakes.breaker
        if breaker.active and breaker.blocks(proposal.direction, proposal.side, proposal.price):
            return Deny(reason=DenyReason.BREAKER, lifted_by=LiftedBy.LEVEL_DEADLINE)
        return ALLOW


class RateGate:
    """A cap on placements in 60 s; cancels do not count, and it never halts anything (C4)."""

    def check(self, proposal: Proposal) -> Verdict:
        """By the strategy's window of placements, closes included."""
        brakes = proposal.strategy.brakes
        if brakes.rate.full(proposal.at):
            brakes.rate_denied = True
            return Deny(reason=DenyReason.RATE, lifted_by=LiftedBy.RATE_DEADLINE)
        return ALLOW


CHAIN: Sequence[Gate] = (
    ModeGate(),
    DuplicateGate(),
    SizeGate(),
    CoverageGate(),
    AffordabilityGate(),
    MaxMarginGate(),
    OpenOrdersGate(),
    NotionalGate(),
    BreakerGate(),
    RateGate(),
)
_OPENS_ONLY = (AffordabilityGate, MaxMarginGate, OpenOrdersGate, NotionalGate)
_OPEN_CHECKS = tuple(gate.check for gate in CHAIN if not isinstance(gate, CoverageGate))
_CLOSE_CHECKS = tuple(gate.check for gate in CHAIN if not isinstance(gate, _OPENS_ONLY))
"""The chain without the gates that answer Allow to every open, or to every close."""


def judge(proposal: Proposal) -> Deny | None:
    """Ask every gate in order; the first denial, or None when all allow."""
    for check in _OPEN_CHECKS if proposal.opens else _CLOSE_CHECKS:
        verdict = check(proposal)
        if verdict is not ALLOW and verdict is not REDUCING:
            assert isinstance(verdict, Deny)
            return verdict
    return None


def approve(proposal: Proposal, request: PlaceOrder) -> Approved[PlaceOrder]:
    """Seal a request whose proposal passed the chain."""
    assert proposal.steps > 0, "a proposal must pass the chain before it is approved"
    return Approved(request)
