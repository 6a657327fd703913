"""A database that can be recorded into, and what a start says about any other."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from appkit.exits import RunFailed, UserError
from event_saver.answering import answering
from event_saver.gaps.filling import StoreAway
from grid_db.factory import DatabaseFactory
from grid_db.schema import SchemaRefused
from grid_db.settings import DatabaseSettings

on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
FAULTS = [OperationalError("a statement", {}, Exception("database is locked")), StoreAway("locked")]


def test_work_goes_on_in_a_database_that_answers(database: DatabaseFactory) -> None:
    with answering(database), database.get_session() as session:
        assert session.scalar(sa.text("SELECT 1")) == 1


@on_sqlite
@pytest.mark.parametrize("fault", FAULTS)
def test_a_database_that_does_not_answer_is_no_defect_of_the_program(
    database: DatabaseFactory, fault: Exception
) -> None:
    with (
        pytest.raises(RunFailed, match=r"does not answer: .*locked$") as failed,
        answering(database),
    ):
        raise fault

    assert "statement" not in failed.value.message
    assert "journals" in str(failed.value.hint)


@on_sqlite
def test_a_database_that_is_only_read_is_refused(settings: DatabaseSettings) -> None:
    database = DatabaseFactory(settings.model_copy(update={"read_only": True}))

    with pytest.raises(UserError, match="may be written") as refused, answering(database):
        pass

    assert "GRIDBOT_READ_ONLY" in str(refused.value.hint)
    database.dispose()


def test_a_database_without_tables_is_refused(tmp_path: Path) -> None:
    database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path / 'empty.db'}"))

    with pytest.raises(SchemaRefused, match="no tables yet"), answering(database):
        pass

    database.dispose()
