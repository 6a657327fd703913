"""One strategy on one symbol: engine, sizing and gates, and the orders that came of them.

It decides on tickers only; every other event changes what the next ticker may do.
"""

from collections.abc import Callable

from gridcore.clock import Instant
from gridcore.config import SidePolicy
from gridcore.engine import GridEngine
from gridcore.events import Ticker
from gridcore.instrument import Price, Steps, Ticks
from gridcore.intents import CancelCause
from gridcore.policy import (
    DIRECTIONS,
    SIDES,
    Candidate,
    ChangeCause,
    Hold,
    LevelsChanged,
    Limits,
    PriceBand,
)
from gridcore.session.brakes import Brakes
from gridcore.session.crossing import Crossing
from gridcore.session.denials import Denials
from gridcore.session.duplicates import DuplicateGuard
from gridcore.session.effects import (
    CancelOrder,
    CancelReason,
    PlaceOrder,
    Severity,
)
from gridcore.session.exposure import AccountExposure
from gridcore.session.gates import Deny, Proposal, approve, judge
from gridcore.session.means import Means
from gridcore.session.mirror import MirroredPair, MirroredWallet
from gridcore.session.modes import Mode
from gridcore.session.orders import OrderEvent, OrderState, OrderTracker, TrackedOrder
from gridcore.session.outbox import Outbox
from gridcore.session.reservations import Reservations
from gridcore.session.risk_watch import RiskWatch
from gridcore.session.setup import StrategySetup
from gridcore.working import OpenOrder, WorkingBook

_CANCEL_REASONS = {cause: CancelReason(cause.value) for cause in CancelCause}


