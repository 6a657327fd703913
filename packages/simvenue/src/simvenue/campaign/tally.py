"""What the runs of a campaign reached: faults, rows of the order table, denials, modes, restarts.

It counts, adds up and goes to JSON and back; it refuses to judge.
"""

from collections.abc import Iterable, Mapping

from gridcore.message import message
from gridcore.saved import Saved
from gridcore.session.gates import DenyReason
from gridcore.session.orders import TRANSITIONS
from simvenue.campaign.words import FaultKind

TALLY_FORMAT = 1


@message
class Failure:
    """A seed that broke a law, with the smallest fault list found that still breaks it."""

    seed: int
    law: str
    what: str
    faults: tuple[str, ...]


def row_name(state: str, event: str) -> str:
    """The name of a row of the order table: "OPEN+CANCELLED"."""
    return f"{state}+{event}"


EVERY_ROW = tuple(
    row_name(state.name, event.name) for state, rows in TRANSITIONS.items() for event in rows
)
EVERY_REASON = tuple(reason.value for reason in DenyReason)
EVERY_FAULT = tuple(kind.value for kind in FaultKind)


class Tally:
    """Counts of one or of many runs."""

    __slots__ = (
        "causes",
        "denials",
        "events",
        "failures",
        "faults",
        "microseconds",
        "restarts",
        "rows",
        "seeds",
        "survived",
    )

    def __init__(self) -> None:
        self.seeds: list[tuple[int, int]] = []
        """First seed and how many from there on."""
        self.events = 0
        self.restarts = 0
        self.microseconds = 0
        """Wall time of the piece; pieces that ran side by side are added up."""
        self.faults: dict[str, int] = {}
        """How often each kind acted."""
        self.survived: dict[str, int] = {}
        """Runs in which a kind acted and every law held."""
        self.rows: dict[str, int] = {}
        self.denials: dict[str, int] = {}
        self.causes: dict[str, int] = {}
        self.failures: list[Failure] = []

    def add(self, other: "Tally") -> None:
        """Add what another piece reached."""
        self.seeds += other.seeds
        self.events += other.events
        self.restarts += other.restarts
        self.microseconds += other.microseconds
        self.failures += other.failures
        for name in ("faults", "survived", "rows", "denials", "causes"):
            add_counts(getattr(self, name), getattr(other, name))

    def seed_count(self) -> int:
        """How many seeds were played."""
        return sum(count for _, count in self.seeds)

    def below(self, least: int) -> list[str]:
        """Rows of the order table and reasons to deny that were reached less than `least` times."""
        rows = [f"transition {name}" for name in EVERY_ROW if self.rows.get(name, 0) < least]
        reasons = [f"denial {name}" for name in EVERY_REASON if self.denials.get(name, 0) < least]
        return rows + reasons

    def to_json(self) -> dict[str, object]:
        """Plain values; `from_json` is the inverse."""
        return {
            "format": TALLY_FORMAT,
            "seeds": [list(piece) for piece in self.seeds],
            "events": self.events,
            "restarts": self.restarts,
            "microseconds": self.microseconds,
            "faults": dict(sorted(self.faults.items())),
            "survived": dict(sorted(self.survived.items())),
            "rows": dict(sorted(self.rows.items())),
            "denials": dict(sorted(self.denials.items())),
            "causes": dict(sorted(self.causes.items())),
            "failures": [
                {
                    "seed": failure.seed,
                    "law": failure.law,
                    "what": failure.what,
                    "faults": list(failure.faults),
                }
                for failure in self.failures
            ],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Tally":
        """The inverse of to_json; SavedStateError for anything else."""
        saved = Saved(value)
        tally = cls()
        for piece in saved.list_of("seeds"):
            first, count = piece if isinstance(piece, list) else (0, 0)
            tally.seeds.append((int(first), int(count)))
        tally.events = saved.whole("events")
        tally.restarts = saved.whole("restarts")
        tally.microseconds = saved.whole("microseconds")
        for name in ("faults", "survived", "rows", "denials", "causes"):
            part = saved.part(name)
            setattr(tally, name, {key: part.whole(key) for key in part.names()})
        for part in saved.parts("failures"):
            tally.failures.append(
                Failure(
                    seed=part.whole("seed"),
                    law=part.text("law"),
                    what=part.text("what"),
                    faults=tuple(str(fault) for fault in part.list_of("faults")),
                )
            )
        return tally


def add_counts(into: dict[str, int], counts: Mapping[str, int]) -> None:
    """Add counts by name."""
    for name, count in counts.items():
        into[name] = into.get(name, 0) + count


def merged(pieces: Iterable[Tally]) -> Tally:
    """The sum of several pieces."""
    total = Tally()
    for piece in pieces:
        total.add(piece)
    return total
