import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from grid_db.factory import DatabaseFactory
from grid_db.models import Base, Run

Rows = dict[type[Base], dict[str, object]]


def test_a_run_begins_running_at_the_time_it_is_written(filled: DatabaseFactory) -> None:
    with filled.get_readonly_session() as session:
        run = session.scalars(sa.select(Run)).one()

    assert run.status == "running"
    assert run.start_ts.tzinfo is not None
    assert run.end_ts is None
    assert run.heartbeat_at is None


@pytest.mark.parametrize("change", [{"run_type": "demo"}, {"status": "dead"}])
def test_an_unknown_word_is_refused(
    filled: DatabaseFactory, sample_rows: Rows, change: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError), filled.get_session() as session:
        session.execute(sa.insert(Run), [{**sample_rows[Run], "run_id": "2", **change}])


def test_a_recording_of_public_streams_has_neither_account_nor_strategy(
    filled: DatabaseFactory,
) -> None:
    row = {"run_id": "2", "user_id": "user-1", "run_type": "recording"}

    with filled.get_session() as session:
        session.execute(sa.insert(Run), [row])

    with filled.get_readonly_session() as session:
        run = session.scalars(sa.select(Run).where(Run.run_id == "2")).one()
    assert (run.account_id, run.strategy_id) == (None, None)
