"""Proves a run: plays the same plan row by row and compares what came of it, byte for byte."""

import json
from collections.abc import Sequence
from hashlib import sha256

from backtest.outcome import RunOutcome
from backtest.runner import Progress, Run
from backtest.wiring import RunPlan
from gridcore.message import message


@message
class Comparison:
    """One part of the outcome: how many entries, whether equal, and the first difference."""

    part: str
    entries: int
    equal: bool
    difference: str
    sha256: str


@message
class VerifyReport:
    """Whether skipping changed nothing, part by part."""

    comparisons: tuple[Comparison, ...]

    @property
    def identical(self) -> bool:
        """Whether every part is equal."""
        return all(comparison.equal for comparison in self.comparisons)


@message
class Proof:
    """A run's outcome in texts that can be compared, with the final state of session and venue."""

    trades: tuple[str, ...]
    ledger: tuple[str, ...]
    equity: tuple[str, ...]
    grids: tuple[str, ...]
    counts: tuple[str, ...]
    session: tuple[str, ...]
    venue: tuple[str, ...]


_PARTS = ("trades", "ledger", "equity", "grids", "counts", "session", "venue")


def proof_of(run: Run, outcome: RunOutcome) -> Proof:
    """Everything that must not depend on skipping."""
    equity = [
        f"{at} {value}"
        for at, value in zip(outcome.equity_at.tolist(), outcome.equity.tolist(), strict=True)
    ]
    equity.append(repr(outcome.drawdown))
    return Proof(
        trades=tuple(map(repr, outcome.fills)),
        ledger=tuple(map(repr, outcome.ledger)),
        equity=tuple(equity),
        grids=tuple(map(repr, outcome.grid_changes)),
        counts=tuple(
            repr(value)
            for value in (
                outcome.final_wallet,
                outcome.final_equity,
                outcome.legs,
                outcome.denials,
                outcome.orders_placed,
                outcome.orders_cancelled,
                outcome.orders_rejected,
                outcome.liquidations,
                outcome.max_open_orders,
                outcome.alerts,
                outcome.ticks,
                outcome.end,
                outcome.hourly_equity.tolist(),
            )
        ),
        session=_lines(run.session.snapshot()),
        venue=_lines(run.venue.snapshot()),
    )


def _lines(snapshot: object) -> tuple[str, ...]:
    return tuple(json.dumps(snapshot, sort_keys=True, indent=0).splitlines())


def compare(skipping: Proof, every_row: Proof) -> VerifyReport:
    """Compare two proofs part by part."""
    return VerifyReport(
        comparisons=tuple(
            _compare(part, getattr(skipping, part), getattr(every_row, part)) for part in _PARTS
        )
    )


def _compare(part: str, found: Sequence[str], expected: Sequence[str]) -> Comparison:
    difference = ""
    if found != expected:
        index = next(
            (
                number
                for number, (left, right) in enumerate(zip(found, expected, strict=False))
                if left != right
            ),
            min(len(found), len(expected)),
        )
        difference = (
            f"entry {index}: expected {_entry(expected, index)}, found {_entry(found, index)}"
        )
    return Comparison(
        part=part,
        entries=len(found),
        equal=found == expected,
        difference=difference,
        sha256=sha256("\n".join(found).encode()).hexdigest(),
    )


def _entry(entries: Sequence[str], index: int) -> str:
    return entries[index] if index < len(entries) else "nothing"


def run_verified(
    plan: RunPlan, progress: Progress | None = None
) -> tuple[RunOutcome, VerifyReport]:
    """Run with skipping and row by row; the outcome of the former and the comparison."""
    fast = Run(plan, tick_by_tick=False, progress=progress)
    outcome = fast.play()
    slow = Run(plan, tick_by_tick=True, progress=progress)
    reference = slow.play()
    return outcome, compare(proof_of(fast, outcome), proof_of(slow, reference))
