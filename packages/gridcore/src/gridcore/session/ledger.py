"""Our own books: realised profit, fees, funding and cash movements, to 1e-8 per entry.

It trusts executions and cash movements only; balances that the exchange reports are compared with
it, never copied into it (L111).
"""

from collections import deque
from collections.abc import Sequence
from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import CashMoved, Execution, FundingPaid
from gridcore.instrument import Instrument
from gridcore.pnl import to_money
from gridcore.saved import Saved
from gridcore.session.booked_leg import HISTORY, BookedFill, BookedLeg, sent_since
from gridcore.session.effects import LedgerEntry, LedgerKind
from gridcore.session.ledger_doubts import (
    DoubtKind,
    Doubts,
    LedgerDoubt,
    direction_or_none,
    text_or_none,
)
from gridcore.sides import LONG, SHORT, DirectionType, closes
from gridcore.working import direction_index

ZERO = Decimal(0)
HELD_LIMIT = 4096
"""Entries that wait for the books to open; beyond it the oldest is dropped, with a doubt."""


class Ledger:
    """The account's cash as the sum of its entries, and the legs that the entries come from.

    The opening balance is the wallet as of `opened_at`: what happened up to then is in it and is
    not booked again, though it moves the legs. What comes before the books open waits for them.
    Reports and executions have one and the same instant now and then; then the numbers of our
    orders tell: what was sent after a report was handled is never in it.
    """

    __slots__ = (
        "_doubts",
        "_held",
        "_legs",
        "_newest_sent",
        "balance",
        "count",
        "opened_at",
        "totals",
        "watermark",
    )

    def __init__(self) -> None:
        self.balance = ZERO
        self.count = 0
        self.opened_at: Instant | None = None
        self.watermark: Instant | None = None
        """The greatest exchange time of an execution taken, whether or not it moved anything."""
        self.totals: dict[LedgerKind, Decimal] = dict.fromkeys(LedgerKind, ZERO)
        self._legs: dict[str, tuple[BookedLeg, BookedLeg]] = {}
        self._held: deque[LedgerEntry] = deque()
        self._doubts = Doubts()
        self._newest_sent = 0
        """The number of the newest order sent when the books were opened."""

    @property
    def opened(self) -> bool:
        """Whether the opening balance is known."""
        return self.opened_at is not None

    def open(self, balance: Decimal, at: Instant, newest_sent: int) -> list[LedgerEntry]:
        """Start the books from the wallet's balance as of `at`, the exchange's time of the report.

        The entries: the opening balance, then what waited and is later than it. What happened in
        the very instant `at` counts as contained in the balance, except executions of orders with
        a greater number than `newest_sent`, the newest one sent so far (0: none).
        """
        assert self.opened_at is None, "the books are open already"
        self.opened_at = at
        self._newest_sent = newest_sent
        opening = LedgerEntry(
            at=at,
            kind=LedgerKind.CASH,
            symbol=None,
            direction=None,
            amount=to_money(balance),
            reference="opening balance",
        )
        entries = [opening, *(entry for entry in self._held if entry.at > at)]
        self._held.clear()
        for entry in entries:
            self._count(entry)
        self._doubts.open(at)
        return entries

    def seed_leg(
        self,
        symbol: str,
        direction: DirectionType,
        size: Decimal,
        entry: Decimal | None,
        at: Instant,
        newest_sent: int,
    ) -> list[LedgerEntry]:
        """Take over a leg as the exchange reported it as of `at`, flat ones included.

        Executions up to `at` do not move it, unless of orders with a number over `newest_sent`;
        later ones known already are booked again on it, and the entries are their corrections. A
        seed older than the leg's last one changes nothing.

        Limit: the profit of a close between the opening of the books and `at` is unknowable, since
        the leg it closed is not known; it is a doubt (PROFIT_UNKNOWN). Wallet and legs are
        therefore asked for at the same time.
        """
        leg = self._leg(symbol, direction)
        if leg.seeded_at is not None and at < leg.seeded_at:
            return []
        for fill in leg.doubtful_until(at):
            self._doubts.add(DoubtKind.PROFIT_UNKNOWN, fill.at, symbol, direction, fill.exec_id)
        if leg.forgot_since(at):
            self._doubts.add(DoubtKind.BEYOND_HISTORY, at, symbol, direction, "seed")
        entries: list[LedgerEntry] = []
        self._correct(symbol, direction, leg.seed(size, entry, at, newest_sent), "seed", entries)
        return entries

    def leg_size(self, symbol: str, direction: DirectionType) -> Decimal:
        """Size of a leg in base coin by our own executions; 0 for one never heard of."""
        legs = self._legs.get(symbol)
        return ZERO if legs is None else legs[direction_index(direction)].size

    def leg_entry(self, symbol: str, direction: DirectionType) -> Decimal | None:
        """Average entry price of a leg by our own executions; None when it is flat."""
        legs = self._legs.get(symbol)
        return None if legs is None else legs[direction_index(direction)].entry

    def leg_seeded_at(self, symbol: str, direction: DirectionType) -> Instant | None:
        """As of when a leg was taken over from the exchange; None: never."""
        legs = self._legs.get(symbol)
        return None if legs is None else legs[direction_index(direction)].seeded_at

    def take_doubts(self) -> Sequence[LedgerDoubt]:
        """The doubts since the last call, oldest first; none before the books open, since only the
        opening tells which of them matter."""
        return self._doubts.take()

    def execution(
        self, event: Execution, instrument: Instrument, number: int | None
    ) -> tuple[Decimal, list[LedgerEntry]]:
        """Book one execution: its realised profit, and the entries for fee and profit.

        `number`: what was minted for its order; None when nobody knows that we sent it.

        One that is older than what is booked on its leg is booked at its place; the later ones are
        booked again, and each profit that changes by it becomes a REALISED entry at the time of
        the later execution, reference "<its exec_id>:rebooked:<exec_id of the late one>" (A16).
        """
        symbol, direction, at = event.symbol, event.direction, event.at
        entries: list[LedgerEntry] = []
        if self.watermark is None or at > self.watermark:
            self.watermark = at
        fee = -to_money(event.fee)
        self._enter(at, LedgerKind.FEE, symbol, direction, fee, event.exec_id, entries, number)
        leg = self._leg(symbol, direction)
        later: list[BookedFill] | None = None
        if at <= leg.last_at:
            if leg.covered_by_seed(at, number):
                if closes(direction, event.side):
                    self._doubts.add(DoubtKind.PROFIT_UNKNOWN, at, symbol, direction, event.exec_id)
                return ZERO, entries
            later = self._rewind(leg, event)
        booked = leg.book(
            at,
            event.sequence,
            event.exec_id,
            number,
            event.side,
            instrument.price(event.price),
            instrument.qty_step * event.qty,
        )
        if booked.closed:
            self._enter(
                at,
                LedgerKind.REALISED,
                symbol,
                direction,
                booked.realised,
                event.exec_id,
                entries,
                number,
            )
        if later:
            self._correct(symbol, direction, leg.rebook(later), event.exec_id, entries)
        return booked.realised, entries

    def _rewind(self, leg: BookedLeg, event: Execution) -> list[BookedFill]:
        """Make room for an execution at its place."""
        later = leg.rewind(event.at, event.sequence)
        if len(later) == HISTORY:
            self._doubts.add(
                DoubtKind.BEYOND_HISTORY, event.at, event.symbol, event.direction, event.exec_id
            )
        return later

    def _correct(
        self,
        symbol: str,
        direction: DirectionType,
        changed: Sequence[tuple[BookedFill, Decimal]],
        cause: str,
        entries: list[LedgerEntry],
    ) -> None:
        for fill, difference in changed:
            reference = f"{fill.exec_id}:rebooked:{cause}"
            self._enter(
                fill.at,
                LedgerKind.REALISED,
                symbol,
                direction,
                difference,
                reference,
                entries,
                fill.number,
            )

    def take_profit(
        self,
        symbol: str | None,
        direction: DirectionType | None,
        amount: Decimal,
        reference: str,
        at: Instant,
    ) -> list[LedgerEntry]:
        """Book a profit that our executions cannot tell, as the wallet tells it."""
        entries: list[LedgerEntry] = []
        amount = to_money(amount)
        self._enter(at, LedgerKind.REALISED, symbol, direction, amount, reference, entries)
        return entries

    def funding(self, event: FundingPaid) -> list[LedgerEntry]:
        """Book funding: the event's amount is the change of the wallet."""
        entries: list[LedgerEntry] = []
        self._enter(
            event.at,
            LedgerKind.FUNDING,
            event.symbol,
            event.direction,
            to_money(event.amount),
            event.exec_id,
            entries,
        )
        return entries

    def cash(self, event: CashMoved) -> list[LedgerEntry]:
        """Book a movement of cash that no trade caused."""
        entries: list[LedgerEntry] = []
        amount = to_money(event.amount)
        self._enter(event.at, LedgerKind.CASH, None, None, amount, event.movement_id, entries)
        return entries

    def _enter(
        self,
        at: Instant,
        kind: LedgerKind,
        symbol: str | None,
        direction: DirectionType | None,
        amount: Decimal,
        reference: str,
        entries: list[LedgerEntry],
        number: int | None = None,
    ) -> None:
        """Enter an amount, hold it until the books open, or leave it out: it is in the opening."""
        opened_at = self.opened_at
        if opened_at is not None and at <= opened_at and not sent_since(number, self._newest_sent):
            return
        entry = LedgerEntry(
            at=at,
            kind=kind,
            symbol=symbol,
            direction=direction,
            amount=amount,
            reference=reference,
        )
        if opened_at is None:
            self._hold(entry)
            return
        self._count(entry)
        entries.append(entry)

    def _count(self, entry: LedgerEntry) -> None:
        self.balance += entry.amount
        self.count += 1
        self.totals[entry.kind] += entry.amount

    def _hold(self, entry: LedgerEntry) -> None:
        if len(self._held) == HELD_LIMIT:
            lost = self._held.popleft()
            self._doubts.add(
                DoubtKind.HELD_DROPPED, lost.at, lost.symbol, lost.direction, lost.reference
            )
        self._held.append(entry)

    def _leg(self, symbol: str, direction: DirectionType) -> BookedLeg:
        legs = self._legs.get(symbol)
        if legs is None:
            legs = self._legs[symbol] = (BookedLeg(LONG), BookedLeg(SHORT))
        return legs[direction_index(direction)]

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "balance": str(self.balance),
            "count": self.count,
            "opened_at": self.opened_at,
            "newest_sent": self._newest_sent,
            "watermark": self.watermark,
            "totals": {kind.value: str(amount) for kind, amount in self.totals.items()},
            "legs": {
                symbol: [leg.snapshot() for leg in legs] for symbol, legs in self._legs.items()
            },
            "held": [
                {
                    "at": entry.at,
                    "kind": entry.kind.value,
                    "symbol": entry.symbol,
                    "direction": None if entry.direction is None else entry.direction.value,
                    "amount": str(entry.amount),
                    "reference": entry.reference,
                }
                for entry in self._held
            ],
            "doubts": self._doubts.snapshot(),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.balance = saved.decimal("balance")
        self.count = saved.whole("count")
        self.opened_at = _instant_or_none(saved, "opened_at")
        self._newest_sent = saved.whole("newest_sent")
        self.watermark = _instant_or_none(saved, "watermark")
        totals = saved.part("totals")
        self.totals = {kind: totals.decimal(kind.value) for kind in LedgerKind}
        self._legs.clear()
        legs = saved.part("legs")
        for symbol in legs.names():
            pair = self._legs[symbol] = (BookedLeg(LONG), BookedLeg(SHORT))
            for leg, part in zip(pair, legs.parts(symbol), strict=True):
                leg.restore(part)
        self._held.clear()
        for part in saved.parts("held"):
            self._held.append(
                LedgerEntry(
                    at=Instant(part.whole("at")),
                    kind=LedgerKind(part.text("kind")),
                    symbol=text_or_none(part, "symbol"),
                    direction=direction_or_none(part, "direction"),
                    amount=part.decimal("amount"),
                    reference=part.text("reference"),
                )
            )
        self._doubts.restore(saved.parts("doubts"), self.opened_at)


def _instant_or_none(saved: Saved, name: str) -> Instant | None:
    value = saved.whole_or_none(name)
    return None if value is None else Instant(value)