class Strategy:
    """The orders one strategy wants, has and may have."""

    __slots__ = (
        "_mint",
        "_out",
        "_tracker",
        "book",
        "brakes",
        "brakes_name",
        "close_gate",
        "closing_only",
        "crossing",
        "denials",
        "engine",
        "follows",
        "guard",
        "instrument",
        "last_ticker",
        "limits",
        "listed_asked_at",
        "listed_at",
        "live",
        "means",
        "min_steps",
        "modes",
        "pair",
        "reserved",
        "risk",
        "setup",
        "stirred",
        "symbol",
        "told_hold",
        "wallet",
    )

    def __init__(
        self,
        setup: StrategySetup,
        tracker: OrderTracker,
        wallet: MirroredWallet,
        together: AccountExposure,
        out: Outbox,
        mint: Callable[[str, Instant], str],
    ) -> None:
        self.setup = setup
        self.instrument = setup.instrument
        self.symbol = setup.instrument.symbol
        self.close_gate = setup.close_gate
        self.min_steps = setup.instrument.min_steps
        self.engine = GridEngine(
            self.symbol,
            setup.instrument,
            setup.grid,
            setup.strat_id,
            setup.anchor_price,
            safety=setup.safety,
            salt=setup.salt,
        )
        self.book = WorkingBook(())
        self.limits = Limits()
        self.denials = Denials(self.limits)
        self.reserved = Reservations()
        self.pair = MirroredPair()
        self.wallet = wallet
        self.risk = RiskWatch(setup.risk, setup.safety, setup.instrument, self.pair, wallet)
        self.modes: list[Mode] = [Mode.NO_OPEN, Mode.NO_OPEN]
        """Mode in force per direction, kept by the account."""
        self.closing_only = False
        self.told_hold: Hold | None = None
        """The grid's hold that the account was last told of."""
        self.stirred = True
        """Whether something happened that the next ticker may act upon."""
        self.live = 0
        """Orders that are not terminal."""
        self.listed_asked_at: Instant | None = None
        """When the newest complete listing of our orders was asked."""
        self.listed_at: Instant | None = None
        """When the last complete listing of our orders was received."""
        self.crossing = Crossing()
        self.means = Means(setup, self.pair, wallet, self.reserved, self.risk, together)
        self.guard = DuplicateGuard()
        self.follows = setup.grid.side_policy is SidePolicy.FOLLOW
        """Whether a fill may be told to the engine twice: under follow the newest one counts."""
        self.brakes_name = f"brakes/{self.symbol}"
        self.brakes = Brakes(setup.safety, self.means.caps.placements)
        self._tracker = tracker
        self._out = out
        self._mint = mint
        self.last_ticker: Ticker | None = None

    # -- decisions -------------------------------------------------------------------------

    def observe(self, ticker: Ticker, now: Instant) -> bool:
        """Let grid and risk see a ticker; whether a mode may have to change."""
        self.last_ticker = ticker
        engine = self.engine
        for change in engine.observe(ticker, self.book):
            self._levels_changed(change, now)
        held = self.reserved.held_for
        if held[0] is not None or held[1] is not None:
            self._drop_held_coverage(ticker.last)
        crossed = self.crossing.observe(ticker.last, now)
        risk_changed = self.risk.observe(ticker.last, now)
        # A fill may have set or lifted the hold between two tickers.
        hold_changed = engine.rules.hold is not self.told_hold
        self.told_hold = engine.rules.hold
        return risk_changed or hold_changed or crossed

    def act(self, now: Instant) -> None:
        """Cancel and place what the last ticker calls for: cancels first."""
        self.stirred = False
        rules = self.engine.rules
        for order, cause in rules.cancels(self.book):
            if not order.cancelling:
                self.cancel(order, _CANCEL_REASONS[cause], now)
        if self.closing_only:
            self._cancel_opens(now)
        limits, denied = self.limits, self.denials.levels
        for place in rules.places(self.book, limits):
            if limits.denies(place.direction, place.side, place.price):
                continue
            if denied and (place.direction, place.side, place.price) in denied:
                continue
            self._propose(place, now)

    def _propose(self, place: Candidate, now: Instant) -> None:
        direction, side, price = place.direction, place.side, place.price
        proposal = Proposal(self, price, direction, side, now)
        denial = judge(proposal)
        if denial is not None:
            self._denied(proposal, denial)
            return
        if proposal.raised and self.denials.first_raise():
            self._notice(now, Severity.WARNING, "size_raised_to_minimum", steps=str(proposal.steps))
        identity = self.engine.identity(price, direction, side)
        again = self.brakes.wire_id_to_reuse((direction, side, price), now)
        wire_id = self._mint(identity, now) if again is None else again
        level = self.engine.level_index(price)
        order = TrackedOrder(
            order_id="",
            direction=DIRECTIONS[direction],
            side=SIDES[side],
            price=price,
            symbol=self.symbol,
            strat_id=self.setup.strat_id,
            client_order_id=identity,
            wire_id=wire_id,
            qty=proposal.steps,
            leaves=proposal.steps,
            state=OrderState.PENDING,
            opens=proposal.opens,
            level=level,
            sent_at=now,
        )
        self._take_in(order)
        self.brakes.rate.note(now)
        if not proposal.opens and self.reserved.held_for[direction] == price:
            self._release_held(direction)
        request = PlaceOrder(
            symbol=self.symbol,
            strat_id=self.setup.strat_id,
            client_order_id=identity,
            wire_id=wire_id,
            direction=DIRECTIONS[direction],
            side=SIDES[side],
            price=Ticks(price),
            qty=Steps(proposal.steps),
            reduce_only=not proposal.opens,
            time_in_force=self.setup.time_in_force,
            level=level,
        )
        self._out.requests.append(approve(proposal, request))

    def _take_in(self, order: TrackedOrder) -> None:
        self._tracker.add(order)
        self.book.add(order)
        self.reserved.add(order)
        self.crossing.add(order)
        self.live += 1

    def _denied(self, proposal: Proposal, denial: Deny) -> None:
        direction, side, price = proposal.direction, proposal.side, proposal.price
        if self.denials.remember(proposal, denial, self.means.uncovered(direction)):
            self._notice(
                proposal.at,
                Severity.INFO,
                "order_denied",
                reason=denial.reason.value,
                direction=DIRECTIONS[direction].value,
                side=SIDES[side].value,
                price=self.instrument.price_text(Ticks(price)),
            )

    def _notice(self, at: Instant, severity: Severity, event: str, **fields: str) -> None:
        self._out.notice(
            at, "gridcore.session", event, severity, strat_id=self.setup.strat_id, **fields
        )

    def cancel(self, order: OpenOrder, reason: CancelReason, now: Instant) -> None:
        """Ask for the cancel of an order that the exchange knows; one in flight per order (L22)."""
        assert isinstance(order, TrackedOrder)
        if order.cancelling or max(self.modes) is Mode.SILENT:
            return
        if not order.order_id:
            self.stirred = True  # a ticker after its acknowledgement asks again
            return
        order.cancelling = True
        order.cancel_sent_at = now
        order.cancel_failed = False
        order.cancel_attempts += 1
        self._tracker.advance(order, OrderEvent.CANCEL_SENT)
        self._out.cancel(
            CancelOrder(
                symbol=self.symbol, order_id=order.order_id, wire_id=order.wire_id, reason=reason
            )
        )

    def give_up_close(self, direction: int, price: int, reason: CancelReason, now: Instant) -> bool:
        """Cancel the close at a price for the coverage it holds; whether a cancel is under way."""
        order = self.book.at[direction][price]
        self.cancel(order, reason, now)
        return order.cancelling

    def _cancel_opens(self, now: Instant) -> None:
        for direction in (0, 1):
            if self.modes[direction] >= Mode.CLOSE_ONLY:
                for _, order in sorted(self.book.at[direction].items()):
                    if isinstance(order, TrackedOrder) and order.opens:
                        self.cancel(order, CancelReason.MODE, now)

    # -- what events change ----------------------------------------------------------------

    def adopt(self, order: TrackedOrder) -> None:
        """An order of ours was found on the exchange."""
        self._take_in(order)
        self.stirred = True

    def order_gone(self, order: TrackedOrder) -> None:
        """An order is terminal: its level, coverage and margin are free."""
        direction = 0 if order.direction is DIRECTIONS[0] else 1
        self.book.remove(order)
        self.reserved.remove(order)
        self.crossing.remove(order)
        self._tracker.settle(order)
        self.live -= 1
        self.stirred = True
        denials = self.denials
        if denials.levels:
            denials.order_gone(direction, int(order.price))
        if not order.opens:
            denials.coverage_changed(direction, self.means.uncovered(direction))
        denials.books_changed()

    def order_known(self) -> None:
        """The exchange's id of an order is known: it can be cancelled from now on."""
        if self.denials.order_known():
            self.stirred = True

    def filled_at(self, price: Price, at: Instant, sequence: int, now: Instant) -> None:
        """Our own order at a level was filled."""
        self.stirred = True
        for change in self.engine.rules.fill(price, at, sequence, self.book):
            self._levels_changed(change, now)

    def leg_moved(self, direction: int) -> None:
        """The mirror of one leg was refreshed, or moved by an execution."""
        self.stirred = True
        self.denials.coverage_changed(direction, self.means.uncovered(direction))
        self.denials.books_changed()

    def position_sure(self, direction: int, at: Instant) -> None:
        """A position report came that knows everything up to an instant."""
        since = self.brakes.unsure[direction]
        if since is not None and at >= since:
            self.brakes.unsure[direction] = None
            self.denials.position_sure(direction)
            self.stirred = True

    def brakes_due(self, now: Instant) -> None:
        """Something that slowed placements down may be over."""
        if self.brakes.release(now, self.denials):
            self.stirred = True

    def set_mode(self, direction: int, mode: Mode) -> None:
        """A mode is in force from now on."""
        if self.modes[direction] is not mode:
            self.modes[direction] = mode
            self.closing_only = max(self.modes) >= Mode.CLOSE_ONLY
            self.stirred = True
            self.denials.mode_changed()

    def _levels_changed(self, change: LevelsChanged, now: Instant) -> None:
        self.stirred = True
        if change.cause is not ChangeCause.SHIFTED:
            self.denials.clear()
            self.brakes.forget_retries()
        self._out.notice(
            now,
            "gridcore.grid",
            f"grid_{change.cause.value}",
            Severity.INFO,
            strat_id=self.setup.strat_id,
            detail=change.detail,
        )

    def _drop_held_coverage(self, last: Price) -> None:
        """Coverage kept for a close is free once the close's side changes or its level is gone."""
        held = self.reserved.held_for
        for direction in (0, 1):
            price = held[direction]
            if price is None:
                continue
            turned = last >= price if direction == 0 else last <= price
            if turned or price not in self.book.level_set:
                self._release_held(direction)

    def _release_held(self, direction: int) -> None:
        self.stirred = True
        self.reserved.held_for[direction] = None
        self.denials.coverage_released(direction)

    # -- skipping --------------------------------------------------------------------------

    def quiet_band(self, within: PriceBand = (None, None)) -> PriceBand | None:
        """Where a ticker changes nothing, in a given band; None when the next one may matter."""
        if self.stirred:
            return None
        band = self.engine.quiet_band(self.book, self.limits)
        risk = self.risk.band()
        crossing = self.crossing.band()
        if band is None or risk is None or crossing is None:
            return None
        low, high = band
        for inner_low, inner_high in (risk, crossing, within):
            if inner_low is not None and (low is None or inner_low > low):
                low = inner_low
            if inner_high is not None and (high is None or inner_high < high):
                high = inner_high
        held = self.reserved.held_for
        if held[0] is not None and (high is None or held[0] < high):
            high = held[0]
        if held[1] is not None and (low is None or held[1] > low):
            low = held[1]
        return low, high
