import logging
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.factory import DatabaseFactory
from grid_db.repositories import ApiKeys, NotOwned
from grid_db.secrets.envelope import Tampered, WrongMasterKey
from grid_db.secrets.master_key import MasterKey
from grid_db.settings import DatabaseSettings

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant

OLD, NEW = MasterKey(b"o" * 32), MasterKey(b"n" * 32)
KEY, SECRET = "aPiKeY0123456789wxyz", "sEcReT-sEcReT-0123456789"
KEYS = ApiKeys(api_key=SecretStr(KEY), api_secret=SecretStr(SECRET))
LATER = ApiKeys(api_key=SecretStr("another-key-of-the-account"), api_secret=SecretStr("else"))


def test_a_pair_opens_with_the_key_that_sealed_it(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    credentials = repositories.for_user(session, alice.user.user_id).credentials

    stored = credentials.store(alice.account.account_id, KEYS, OLD, make.at(0))

    assert credentials.reveal(alice.account.account_id, OLD) == KEYS
    assert credentials.active(alice.account.account_id) == stored
    assert (stored.api_key_hint, stored.master_key_id) == ("wxyz", OLD.key_id)


def test_a_short_key_gives_no_hint(session: Session, alice: "Tenant", make: "Makers") -> None:
    credentials = repositories.for_user(session, alice.user.user_id).credentials
    short = ApiKeys(api_key=SecretStr("short"), api_secret=SecretStr("s"))

    assert credentials.store(alice.account.account_id, short, OLD, make.at(0)).api_key_hint == ""


def test_a_new_pair_replaces_the_old_one_which_is_kept(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    credentials = repositories.for_user(session, alice.user.user_id).credentials
    account_id = alice.account.account_id
    first = credentials.store(account_id, KEYS, OLD, make.at(0))
    second = credentials.store(account_id, LATER, OLD, make.at(5))

    assert credentials.reveal(account_id, OLD) == LATER
    assert credentials.all(account_id) == [
        second,
        replace(first, is_active=False, rotated_at=make.at(5)),
    ]


def test_a_deactivated_pair_is_not_revealed(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    credentials = repositories.for_user(session, alice.user.user_id).credentials
    stored = credentials.store(alice.account.account_id, KEYS, OLD, make.at(0))

    assert credentials.deactivate(stored.credential_id, make.at(5)) is True
    assert credentials.deactivate(stored.credential_id, make.at(6)) is False

    assert credentials.active(alice.account.account_id) is None
    with pytest.raises(NotOwned, match="active credential of account"):
        credentials.reveal(alice.account.account_id, OLD)


def test_another_master_key_says_which_one_is_needed(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    credentials = repositories.for_user(session, alice.user.user_id).credentials
    credentials.store(alice.account.account_id, KEYS, OLD, make.at(0))

    with pytest.raises(WrongMasterKey, match=f"expected master key {OLD.key_id}, found"):
        credentials.reveal(alice.account.account_id, NEW)


def test_a_row_pasted_over_another_accounts_does_not_open(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    """Whoever writes to the table still cannot read another's secret through his own account."""
    admin = repositories.as_admin(session)
    admin.credentials.store(bob.account.account_id, KEYS, OLD, make.at(0))
    session.execute(
        sa.text("UPDATE api_credentials SET account_id = :account"),
        {"account": alice.account.account_id},
    )

    with pytest.raises(Tampered):
        repositories.for_user(session, alice.user.user_id).credentials.reveal(
            alice.account.account_id, OLD
        )


def test_after_a_rotation_only_the_new_key_opens_and_it_may_be_repeated(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    credentials = repositories.as_admin(session).credentials
    credentials.store(alice.account.account_id, LATER, OLD, make.at(0))
    credentials.store(alice.account.account_id, KEYS, OLD, make.at(1))
    credentials.store(bob.account.account_id, LATER, NEW, make.at(2))

    assert credentials.rotate(OLD, NEW) == 2
    assert credentials.rotate(OLD, NEW) == 0

    assert credentials.reveal(alice.account.account_id, NEW) == KEYS
    assert credentials.reveal(bob.account.account_id, NEW) == LATER
    with pytest.raises(WrongMasterKey):
        credentials.reveal(alice.account.account_id, OLD)


def test_a_tenant_rotates_only_what_is_its_own(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    admin = repositories.as_admin(session).credentials
    for tenant in (alice, bob):
        admin.store(tenant.account.account_id, KEYS, OLD, make.at(0))

    rotated = repositories.for_user(session, alice.user.user_id).credentials.rotate(OLD, NEW)

    assert rotated == 1
    assert admin.reveal(bob.account.account_id, OLD) == KEYS


def test_a_rotation_that_meets_a_third_key_changes_nothing(
    database: DatabaseFactory, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    third = MasterKey(b"t" * 32)
    with database.get_session() as session:
        for tenant, master in ((alice, OLD), (bob, third)):
            make.settle(session, tenant)
            repositories.as_admin(session).credentials.store(
                tenant.account.account_id, KEYS, master, make.at(0)
            )

    with pytest.raises(WrongMasterKey, match=third.key_id), database.get_session() as session:
        repositories.as_admin(session).credentials.rotate(OLD, NEW)

    with database.get_session() as session:
        credentials = repositories.as_admin(session).credentials
        assert credentials.reveal(alice.account.account_id, OLD) == KEYS
        assert credentials.reveal(bob.account.account_id, third) == KEYS


def test_no_secret_appears_in_texts_errors_or_logs(
    session: Session, alice: "Tenant", make: "Makers", caplog: pytest.LogCaptureFixture
) -> None:
    """A49, W36: whatever is printed along the way, with SQL logging at its most talkative."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
    credentials = repositories.for_user(session, alice.user.user_id).credentials
    account_id = alice.account.account_id

    shown = [repr(KEYS), str(KEYS), repr(credentials.store(account_id, KEYS, OLD, make.at(0)))]
    shown += [repr(credentials.reveal(account_id, OLD)), repr(OLD), str(OLD)]
    for attempt in (
        lambda: credentials.reveal(account_id, NEW),
        lambda: credentials.rotate(NEW, OLD),
        lambda: credentials.store("no such account", KEYS, OLD, make.at(0)),
        lambda: session.execute(sa.text("INSERT INTO api_credentials (credential_id) VALUES (1)")),
    ):
        try:
            attempt()
        except (LookupError, WrongMasterKey, sa.exc.SQLAlchemyError):
            shown.append(traceback.format_exc())
    logging.getLogger("sqlalchemy").setLevel(logging.NOTSET)

    everything = "\n".join([*shown, caplog.text])
    for secret in (KEY, SECRET, OLD.reveal().decode(), NEW.reveal().decode()):
        assert secret not in everything


def test_no_secret_is_found_in_the_database_file(
    sqlite_settings: DatabaseSettings, alice: "Tenant", make: "Makers", tmp_path: Path
) -> None:
    """A49: neither in the tables nor in the write-ahead log, before and after a rotation."""
    database = DatabaseFactory(sqlite_settings)
    with database.get_session() as session:
        make.settle(session, alice)
        credentials = repositories.as_admin(session).credentials
        credentials.store(alice.account.account_id, KEYS, OLD, make.at(0))
    with database.get_session() as session:
        repositories.as_admin(session).credentials.rotate(OLD, NEW)

    files = sorted(tmp_path.glob("grid.db*"))
    content = b"".join(file.read_bytes() for file in files)
    database.dispose()

    assert b"wxyz" in content
    for secret in (KEY.encode(), SECRET.encode(), OLD.reveal(), NEW.reveal()):
        assert secret not in content
