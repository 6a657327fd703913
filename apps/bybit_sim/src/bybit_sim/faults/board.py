"""Which faults act now: each draws from its own seeded source, so one taken out leaves the others.

It knows windows, targets, chances and counts; it refuses to know how a fault acts on the wire.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from bybit_sim.faults.kinds import (
    FRAME_FAULTS,
    REQUEST_FAULTS,
    SOCKET_FAULTS,
    WHOLE_FAULTS,
)
from bybit_sim.faults.matching import matcher
from bybit_sim.faults.words import Fault, WireFault

W = WireFault

ACTED_KEPT = 500

_ALONE = {kind: frozenset({kind}) for kind in (W.ACK_REFUSED, W.AUTH_REFUSED)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """One act of a fault: `serial` counts all acts; `subject` is the path, topic or socket kind."""

    serial: int
    number: int
    kind: WireFault
    subject: str
    uid: int | None
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A fault on the board under its number, and how often it has acted."""

    number: int
    fault: Fault
    acted: int


@dataclass(slots=True, kw_only=True, eq=False)
class _Entry:
    number: int
    fault: Fault
    matches: Callable[[str], bool]
    draw: Random
    acted: int = 0
    drawn: set[int] = field(default_factory=set)
    """Connections whose die is cast: a whole connection is hit once or never."""

    def acts(self, at_ms: int) -> bool:
        fault = self.fault
        spent = fault.count is not None and self.acted >= fault.count
        return fault.from_ms <= at_ms < fault.until_ms and not spent

    def concerns(self, subject: str, uid: int | None) -> bool:
        return self.fault.uid in (None, uid) and self.matches(subject)

    def hits(self) -> bool:
        return self.draw.randrange(1000) < self.fault.chance


class FaultBoard:
    """The faults of one simulator. Times are milliseconds of wall clock since it began.

    `target` may name several globs, parted by commas: "order,order.*,execution*".
    """

    def __init__(self, seed: int, faults: Iterable[Fault] = ()) -> None:
        self.seed = seed
        self._entries: dict[int, _Entry] = {}
        self._by_group: dict[frozenset[WireFault], tuple[_Entry, ...]] = {}
        self._added = 0
        self._serial = 0
        self._acted: deque[Acted] = deque(maxlen=ACTED_KEPT)
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> int:
        """Puts a fault on the board and gives its number, from 1 on."""
        self._added += 1
        alike = sum(entry.fault == fault for entry in self._entries.values())
        self._entries[self._added] = _Entry(
            number=self._added,
            fault=fault,
            matches=matcher(fault.target),
            draw=Random(f"{self.seed}|{alike}|{fault!r}"),
        )
        self._by_group.clear()
        return self._added

    def remove(self, number: int) -> bool:
        """Takes a fault off the board; False: there is none of that number."""
        taken = self._entries.pop(number, None)
        self._by_group.clear()
        return taken is not None

    def standing(self) -> tuple[Standing, ...]:
        """Every fault on the board, over or not, in order of number."""
        return tuple(
            Standing(number=entry.number, fault=entry.fault, acted=entry.acted)
            for entry in self._entries.values()
        )

    def acted_since(self, serial: int) -> tuple[Acted, ...]:
        """What acted after the act `serial` (0: all that is kept), oldest first."""
        return tuple(act for act in self._acted if act.serial > serial)

    def request(self, path: str, uid: int | None, at_ms: int) -> Fault | None:
        """The fault that befalls this request: the one of the lowest number that hits.

        `uid` None: unsigned. Ask once per request; a trade socket's operation is asked by the path
        of its REST twin ("/v5/order/create").
        """
        hits = self._hits(REQUEST_FAULTS, path, uid, at_ms)
        return self._count(hits[0], path, uid, at_ms) if hits else None

    def frame(self, topic: str, uid: int | None, at_ms: int) -> tuple[Fault, ...]:
        """The faults that befall this frame to one connection; a lost one suffers no other.

        `uid` None: a public frame. Ask once per frame and connection.
        """
        if not self._group(FRAME_FAULTS):
            return ()
        hits = self._hits(FRAME_FAULTS, topic, uid, at_ms)
        lost = [entry for entry in hits if entry.fault.kind is W.FRAME_LOST]
        return tuple(self._count(entry, topic, uid, at_ms) for entry in lost[:1] or hits)

    def connection(self, kind: str, uid: int | None, at_ms: int, serial: int) -> Fault | None:
        """The fault that befalls a whole open connection now; each fault draws once for each.

        `kind`: "private", "public" or "trade"; `serial` its number. Ask when one opens and
        regularly while it is open.
        """
        for entry in self._group(SOCKET_FAULTS):
            if serial in entry.drawn or not entry.acts(at_ms):
                continue
            if entry.concerns(kind, uid):
                entry.drawn.add(serial)
                if entry.hits():
                    return self._count(entry, kind, uid, at_ms)
        return None

    def forget(self, serial: int) -> None:
        """A connection has ended: what was drawn for it is no longer kept."""
        for entry in self._group(SOCKET_FAULTS):
            entry.drawn.discard(serial)

    def answer(
        self,
        kind: WireFault,
        socket: str,
        uid: int | None,
        at_ms: int,
        topics: Sequence[str] = (),
    ) -> Fault | None:
        """ACK_REFUSED for a subscription of `topics`, or AUTH_REFUSED for a login.

        The target is the socket's kind or one of the topics.
        """
        for subject in (socket, *topics):
            hits = self._hits(_ALONE[kind], subject, uid, at_ms)
            if hits:
                return self._count(hits[0], subject, uid, at_ms)
        return None

    def whole(self, at_ms: int) -> tuple[Fault, ...]:
        """REFUSING, MAINTENANCE and CLOCK_SKEWED that are in force; each counts once."""
        found = []
        for entry in self._group(WHOLE_FAULTS):
            if entry.fault.from_ms <= at_ms < entry.fault.until_ms:
                if entry.acted == 0:
                    self._count(entry, "server", None, at_ms)
                found.append(entry.fault)
        return tuple(found)

    def skew_ms(self, at_ms: int) -> int:
        """How far the server's clock is ahead, of all CLOCK_SKEWED in force together."""
        return sum(fault.amount for fault in self.whole(at_ms) if fault.kind is W.CLOCK_SKEWED)

    def _group(self, kinds: frozenset[WireFault]) -> tuple[_Entry, ...]:
        found = self._by_group.get(kinds)
        if found is None:
            found = tuple(entry for entry in self._entries.values() if entry.fault.kind in kinds)
            self._by_group[kinds] = found
        return found

    def _hits(
        self, kinds: frozenset[WireFault], subject: str, uid: int | None, at_ms: int
    ) -> list[_Entry]:
        """Every fault that concerns the subject draws, whoever wins: their dice are their own."""
        concerned = [
            entry
            for entry in self._group(kinds)
            if entry.acts(at_ms) and entry.concerns(subject, uid)
        ]
        return [entry for entry in concerned if entry.hits()]

    def _count(self, entry: _Entry, subject: str, uid: int | None, at_ms: int) -> Fault:
        entry.acted += 1
        self._serial += 1
        self._acted.append(
            Acted(
                serial=self._serial,
                number=entry.number,
                kind=entry.fault.kind,
                subject=subject,
                uid=uid,
                at_ms=at_ms,
            )
        )
        return entry.fault
