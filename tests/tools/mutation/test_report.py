"""The tables that become evidence."""

from collections.abc import Callable

import pytest

from tools.mutation import report
from tools.mutation.breaks import Break
from tools.mutation.mutants import Mutant, candidates
from tools.mutation.trials import Outcome, Verdict

KILLER = "packages/gridcore/tests/session/test_counter.py::test_it_counts"


def outcome(verdict: Verdict, exit_code: int | None = 1, stage: str = "own tests") -> Outcome:
    return Outcome(
        verdict=verdict,
        stage="" if verdict is Verdict.SURVIVED else stage,
        exit_code=exit_code,
        first_failure=f"{KILLER}[a/b" if verdict is Verdict.NOTICED else "",
        seconds=1.0,
    )


def mutants(count: int) -> list[Mutant]:
    source = "".join(f"def f{n}(a):\n    a.go(x | y)\n" for n in range(count))
    return candidates("session/m.py", source)


@pytest.mark.parametrize(
    ("given", "noticed"),
    [
        (outcome(Verdict.NOTICED), True),
        (outcome(Verdict.TIMEOUT, None), True),
        (outcome(Verdict.SURVIVED, 0), False),
        (outcome(Verdict.NOTICED, 2), False),
        (None, False),
    ],
)
def test_a_deliberate_break_must_make_a_test_fail_not_keep_it_from_running(
    given: Outcome | None, noticed: bool
) -> None:
    assert report.is_noticed(given) is noticed


def test_deliberate_breaks_are_listed_with_what_noticed_them(
    counter_break: Callable[..., Break],
) -> None:
    text = report.break_report(
        [
            (counter_break(name="a"), outcome(Verdict.NOTICED)),
            (counter_break(name="b"), outcome(Verdict.SURVIVED, 0)),
            (counter_break(name="c"), outcome(Verdict.NOTICED, 4)),
            (counter_break(name="d"), outcome(Verdict.TIMEOUT, None)),
            (counter_break(name="e"), None),
        ]
    )

    assert text == (
        "5 deliberate breaks: 2 noticed, 2 not, 1 left.\n\n"
        "| break | module | noticed by |\n|---|---|---|\n"
        "| a | session/counter.py | test_counter.py::test_it_counts |\n"
        "| b | session/counter.py | NOTHING |\n"
        "| c | session/counter.py | NOTHING: the tests did not run, exit code 4 |\n"
        "| d | session/counter.py | timeout |\n"
        "| e | session/counter.py | not run yet |"
    )


def test_drawn_mutants_are_counted_listed_and_survivors_explained() -> None:
    first, second, third, fourth = mutants(4)

    text = report.drawn_report(
        [
            (first, outcome(Verdict.NOTICED)),
            (second, outcome(Verdict.TIMEOUT, None, "campaign")),
            (third, outcome(Verdict.SURVIVED, 0)),
            (fourth, None),
        ],
        of=40,
        seed=1,
    )

    assert text == (
        "4 mutants drawn with seed 1 from 40: 2 killed (67 % of those that ran), "
        "1 survived, 1 left.\n\n"
        "| killed by | mutants |\n|---|---|\n"
        "| campaign (timeout) | 1 |\n| own tests | 1 |\n\n"
        "| place | change | outcome |\n|---|---|---|\n"
        "| session/m.py:2 | removed: a.go(x \\| y) | "
        "own tests: test_counter.py::test_it_counts |\n"
        "| session/m.py:4 | removed: a.go(x \\| y) | campaign (timeout) |\n"
        "| session/m.py:6 | removed: a.go(x \\| y) | SURVIVED |\n"
        "| session/m.py:8 | removed: a.go(x \\| y) | not run yet |\n\n"
        "Survivors:\n\n"
        f"- session/m.py:6 `{third.identity}`: removed: a.go(x | y): no reason given"
    )


def test_without_survivors_none_are_listed() -> None:
    (only,) = mutants(1)

    assert "Survivors" not in report.drawn_report([(only, outcome(Verdict.NOTICED))], of=1, seed=1)
