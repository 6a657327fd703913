"""Tables for docs/evidence: what was broken and what noticed.

Knows which outcomes count. Runs nothing.
"""

from collections import Counter
from collections.abc import Sequence

from tools.mutation.breaks import Break
from tools.mutation.mutants import Mutant
from tools.mutation.survivors import reason_of
from tools.mutation.trials import Outcome, Verdict

TEST_FAILED = 1
"""pytest's exit code when a test failed; others mean that the code did not even load."""
LEFT = "not run yet"

BreakRow = tuple[Break, Outcome | None]
MutantRow = tuple[Mutant, Outcome | None]


def is_noticed(outcome: Outcome | None) -> bool:
    """Whether a test failed, or did not end, because of a deliberate break."""
    if outcome is None or outcome.verdict is Verdict.SURVIVED:
        return False
    return outcome.verdict is Verdict.TIMEOUT or outcome.exit_code == TEST_FAILED


def killed(rows: Sequence[MutantRow]) -> int:
    """How many mutants anything noticed."""
    return sum(o is not None and o.verdict is not Verdict.SURVIVED for _, o in rows)


def break_report(rows: Sequence[BreakRow]) -> str:
    """One row for every deliberate break."""
    noticed = sum(is_noticed(outcome) for _, outcome in rows)
    left = sum(outcome is None for _, outcome in rows)
    summary = (
        f"{len(rows)} deliberate breaks: {noticed} noticed, {len(rows) - noticed - left} not, "
        f"{left} left."
    )
    lines = [
        summary,
        "",
        "| break | module | noticed by |",
        "|---|---|---|",
    ]
    lines += [f"| {one.name} | {one.module} | {_break_cell(outcome)} |" for one, outcome in rows]
    return "\n".join(lines)


def drawn_report(rows: Sequence[MutantRow], of: int, seed: int) -> str:
    """How many were killed and by what; one row for each; the survivors with their reasons."""
    ended = [(one, outcome) for one, outcome in rows if outcome is not None]
    dead = killed(rows)
    share = f" ({100 * dead / len(ended):.0f} % of those that ran)" if ended else ""
    stages = Counter(_stage(outcome) for _, outcome in ended if outcome.stage)
    summary = (
        f"{len(rows)} mutants drawn with seed {seed} from {of}: {dead} killed{share}, "
        f"{len(ended) - dead} survived, {len(rows) - len(ended)} left."
    )
    lines = [
        summary,
        "",
        "| killed by | mutants |",
        "|---|---|",
        *(f"| {stage} | {count} |" for stage, count in sorted(stages.items())),
        "",
        "| place | change | outcome |",
        "|---|---|---|",
    ]
    lines += [
        f"| {_place(one)} | {_cell(one.change)} | {_mutant_cell(outcome)} |"
        for one, outcome in rows
    ]
    survivors = [one for one, outcome in ended if outcome.verdict is Verdict.SURVIVED]
    if survivors:
        lines += ["", "Survivors:", ""]
        lines += [
            f"- {_place(one)} `{one.identity}`: {one.change}: {reason_of(one.identity)}"
            for one in survivors
        ]
    return "\n".join(lines)


def _place(mutant: Mutant) -> str:
    return f"{mutant.module}:{mutant.line}"


def _stage(outcome: Outcome) -> str:
    return f"{outcome.stage}{' (timeout)' if outcome.verdict is Verdict.TIMEOUT else ''}"


def _break_cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return LEFT
    if outcome.verdict is Verdict.TIMEOUT:
        return "timeout"
    if outcome.verdict is Verdict.SURVIVED:
        return "NOTHING"
    if not is_noticed(outcome):
        return f"NOTHING: the tests did not run, exit code {outcome.exit_code}"
    return _cell(_test_name(outcome))


def _mutant_cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return LEFT
    if outcome.verdict is Verdict.SURVIVED:
        return "SURVIVED"
    name = _test_name(outcome)
    return f"{_stage(outcome)}{f': {_cell(name)}' if name else ''}"


def _test_name(outcome: Outcome) -> str:
    """File and function; the parameters may hold anything."""
    return outcome.first_failure.partition("[")[0].rpartition("/")[2]


def _cell(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", "\\|")
