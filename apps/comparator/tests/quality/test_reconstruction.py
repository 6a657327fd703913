from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from appkit.dates import Window
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from comparator.evidence.recorded import Evidence
from comparator.quality import Finding, FindingKind, QualityLimits, Severity
from comparator.quality.reconstruction import (
    Change,
    Held,
    Mismatch,
    mismatches,
    position_findings,
)
from grid_db import models
from gridcore.clock import SECOND_US, Instant

Look = Callable[..., Evidence]
ROWS = models.PrivateExecution.__table__.c
SLACK = 2


def held(*pairs: tuple[int, int]) -> list[Held]:
    return [Held(at=Instant(at), size=Decimal(size)) for at, size in pairs]


def changes(*pairs: tuple[int, int]) -> list[Change]:
    return [Change(at=Instant(at), amount=Decimal(amount)) for at, amount in pairs]


def mismatch(since: int, at: int, recorded: int, reconstructed: int) -> Mismatch:
    return Mismatch(
        since=Instant(since),
        at=Instant(at),
        recorded=Decimal(recorded),
        reconstructed=Decimal(reconstructed),
    )


def test_sizes_that_the_changes_give_are_no_mismatch() -> None:
    sizes = held((0, 5), (10, 7), (20, 4), (30, 4))

    assert mismatches(sizes, changes((10, 2), (20, -3)), SLACK) == []


def test_a_change_that_is_not_recorded_is_one_mismatch() -> None:
    """After it, sizes are counted from what was recorded."""
    sizes = held((0, 5), (10, 7), (20, 4), (30, 9))

    found = mismatches(sizes, changes((20, -3), (30, 5)), SLACK)

    assert found == [mismatch(0, 10, 7, 5)]


def test_what_happened_up_to_the_first_size_is_in_it() -> None:
    sizes = held((10, 5), (20, 6))

    assert mismatches(sizes, changes((3, 9), (10, 2), (20, 1)), SLACK) == []


def test_of_changes_of_one_time_a_size_may_be_between_two() -> None:
    """The exchange tells a position after each of them, all with one time."""
    sizes = held((0, 0), (10, 1), (10, 3), (10, 6))

    assert mismatches(sizes, changes((10, 1), (10, 2), (10, 3)), SLACK) == []


@pytest.mark.parametrize(("told_at", "count"), [(12, 0), (8, 0), (7, 1), (13, 0), (14, 0)])
def test_a_size_may_be_told_a_little_before_its_change(told_at: int, count: int) -> None:
    """A size told after it needs no slack: the change is known by then."""
    sizes = held((0, 0), (told_at, 1))

    assert len(mismatches(sizes, changes((10, 1)), SLACK)) == count


@pytest.mark.parametrize(("told_at", "count"), [(12, 0), (13, 1)])
def test_an_old_size_may_be_told_a_little_after_its_change(told_at: int, count: int) -> None:
    sizes = held((0, 0), (told_at, 0))

    assert len(mismatches(sizes, changes((10, 1)), SLACK)) == count


amounts = st.integers(-3, 3).filter(bool)


@given(
    moves=st.lists(st.tuples(st.integers(1, 5), amounts), min_size=1, max_size=12),
    start=st.integers(0, 9),
    lost=st.integers(0, 11),
)
def test_whichever_change_is_lost_exactly_one_size_tells_it(
    moves: Sequence[tuple[int, int]], start: int, lost: int
) -> None:
    """Every change is followed by a size, all further apart than the slack."""
    at, size = 0, start
    made: list[tuple[int, int]] = []
    sizes = [(0, start)]
    for step, amount in moves:
        at += SLACK + step
        size += amount
        made.append((at, amount))
        sizes.append((at, size))
    kept = made[: lost % len(made)] + made[lost % len(made) + 1 :]

    assert mismatches(held(*sizes), changes(*made), SLACK) == []
    assert len(mismatches(held(*sizes), changes(*kept), SLACK)) == 1


# -- on a recording --------------------------------------------------------------------------


def found(look: Look, recording: Recording, *chosen: object) -> list[Finding]:
    return list(position_findings(look(recording, *chosen), "BTCUSDT", QualityLimits()))


def quiet_fill(recording: Recording) -> str:
    """An execution with no other of its direction within three seconds after it."""
    fills = recording.outcome.fills
    for number, fill in enumerate(fills[10:], start=10):
        later = [one.at for one in fills[number + 1 :] if one.direction is fill.direction]
        if later and later[0] - fill.at > 3 * SECOND_US:
            return fill.exec_id
    raise AssertionError("every fill has others beside it")


def test_the_positions_of_a_recording_are_what_its_executions_make(
    recording: Recording, look: Look
) -> None:
    assert found(look, recording) == []


def test_so_are_those_of_a_part_of_it(recording: Recording, look: Look) -> None:
    """The sizes begin with the newest before the window."""
    middle = Instant((START + recording.outcome.end) // 2)

    assert found(look, recording, None, Window(start=middle, end=None)) == []


@pytest.mark.parametrize("fault", ["lost", "changed"])
def test_an_execution_that_was_lost_or_changed_is_told(
    recording: Recording, look: Look, fault: str
) -> None:
    """18.12: the window is contaminated, the strategy is not to blame."""
    mine = ROWS.exec_id == quiet_fill(recording)
    recording.change(
        sa.delete(models.PrivateExecution).where(mine)
        if fault == "lost"
        else sa.update(models.PrivateExecution).where(mine).values(exec_qty=Decimal("0.033"))
    )

    [one] = found(look, recording)

    assert (one.kind, one.severity, one.count) == (
        *(FindingKind.POSITION_MISMATCH, Severity.BARS, 1),
    )
    assert "executions were lost or changed" in one.text
    [fill] = [fill for fill in recording.outcome.fills if fill.exec_id == quiet_fill(recording)]
    assert fill.at in one.spans[0]


def test_the_leg_of_an_execution_without_index_comes_from_what_it_closed(
    recording: Recording, look: Look
) -> None:
    recording.change(sa.update(models.PrivateExecution).values(position_idx=None))

    assert found(look, recording) == []


def test_where_no_position_was_recorded_nothing_contradicts(
    recording: Recording, look: Look
) -> None:
    recording.change(sa.delete(models.PositionSnapshot))

    assert found(look, recording) == []


def test_positions_of_a_simulation_are_not_looked_at(recording: Recording, look: Look) -> None:
    """Older replays stored theirs in the same table (V-7)."""
    rows = models.PositionSnapshot.__table__.c
    recording.change(
        sa.update(models.PositionSnapshot)
        .where(rows.size != Decimal(0))
        .values(source="backtest", size=Decimal(99))
    )

    assert found(look, recording) == []
