"""How a recorded output is judged: agreed, deviated on purpose by a named rule, failed, skipped.

It knows verdicts and counts; what a case means is known by the module of its file kind.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

LARGEST_SHARE_WITHOUT_ADR = 10
"""A rule that excuses more than one in so many cases or steps of a file needs an ADR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of recorded behaviour that is wrong, and why ours differs, in one sentence."""

    name: str
    reason: str
    adr: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One case or step that is neither as recorded nor as a rule demands."""

    where: str
    text: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one stratum. A unit is a case, or a step of a sequence."""

    agreed: int = 0
    deviated: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    skipped: int = 0
    owned: int = 0

    @property
    def units(self) -> int:
        """Everything that was counted."""
        return self.agreed + self.deviated + len(self.failures) + self.skipped + self.owned


class Raises:
    """The output of a call that refused its input: any exception equals any other."""

    def __init__(self, error: str = "") -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Raises)

    def __hash__(self) -> int:
        return hash(Raises)

    def __repr__(self) -> str:
        return f"raises {self.error}".rstrip()


RAISES = Raises()


MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What reading a case of another shape raises: such a case failed, it was not judged."""


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or `Raises`; arithmetic refusals count, programming errors do not."""
    try:
        return call()
    except (ValueError, ArithmeticError) as error:
        return Raises(f"{type(error).__name__}: {error}")


@dataclass(slots=True, kw_only=True)
class FileReport:
    """The verdict on one vector file."""

    name: str
    file: str
    strata: dict[str, Tally] = field(default_factory=dict)
    owner: str | None = None
    rules: dict[str, Rule] = field(default_factory=dict)

    def tally(self, stratum: str) -> Tally:
        """The counts of a stratum, new if it was not seen before."""
        return self.strata.setdefault(stratum, Tally())

    def agree(self, stratum: str) -> None:
        """Count a unit that is as recorded."""
        self.tally(stratum).agreed += 1

    def fail(self, stratum: str, where: str, text: str) -> None:
        """Count a unit that is wrong."""
        self.tally(stratum).failures.append(Failure(where=where, text=text))

    def deviate(self, stratum: str, rules: Iterable[Rule]) -> None:
        """Count a unit that differs from the recording as its rules demand."""
        tally = self.tally(stratum)
        tally.deviated += 1
        for rule in rules:
            tally.by_rule[rule.name] += 1
            self.rules[rule.name] = rule

    def settle(
        self,
        stratum: str,
        where: str,
        *,
        ours: object,
        recorded: object,
        rules: Sequence[Rule] = (),
        right: object = None,
    ) -> bool:
        """Judge one unit; whether it passed.

        `rules` are those that recognise the recorded behaviour as wrong; then `right`, computed
        without gridcore, is the only output that passes.
        """
        expected = right if rules else recorded
        if ours != expected:
            because = f" ({', '.join(rule.name for rule in rules)})" if rules else ""
            self.fail(stratum, where, f"expected {expected!r}{because}, found {ours!r}")
            return False
        if ours == recorded:
            self.agree(stratum)
        else:
            self.deviate(stratum, rules)
        return True

    def judge_each(
        self, rows: Iterable[Any], judge: Callable[[Any], None], *, stratum: str | None = None
    ) -> None:
        """Judge rows one by one; one that cannot be read fails alone."""
        for number, row in enumerate(rows):
            try:
                judge(row)
            except MALFORMED as error:
                text = f"cannot be judged: {type(error).__name__}: {error}"
                self.fail(stratum or _stratum(row), _identity(row, number), text)

    @property
    def units(self) -> int:
        """Cases and steps of the file."""
        return sum(tally.units for tally in self.strata.values())

    def rule_counts(self) -> Counter[str]:
        """How many units each rule excused."""
        counts: Counter[str] = Counter()
        for tally in self.strata.values():
            counts.update(tally.by_rule)
        return counts

    def unargued_rules(self) -> list[Rule]:
        """Rules that excuse more than a tenth of the file without an ADR."""
        counts = self.rule_counts()
        return [
            rule
            for name, rule in sorted(self.rules.items())
            if rule.adr is None and counts[name] * LARGEST_SHARE_WITHOUT_ADR > self.units
        ]

    @property
    def passed(self) -> bool:
        """Whether nothing failed and every large rule is argued for."""
        failed = any(tally.failures for tally in self.strata.values())
        return not failed and not self.unargued_rules()


def _stratum(row: Any) -> str:
    if isinstance(row, dict):
        return str(row.get("s", "unknown"))
    return str(row[1]) if isinstance(row, list) and len(row) > 1 else "unknown"


def _identity(row: Any, number: int) -> str:
    if isinstance(row, dict):
        return str(row.get("id", f"row {number}"))
    return str(row[0]) if isinstance(row, list) and row else f"row {number}"
