"""What was lost since UTC midnight, out of our own ledger, and when that is too much.

It trusts booked amounts and their exchange times; it refuses to look at positions (L109, L111).
"""

from decimal import Decimal

from gridcore.clock import DAY_US, Instant, utc_midnight
from gridcore.config import SafetyConfig
from gridcore.saved import Saved, decimal_to_text

ZERO = Decimal(0)
PERCENT = Decimal("0.01")


class SessionLoss:
    """Profit of the UTC day of the account: realised profit, fees and funding; cash never counts.

    The limit is an amount, or a percentage of the first balance that is known on the day; a day
    whose balance is not yet known goes by what the day before left. `profit` is in quote currency.
    """

    __slots__ = ("_balance", "_day", "_forgiven", "_opened", "_pct", "_stated", "profit")

    def __init__(self, safety: SafetyConfig) -> None:
        self._stated = safety.session_loss_limit
        self._pct = safety.session_loss_pct
        self._day = Instant(0)
        self._balance: Decimal | None = None
        self._opened = False
        self._forgiven = ZERO
        self.profit = ZERO

    def book(self, amount: Decimal, at: Instant) -> None:
        """Count a realised profit, a fee or a funding payment (negative: paid) of exchange time.

        Of an earlier day it is of no account; of a later day it begins that day.
        """
        day = utc_midnight(at)
        if day > self._day:
            self._begin(day)
        elif day < self._day:
            return
        self.profit += amount

    def open_day(self, balance: Decimal, now: Instant) -> None:
        """Tell the wallet's realised balance; the first one of a day is what the limit is of."""
        day = utc_midnight(now)
        if day > self._day:
            self._begin(day)
        if day == self._day and not self._opened:
            self._opened = True
            self._balance = balance

    def roll(self, now: Instant, balance: Decimal | None) -> None:
        """Begin the day of `now` unless it runs already; `breached` then tells of it (A32)."""
        if balance is not None:
            self.open_day(balance, now)
        elif utc_midnight(now) > self._day:
            self._begin(utc_midnight(now))

    def _begin(self, day: Instant) -> None:
        if self._balance is not None:
            self._balance += self.profit
        self._day = day
        self._opened = False
        self._forgiven = self.profit = ZERO

    def limit(self) -> Decimal | None:
        """The loss at which it is too much; None when off or while no balance is known."""
        if self._stated is not None:
            return self._stated
        if self._pct is None or self._balance is None:
            return None
        return max(self._balance, ZERO) * self._pct * PERCENT

    def breached(self) -> bool:
        """Whether the loss of the day, since the operator's last resume, is too much (A31)."""
        loss = self._forgiven - self.profit
        if loss <= 0:
            return False
        limit = self.limit()
        return limit is not None and loss >= limit

    def resume(self) -> None:
        """The operator lets the day go on: only what is lost from here on counts."""
        self._forgiven = self.profit

    @staticmethod
    def next_midnight(now: Instant) -> Instant:
        """The next UTC midnight: the deadline at which to roll."""
        return Instant(utc_midnight(now) + DAY_US)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "day": self._day,
            "balance": decimal_to_text(self._balance),
            "opened": self._opened,
            "forgiven": str(self._forgiven),
            "profit": str(self.profit),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._day = Instant(saved.whole("day"))
        self._balance = saved.decimal_or_none("balance")
        self._opened = saved.flag("opened")
        self._forgiven = saved.decimal("forgiven")
        self.profit = saved.decimal("profit")
