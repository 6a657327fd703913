"""What we believe of positions and wallet, as the exchange last said it; newest wins.

Executions move a leg until the next report. Unknown is None: a leg nobody has reported is not a
flat leg (L48).
"""

from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    Execution,
    Liquidation,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Instrument
from gridcore.pnl import unrealised
from gridcore.saved import Saved, decimal_to_text
from gridcore.sides import DirectionType, opens

ZERO = Decimal(0)


class MirroredLeg:
    """One leg; `at` is the exchange's time of the last report, None: nothing was ever reported."""

    __slots__ = (
        "at",
        "changed_at",
        "entry",
        "liquidation",
        "mark",
        "moved_at",
        "qty",
        "seen",
        "size",
        "unrealised",
        "value",
    )

    def __init__(self) -> None:
        self.at: Instant | None = None
        self.changed_at = Instant(-1)
        """The exchange's time at which the size was last seen to have changed."""
        self.moved_at = Instant(-1)
        """The exchange's time of the newest execution: a report older than it does not know it."""
        self.seen: Instant | None = None
        """When the last stored report was received: the age that staleness counts from."""
        self.size = 0
        self.qty = ZERO
        self.entry: Decimal | None = None
        self.liquidation: Liquidation = None
        self.mark: Decimal | None = None
        self.value = ZERO
        """Notional at the stored mark, at entry while no mark is known."""
        self.unrealised = ZERO

    def take(
        self, event: PositionUpdate, instrument: Instrument, now: Instant | None = None
    ) -> bool:
        """Store a reported leg unless it is older than what is known; whether it was stored.

        What is known is the last report and every execution since, so that a stale push or a
        listing from a lagging replica never undoes a fill (L46, A25). `now`: when it was received.
        """
        at = event.at
        if at < self.moved_at or (self.at is not None and at < self.at):
            return False
        self.at = at
        if now is not None:
            self.seen = now
        size = event.size
        if size != self.size:
            self.size = size
            self.changed_at = at
        self.entry = event.entry
        self.liquidation = event.liquidation
        self.mark = event.mark
        if not size:
            self.qty = self.value = self.unrealised = ZERO
            return True
        self._measure(event.direction, instrument.qty_step * size, event.entry)
        return True

    def apply(self, event: Execution, instrument: Instrument) -> bool:
        """Move the leg by an execution that the last report does not contain; whether it moved.

        Size, value and unrealised profit are right between a fill and its position report (L47,
        110017). An execution up to the report's time is in the report. A close never takes the
        size below 0. Liquidation and mark stay as reported, but a leg that opens anew has no known
        liquidation price. Of a leg nobody reported only the time is kept: it stays unknown, and a
        first report older than the execution is refused (L48, A26).
        """
        at = event.at
        if at > self.moved_at:
            self.moved_at = at
        reported = self.at
        if reported is None or at <= reported:
            return False
        self.changed_at = at
        direction, held = event.direction, self.size
        step = instrument.qty_step
        if not opens(direction, event.side):
            size = self.size = max(held - event.qty, 0)
            if not size:
                self.qty = self.value = self.unrealised = ZERO
                self.entry = None
                return held > 0
            self._measure(direction, step * size, instrument.price(event.price))
            return True
        size = self.size = held + event.qty
        price = instrument.price(event.price)
        if not held:
            self.entry = price
            self.liquidation = None
        elif self.entry is not None:
            self.entry = (self.entry * held + price * event.qty) / size
        self._measure(direction, step * size, price)
        return True

    def _measure(self, direction: DirectionType, qty: Decimal, fallback: Decimal | None) -> None:
        """Value the leg at its mark, else at its entry, else at the fallback."""
        self.qty = qty
        entry, mark = self.entry, self.mark
        if mark is None:
            price = fallback if entry is None else entry
            self.value = ZERO if price is None else qty * price
            self.unrealised = ZERO
            return
        self.value = qty * mark
        self.unrealised = ZERO if entry is None else unrealised(direction, entry, mark, qty)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        liquidation = self.liquidation
        return {
            "at": self.at,
            "changed_at": self.changed_at,
            "moved_at": self.moved_at,
            "seen": self.seen,
            "size": self.size,
            "qty": str(self.qty),
            "entry": decimal_to_text(self.entry),
            "liquidation": "none" if liquidation is NO_LIQUIDATION else _text(liquidation),
            "mark": decimal_to_text(self.mark),
            "value": str(self.value),
            "unrealised": str(self.unrealised),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.at = _instant_or_none(saved, "at")
        self.changed_at = Instant(saved.whole("changed_at"))
        self.moved_at = Instant(saved.whole("moved_at"))
        self.seen = _instant_or_none(saved, "seen")
        self.size = saved.whole("size")
        self.qty = saved.decimal("qty")
        self.entry = saved.decimal_or_none("entry")
        if saved.raw("liquidation") == "none":
            self.liquidation = NO_LIQUIDATION
        else:
            self.liquidation = saved.decimal_or_none("liquidation")
        self.mark = saved.decimal_or_none("mark")
        self.value = saved.decimal("value")
        self.unrealised = saved.decimal("unrealised")


def _instant_or_none(saved: Saved, name: str) -> Instant | None:
    value = saved.whole_or_none(name)
    return None if value is None else Instant(value)


def _text(liquidation: Liquidation) -> str | None:
    return str(liquidation) if isinstance(liquidation, Decimal) else None


class MirroredPair:
    """Both legs of one symbol."""

    __slots__ = ("legs", "version")

    def __init__(self) -> None:
        self.legs = (MirroredLeg(), MirroredLeg())
        self.version = 0

    @property
    def known(self) -> bool:
        """Whether both legs were ever reported."""
        return self.legs[0].at is not None and self.legs[1].at is not None

    def seen_since(self, at: Instant) -> bool:
        """Whether both legs were reported at an instant or later, by our clock."""
        return all(leg.seen is not None and leg.seen >= at for leg in self.legs)

    @property
    def unknown_liquidation(self) -> bool:
        """Whether any leg is open and nobody knows its liquidation price."""
        return self.liquidation_unknown(0) or self.liquidation_unknown(1)

    def liquidation_unknown(self, index: int) -> bool:
        """Whether leg 0 (long) or 1 (short) is open and nobody knows its liquidation price."""
        leg = self.legs[index]
        return leg.size > 0 and leg.liquidation is None


class MirroredWallet:
    """Cash of the account: realised balance, and what the exchange calls available."""

    __slots__ = ("at", "available", "balance", "seen")

    def __init__(self) -> None:
        self.at: Instant | None = None
        self.seen: Instant | None = None
        """When the last stored report was received: the age that staleness counts from."""
        self.balance: Decimal | None = None
        self.available: Decimal | None = None

    def take(self, event: WalletUpdate, now: Instant | None = None) -> bool:
        """Store a reported wallet unless it is older than what is known; `now`: when received."""
        if self.at is not None and event.at < self.at:
            return False
        self.at = event.at
        if now is not None:
            self.seen = now
        self.balance = event.balance
        self.available = event.available
        return True

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "at": self.at,
            "seen": self.seen,
            "balance": decimal_to_text(self.balance),
            "available": decimal_to_text(self.available),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.at = _instant_or_none(saved, "at")
        self.seen = _instant_or_none(saved, "seen")
        self.balance = saved.decimal_or_none("balance")
        self.available = saved.decimal_or_none("available")
