"""Tenancy: whatever a tenant asks, through whichever method, it concerns its own rows only."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.models import Base
from grid_db.records import Lease
from grid_db.repositories import ApiKeys, Conflict, LeaseLost, NotOwned, TenantRepositories
from grid_db.repositories.scope import Scope
from grid_db.secrets.envelope import EnvelopeError
from grid_db.secrets.master_key import MasterKey
from grid_db.words import (
    AccountStatus,
    Environment,
    RunStatus,
    RunType,
    SnapshotSource,
    Stream,
)
from gridcore.sides import SideType

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant

REPOSITORIES = sorted(vars(TenantRepositories(Scope(Session(), "somebody"))))
METHODS = [
    (repository, method)
    for repository in REPOSITORIES
    for method, _ in inspect.getmembers(
        getattr(TenantRepositories(Scope(Session(), "somebody")), repository), inspect.ismethod
    )
    if not method.startswith("_")
]
OLD, NEW = MasterKey(b"o" * 32), MasterKey(b"n" * 32)
REFUSALS = (NotOwned, Conflict, LeaseLost, EnvelopeError, sa.exc.IntegrityError)
WRITES = {"acquire", "ensure", "put", "record", "start", "store"}
"""Methods that add rows: an id that bob has is taken, and that can be noticed."""


@dataclass(frozen=True)
class Refused:
    """The answer of a method that raised."""

    reason: type[Exception]


def _answer(called: Callable[..., Any], arguments: dict[str, Any]) -> str | Refused:
    """What a method answers, as text, secrets in clear."""
    try:
        answer = called(**arguments)
        if isinstance(answer, Iterator):
            answer = list(answer)
    except REFUSALS as refusal:
        return Refused(type(refusal))
    if isinstance(answer, ApiKeys):
        return answer.api_key.get_secret_value() + answer.api_secret.get_secret_value()
    return repr(answer)


@contextmanager
def _undone(session: Session) -> Iterator[None]:
    """Undo afterwards what is done to the database here."""
    attempt = session.begin_nested()
    try:
        yield
    finally:
        attempt.rollback()


def _keys(name: str) -> ApiKeys:
    return ApiKeys(
        api_key=SecretStr(f"{name}-key-0123456789"), api_secret=SecretStr(f"{name}-secret")
    )


def _furnish(session: Session, tenant: "Tenant", make: "Makers") -> None:
    """One row of every kind; each can be told to be the tenant's by its text."""
    admin, name = repositories.as_admin(session), tenant.name
    account_id = tenant.account.account_id
    admin.credentials.store(account_id, _keys(name), OLD, make.at(0))
    admin.executions.record(
        [tenant.execution(f"{name} e", order_id=f"{name} o", order_link_id=f"{name} link")]
    )
    admin.orders.record([tenant.order(f"{name} o")])
    admin.funding.record([tenant.funding(f"{name} f")])
    admin.positions.record([tenant.position("1", raw_json=name)])
    admin.wallets.record([tenant.wallet("1", raw_json=name)])
    admin.grids.record([tenant.grid(name)])
    admin.gaps.record([tenant.gap(f"{name} gap")], make.at(0))
    admin.dead_letters.record([tenant.letter(f"{name} letter")], make.at(0))
    admin.leases.acquire(account_id, "trading", name, make.at(0), timedelta(seconds=30))


@pytest.fixture
def furnished(session: Session, alice: "Tenant", bob: "Tenant", make: "Makers") -> Session:
    for tenant in (alice, bob):
        _furnish(session, tenant, make)
    return session


def _rows_of(session: Session, tenant: "Tenant") -> dict[str, list[str]]:
    """Every row of every table that points at a tenant or at what is the tenant's, as text."""
    ids = _ids(tenant)
    found = {}
    for name in Base.metadata.tables:
        rows = [str(tuple(row)) for row in session.execute(sa.text(f"SELECT * FROM {name}"))]
        found[name] = sorted(row for row in rows if any(row_id in row for row_id in ids))
    return found


def _ids(tenant: "Tenant") -> tuple[str, ...]:
    return (
        tenant.user.user_id,
        tenant.account.account_id,
        tenant.strategy.strategy_id,
        tenant.run.run_id,
    )


