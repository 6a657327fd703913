import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from grid_db.factory import DatabaseFactory
from grid_db.models import Base, GridStateSnapshot, Lease

Rows = dict[type[Base], dict[str, object]]


def test_the_same_grid_at_the_same_time_is_one_row(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    with pytest.raises(IntegrityError), filled.get_session() as session:
        session.execute(sa.insert(GridStateSnapshot), [sample_rows[GridStateSnapshot]])


def test_a_matter_of_an_account_has_one_lease(filled: DatabaseFactory, sample_rows: Rows) -> None:
    row = sample_rows[Lease]
    with filled.get_session() as session:
        session.execute(sa.insert(Lease), [{**row, "name": "recording"}])

    with pytest.raises(IntegrityError), filled.get_session() as session:
        session.execute(sa.insert(Lease), [{**row, "holder": "host-2"}])


def test_a_fencing_number_has_room_for_ever(filled: DatabaseFactory) -> None:
    with filled.get_session() as session:
        session.execute(sa.update(Lease).values(fencing=2**62))

    with filled.get_readonly_session() as session:
        assert session.scalar(sa.select(Lease.fencing)) == 2**62
