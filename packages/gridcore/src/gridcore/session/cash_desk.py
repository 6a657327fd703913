"""Positions, wallet, funding and cash movements: what they do to mirror and books."""

from decimal import Decimal

from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    CashMoved,
    FundingPaid,
    PositionsSnapshot,
    PositionUpdate,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.instrument import Steps
from gridcore.saved import Saved, decimal_to_text
from gridcore.session.effects import Severity, SnapshotKind
from gridcore.session.modes import ACCOUNT, ModeCause
from gridcore.session.state import LAG_US, MARGIN_US, AccountState
from gridcore.session.strategy import Strategy
from gridcore.working import direction_index

BOOKS_AGAIN_US = 10 * SECOND_US
LEGS_GRACE_US = 2 * SECOND_US
"""Executions may come this much later than the position report that contains them."""
_UNIT = Decimal("0.00000001")


class CashDesk:
    """Acts on everything that concerns positions and cash."""

    __slots__ = ("_books_differ", "_difference", "_state")

    def __init__(self, state: AccountState) -> None:
        self._state = state
        self._books_differ = False
        self._difference: Decimal | None = None
        """Wallet less books at the last comparison, while a profit is unknown."""

    # -- positions -------------------------------------------------------------------------

    def position(self, event: PositionUpdate, now: Instant, *, asked: bool = False) -> None:
        """A report of a leg. One that was pushed and tells of the same position lifts no denial:
        the exchange pushes it after every order, and what was decided then stands. `asked`: it
        answers a question, which also brings the mark up to date for those who wait."""
        strategy = self._state.strategies.get(event.symbol)
        if strategy is None:
            return
        pair = strategy.pair
        index = direction_index(event.direction)
        leg = pair.legs[index]
        first = leg.at is None
        before = leg.size, leg.entry
        if not leg.take(event, strategy.instrument, now):
            return
        pair.version += 1
        if first:
            self._first_report(strategy, event)
        state = self._state
        if event.size and event.liquidation is None:
            state.ask_mode(
                event.symbol, ModeCause.UNKNOWN_LIQUIDATION, "a known liquidation price", now
            )
        else:
            if state.modes.any_standing:
                self._end_modes(strategy)
            if not pair.unknown_liquidation:
                state.deadlines.set(f"liquidation/{event.symbol}", None)
        if asked or first or (leg.size, leg.entry) != before:
            strategy.leg_moved(index)
        else:
            strategy.stirred = True
        strategy.position_sure(index, event.at)
        self._compare_leg(strategy, event, now)

    def _first_report(self, strategy: Strategy, event: PositionUpdate) -> None:
        size = strategy.instrument.qty(Steps(event.size))
        state = self._state
        state.enter(
            state.ledger.seed_leg(
                event.symbol, event.direction, size, event.entry, event.at, state.last_minted
            )
        )

    def _end_modes(self, strategy: Strategy) -> None:
        state, pair, symbol = self._state, strategy.pair, strategy.symbol
        if pair.known:
            state.end_mode(symbol, ModeCause.UNKNOWN_POSITION)
            since = state.modes.since(symbol, ModeCause.STALE_POSITION)
            if since is not None and pair.seen_since(since):
                state.end_mode(symbol, ModeCause.STALE_POSITION)
        if not pair.unknown_liquidation:
            state.end_mode(symbol, ModeCause.UNKNOWN_LIQUIDATION)

    def _compare_leg(self, strategy: Strategy, event: PositionUpdate, now: Instant) -> None:
        """A report that our own executions do not explain: they are on their way, or were lost."""
        booked = self._state.ledger.leg_size(event.symbol, event.direction)
        if booked != strategy.instrument.qty_step * event.size:
            self._state.deadlines.set(f"legs/{event.symbol}", Instant(now + LEGS_GRACE_US))

    def positions_snapshot(self, event: PositionsSnapshot, now: Instant) -> None:
        """Both legs as answered: newer than what is known, or without effect (L46)."""
        strategy = self._state.strategies.get(event.symbol)
        if strategy is None:
            return
        for leg in event.legs:
            self.position(leg, now, asked=True)
            strategy.position_sure(direction_index(leg.direction), Instant(event.asked_at - LAG_US))
        unsure = [since for since in strategy.brakes.unsure if since is not None]
        if unsure:
            again = Instant(max(now + SECOND_US, max(unsure) + LAG_US))
            self._state.deadlines.set(f"unsure/{event.symbol}", again)

    # -- wallet ----------------------------------------------------------------------------

    def wallet_update(self, event: WalletUpdate, now: Instant) -> None:
        state = self._state
        if not state.wallet.take(event, now):
            return
        if not state.ledger.opened:
            state.enter(state.ledger.open(event.balance, event.at, state.last_minted))
            state.loss.open_day(event.balance, now)
            state.end_mode(ACCOUNT, ModeCause.UNKNOWN_WALLET)
        if state.modes.any_standing:
            state.end_mode(ACCOUNT, ModeCause.STALE_WALLET)
        for strategy in state.strategies.values():
            strategy.stirred = True
            strategy.denials.wallet_changed()

    def wallet_snapshot(self, event: WalletSnapshot, now: Instant) -> None:
        """The wallet as answered, and the movements of cash that we may have missed."""
        for movement in event.movements:
            self.cash(movement, now)
        self.wallet_update(event.wallet, now)
        self._state.known_to[""] = Instant(event.asked_at - MARGIN_US)
        self._compare_books(event, now)

    def _compare_books(self, event: WalletSnapshot, now: Instant) -> None:
        """Our books against the wallet; half a unit of 1e-8 per entry may be rounding."""
        state = self._state
        tolerance = _UNIT * state.ledger.count / 2
        if abs(state.ledger.balance - event.wallet.balance) <= tolerance:
            self._books_differ = False
            self._difference = None
            state.unknown_profits.clear()
            return
        if state.unknown_profits and self._profit_told(event, now):
            return
        for symbol in state.strategies:
            state.want(symbol, now, "books and wallet differ", SnapshotKind.EXECUTIONS)
        if self._books_differ:
            return
        self._books_differ = True
        state.out.notice(
            now,
            "gridcore.session",
            "books_differ",
            Severity.WARNING,
            books=str(state.ledger.balance),
            wallet=str(event.wallet.balance),
        )

    def _profit_told(self, event: WalletSnapshot, now: Instant) -> bool:
        """A difference that stays, though executions are complete, is the unknown profit."""
        state = self._state
        last = state.unknown_profits[-1]
        difference = event.wallet.balance - state.ledger.balance
        complete = all(state.known_to.get(symbol, last.at) > last.at for symbol in state.strategies)
        if not complete or difference != self._difference:
            self._difference = difference
            state.deadlines.set("books", Instant(now + BOOKS_AGAIN_US))
            return False
        at = event.wallet.at
        reference = f"{last.reference}:rebooked:wallet"
        state.enter(
            state.ledger.take_profit(last.symbol, last.direction, difference, reference, at)
        )
        state.unknown_profits.clear()
        self._difference = None
        self._books_differ = False
        state.out.notice(
            now,
            "gridcore.session",
            "profit_taken_from_wallet",
            Severity.ALERT,
            amount=str(difference),
            reference=last.reference,
        )
        return True

    # -- cash ------------------------------------------------------------------------------

    def funding(self, event: FundingPaid, now: Instant) -> None:
        del now
        if self._state.executions.add(event.exec_id):
            self._state.enter(self._state.ledger.funding(event))

    def cash(self, event: CashMoved, now: Instant) -> None:
        del now
        if self._state.executions.add(event.movement_id):
            self._state.enter(self._state.ledger.cash(event))

    # -- memory ----------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "books_differ": self._books_differ,
            "difference": decimal_to_text(self._difference),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._books_differ = saved.flag("books_differ")
        self._difference = saved.decimal_or_none("difference")
