from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from grid_db import repositories

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant

KINDS = {
    "executions": lambda tenant, seconds: tenant.execution(f"{seconds}", seconds),
    "funding": lambda tenant, seconds: tenant.funding(f"{seconds}", seconds),
    "orders": lambda tenant, seconds: tenant.order(f"{seconds}", seconds),
    "positions": lambda tenant, seconds: tenant.position(f"{seconds}", seconds),
    "wallets": lambda tenant, seconds: tenant.wallet(f"{seconds}", seconds),
    "grids": lambda tenant, seconds: tenant.grid(f"{seconds}", seconds),
}
pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_rows_of_every_kind_come_back_equal_and_in_order(
    session: Session, alice: "Tenant", make: "Makers", kind: str
) -> None:
    rows = getattr(repositories.for_user(session, alice.user.user_id), kind)
    given = [KINDS[kind](alice, seconds) for seconds in (3, 1, 2)]

    assert rows.record(given) == [0, 1, 2]

    expected = [given[1], given[2], given[0]]
    assert rows.by_run_range(alice.run.run_id, make.at(0), make.at(9)) == expected
    assert rows.by_account_range(alice.account.account_id, make.at(1), make.at(3)) == expected
    assert rows.by_account_range(alice.account.account_id, make.at(2), make.at(2)) == [given[2]]


def test_rows_of_every_kind_are_stored_once(session: Session, alice: "Tenant", kind: str) -> None:
    """A journal is replayed after a crash: what is there already is recognised."""
    rows = getattr(repositories.for_user(session, alice.user.user_id), kind)
    given = [KINDS[kind](alice, seconds) for seconds in (1, 2)]
    rows.record(given[:1])

    assert rows.record([given[1], given[0], given[1]]) == [0]


def test_the_newest_time_of_every_kind_is_told(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers", kind: str
) -> None:
    """A wallet is of no symbol, and so of every one."""
    rows = getattr(repositories.as_admin(session), kind)
    rows.record([KINDS[kind](alice, 4), KINDS[kind](alice, 2), KINDS[kind](bob, 7)])

    assert rows.last_ts(alice.account.account_id) == make.at(4)
    assert rows.last_ts("nobody") is None
    assert rows.last_ts(alice.account.account_id, until=make.at(3)) == make.at(2)
    assert rows.last_ts(alice.account.account_id, until=make.at(1)) is None
    assert rows.last_ts(alice.account.account_id, "LTCUSDT") == make.at(4)
    of_another_symbol = rows.last_ts(alice.account.account_id, "XRPUSDT")
    assert of_another_symbol == (make.at(4) if kind == "wallets" else None)


def test_no_rows_are_no_work(session: Session, alice: "Tenant", kind: str) -> None:
    assert getattr(repositories.for_user(session, alice.user.user_id), kind).record([]) == []


def test_rows_of_every_kind_come_one_by_one_without_raw_messages(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers", kind: str
) -> None:
    """The start belongs to the time asked for, the end does not; others' rows are not seen."""
    rows = getattr(repositories.as_admin(session), kind)
    given = [KINDS[kind](alice, seconds) for seconds in (3, 1, 2)]
    rows.record([*given, KINDS[kind](bob, 2)])
    mine = getattr(repositories.for_user(session, alice.user.user_id), kind)

    found = list(mine.each(alice.account.account_id, make.at(1), make.at(3)))

    told = [replace(row, raw_json=None) if hasattr(row, "raw_json") else row for row in given]
    assert found == [told[1], told[2]]
    assert list(mine.each(bob.account.account_id, make.at(0), make.at(9))) == []


def test_rows_one_by_one_may_be_those_of_some_symbols(
    session: Session, alice: "Tenant", make: "Makers", kind: str
) -> None:
    """A wallet is of no symbol, and so of every one."""
    rows = getattr(repositories.for_user(session, alice.user.user_id), kind)
    rows.record([KINDS[kind](alice, 1)])

    def count(*symbols: str) -> int:
        return len(list(rows.each(alice.account.account_id, make.at(0), make.at(9), symbols)))

    assert count("XRPUSDT", "LTCUSDT") == 1
    assert count("XRPUSDT") == (1 if kind == "wallets" else 0)
