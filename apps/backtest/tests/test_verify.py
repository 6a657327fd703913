from collections.abc import Callable
from hashlib import sha256

import pytest

from backtest.runner import Run
from backtest.verify import Proof, VerifyReport, compare, proof_of, run_verified
from backtest.wiring import RunPlan
from tapes import Tape

MakePlan = Callable[..., RunPlan]
PARTS = ("trades", "ledger", "equity", "grids", "counts", "session", "venue")


@pytest.fixture
def plan(swings: Tape, make_plan: MakePlan) -> RunPlan:
    return make_plan({"BTCUSDT": swings})


@pytest.fixture
def proof(plan: RunPlan) -> Proof:
    run = Run(plan, tick_by_tick=False, progress=None)
    return proof_of(run, run.play())


def changed(proof: Proof, part: str, entries: tuple[str, ...]) -> Proof:
    """The proof with another part."""
    parts = {name: getattr(proof, name) for name in PARTS}
    return Proof(**{**parts, part: entries})


def only_difference(report: VerifyReport) -> tuple[str, str]:
    (one,) = [comparison for comparison in report.comparisons if not comparison.equal]
    return one.part, one.difference


def test_a_proof_equals_itself_and_names_every_part(proof: Proof) -> None:
    report = compare(proof, proof)

    assert report.identical
    assert tuple(one.part for one in report.comparisons) == PARTS
    assert all(one.difference == "" for one in report.comparisons)
    assert [one.entries for one in report.comparisons] == [
        len(getattr(proof, part)) for part in PARTS
    ]
    assert all(one.entries > 0 for one in report.comparisons)
    assert report.comparisons[0].sha256 == sha256("\n".join(proof.trades).encode()).hexdigest()


@pytest.mark.parametrize("part", PARTS)
def test_one_changed_entry_is_noticed_with_its_place(proof: Proof, part: str) -> None:
    entries: tuple[str, ...] = getattr(proof, part)
    place = len(entries) // 2
    other = changed(proof, part, (*entries[:place], "forged", *entries[place + 1 :]))

    report = compare(other, proof)

    assert not report.identical
    assert only_difference(report) == (
        part,
        f"entry {place}: expected {entries[place]}, found forged",
    )


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_and_a_surplus_entry_are_noticed(proof: Proof, part: str) -> None:
    entries: tuple[str, ...] = getattr(proof, part)
    last = len(entries) - 1
    shorter = changed(proof, part, entries[:-1])

    missing, surplus = compare(shorter, proof), compare(proof, shorter)

    assert only_difference(missing) == (
        part,
        f"entry {last}: expected {entries[last]}, found nothing",
    )
    assert only_difference(surplus) == (
        part,
        f"entry {last}: expected nothing, found {entries[last]}",
    )


def test_a_run_is_verified_against_itself_row_by_row(plan: RunPlan) -> None:
    told: list[int] = []

    outcome, report = run_verified(plan, told.append)

    assert report.identical
    assert outcome.wakes < outcome.ticks
    assert told.count(outcome.ticks) == 2


def test_a_proof_holds_the_final_memory_of_session_and_venue(plan: RunPlan) -> None:
    run = Run(plan, tick_by_tick=True, progress=None)
    outcome = run.play()

    proof = proof_of(run, outcome)

    assert any(fill.client_order_id in "".join(proof.trades) for fill in outcome.fills)
    assert any('"last_minted"' in entry for entry in proof.session)
    assert any(str(outcome.final_wallet) in entry for entry in proof.venue)
    assert str(int(outcome.end)) in proof.counts
