"""Two orders of one level that both filled although they rested at the same time: a grid doubled.

It knows the resting times of completely filled orders; it refuses to draw conclusions from when
they filled (LS-35, L24).
"""

from gridcore.clock import MINUTE_US, Instant
from gridcore.message import message
from gridcore.saved import Saved
from gridcore.session.breakers import Key

ORDERS_PER_LEVEL = 4
LEVELS_REMEMBERED = 512
LATCH_US_MAX = 30 * MINUTE_US


@message
class Rested:
    """From when until when an order rested, exchange time, half-open: [rested_from, until)."""

    order_id: str
    rested_from: Instant
    until: Instant


@message
class Overlap:
    """Why the guard is latched, and the evidence: the level and the two orders that shared it."""

    direction: int
    side: int
    price: int
    earlier: Rested
    later: Rested
    since: Instant

    @property
    def text(self) -> str:
        """The evidence in words, for an alert."""
        return (
            f"orders {self.earlier.order_id} and {self.later.order_id} of one level both filled"
            f" although they rested at the same time: [{self.earlier.rested_from},"
            f" {self.earlier.until}) and [{self.later.rested_from}, {self.later.until})"
        )


class DuplicateGuard:
    """Latches when two distinct orders of one level filled and had rested at the same time.

    A latch ends by `release` (a reconcile found belief and exchange agreeing) or at its maximum
    age, never because of another fill (L25, L29). It decides only; nothing else hangs on its
    memory, so that a repeated report changes nothing (L31).
    """

    __slots__ = ("_latched", "_levels")

    def __init__(self) -> None:
        self._levels: dict[Key, list[Rested]] = {}
        self._latched: Overlap | None = None

    def filled(
        self, key: Key, order_id: str, rested_from: Instant, until: Instant, now: Instant
    ) -> Overlap | None:
        """Take note of a completely filled order; the overlap that it proves, which latches.

        `rested_from` is when the exchange acknowledged it, `until` when it filled, both exchange
        time; `now` dates the latch. Partial fills are not reported here (L26). A newer overlap
        replaces the latched one and its age.
        """
        rested = self._levels.get(key, [])
        if any(known.order_id == order_id for known in rested):
            return None
        self._levels.pop(key, None)
        self._levels[key] = rested  # at the end: the level that filled last is forgotten last
        if len(self._levels) > LEVELS_REMEMBERED:
            del self._levels[next(iter(self._levels))]
        order = Rested(order_id=order_id, rested_from=rested_from, until=until)
        other = _overlapping(rested, order)
        rested.append(order)
        if len(rested) > ORDERS_PER_LEVEL:
            del rested[0]
        if other is None:
            return None
        self._latched = _overlap(key, other, order, now)
        return self._latched

    @property
    def latched(self) -> Overlap | None:
        """The overlap that stands; while there is one, nothing is placed (X-6)."""
        return self._latched

    def release(self) -> bool:
        """End the latch: a clean reconcile; whether it stood. The fills stay known."""
        stood = self._latched is not None
        self._latched = None
        return stood

    def expire(self, now: Instant) -> bool:
        """End a latch that has reached its maximum age; whether it ended."""
        end = self.next_deadline()
        return end is not None and end <= now and self.release()

    def next_deadline(self) -> Instant | None:
        """When the latch ends at the latest."""
        latched = self._latched
        return None if latched is None else Instant(latched.since + LATCH_US_MAX)

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        latched = self._latched
        return {
            "levels": [
                {"key": list(key), "orders": [_saved(order) for order in rested]}
                for key, rested in self._levels.items()
            ],
            "latched": None
            if latched is None
            else {
                "key": [latched.direction, latched.side, latched.price],
                "earlier": _saved(latched.earlier),
                "later": _saved(latched.later),
                "since": latched.since,
            },
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self._levels.clear()
        for part in saved.parts("levels"):
            self._levels[_key(part)] = [_rested(order) for order in part.parts("orders")]
        self._latched = None
        if saved.raw("latched") is not None:
            part = saved.part("latched")
            direction, side, price = _key(part)
            self._latched = Overlap(
                direction=direction,
                side=side,
                price=price,
                earlier=_rested(part.part("earlier")),
                later=_rested(part.part("later")),
                since=Instant(part.whole("since")),
            )


def _overlapping(rested: list[Rested], order: Rested) -> Rested | None:
    """The newest known order that rested while `order` did.

    An order that filled in the instant of its acknowledgement overlaps one that rested before
    and after that instant.
    """
    for known in reversed(rested):
        if known.rested_from < order.until and order.rested_from < known.until:
            return known
    return None


def _overlap(key: Key, known: Rested, order: Rested, now: Instant) -> Overlap:
    first = known.rested_from <= order.rested_from
    return Overlap(
        direction=key[0],
        side=key[1],
        price=key[2],
        earlier=known if first else order,
        later=order if first else known,
        since=now,
    )


def _saved(order: Rested) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "rested_from": order.rested_from,
        "until": order.until,
    }


def _rested(part: Saved) -> Rested:
    return Rested(
        order_id=part.text("order_id"),
        rested_from=Instant(part.whole("rested_from")),
        until=Instant(part.whole("until")),
    )


def _key(part: Saved) -> Key:
    direction, side, price = part.wholes("key")
    return direction, side, price
