from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.factory import DatabaseFactory
from grid_db.identity import new_id
from grid_db.records import Lease
from grid_db.repositories import LeaseLost, NotOwned

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant

LENGTH = timedelta(seconds=30)
NAME = "trading"


def test_a_free_lease_is_taken_and_shown(session: Session, alice: "Tenant", make: "Makers") -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    account_id = alice.account.account_id

    taken = leases.acquire(account_id, NAME, "one", make.at(0), LENGTH)

    assert taken == Lease(
        account_id=account_id,
        name=NAME,
        holder="one",
        fencing=1,
        acquired_at=make.at(0),
        renewed_at=make.at(0),
        expires_at=make.at(30),
    )
    assert leases.holder(account_id, NAME, make.at(29)) == taken
    assert leases.holder(account_id, NAME, make.at(30)) is None


def test_a_held_lease_is_not_taken_even_by_the_same_name(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    account_id = alice.account.account_id
    leases.acquire(account_id, NAME, "one", make.at(0), LENGTH)

    assert leases.acquire(account_id, NAME, "two", make.at(29), LENGTH) is None
    assert leases.acquire(account_id, NAME, "one", make.at(29), LENGTH) is None
    assert leases.acquire(account_id, "recording", "two", make.at(29), LENGTH) is not None


def test_an_expired_lease_goes_to_the_next_with_a_greater_number(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    account_id = alice.account.account_id
    first = leases.acquire(account_id, NAME, "one", make.at(0), LENGTH)
    assert first is not None

    second = leases.acquire(account_id, NAME, "two", make.at(30), LENGTH)

    assert second is not None
    assert second.fencing == 2
    assert leases.renew(first, make.at(31), LENGTH) is None
    assert leases.release(first, make.at(31)) is False
    assert leases.holder(account_id, NAME, make.at(31)) == second


def test_a_renewed_lease_lasts_longer_under_the_same_number(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    account_id = alice.account.account_id
    first = leases.acquire(account_id, NAME, "one", make.at(0), LENGTH)
    assert first is not None

    renewed = leases.renew(first, make.at(20), LENGTH)

    assert renewed is not None
    assert (renewed.fencing, renewed.acquired_at, renewed.expires_at) == (
        1,
        make.at(0),
        make.at(50),
    )
    assert leases.acquire(account_id, NAME, "two", make.at(49), LENGTH) is None


def test_an_expired_lease_is_not_renewed_even_if_nobody_took_it(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    lease = leases.acquire(alice.account.account_id, NAME, "one", make.at(0), LENGTH)
    assert lease is not None

    assert leases.renew(lease, make.at(30), LENGTH) is None


def test_a_lease_given_back_is_free_and_its_number_is_never_used_again(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    account_id = alice.account.account_id
    first = leases.acquire(account_id, NAME, "one", make.at(0), LENGTH)
    assert first is not None

    assert leases.release(first, make.at(10)) is True
    assert leases.release(first, make.at(11)) is False
    second = leases.acquire(account_id, NAME, "two", make.at(10), LENGTH)

    assert second is not None
    assert second.fencing == 2


def test_who_lost_the_lease_is_stopped_before_it_writes(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    account_id = alice.account.account_id
    late = leases.acquire(account_id, NAME, "one", make.at(0), LENGTH)
    assert late is not None
    leases.require(late, make.at(29))
    leases.acquire(account_id, NAME, "two", make.at(30), LENGTH)

    with pytest.raises(LeaseLost, match=r"held by one with number 1, found it expired or taken"):
        leases.require(late, make.at(31))


def test_a_lease_lasts_some_time(session: Session, alice: "Tenant", make: "Makers") -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases

    with pytest.raises(ValueError, match="expected a length above 0"):
        leases.acquire(alice.account.account_id, NAME, "one", make.at(0), timedelta(0))


def test_nobody_leases_another_users_account(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases

    with pytest.raises(NotOwned):
        leases.acquire(bob.account.account_id, NAME, "one", make.at(0), LENGTH)


@drawn(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["acquire", "renew", "release", "wait"]),
            st.sampled_from(["one", "two", "three"]),
            st.integers(0, 40),
        ),
        max_size=25,
    )
)
def test_there_is_never_more_than_one_holder_and_numbers_only_rise(
    session: Session, alice: "Tenant", make: "Makers", steps: list[tuple[str, str, int]]
) -> None:
    leases = repositories.for_user(session, alice.user.user_id).leases
    account_id, name = alice.account.account_id, new_id()
    held: dict[str, Lease] = {}
    newest, second = 0, 0
    for action, holder, passed in steps:
        second += passed
        now = make.at(second)
        mine = held.get(holder)
        if action == "acquire":
            taken = leases.acquire(account_id, name, holder, now, LENGTH)
            if taken is not None:
                assert taken.fencing == newest + 1
                newest = taken.fencing
                held[holder] = taken
        elif action == "renew" and mine is not None:
            renewed = leases.renew(mine, now, LENGTH)
            assert (renewed is None) or (renewed.fencing == newest == mine.fencing)
            held[holder] = renewed or mine
        elif action == "release" and mine is not None:
            leases.release(mine, now)
        valid = [lease for lease in held.values() if _is_held(session, alice, lease, now)]
        assert len(valid) <= 1
        assert all(lease.fencing == newest for lease in valid)


def _is_held(session: Session, tenant: "Tenant", lease: Lease, now: datetime) -> bool:
    try:
        repositories.for_user(session, tenant.user.user_id).leases.require(lease, now)
    except LeaseLost:
        return False
    return True


def test_of_many_who_want_it_at_once_one_gets_it(
    database: DatabaseFactory, alice: "Tenant", make: "Makers"
) -> None:
    """Sessions that compete: for a lease that nobody ever had, then for one that expired."""
    with database.get_session() as session:
        make.settle(session, alice)
    competitors = 4
    start = Barrier(competitors)

    def compete(holder: str, second: int) -> Lease | None:
        start.wait(timeout=30)
        with database.get_session() as session:
            leases = repositories.for_user(session, alice.user.user_id).leases
            return leases.acquire(alice.account.account_id, NAME, holder, make.at(second), LENGTH)

    with ThreadPoolExecutor(competitors) as pool:
        for round_number in range(5):
            second = 30 * round_number
            found = list(pool.map(compete, ["a", "b", "c", "d"], [second] * competitors))
            taken = [lease for lease in found if lease is not None]
            assert [lease.fencing for lease in taken] == [round_number + 1]
