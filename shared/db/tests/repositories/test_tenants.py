from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.factory import DatabaseFactory
from grid_db.records import Strategy
from grid_db.repositories import Conflict, NotOwned
from grid_db.words import AccountStatus, Environment, UserStatus

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant


def test_a_user_is_created_once_and_then_found(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    users = repositories.as_admin(session).users

    assert users.ensure(alice.user, make.at(0)) is False
    assert users.get(alice.user.user_id) == users.by_username("alice") == alice.user


def test_a_user_that_says_something_else_is_refused_and_nothing_changes(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    users = repositories.as_admin(session).users

    with pytest.raises(Conflict, match="user: expected none or User"):
        users.ensure(replace(alice.user, email="a@example.org"), make.at(0))
    with pytest.raises(Conflict):
        users.ensure(replace(alice.user, user_id="another"), make.at(0))

    assert users.get(alice.user.user_id) == alice.user


def test_users_are_listed_by_name_in_pages(session: Session, make: "Makers") -> None:
    users = repositories.as_admin(session).users
    users.ensure(make.tenant("carol").user, make.at(0))

    assert [user.username for user in users.all(limit=2)] == ["alice", "bob"]
    assert [user.username for user in users.all(limit=2, offset=2)] == ["carol"]


def test_a_suspended_user_is_not_active_and_stays_so_when_ensured(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    users = repositories.as_admin(session).users

    users.set_status(alice.user.user_id, UserStatus.SUSPENDED, make.at(5))
    users.ensure(alice.user, make.at(6))

    assert [user.username for user in users.active()] == ["bob"]


def test_the_status_of_nobody_cannot_be_set(session: Session, make: "Makers") -> None:
    with pytest.raises(NotOwned, match="user nobody"):
        repositories.as_admin(session).users.set_status("nobody", UserStatus.ACTIVE, make.at(0))


def test_a_tenant_sees_its_own_profile(session: Session, alice: "Tenant") -> None:
    assert repositories.for_user(session, alice.user.user_id).profile.get() == alice.user


def test_a_tenant_that_is_not_there_has_no_profile(session: Session) -> None:
    with pytest.raises(NotOwned, match="user ghost"):
        repositories.for_user(session, "ghost").profile.get()


def test_an_account_is_created_once_and_then_found(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    accounts = repositories.for_user(session, alice.user.user_id).accounts

    assert accounts.ensure(alice.account, make.at(0)) is False
    assert accounts.all() == [alice.account]
    assert accounts.get(alice.account.account_id) == accounts.by_name("alice") == alice.account


def test_an_account_never_changes_its_environment(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """L69, L86: merging two environments would mix their histories."""
    accounts = repositories.for_user(session, alice.user.user_id).accounts

    with pytest.raises(Conflict, match="account: expected none or Account"):
        accounts.ensure(replace(alice.account, environment=Environment.MAINNET), make.at(0))


def test_a_disabled_account_is_not_enabled_and_stays_so_when_ensured(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    accounts = repositories.for_user(session, alice.user.user_id).accounts

    accounts.set_status(alice.account.account_id, AccountStatus.DISABLED)
    accounts.ensure(alice.account, make.at(0))

    assert accounts.enabled() == []
    assert [account.status for account in accounts.all()] == [AccountStatus.DISABLED]


def test_the_status_of_an_account_that_is_not_there_cannot_be_set(session: Session) -> None:
    with pytest.raises(NotOwned, match="account nothing"):
        repositories.as_admin(session).accounts.set_status("nothing", AccountStatus.ERROR)


def test_an_account_that_two_programs_create_at_once_is_created_by_one(
    database: DatabaseFactory, alice: "Tenant", make: "Makers"
) -> None:
    """Bot and recorder start together and derive the same ids (L86)."""
    competitors = 4
    start = Barrier(competitors)

    def ensure(_number: int) -> tuple[bool, bool]:
        start.wait(timeout=30)
        with database.get_session() as session:
            admin = repositories.as_admin(session)
            created = admin.users.ensure(alice.user, make.at(0))
            result = created, admin.accounts.ensure(alice.account, make.at(0))
            admin.strategies.put(alice.strategy, make.at(0))
            return result

    with ThreadPoolExecutor(competitors) as pool:
        found = sorted(pool.map(ensure, range(competitors)))

    assert found == [(False, False)] * 3 + [(True, True)]


def test_an_account_of_another_user_is_neither_taken_nor_shown(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    accounts = repositories.for_user(session, alice.user.user_id).accounts
    stolen = replace(bob.account, user_id=alice.user.user_id)

    with pytest.raises(Conflict, match="found one of another user or id") as refusal:
        accounts.ensure(stolen, make.at(0))

    assert bob.user.user_id not in str(refusal.value)


def _renamed(strategy: Strategy) -> Strategy:
    return replace(strategy, strategy_id="renamed", strat_id="ltc_renamed")


def test_a_strategy_is_stored_as_it_is_configured_now(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """W37: the old system never updated it."""
    strategies = repositories.for_user(session, alice.user.user_id).strategies
    changed = replace(alice.strategy, config_json='{"grid_count":60}')

    strategies.put(changed, make.at(9))

    assert strategies.get(changed.strategy_id) == changed
    assert strategies.by_symbol(alice.account.account_id, "LTCUSDT") == changed


def test_a_renamed_strategy_takes_its_symbol_over_and_leaves_its_history(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """W37, L138: renaming once removed the run tracking of all strategies."""
    tenant = repositories.for_user(session, alice.user.user_id)
    renamed = _renamed(alice.strategy)

    tenant.strategies.put(renamed, make.at(9))

    assert tenant.strategies.enabled(alice.account.account_id) == [renamed]
    assert len(tenant.strategies.by_account(alice.account.account_id)) == 2
    assert tenant.runs.get(alice.run.run_id) == alice.run


def test_a_disabled_strategy_leaves_its_symbols_other_one_in_use(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    strategies = repositories.for_user(session, alice.user.user_id).strategies

    strategies.put(replace(_renamed(alice.strategy), is_enabled=False), make.at(9))

    assert strategies.enabled(alice.account.account_id) == [alice.strategy]


def test_the_id_of_another_users_strategy_is_refused(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    strategies = repositories.for_user(session, alice.user.user_id).strategies
    stolen = replace(alice.strategy, strategy_id=bob.strategy.strategy_id, strat_id="mine")

    with pytest.raises(Conflict, match="strategy mine: expected an id and a name that are free"):
        strategies.put(stolen, make.at(9))


def test_deleting_a_user_deletes_everything_of_theirs_and_nothing_else(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    admin = repositories.as_admin(session)
    for tenant in (alice, bob):
        admin.executions.record([tenant.execution(tenant.name)])
        admin.gaps.record([tenant.gap(f"gap of {tenant.name}")], make.at(0))
        admin.dead_letters.record([tenant.letter(f"letter of {tenant.name}")], make.at(0))

    assert admin.users.delete(alice.user.user_id) is True

    assert admin.accounts.all() == [bob.account]
    assert admin.strategies.get(alice.strategy.strategy_id) is None
    assert admin.runs.recent() == [bob.run]
    assert (
        admin.executions.by_account_range(alice.account.account_id, make.at(0), make.at(99)) == []
    )
    assert len(admin.executions.by_run_range(bob.run.run_id, make.at(0), make.at(99))) == 1
    assert [gap.gap_id for gap in admin.gaps.open()] == ["gap of bob"]
    assert [letter.letter_id for letter in admin.dead_letters.recent()] == ["letter of bob"]


def test_deleting_an_account_keeps_its_user(session: Session, alice: "Tenant") -> None:
    tenant = repositories.for_user(session, alice.user.user_id)

    assert tenant.accounts.delete(alice.account.account_id) is True
    assert tenant.accounts.delete(alice.account.account_id) is False

    assert tenant.runs.recent() == []
    assert tenant.profile.get() == alice.user


def test_nobody_is_no_tenant(session: Session) -> None:
    with pytest.raises(ValueError, match="expected the id of a user"):
        repositories.for_user(session, "")
