from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from backtest.outcome import Fill as RunFill
from comparator.evidence.recorded import Evidence
from comparator.fills import DirectionFound, Fill, Source
from comparator.loading.files import load_outcome
from comparator.loading.live import LiveFills, load_live
from comparator.loading.spans import Span
from grid_db import models
from gridcore.clock import SECOND_US, Instant
from gridcore.events import ExecType

Look = Callable[..., Evidence]
ROWS = models.PrivateExecution.__table__.c


def loaded(look: Look, recording: Recording, window: Span | None = None) -> LiveFills:
    evidence = look(recording)
    return load_live(evidence.rows, evidence.run, window)


def told(fill: Fill) -> tuple[object, ...]:
    """Everything that live and backtest tell alike."""
    names = set(Fill.__dataclass_fields__) - {"source"}
    return tuple(getattr(fill, name) for name in sorted(names))


@pytest.mark.parametrize("symbols", [("BTCUSDT",), ("BTCUSDT", "ETHUSDT", "SOLUSDT")])
def test_the_recorded_fills_are_those_of_the_run(
    record: Callable[..., Recording], look: Look, symbols: tuple[str, ...]
) -> None:
    """A-14: partial fills, several symbols; every field is the same."""
    recording = record(*symbols, venue={"partial_fills": 300, "partial_fills_seed": "1"})

    live = loaded(look, recording)

    ran = load_outcome(recording.outcome).table
    assert [told(fill) for fill in live.table.rows()] == [told(fill) for fill in ran.rows()]
    assert live.table.source is Source.LIVE
    assert live.kinds == {"Trade": len(recording.outcome.fills)}
    assert (live.unlinked, live.unclaimed) == (0, 0)
    assert {fill.direction_found for fill in live.table.rows()} == {DirectionFound.RECORDED}


def test_a_window_holds_the_executions_from_its_start_to_before_its_end(
    recording: Recording, look: Look
) -> None:
    times = sorted({fill.at for fill in recording.outcome.fills})
    window = Span(start=times[5], end=times[9])

    live = loaded(look, recording, window)

    inside = [fill for fill in recording.outcome.fills if times[5] <= fill.at < times[9]]
    assert sum(fill.executions for fill in live.table.rows()) == len(inside)


def one_of(recording: Recording) -> RunFill:
    return recording.outcome.fills[3]


def change(recording: Recording, **values: object) -> RunFill:
    """Changes one execution of the recording."""
    fill = one_of(recording)
    recording.change(
        sa.update(models.PrivateExecution).where(ROWS.exec_id == fill.exec_id).values(**values)
    )
    return fill


@pytest.mark.parametrize("kind", [ExecType.ADL, ExecType.BUST, ExecType.SETTLE])
def test_what_the_exchange_did_to_a_position_is_a_fill_too(
    recording: Recording, look: Look, kind: ExecType
) -> None:
    change(recording, exec_type=kind.value)

    live = loaded(look, recording)

    assert sum(live.kinds.values()) == len(recording.outcome.fills)
    assert live.kinds[kind.value] == 1
    assert sum(fill.executions for fill in live.table.rows()) == len(recording.outcome.fills)


@pytest.mark.parametrize("kind", ["Funding", "SomethingNew"])
def test_what_is_no_trade_is_no_fill(recording: Recording, look: Look, kind: str) -> None:
    change(recording, exec_type=kind)

    live = loaded(look, recording)

    assert sum(fill.executions for fill in live.table.rows()) == len(recording.outcome.fills) - 1
    assert live.kinds[kind] == 1


def test_an_order_of_another_hand_is_of_no_strategy(recording: Recording, look: Look) -> None:
    """Whatever a recorder thought of it."""
    fill = change(recording, order_link_id="by-hand", strat_id="grid-BTCUSDT", order_id="other")

    live = loaded(look, recording)

    assert live.unclaimed == 1
    [foreign] = [row for row in live.table.rows() if row.strat_id is None]
    assert (foreign.client_order_id, foreign.qty) == ("by-hand", fill.qty)


def test_without_a_link_the_order_id_stands_for_it(recording: Recording, look: Look) -> None:
    change(recording, order_link_id=None, order_id="other")

    live = loaded(look, recording)

    assert (live.unlinked, live.unclaimed) == (1, 1)
    assert "other" in {row.client_order_id for row in live.table.rows()}


def test_a_taker_at_a_better_price_is_known_by_the_price_of_its_order(
    recording: Recording, look: Look
) -> None:
    better = one_of(recording).price - Decimal("0.5")
    change(recording, exec_price=better, is_maker=False)

    assert loaded(look, recording).unclaimed == 0


def test_a_taker_without_an_order_is_of_no_strategy(recording: Recording, look: Look) -> None:
    change(recording, exec_price=Decimal("999.7"), is_maker=False, order_id="unrecorded")

    assert loaded(look, recording).unclaimed == 1


def test_without_set_ups_the_recorders_word_counts_then_the_symbols_strategy(
    recording: Recording, look: Look
) -> None:
    """An id that does not even look like ours is nobody's."""
    snapshot = '{"strategy": {"strat_id": "grid-BTCUSDT", "symbol": "BTCUSDT"}}'
    recording.change(
        sa.update(models.Run).values(config_snapshot=snapshot),
        sa.update(models.PrivateExecution).values(strat_id=None),
    )
    change(recording, order_link_id="by-hand", order_id="other")

    live = loaded(look, recording)

    assert {row.strat_id for row in live.table.rows()} == {"grid-BTCUSDT", None}
    assert live.unclaimed == 1


def test_where_the_leg_was_not_recorded_what_it_closed_tells_it(
    recording: Recording, look: Look
) -> None:
    recording.change(sa.update(models.PrivateExecution).values(position_idx=None))

    live = loaded(look, recording)

    assert {row.direction_found for row in live.table.rows()} == {DirectionFound.CLOSED_SIZE}
    ran = load_outcome(recording.outcome).table.rows()
    assert [row.direction for row in live.table.rows()] == [row.direction for row in ran]


def test_executions_of_other_symbols_are_not_looked_at(
    record: Callable[..., Recording], look: Look
) -> None:
    recording = record("BTCUSDT", "ETHUSDT")
    evidence = look(recording, recording.live_runs["ETHUSDT"])

    live = load_live(evidence.rows, evidence.run)

    assert live.table.symbols() == ["ETHUSDT"]


def test_an_empty_window_gives_an_empty_table(recording: Recording, look: Look) -> None:
    nothing = Span(start=START, end=Instant(START + SECOND_US))

    assert len(loaded(look, recording, nothing).table) == 0
