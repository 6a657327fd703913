"""One strategy on one symbol: engine, sizing and gates, and the orders that came of them.

It decides on tickers only; every other event changes what the next ticker may do.
"""

from collections.abc import Callable
from decimal import Decimal

from gridcore.clock import Instant
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
from gridcore.session.breakers import Breaker
from gridcore.session.denials import Denials
from gridcore.session.effects import (
    CancelOrder,
    CancelReason,
    PlaceOrder,
    Severity,
)
from gridcore.session.exposure import AccountExposure, Exposure
from gridcore.session.gates import Proposal, approve, judge
from gridcore.session.mirror import MirroredPair, MirroredWallet
from gridcore.session.modes import Mode
from gridcore.session.orders import OrderEvent, OrderState, OrderTracker, TrackedOrder, advance
from gridcore.session.outbox import Outbox
from gridcore.session.reservations import Reservations
from gridcore.session.risk_watch import RiskWatch
from gridcore.session.setup import StrategySetup
from gridcore.sizing import Sized, SizeFlag, Sizer, early_imbalance_factor, parse_amount
from gridcore.working import OpenOrder, WorkingBook

_CANCEL_REASONS = {cause: CancelReason(cause.value) for cause in CancelCause}
_ONE = Decimal(1)


class Strategy:
    """The orders one strategy wants, has and may have."""

    __slots__ = (
        "_early",
        "_exposure",
        "_mint",
        "_out",
        "_sizer",
        "_together",
        "_tracker",
        "book",
        "breaker",
        "close_gate",
        "closing_only",
        "denials",
        "engine",
        "instrument",
        "last_ticker",
        "limits",
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
        self.breaker = Breaker()
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
        self._tracker = tracker
        self._out = out
        self._mint = mint
        self._sizer = Sizer(parse_amount(setup.sizing.amount), setup.instrument)
        self._early = setup.sizing.early_imbalance_multiplier
        self._exposure = Exposure(
            setup.instrument,
            setup.tiers,
            setup.sizing.leverage,
            setup.taker_fee,
            self.pair,
            self.reserved,
        )
        self._together = together
        together.join(self._exposure)
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
        risk_changed = self.risk.observe(ticker.last, now)
        # A fill may have set or lifted the hold between two tickers.
        hold_changed = engine.rules.hold is not self.told_hold
        self.told_hold = engine.rules.hold
        return risk_changed or hold_changed

    def act(self, now: Instant) -> None:
        """Cancel and place what the last ticker calls for: cancels first."""
        self.stirred = False
        rules = self.engine.rules
        for order, cause in rules.cancels(self.book):
            if not order.cancelling:
                self.cancel(order, _CANCEL_REASONS[cause])
        if self.closing_only:
            self._cancel_opens()
        limits, denied = self.limits, self.denials.levels
        for place in rules.places(self.book, limits):
            if limits.denies(place.direction, place.side, place.price):
                continue
            if denied and (place.direction, place.side, place.price) in denied:
                continue
            self._propose(place, now)

    def _propose(self, place: Candidate, now: Instant) -> None:
        direction, side, price = place.direction, place.side, place.price
        if price in self.book.at[direction]:
            return  # admitted only when no order of that level and direction is left
        proposal = Proposal(self, price, direction, side, now)
        denial = judge(proposal)
        if denial is not None:
            if self.denials.remember(proposal, denial, self.uncovered(direction)):
                self._out.notice(
                    now,
                    "gridcore.session",
                    "order_denied",
                    Severity.INFO,
                    strat_id=self.setup.strat_id,
                    reason=denial.reason.value,
                    direction=DIRECTIONS[direction].value,
                    side=SIDES[side].value,
                    price=self.instrument.price_text(Ticks(price)),
                )
            return
        identity = self.engine.identity(price, direction, side)
        wire_id = self._mint(identity, now)
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
        self._tracker.add(order)
        self.book.add(order)
        self.reserved.add(order)
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

    def cancel(self, order: OpenOrder, reason: CancelReason) -> None:
        """Ask for the cancel of an order that the exchange knows; one in flight per order (L22)."""
        assert isinstance(order, TrackedOrder)
        if order.cancelling:
            return
        if not order.order_id:
            self.stirred = True  # a ticker after its acknowledgement asks again
            return
        order.cancelling = True
        order.state = advance(order.state, OrderEvent.CANCEL_SENT)
        self._out.cancel(
            CancelOrder(
                symbol=self.symbol, order_id=order.order_id, wire_id=order.wire_id, reason=reason
            )
        )

    def give_up_close(self, direction: int, price: int, reason: CancelReason) -> bool:
        """Cancel the close at a price for the coverage it holds; whether a cancel is under way."""
        order = self.book.at[direction][price]
        self.cancel(order, reason)
        return order.cancelling

    def _cancel_opens(self) -> None:
        for direction in (0, 1):
            if self.modes[direction] >= Mode.CLOSE_ONLY:
                for _, order in sorted(self.book.at[direction].items()):
                    if isinstance(order, TrackedOrder) and order.opens:
                        self.cancel(order, CancelReason.MODE)

    # -- what the gates ask ----------------------------------------------------------------

    def size(self, proposal: Proposal) -> Sized | None:
        """Steps of an order at its level; None while the wallet is unknown."""
        balance = self.wallet.balance
        ticker = self.last_ticker
        if balance is None or ticker is None:
            return None
        long, short = self.pair.legs
        verdict = self.risk.verdict(ticker.last, ticker.mark)
        multiplier = verdict.multiplier(DIRECTIONS[proposal.direction], SIDES[proposal.side])
        if self._early != _ONE:
            multiplier *= early_imbalance_factor(
                long.size, short.size, long.liquidation, short.liquidation, self._early
            )
        if not proposal.opens:
            return self._sizer.closing(proposal.price, balance, multiplier)
        sized = self._sizer.opening(proposal.price, balance, multiplier)
        if sized.flag is SizeFlag.RAISED and self.denials.first_raise():
            self._out.notice(
                proposal.at,
                "gridcore.session",
                "size_raised_to_minimum",
                Severity.WARNING,
                strat_id=self.setup.strat_id,
                steps=str(sized.steps),
            )
        return sized

    def uncovered(self, direction: int) -> int:
        """Steps of the position that no close covers."""
        return self.pair.legs[direction].size - self.reserved.covered[direction]

    def affords(self, proposal: Proposal) -> bool:
        """Whether the wallet carries one more open."""
        return self._together.affords(
            self._exposure, proposal.direction, proposal.price, proposal.steps
        )

    def within_max_margin(self, proposal: Proposal) -> bool:
        """Whether everything on the symbol stays within max_margin times the wallet."""
        balance = self.wallet.balance
        if balance is None:
            return False
        value = self._exposure.value_with(proposal.price, proposal.steps)
        return value <= self.setup.risk.max_margin * balance

    # -- what events change ----------------------------------------------------------------

    def order_gone(self, order: TrackedOrder) -> None:
        """An order is terminal: its level, coverage and margin are free."""
        direction = 0 if order.direction is DIRECTIONS[0] else 1
        self.book.remove(order)
        self.reserved.remove(order)
        self._tracker.settle(order)
        self.stirred = True
        if order.opens:
            self.denials.books_changed()
        else:
            self.denials.coverage_changed(direction, self.uncovered(direction))

    def order_known(self) -> None:
        """The exchange's id of an order is known: it can be cancelled from now on."""
        if self.denials.order_known():
            self.stirred = True

    def filled_at(self, price: Price, at: Instant, sequence: int, now: Instant) -> None:
        """Our own order at a level was filled."""
        self.stirred = True
        for change in self.engine.rules.fill(price, at, sequence, self.book):
            self._levels_changed(change, now)

    def position_reported(self, direction: int) -> None:
        """The mirror of one leg was refreshed."""
        self.stirred = True
        self.denials.coverage_changed(direction, self.uncovered(direction))
        self.denials.books_changed()

    def breaker_due(self, now: Instant) -> None:
        """A block of the breaker may be over."""
        if self.breaker.expire(now):
            self.stirred = True
            self.denials.levels.clear()

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

    def quiet_band(self) -> PriceBand | None:
        """Where a ticker changes nothing; None when the next one may matter."""
        if self.stirred:
            return None
        band = self.engine.quiet_band(self.book, self.limits)
        risk = self.risk.band()
        if band is None or risk is None:
            return None
        low, high = band
        if risk[0] is not None and (low is None or risk[0] > low):
            low = risk[0]
        if risk[1] is not None and (high is None or risk[1] < high):
            high = risk[1]
        held = self.reserved.held_for
        if held[0] is not None and (high is None or held[0] < high):
            high = held[0]
        if held[1] is not None and (low is None or held[1] > low):
            low = held[1]
        return low, high
