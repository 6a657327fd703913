import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from grid_db.factory import DatabaseFactory
from grid_db.models import Base, DeadLetter, Gap

Rows = dict[type[Base], dict[str, object]]


def test_a_gap_begins_open_and_untried(filled: DatabaseFactory) -> None:
    with filled.get_readonly_session() as session:
        gap = session.scalars(sa.select(Gap)).one()

    assert (gap.state, gap.attempts, gap.rows_filled) == ("open", 0, 0)
    assert gap.next_attempt_at is None


@pytest.mark.parametrize(
    "change", [{"state": "lost"}, {"stream": "klines"}, {"environment": "prod"}]
)
def test_an_unknown_word_is_refused(
    filled: DatabaseFactory, sample_rows: Rows, change: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError), filled.get_session() as session:
        session.execute(sa.insert(Gap), [{**sample_rows[Gap], "gap_id": "2", **change}])


def test_a_letter_may_name_a_run_that_nobody_knows(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    """L96: that the run is missing may be the very fault."""
    letter = {**sample_rows[DeadLetter], "letter_id": "2", "run_id": "nobody"}

    with filled.get_session() as session:
        session.execute(sa.insert(DeadLetter), [letter])


def test_any_text_that_was_received_is_kept(filled: DatabaseFactory, sample_rows: Rows) -> None:
    payload = '{"execPrice":"","note":"\\u0000 \U0001f4a5 é"}' + "x" * 100_000
    letter = {**sample_rows[DeadLetter], "letter_id": "2", "payload": payload}

    with filled.get_session() as session:
        session.execute(sa.insert(DeadLetter), [letter])

    with filled.get_readonly_session() as session:
        kept = session.scalar(sa.select(DeadLetter.payload).where(DeadLetter.letter_id == "2"))
    assert kept == payload
