from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from grid_db import models
from grid_db.records import Account, PublicTrade, Run
from grid_db.repositories.shapes import Shape
from grid_db.words import AccountStatus, Environment

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant

ACCOUNTS = Shape(Account, models.BybitAccount)


def test_a_row_holds_words_as_plain_text(alice: "Tenant") -> None:
    """Drivers treat enums each in its own way."""
    row = ACCOUNTS.values(alice.account)

    assert {type(value) for value in row.values()} == {str}
    assert (row["environment"], row["status"]) == ("sim", "enabled")


def test_an_absent_word_stays_absent(make: "Makers") -> None:
    """Unknown is None, never a text."""
    shape = Shape(PublicTrade, models.PublicTrade)

    [row] = shape.rows([make.trade("t", side=None)])

    assert row["side"] is None


def test_a_record_is_read_back_with_its_words(session: Session, alice: "Tenant") -> None:
    mine = ACCOUNTS.columns.account_id == alice.account.account_id

    [found] = ACCOUNTS.all(session, ACCOUNTS.select().where(mine))

    assert found == alice.account
    assert (type(found.environment), type(found.status)) == (Environment, AccountStatus)


def test_the_first_of_none_is_none(session: Session) -> None:
    assert ACCOUNTS.first(session, ACCOUNTS.select().where(sa.false())) is None


def test_a_statement_that_returns_the_columns_gives_the_record(
    session: Session, alice: "Tenant"
) -> None:
    statement = (
        sa.update(ACCOUNTS.table)
        .where(ACCOUNTS.columns.account_id == alice.account.account_id)
        .values(status="disabled")
        .returning(*ACCOUNTS.select().selected_columns)
    )

    found = ACCOUNTS.one(session, statement)

    assert found is not None
    assert found.status is AccountStatus.DISABLED


def test_columns_that_are_left_out_are_unknown(session: Session, alice: "Tenant") -> None:
    shape = Shape(Run, models.Run)
    query = shape.select(without=("host", "config_snapshot"))

    [found] = list(shape.each(session, query.where(shape.columns.run_id == alice.run.run_id)))

    assert found == replace(alice.run, host=None, config_snapshot=None)
