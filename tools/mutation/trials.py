"""Runs changed code against what should notice the change, in copies of the tree, and remembers.

Knows stages, limits and the file of results. What was changed, and whether it matters, it does not
know.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from tools.mutation.tree_copy import Finished, Stopped, TreeCopy

NO_TESTS = 5
"""pytest's exit code when there was nothing to run."""
PATIENCE = 4
PATIENCE_S = 60.0
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
TAIL_LINES = 40

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One command that may notice a change; it notices by any exit code that is not 0."""

    name: str
    command: tuple[str, ...]
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One change: a file's other text, and the stages that see it, in this order."""

    key: str
    path: Path
    text: str
    stages: tuple[Stage, ...]


class Verdict(StrEnum):
    """How a trial ended."""

    NOTICED = "noticed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the trial showed: the stage that noticed, how it said so, and the first failed test."""

    verdict: Verdict
    stage: str
    exit_code: int | None
    first_failure: str
    seconds: float


class NotGreen(Exception):
    """The unchanged copy does not pass, so that a failure would show nothing."""


class Record:
    """Outcomes by key, kept in a file after each."""

    __slots__ = ("_file", "_lock", "_outcomes")

    def __init__(self, file: Path) -> None:
        """Reads what an earlier run left."""
        self._file = file
        self._lock = threading.Lock()
        rows = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self._outcomes = {
            key: Outcome(**{**row, "verdict": Verdict(row["verdict"])}) for key, row in rows.items()
        }

    def get(self, key: str) -> Outcome | None:
        """The outcome of a trial; None when it has not ended yet."""
        return self._outcomes.get(key)

    def put(self, key: str, outcome: Outcome) -> None:
        """Keeps an outcome, here and in the file."""
        with self._lock:
            self._outcomes[key] = outcome
            rows = {key: asdict(one) for key, one in sorted(self._outcomes.items())}
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps(rows, indent=1), encoding="utf-8")
            fresh.replace(self._file)


def check_unchanged(
    name: str, command: Sequence[str], copy: TreeCopy, record: Record, stop: threading.Event
) -> Stage:
    """Runs a command in the unchanged copy; the stage's limit follows from the time it took.

    Raises NotGreen when it fails there, Stopped when the time is over.
    """
    key = f"unchanged: {' '.join(command)}"
    outcome = record.get(key)
    if outcome is None:
        finished = copy.run(command, float("inf"), stop)
        if finished.exit_code != 0:
            tail = "\n".join(finished.output.splitlines()[-TAIL_LINES:])
            raise NotGreen(
                f"expected {name} to pass in an unchanged copy, found exit code "
                f"{finished.exit_code}; mend that first:\n{tail}"
            )
        outcome = _outcome(Verdict.SURVIVED, name, finished)
        record.put(key, outcome)
    return Stage(name=name, command=tuple(command), limit_s=PATIENCE_S + PATIENCE * outcome.seconds)


def run_trials(
    trials: Iterable[Trial],
    copies: Sequence[TreeCopy],
    record: Record,
    stop: threading.Event,
    tell: Tell,
) -> None:
    """Runs the trials that have no outcome yet, one at a time in each copy, until `stop` is set."""
    waiting = iter([trial for trial in trials if record.get(trial.key) is None])
    taking = threading.Lock()

    def work(copy: TreeCopy) -> None:
        while not stop.is_set():
            with taking:
                trial = next(waiting, None)
            if trial is None:
                return
            try:
                outcome = run_trial(trial, copy, stop)
            except Stopped:
                return
            record.put(trial.key, outcome)
            by = f" by {outcome.stage}" if outcome.stage else ""
            tell(f"{trial.key}: {outcome.verdict}{by}, {outcome.seconds:.0f} s")

    with ThreadPoolExecutor(max_workers=len(copies)) as pool:
        workers = [pool.submit(work, copy) for copy in copies]
        with ExitStack() as when_it_fails:
            when_it_fails.callback(stop.set)
            for worker in workers:
                worker.result()
            when_it_fails.pop_all()


def run_trial(trial: Trial, copy: TreeCopy, stop: threading.Event) -> Outcome:
    """Runs the stages of one trial until one notices. Raises Stopped."""
    began = time.monotonic()
    with copy.changed(trial.path, trial.text):
        for stage in trial.stages:
            finished = copy.run(stage.command, stage.limit_s, stop)
            if finished.exit_code is None:
                return _outcome(Verdict.TIMEOUT, stage.name, finished)
            if finished.exit_code not in (0, NO_TESTS):
                return _outcome(Verdict.NOTICED, stage.name, finished)
    return Outcome(
        verdict=Verdict.SURVIVED,
        stage="",
        exit_code=0,
        first_failure="",
        seconds=time.monotonic() - began,
    )


def _outcome(verdict: Verdict, stage: str, finished: Finished) -> Outcome:
    failed = FAILED_TEST.search(finished.output)
    return Outcome(
        verdict=verdict,
        stage=stage,
        exit_code=finished.exit_code,
        first_failure=failed[1] if failed else "",
        seconds=finished.seconds,
    )
