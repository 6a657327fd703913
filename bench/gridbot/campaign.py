"""A campaign of chaos: seeds played two at a time, and what is kept of those that have passed.

A run that has passed leaves a line, with the code it was played on, and is not played again on the
same code. It refuses to know what a run does.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import bench.gridbot
import bybit_adapter
import bybit_sim
import grid_db
import gridbot
import gridcore
import simvenue
from appkit.kernel import source_digest
from bench.gridbot import chaos
from bench.gridbot.chaos import ChaosRan

WORKERS = 2
JUDGED = (bench.gridbot, bybit_adapter, bybit_sim, grid_db, gridbot, gridcore, simvenue)
"""Packages whose code a run depends on."""


def code() -> str:
    """A digest of all sources that a run depends on."""
    folders = [Path(str(one.__file__)).parent for one in JUDGED]
    return source_digest(folders)[:16]


class Kept:
    """The file of lines."""

    def __init__(self, file: Path, code: str) -> None:
        self._file = file
        self._code = code
        file.parent.mkdir(parents=True, exist_ok=True)

    def passed(self) -> dict[int, ChaosRan]:
        """The runs that have passed on this code, by seed."""
        if not self._file.is_file():
            return {}
        found: dict[int, ChaosRan] = {}
        for text in self._file.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue  # it broke off when a campaign was stopped
            if line.pop("code") == self._code:
                run = ChaosRan(**(line | {"faults": ()}))
                found[run.seed] = run
        return found

    def keep(self, ran: ChaosRan) -> None:
        """One more that has passed; its line does not join one that broke off."""
        line = json.dumps(asdict(ran) | {"code": self._code})
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(f"\n{line}\n" if lines.tell() else f"{line}\n")

    def folder(self, seed: int) -> Path:
        """Where the files of a run lie while it is played, and afterwards when it failed."""
        return self._file.parent / f"{self._file.stem}-seed-{seed}"


def play(
    seeds: Iterable[int],
    market_s: float,
    kept: Kept,
    *,
    limit_s: float,
    told: Callable[[ChaosRan], None],
) -> list[ChaosRan]:
    """Play the seeds that have not passed yet; none is begun after `limit_s`. What was played.

    Each run is led by a process of its own: what builds a database may not share one.
    """
    passed = kept.passed()
    left = [seed for seed in seeds if seed not in passed]
    left.sort(key=lambda seed: -chaos.trouble(seed, market_s)[1])  # none is long and last
    ends_at = time.monotonic() + limit_s
    ran: list[ChaosRan] = []
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as workers:
        begun = [workers.submit(_one, seed, market_s, kept.folder(seed), ends_at) for seed in left]
        for each in as_completed(begun):
            found = each.result()
            if found is None:
                continue
            if not found.faults:
                kept.keep(found)
                shutil.rmtree(kept.folder(found.seed))
            told(found)
            ran.append(found)
    return ran


def _one(seed: int, market_s: float, folder: Path, ends_at: float) -> ChaosRan | None:
    if time.monotonic() > ends_at:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    return chaos.run(seed, market_s, folder)


def text_of(runs: list[ChaosRan]) -> str:
    """What many runs add up to, for people."""
    if not runs:
        return "no run\n"
    seconds = sum(ran.seconds for ran in runs)
    calms = sorted(ran.calm_s for ran in runs)
    executions = sorted(ran.executions for ran in runs)
    return (
        f"{len(runs)} runs of {min(ran.market_s for ran in runs):.0f} to "
        f"{max(ran.market_s for ran in runs):.0f} s of market time in trouble, {WORKERS} at a time "
        f"in about {seconds / WORKERS / 60:.0f} min\n"
        f"{sum(ran.kills for ran in runs)} kills, {sum(ran.half_open for ran in runs)} half-open "
        f"sockets\n"
        f"{sum(ran.orders for ran in runs)} orders, {sum(executions)} executions ("
        f"{executions[0]} to {executions[-1]} in a run, median {executions[len(runs) // 2]}), "
        f"{sum(ran.events for ran in runs)} events judged by every law and replayed\n"
        f"the grid stood again after {calms[-1]:.1f} s of calm at most, median "
        f"{calms[len(runs) // 2]:.1f} s\n"
    )
