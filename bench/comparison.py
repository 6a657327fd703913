"""The comparison job: ours, hftbacktest and a plain numba loop, in turn, in one run.

Knows how to ask the other programs; refuses to know how they do it.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appkit.exits import RunFailed
from backtest.wiring import RunPlan
from bench.environment import NotInstalled, environment_python
from bench.jobs import SYMBOL, StaticGrid, Traded, run_one_way, traded
from bench.timing import Spread, far_apart, timed
from tapes.tape import Tape

OURS = "ours"
PEERS = ("hftbacktest", "numba")
TOLERANCE = 0.02

Program = Callable[[], tuple[float, Traded]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What each program needed and did, by name. `missing` says why the others did not run."""

    spreads: Mapping[str, Spread]
    did: Mapping[str, Traded]
    missing: str | None

    @property
    def agrees(self) -> bool:
        """Whether all programs filled the same orders, within the tolerance, on each side."""
        buys = [one.buys for one in self.did.values()]
        sells = [one.sells for one in self.did.values()]
        return not far_apart(buys, TOLERANCE) and not far_apart(sells, TOLERANCE)


def compare(root: Path, tape: Tape, plan: RunPlan, grid: StaticGrid, *, repeats: int) -> Comparison:
    """Run every program `repeats` times, interleaved, so that a slow minute is slow for all."""
    ours: dict[str, Program] = {OURS: lambda: _our_run(plan)}
    run_one_way(plan)
    try:
        python = environment_python(root)
    except NotInstalled as reason:
        return interleaved(ours, repeats, missing=str(reason))
    with _worker(root, python, _job(tape, plan, grid)) as ask:
        peers = {name: _peer(ask, name) for name in PEERS}
        return interleaved(ours | peers, repeats)


def interleaved(
    programs: Mapping[str, Program], repeats: int, *, missing: str | None = None
) -> Comparison:
    """Run all programs in turn, `repeats` times."""
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    did: dict[str, Traded] = {}
    for _ in range(repeats):
        for name, program in programs.items():
            took, did[name] = program()
            seconds[name].append(took)
    spreads = {name: Spread(seconds=tuple(took)) for name, took in seconds.items()}
    return Comparison(spreads=spreads, did=did, missing=missing)


def _our_run(plan: RunPlan) -> tuple[float, Traded]:
    seconds, outcome = timed(lambda: run_one_way(plan))
    return seconds, traded(outcome)


def _peer(ask: Callable[[str], Any], name: str) -> Program:
    def program() -> tuple[float, Traded]:
        answer = ask(name)
        seconds = answer.pop("seconds")
        return seconds, Traded(**answer)

    return program


def _job(tape: Tape, plan: RunPlan, grid: StaticGrid) -> dict[str, Any]:
    """The same market and terms for the other programs."""
    (strategy,) = plan.strategies
    return {
        "times": _column(tape, "trades.time"),
        "prices": _column(tape, "trades.price"),
        "levels": grid.levels,
        "centre": grid.centre,
        "tick_size": str(plan.symbols[SYMBOL].instrument.tick_size),
        "lot": strategy.sizing.amount.removeprefix("b"),
        "maker_fee": str(plan.venue.maker_fee),
    }


def _column(tape: Tape, name: str) -> dict[str, str]:
    record = tape.manifest.column(name)
    assert record is not None, f"a tape has {name}"
    return {"file": str((tape.path / record.file).resolve()), "dtype": record.dtype}


@contextmanager
def _worker(root: Path, python: Path, job: Mapping[str, Any]) -> Iterator[Callable[[str], Any]]:
    """Start the other environment's process with a job; yields how to ask it."""
    command = [str(python), "-m", "bench.peers.worker"]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def ask(line: str) -> Any:
            # A process that ended is noticed by its missing answer.
            with suppress(BrokenPipeError):
                asked.write(line + "\n")
                asked.flush()
            answer = answers.readline()
            if not answer:
                raise RunFailed(
                    f"expected an answer of {' '.join(command)}, found its end",
                    "its own error stands above; --only a,b,d does without it",
                )
            return json.loads(answer)

        try:
            ask(json.dumps(job))
            yield ask
        finally:
            with suppress(BrokenPipeError):
                asked.close()
