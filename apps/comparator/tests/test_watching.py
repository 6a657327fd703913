"""A watch goes on whatever it finds, and says one line for each strategy."""

from typing import Any

import pytest
import sqlalchemy as sa

from appkit.exits import UserError
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from comparator.config import ExchangeOptions, Request
from comparator.verdict import Outcome
from comparator.watching import Line, Rolling, parse_duration, watch
from grid_db import models
from gridcore.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Instant

LATER = Instant(START + 5 * MINUTE_US)
LITTLE = Rolling(last_us=10 * MINUTE_US, lag_us=2 * MINUTE_US)
PARTS = ExchangeOptions(partial_fills=300, partial_fills_seed="1")


def asked(recording: Recording, **others: Any) -> Request:
    fields: dict[str, Any] = {"database_url": recording.url, "exchange": PARTS} | others
    return Request(**fields)


def rounds(
    request: Request, count: int, now: int = LATER, rolling: Rolling = LITTLE
) -> list[list[Line]]:
    return list(watch(request, rolling, lambda: Instant(now), lambda _: None, rounds=count))


def test_by_default_it_looks_at_four_hours_that_end_two_minutes_ago() -> None:
    """V-10."""
    window = Rolling().at(Instant(10 * HOUR_US))

    assert window.end == 10 * HOUR_US - 2 * MINUTE_US
    assert window.start == window.end - 4 * HOUR_US


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", 90 * SECOND_US), ("2m", 2 * MINUTE_US), ("4h", 4 * HOUR_US), ("1d", DAY_US)],
)
def test_durations_are_a_number_and_a_unit(text: str, length: int) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "4", "h", "0s", "-1h", "1.5h", "4 h", "4w", "²h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90s"):
        parse_duration(text)


def test_every_strategy_has_a_line_in_every_round(record: Any) -> None:
    recording: Recording = record("BTCUSDT", "ETHUSDT")

    found = rounds(asked(recording, exchange=ExchangeOptions()), 2)

    assert [[(line.symbol, line.outcome) for line in lines] for lines in found] == [
        [("BTCUSDT", Outcome.PASS), ("ETHUSDT", Outcome.PASS)]
    ] * 2
    first = found[0][0]
    assert first.strat_id == "grid-BTCUSDT"
    assert (first.matched, first.unexplained, first.reason) == (first.live_fills, 0, "")
    assert first.text() == (
        f"2026-01-01 01:05:00  grid-BTCUSDT BTCUSDT  PASS  {first.matched}/{first.matched} matched,"
        " 0 unexplained"
    )


def test_it_waits_between_rounds_and_not_before_the_first(recording: Recording) -> None:
    waited: list[float] = []

    found = watch(
        asked(recording), LITTLE, lambda: LATER, waited.append, interval_us=90 * SECOND_US, rounds=3
    )

    assert len(list(found)) == 3
    assert waited == [90, 90]


def test_a_fail_is_a_line_with_its_reason(recording: Recording) -> None:
    found = rounds(asked(recording, exchange=ExchangeOptions()), 2)

    assert [line.outcome for lines in found for line in lines] == [Outcome.FAIL] * 2
    assert "unexplained, the first" in found[0][0].text()


def test_a_window_without_a_recording_is_a_line_and_no_end(recording: Recording) -> None:
    found = rounds(asked(recording), 2, now=LATER + DAY_US)

    assert [line.outcome for lines in found for line in lines] == [Outcome.SKIP] * 2
    assert "not in the window asked for" in found[1][0].reason


def test_a_database_without_a_run_is_a_line_that_waits_for_one(recording: Recording) -> None:
    recording.change(sa.delete(models.Run))

    (line,) = rounds(asked(recording), 1)[0]

    assert (line.outcome, line.strat_id) == (Outcome.SKIP, "")
    assert "no recording run" in line.text()


def test_what_is_asked_for_wrongly_is_told_at_once_and_not_later(recording: Recording) -> None:
    wrong = watch(asked(recording, run_id="nobody's"), LITTLE, lambda: LATER, lambda _: None)
    right = watch(asked(recording), LITTLE, lambda: LATER, lambda _: None)

    with pytest.raises(UserError, match="the id of a run"):
        next(wrong)
    assert next(right)[0].outcome is Outcome.PASS
    recording.change(sa.update(models.Run).values(account_id=None))
    assert next(right)[0].outcome is Outcome.SKIP


def test_it_writes_nothing_into_the_database(recording: Recording) -> None:
    def count() -> list[int]:
        with recording.database.get_readonly_session() as session:
            return [
                session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in models.Base.metadata.sorted_tables
            ]

    before = count()
    rounds(asked(recording), 1)

    assert count() == before
