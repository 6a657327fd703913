import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from grid_db.factory import DatabaseFactory
from grid_db.models import ApiCredential, Base, BybitAccount, Strategy, User

Rows = dict[type[Base], dict[str, object]]


def insert(database: DatabaseFactory, model: type[Base], row: dict[str, object]) -> None:
    with database.get_session() as session:
        session.execute(sa.insert(model), [row])


def test_who_is_added_is_active_and_has_times(filled: DatabaseFactory) -> None:
    with filled.get_readonly_session() as session:
        user = session.scalars(sa.select(User)).one()

    assert user.status == "active"
    assert user.created_at <= user.updated_at


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (User, {"user_id": "2"}),
        (User, {"user_id": "2", "username": "bob", "status": "unknown"}),
        (BybitAccount, {"account_id": "2"}),
        (BybitAccount, {"account_id": "2", "account_name": "b", "environment": "real"}),
        (BybitAccount, {"account_id": "2", "account_name": "b", "status": "unknown"}),
        (ApiCredential, {"credential_id": "2"}),
        (Strategy, {"strategy_id": "2", "symbol": "ETHUSDT"}),
        (Strategy, {"strategy_id": "2", "strat_id": "btc_renamed"}),
    ],
    ids=[
        "a name twice",
        "an unknown status",
        "an account's name twice",
        "an unknown environment",
        "an unknown status of an account",
        "two active credentials",
        "a strategy's name twice",
        "two enabled strategies on a symbol",
    ],
)
def test_what_cannot_be_is_refused(
    filled: DatabaseFactory, sample_rows: Rows, model: type[Base], change: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        insert(filled, model, {**sample_rows[model], **change})


def test_two_users_may_name_their_accounts_alike(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    insert(filled, User, {"user_id": "2", "username": "bob"})

    insert(filled, BybitAccount, {**sample_rows[BybitAccount], "account_id": "2", "user_id": "2"})


def test_a_renamed_strategy_leaves_its_disabled_row_behind(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    """W37: a renamed strategy once undid the whole start, and the runs of the others with it."""
    with filled.get_session() as session:
        session.execute(sa.update(Strategy).values(is_enabled=False))

    renamed = {**sample_rows[Strategy], "strategy_id": "2", "strat_id": "btc_renamed"}
    insert(filled, Strategy, renamed)


def test_a_replaced_credential_stays_as_inactive(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    with filled.get_session() as session:
        session.execute(sa.update(ApiCredential).values(is_active=False))

    insert(filled, ApiCredential, {**sample_rows[ApiCredential], "credential_id": "2"})


def test_sealed_bytes_come_back_as_they_were(filled: DatabaseFactory) -> None:
    with filled.get_readonly_session() as session:
        credential = session.scalars(sa.select(ApiCredential)).one()

    assert (credential.wrapped_key, credential.sealed) == (b"\x00wrapped", b"\xffsealed")


def test_a_change_of_a_user_is_stamped(filled: DatabaseFactory) -> None:
    with filled.get_session() as session:
        user = session.scalars(sa.select(User)).one()
        before = user.updated_at
        user.email = "alice@example.org"

    assert user.updated_at > before
