"""What we believe of positions and wallet, as the exchange last said it; newest wins.

Unknown is None: a leg nobody has reported is not a flat leg (L48).
"""

from decimal import Decimal

from gridcore.clock import Instant
from gridcore.events import NO_LIQUIDATION, Liquidation, PositionUpdate, WalletUpdate
from gridcore.instrument import Instrument
from gridcore.pnl import unrealised
from gridcore.saved import Saved, decimal_to_text

ZERO = Decimal(0)


class MirroredLeg:
    """One leg; `at` None means that nothing was ever reported."""

    __slots__ = ("at", "entry", "liquidation", "mark", "qty", "size", "unrealised", "value")

    def __init__(self) -> None:
        self.at: Instant | None = None
        self.size = 0
        self.qty = ZERO
        self.entry: Decimal | None = None
        self.liquidation: Liquidation = None
        self.mark: Decimal | None = None
        self.value = ZERO
        """Notional at the stored mark, at entry while no mark is known."""
        self.unrealised = ZERO

    def take(self, event: PositionUpdate, instrument: Instrument) -> bool:
        """Store a reported leg unless it is older than what is known; whether it was stored."""
        if self.at is not None and event.at < self.at:
            return False
        self.at = event.at
        size = self.size = event.size
        entry = self.entry = event.entry
        self.liquidation = event.liquidation
        mark = self.mark = event.mark
        if not size:
            self.qty = self.value = self.unrealised = ZERO
            return True
        qty = self.qty = instrument.qty_step * size
        price = entry if mark is None else mark
        self.value = ZERO if price is None else qty * price
        if mark is None or entry is None:
            self.unrealised = ZERO
        else:
            self.unrealised = unrealised(event.direction, entry, mark, qty)
        return True

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        liquidation = self.liquidation
        return {
            "at": self.at,
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
        at = saved.whole_or_none("at")
        self.at = None if at is None else Instant(at)
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

    def liquidation_unknown(self, index: int) -> bool:
        """Whether leg 0 (long) or 1 (short) is open and nobody knows its liquidation price."""
        leg = self.legs[index]
        return leg.size > 0 and leg.liquidation is None


class MirroredWallet:
    """Cash of the account: realised balance, and what the exchange calls available."""

    __slots__ = ("at", "available", "balance")

    def __init__(self) -> None:
        self.at: Instant | None = None
        self.balance: Decimal | None = None
        self.available: Decimal | None = None

    def take(self, event: WalletUpdate) -> bool:
        """Store a reported wallet unless it is older than what is known."""
        if self.at is not None and event.at < self.at:
            return False
        self.at = event.at
        self.balance = event.balance
        self.available = event.available
        return True

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "at": self.at,
            "balance": decimal_to_text(self.balance),
            "available": decimal_to_text(self.available),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        at = saved.whole_or_none("at")
        self.at = None if at is None else Instant(at)
        self.balance = saved.decimal_or_none("balance")
        self.available = saved.decimal_or_none("available")