class Pools:
    """What a parameter of each name may be asked with: own, another's and nobody's."""

    def __init__(self, session: Session, alice: "Tenant", bob: "Tenant", make: "Makers") -> None:
        self._both, self._make = (alice, bob), make
        admin = repositories.as_admin(session)
        account_ids = [tenant.account.account_id for tenant in self._both]
        credentials = [admin.credentials.active(account_id) for account_id in account_ids]
        leases = [
            admin.leases.holder(account_id, "trading", make.at(1)) for account_id in account_ids
        ]
        stolen = replace(bob.account, user_id=alice.user.user_id)
        moved = replace(bob.strategy, account_id=alice.account.account_id)
        times = st.integers(-1, 40).map(make.at)
        self._by_name: dict[str, st.SearchStrategy[Any]] = {
            "account": st.sampled_from([alice.account, bob.account, stolen]),
            "account_id": st.sampled_from([*account_ids, "ghost"]),
            "account_name": self._named("{}"),
            "coin": st.just("USDT"),
            "credential_id": st.sampled_from(
                [found.credential_id for found in credentials if found is not None]
            ),
            "environment": st.sampled_from(Environment),
            "error": st.just("timeout"),
            "exec_ids": st.lists(self._named("{} e")),
            "gap_id": self._named("{} gap"),
            "holder": st.just("somebody"),
            "keys": st.just(_keys("new")),
            "lease": st.sampled_from([found for found in leases if isinstance(found, Lease)]),
            "length": st.just(timedelta(seconds=5)),
            "limit": st.integers(1, 100),
            "master": st.sampled_from([OLD, NEW]),
            "name": st.sampled_from(["trading", "recording"]),
            "new": st.just(NEW),
            "old": st.just(OLD),
            "order_id": self._named("{} o"),
            "order_link_id": self._named("{} link"),
            "rows_filled": st.just(1),
            "run": self._mixed(lambda tenant: replace(tenant.run, run_id="new run")),
            "run_id": st.sampled_from([alice.run.run_id, bob.run.run_id, "ghost"]),
            "run_type": st.sampled_from(RunType),
            "side": st.sampled_from(SideType),
            "source": st.sampled_from(SnapshotSource),
            "statuses": st.lists(st.sampled_from(RunStatus), min_size=1),
            "strat_id": self._named("{}_ltc"),
            "strategy": st.sampled_from([alice.strategy, bob.strategy, moved]),
            "strategy_id": st.sampled_from(
                [alice.strategy.strategy_id, bob.strategy.strategy_id, None]
            ),
            "stream": st.sampled_from(Stream),
            "symbol": st.just("LTCUSDT"),
            "symbols": st.sampled_from([(), ("LTCUSDT",)]),
            "trade_id": st.just("t"),
            **dict.fromkeys(
                (
                    "now",
                    "ts",
                    "start",
                    "since",
                    "end",
                    "end_ts",
                    "exchange_ts",
                    "next_attempt_at",
                    "until",
                ),
                times,
            ),
            "not_alive_since": times,
        }
        self._aimed: dict[str, Any] = {
            "account_id": account_ids[1],
            "account_name": bob.name,
            "end": make.at(40),
            "environment": Environment.SIM,
            "exec_ids": [f"{bob.name} e"],
            "gap_id": f"{bob.name} gap",
            "master": OLD,
            "not_alive_since": make.at(40),
            "now": make.at(2),
            "order_id": f"{bob.name} o",
            "order_link_id": f"{bob.name} link",
            "run_id": bob.run.run_id,
            "run_type": RunType.LIVE,
            "side": SideType.BUY,
            "since": make.at(0),
            "source": SnapshotSource.LIVE,
            "start": make.at(0),
            "statuses": list(RunStatus),
            "strat_id": bob.strategy.strat_id,
            "strategy_id": bob.strategy.strategy_id,
            "stream": Stream.EXECUTIONS,
            "ts": make.at(2),
            "until": make.at(40),
        }
        self._by_place: dict[tuple[str, str], st.SearchStrategy[Any]] = {
            ("accounts", "status"): st.sampled_from(AccountStatus),
            ("runs", "status"): st.sampled_from(RunStatus),
            ("dead_letters", "letters"): self._rows(lambda t: t.letter("new", run_id=None)),
            ("executions", "records"): self._rows(lambda t: t.execution(f"{t.name} e")),
            ("funding", "records"): self._rows(lambda t: t.funding(f"{t.name} f")),
            ("gaps", "gaps"): self._rows(lambda t: t.gap(f"{t.name} gap", attempts=9)),
            ("grids", "records"): self._rows(lambda t: t.grid("new")),
            ("orders", "records"): self._rows(lambda t: t.order("new")),
            ("positions", "records"): self._rows(lambda t: t.position("2")),
            ("tickers", "records"): st.just([make.ticker(1)]),
            ("trades", "records"): st.just([make.trade("t")]),
            ("wallets", "records"): self._rows(lambda t: t.wallet("2")),
        }

    def arguments(self, repository: str, method: Callable[..., Any]) -> st.SearchStrategy[Any]:
        """Arguments of a method: all of them aimed at bob's rows, or any mixture.

        A parameter that nobody has described here fails.
        """
        mixed, aimed = {}, {}
        for name in inspect.signature(method).parameters:
            pool = self._by_place.get((repository, name), self._by_name.get(name))
            assert pool is not None, f"describe {repository}.{method.__name__}({name}) in Pools"
            mixed[name] = pool
            aimed[name] = st.just(self._aimed[name]) if name in self._aimed else pool
        return st.fixed_dictionaries(aimed) | st.fixed_dictionaries(mixed)

    def _named(self, form: str) -> st.SearchStrategy[str]:
        names = [tenant.name for tenant in self._both]
        return st.sampled_from([form.format(name) for name in (*names, "ghost")])

    def _mixed(self, made: Callable[["Tenant"], Any]) -> st.SearchStrategy[Any]:
        """A record of either tenant, or with the run or the account of the other."""
        one, other = (made(tenant) for tenant in self._both)
        crossed = [
            replace(mine, **{name: getattr(theirs, name)})
            for mine, theirs in ((one, other), (other, one))
            for name in ("run_id", "account_id", "user_id", "gap_id", "exec_id")
            if hasattr(mine, name)
        ]
        return st.sampled_from([one, other, *crossed])

    def _rows(self, made: Callable[["Tenant"], Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(self._mixed(made), max_size=3)


@pytest.fixture
def pools(furnished: Session, alice: "Tenant", bob: "Tenant", make: "Makers") -> Pools:
    return Pools(furnished, alice, bob, make)


@pytest.mark.untraced
@pytest.mark.parametrize(("repository", "method"), METHODS)
@drawn(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_method_shows_or_changes_what_is_another_tenants(
    furnished: Session,
    alice: "Tenant",
    bob: "Tenant",
    pools: Pools,
    repository: str,
    method: str,
    data: st.DataObject,
) -> None:
    """W40. Whatever alice asks with, bob's rows stay as they are, and none is added to them.

    What she reads is what she would read if there were no bob.
    """
    before = _rows_of(furnished, bob)
    called = getattr(
        getattr(repositories.for_user(furnished, alice.user.user_id), repository), method
    )
    arguments = data.draw(pools.arguments(repository, called))

    with _undone(furnished):
        answer = _answer(called, arguments)
        if not isinstance(answer, Refused):
            assert _rows_of(furnished, bob) == before
            assert not any(mark in answer for mark in (bob.name, *_ids(bob)))
    if method not in WRITES:
        with _undone(furnished):
            repositories.as_admin(furnished).users.delete(bob.user.user_id)
            assert _answer(called, arguments) == answer


def test_there_is_something_of_every_kind_to_be_seen(furnished: Session, bob: "Tenant") -> None:
    """Else the property above would hold for want of rows."""
    public = {"public_trades", "ticker_snapshots"}

    empty = {name for name, rows in _rows_of(furnished, bob).items() if not rows}

    assert empty == public


def test_with_a_user_everything_goes_that_points_at_it(
    furnished: Session, alice: "Tenant", bob: "Tenant"
) -> None:
    """live.md 2.1: every foreign key cascades, on both dialects."""
    hers = _rows_of(furnished, alice)

    repositories.as_admin(furnished).users.delete(bob.user.user_id)

    assert not any(_rows_of(furnished, bob).values())
    assert _rows_of(furnished, alice) == hers


def test_a_tenant_has_no_way_to_the_users() -> None:
    assert "users" not in REPOSITORIES


def test_a_row_of_another_is_refused_like_one_that_nobody_has(
    session: Session, alice: "Tenant", bob: "Tenant"
) -> None:
    """The refusal does not tell whether an id exists."""
    scope = Scope(session, alice.user.user_id)

    def refusal(require: Callable[[str], None], row_id: str) -> str:
        with pytest.raises(NotOwned) as refused:
            require(row_id)
        return str(refused.value).replace(row_id, "...")

    def require_run(run_id: str) -> None:
        scope.require_runs([(alice.account.account_id, run_id)])

    for require, theirs in (
        (scope.require_account, bob.account.account_id),
        (scope.require_user, bob.user.user_id),
        (require_run, bob.run.run_id),
    ):
        assert refusal(require, theirs) == refusal(require, "ghost")


def test_a_run_of_another_account_of_the_same_user_is_refused(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """L93: rows of one account must not land in a run of another."""
    second = replace(alice.account, account_id="second", account_name="second")
    tenant = repositories.for_user(session, alice.user.user_id)
    tenant.accounts.ensure(second, make.at(0))

    with pytest.raises(NotOwned, match="run "):
        tenant.orders.record([alice.order("o", account_id="second")])


def test_the_admin_scope_sees_everything(
    furnished: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    admin = repositories.as_admin(furnished)

    assert admin.accounts.all() == [alice.account, bob.account]
    assert len(admin.runs.recent()) == 2
    assert admin.dead_letters.count() == 2
