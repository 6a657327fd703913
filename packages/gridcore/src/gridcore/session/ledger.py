"""Our own books: realised profit, fees, funding and cash movements, to 1e-8 per entry.

It trusts executions and cash movements only; balances that the exchange reports are compared with
it, never copied into it (L111).
"""

from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import CashMoved, Execution, FundingPaid
from gridcore.instrument import Instrument
from gridcore.pnl import fill_leg, to_money
from gridcore.saved import Saved, decimal_to_text
from gridcore.session.effects import LedgerEntry, LedgerKind
from gridcore.sides import DirectionType
from gridcore.working import direction_index

ZERO = Decimal(0)


class BookedLeg:
    """Size and average entry of one leg as our own executions made it."""

    __slots__ = ("entry", "size")

    def __init__(self, size: Decimal = ZERO, entry: Decimal | None = None) -> None:
        self.size = size
        self.entry = entry


class Ledger:
    """The account's cash as the sum of its entries, and the legs that the entries come from."""

    __slots__ = ("_legs", "balance", "count", "opened", "totals")

    def __init__(self) -> None:
        self.balance = ZERO
        self.count = 0
        self.opened = False
        self.totals: dict[LedgerKind, Decimal] = dict.fromkeys(LedgerKind, ZERO)
        self._legs: dict[str, tuple[BookedLeg, BookedLeg]] = {}

    def open(self, balance: Decimal, at: Instant) -> LedgerEntry:
        """Start the books from the wallet's balance."""
        self.opened = True
        return self._enter(at, LedgerKind.CASH, None, None, to_money(balance), "opening balance")

    def seed_leg(
        self, symbol: str, direction: DirectionType, size: Decimal, entry: Decimal | None
    ) -> None:
        """Take over a leg that existed before the books were opened."""
        leg = self._leg(symbol, direction)
        leg.size = size
        leg.entry = entry

    def _leg(self, symbol: str, direction: DirectionType) -> BookedLeg:
        legs = self._legs.get(symbol)
        if legs is None:
            legs = self._legs[symbol] = (BookedLeg(), BookedLeg())
        return legs[direction_index(direction)]

    def _enter(
        self,
        at: Instant,
        kind: LedgerKind,
        symbol: str | None,
        direction: DirectionType | None,
        amount: Decimal,
        reference: str,
    ) -> LedgerEntry:
        self.balance += amount
        self.count += 1
        self.totals[kind] += amount
        return LedgerEntry(
            at=at,
            kind=kind,
            symbol=symbol,
            direction=direction,
            amount=amount,
            reference=reference,
        )

    def execution(
        self, event: Execution, instrument: Instrument
    ) -> tuple[Decimal, list[LedgerEntry]]:
        """Book one execution: its realised profit, and the entries for fee and profit."""
        symbol, direction = event.symbol, event.direction
        leg = self._leg(symbol, direction)
        booked = fill_leg(
            direction,
            leg.size,
            leg.entry,
            event.side,
            instrument.price(event.price),
            instrument.qty_step * event.qty,
        )
        leg.size = booked.size
        leg.entry = booked.entry
        fee = -to_money(event.fee)
        entries = [self._enter(event.at, LedgerKind.FEE, symbol, direction, fee, event.exec_id)]
        if booked.closed:
            entries.append(
                self._enter(
                    event.at,
                    LedgerKind.REALISED,
                    symbol,
                    direction,
                    booked.realised,
                    event.exec_id,
                )
            )
        return booked.realised, entries

    def funding(self, event: FundingPaid) -> LedgerEntry:
        """Book funding: the event's amount is the change of the wallet."""
        return self._enter(
            event.at,
            LedgerKind.FUNDING,
            event.symbol,
            event.direction,
            to_money(event.amount),
            event.exec_id,
        )

    def cash(self, event: CashMoved) -> LedgerEntry:
        """Book a movement of cash that no trade caused."""
        return self._enter(
            event.at, LedgerKind.CASH, None, None, to_money(event.amount), event.movement_id
        )

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "balance": str(self.balance),
            "count": self.count,
            "opened": self.opened,
            "totals": {kind.value: str(amount) for kind, amount in self.totals.items()},
            "legs": {
                symbol: [
                    {"size": str(leg.size), "entry": decimal_to_text(leg.entry)} for leg in legs
                ]
                for symbol, legs in self._legs.items()
            },
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.balance = saved.decimal("balance")
        self.count = saved.whole("count")
        self.opened = saved.flag("opened")
        totals = saved.part("totals")
        self.totals = {kind: totals.decimal(kind.value) for kind in LedgerKind}
        self._legs.clear()
        legs = saved.part("legs")
        for symbol in legs.names():
            long, short = (
                BookedLeg(part.decimal("size"), part.decimal_or_none("entry"))
                for part in legs.parts(symbol)
            )
            self._legs[symbol] = (long, short)
