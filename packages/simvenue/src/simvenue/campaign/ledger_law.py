"""Compares the session's books with the exchange's memory: every entry, every execution once.

It collects what the session made durable; profits are recomputed here from the executions.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from gridcore.clock import Instant
from gridcore.events import CashMoved, Event, ExecType, Execution, FundingPaid
from gridcore.instrument import Instrument
from gridcore.pnl import fill_leg, to_money
from gridcore.session.effects import Approved, Effects, FillRecord, LedgerEntry, LedgerKind
from gridcore.sides import DirectionType
from simvenue.campaign.laws import Law, LawBroken

if TYPE_CHECKING:
    from simvenue.campaign.world import World

ZERO = Decimal(0)
OPENING = "opening balance"

Amounts = dict[str, Decimal]


class LedgerChecker:
    """LEDGER_BALANCES."""

    __slots__ = ("_counts", "_fills", "_opening", "_sent", "_sent_since", "_sums", "_total")

    def __init__(self) -> None:
        self._sums: dict[LedgerKind, Amounts] = {kind: {} for kind in LedgerKind}
        """Amount by the execution or movement that caused it."""
        self._counts: dict[LedgerKind, dict[str, int]] = {kind: {} for kind in LedgerKind}
        self._fills: set[str] = set()
        self._sent: set[str] = set()
        self._sent_since: set[str] = set()
        """Wire ids first sent when the books were open: the opening balance contains none."""
        self._opening: Instant | None = None
        self._total = ZERO

    def handled(self, world: "World", event: Event, now: Instant, effects: Effects) -> None:
        """Collect entries and fills; one execution makes one fill."""
        for record in effects.records:
            if isinstance(record, LedgerEntry):
                self._enter(record)
            elif isinstance(record, FillRecord):
                if record.exec_id in self._fills:
                    raise LawBroken(
                        Law.LEDGER_BALANCES, f"{record.exec_id} was booked as a fill twice", now
                    )
                self._fills.add(record.exec_id)
        for request in effects.requests:
            if isinstance(request, Approved):
                self._send(request.request.wire_id)

    def finished(self, world: "World") -> None:
        """Entry by entry, then the sum, then the wallet."""
        if self._opening is None:
            raise LawBroken(Law.LEDGER_BALANCES, "the books were never opened")
        for setup in world.scenario.setups:
            symbol = setup.instrument.symbol
            self._judge_symbol(setup.instrument, world.records.executions[symbol])
        self._judge_cash(world.records.movements)
        self._expect_nothing_else()
        for name, found in (("ledger", world.session.ledger.balance), ("entries", self._total)):
            if found != world.venue.wallet:
                raise LawBroken(
                    Law.LEDGER_BALANCES,
                    f"expected {world.venue.wallet} as in the wallet, found {found} ({name})",
                )

    def _send(self, wire_id: str) -> None:
        if self._opening is not None and wire_id not in self._sent:
            self._sent_since.add(wire_id)
        self._sent.add(wire_id)

    def _enter(self, entry: LedgerEntry) -> None:
        self._total += entry.amount
        if entry.reference == OPENING:
            self._opening = entry.at
            return
        # "<exec_id>:rebooked:<cause>" corrects the profit of <exec_id>.
        reference = entry.reference.split(":", 1)[0]
        sums, counts = self._sums[entry.kind], self._counts[entry.kind]
        sums[reference] = sums.get(reference, ZERO) + entry.amount
        counts[reference] = counts.get(reference, 0) + 1

    def _judge_symbol(
        self, instrument: Instrument, rows: Sequence[Execution | FundingPaid]
    ) -> None:
        profits = _profits(rows, instrument)
        for row in rows:
            booked = self._opening is not None and row.at > self._opening
            if isinstance(row, FundingPaid):
                self._expect_once(LedgerKind.FUNDING, row.exec_id, to_money(row.amount), booked)
                continue
            booked = booked or row.wire_id in self._sent_since
            self._expect_once(LedgerKind.FEE, row.exec_id, -to_money(row.fee), booked)
            self._expect_sum(row.exec_id, profits[row.exec_id] if booked else ZERO)
            # A twin that fills before the session has heard of it is a foreign execution to it.
            ours = row.kind is ExecType.TRADE and row.wire_id in self._sent
            if ours and booked and row.exec_id not in self._fills:
                raise LawBroken(Law.LEDGER_BALANCES, f"{row.exec_id} was never booked as a fill")

    def _judge_cash(self, movements: Sequence[CashMoved]) -> None:
        for row in movements:
            booked = self._opening is not None and row.at > self._opening
            self._expect_once(LedgerKind.CASH, row.movement_id, to_money(row.amount), booked)

    def _expect_once(self, kind: LedgerKind, reference: str, amount: Decimal, booked: bool) -> None:
        count = self._counts[kind].pop(reference, 0)
        found = self._sums[kind].pop(reference, ZERO)
        if count != int(booked) or (booked and found != amount):
            raise LawBroken(
                Law.LEDGER_BALANCES,
                f"{kind.value} of {reference}: expected {int(booked)} entry of {amount}, "
                f"found {count} of {found}",
            )

    def _expect_sum(self, reference: str, profit: Decimal) -> None:
        found = self._sums[LedgerKind.REALISED].pop(reference, ZERO)
        if found != profit:
            raise LawBroken(
                Law.LEDGER_BALANCES,
                f"profit of {reference}: expected {profit} in all, found {found}",
            )

    def _expect_nothing_else(self) -> None:
        for kind, sums in self._sums.items():
            for reference, amount in sums.items():
                if amount:
                    raise LawBroken(
                        Law.LEDGER_BALANCES,
                        f"{kind.value} of {reference}: expected none, found {amount}",
                    )


def _profits(rows: Sequence[Execution | FundingPaid], instrument: Instrument) -> Amounts:
    """Realised profit of every execution of a symbol, in the exchange's order from flat legs."""
    legs: dict[DirectionType, tuple[Decimal, Decimal | None]] = {}
    profits: Amounts = {}
    for row in rows:
        if isinstance(row, FundingPaid):
            continue
        size, entry = legs.get(row.direction, (ZERO, None))
        booked = fill_leg(
            row.direction,
            size,
            entry,
            row.side,
            instrument.price(row.price),
            instrument.qty(row.qty),
        )
        legs[row.direction] = (booked.size, booked.entry)
        profits[row.exec_id] = booked.realised
    return profits
