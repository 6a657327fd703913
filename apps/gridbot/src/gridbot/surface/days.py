"""Profit by UTC day, out of the totals of the session's own books.

A day is the difference of two totals, so that nothing is lost or counted twice over a crash: the
session brings its totals back, and the day goes on from them. It books nothing itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from appkit.decimals import plain_text
from gridcore.clock import SECOND_US, Instant, utc_midnight
from gridcore.saved import Saved
from gridcore.session.effects import LedgerKind

DAYS_KEPT = 366
ZERO = Decimal(0)
_PROFIT = (LedgerKind.REALISED, LedgerKind.FEE, LedgerKind.FUNDING)


class Day:
    """The totals at the beginning and the end of what was seen of a day, and its last equity."""

    __slots__ = ("equity", "first", "last")

    def __init__(
        self, first: Mapping[LedgerKind, Decimal], last: Mapping[LedgerKind, Decimal], equity: str
    ) -> None:
        self.first = dict(first)
        self.last = dict(last)
        self.equity = equity

    def moved(self, kind: LedgerKind) -> Decimal:
        """What one kind of entry came to."""
        return self.last[kind] - self.first[kind]

    @property
    def profit(self) -> Decimal:
        """Realised profit, fees and funding; cash that was moved is none."""
        return sum((self.moved(kind) for kind in _PROFIT), ZERO)


class DayBook:
    """The last days, oldest first."""

    __slots__ = ("_days",)

    def __init__(self) -> None:
        self._days: dict[int, Day] = {}

    def look(self, now: Instant, totals: Mapping[LedgerKind, Decimal], equity: Decimal) -> None:
        """See the books' totals; a day begins where the day before ended.

        The first day of all takes everything that the books hold.
        """
        midnight = utc_midnight(now)
        day = self._days.get(midnight)
        if day is not None:
            day.last = dict(totals)
            day.equity = plain_text(equity)
            return
        newest = next(reversed(self._days.values()), None)
        if newest is not None and midnight < next(reversed(self._days)):
            return
        first = dict.fromkeys(LedgerKind, ZERO) if newest is None else newest.last
        self._days[midnight] = Day(first, totals, plain_text(equity))
        while len(self._days) > DAYS_KEPT:
            del self._days[next(iter(self._days))]

    def profit(self, now: Instant) -> Decimal | None:
        """The profit of the day of `now`; None when nothing was seen of it."""
        day = self._days.get(utc_midnight(now))
        return None if day is None else day.profit

    def row(self, midnight: Instant) -> dict[str, object] | None:
        """One day: its date, profit and parts, and the last equity seen; None when unknown."""
        day = self._days.get(midnight)
        return None if day is None else _row(midnight, day)

    def rows(self) -> list[dict[str, object]]:
        """Every day, oldest first."""
        return [_row(midnight, day) for midnight, day in self._days.items()]

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "days": [
                {
                    "midnight": midnight,
                    "first": _texts(day.first),
                    "last": _texts(day.last),
                    "equity": day.equity,
                }
                for midnight, day in self._days.items()
            ]
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._days = {
            part.whole("midnight"): Day(
                _totals(part.part("first")), _totals(part.part("last")), part.text("equity")
            )
            for part in saved.parts("days")
        }


def _row(midnight: int, day: Day) -> dict[str, object]:
    return {
        "day": datetime.fromtimestamp(midnight // SECOND_US, UTC).date().isoformat(),
        "profit": plain_text(day.profit),
        **{kind.value: plain_text(day.moved(kind)) for kind in LedgerKind},
        "equity": day.equity,
    }


def _texts(totals: Mapping[LedgerKind, Decimal]) -> dict[str, str]:
    return {kind.value: plain_text(totals[kind]) for kind in LedgerKind}


def _totals(saved: Saved) -> dict[LedgerKind, Decimal]:
    return {kind: saved.decimal(kind.value) for kind in LedgerKind}
