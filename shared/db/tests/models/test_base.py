from datetime import UTC

import pytest
import sqlalchemy as sa

from grid_db.models import Base
from grid_db.models.base import NAMING, now_utc, one_of, owned_by
from grid_db.words import GapState

LONGEST_NAME = 63
"""PostgreSQL cuts longer ones, and a migration would not find them again."""

TABLES = {
    "api_credentials",
    "bybit_accounts",
    "dead_letters",
    "funding_payments",
    "gaps",
    "grid_state_snapshots",
    "leases",
    "orders",
    "position_snapshots",
    "private_executions",
    "public_trades",
    "runs",
    "strategies",
    "ticker_snapshots",
    "users",
    "wallet_snapshots",
}


def test_these_are_the_tables() -> None:
    assert set(Base.metadata.tables) == TABLES


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_constraint_and_index_has_a_name_that_both_dialects_keep(table: sa.Table) -> None:
    names = [one.name for one in table.constraints] + [one.name for one in table.indexes]

    assert None not in names
    assert max(len(str(name)) for name in names) <= LONGEST_NAME


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_no_column_holds_a_float_or_a_dialect_s_own_kind_of_number(table: sa.Table) -> None:
    """W41: money in a float column loses digits."""
    for column in table.columns:
        assert not isinstance(column.type, sa.Numeric), column


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_what_is_owned_goes_with_its_owner(table: sa.Table) -> None:
    """live.md 2.1: every foreign key cascades."""
    assert {key.ondelete for key in table.foreign_keys} <= {"CASCADE"}


def test_every_foreign_key_is_found_without_reading_the_whole_table() -> None:
    """A cascade that reads the table of executions once for each run would take hours."""
    for table in Base.metadata.sorted_tables:
        led_by = {next(iter(index.columns)).name for index in table.indexes}
        led_by |= {
            next(iter(one.columns)).name
            for one in table.constraints
            if isinstance(one, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
        }
        assert {key.parent.name for key in table.foreign_keys} <= led_by, table.name


def test_a_closed_set_becomes_a_constraint() -> None:
    constraint = one_of("state", GapState)

    assert str(constraint.sqltext) == "state IN ('open', 'filled', 'unrecoverable')"
    assert constraint.name == "state_known"


def test_rows_say_when_they_were_made_in_utc() -> None:
    assert now_utc().tzinfo is UTC


def test_an_owner_s_key_cascades_and_names_follow_one_rule() -> None:
    assert owned_by("users.user_id").ondelete == "CASCADE"
    assert set(NAMING) == {"ix", "uq", "ck", "fk", "pk"}
