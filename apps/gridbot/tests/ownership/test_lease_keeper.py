"""Leases across machines: taken before the start, renewed, and lost for good."""

import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.records import Account, User
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from grid_db.words import Environment
from gridbot.ownership.lease_keeper import LeaseBusy, LeaseKeeper, LeaseTerms, lease_name
from gridbot.ownership.process_name import process_name
from gridcore.event_words import HostCondition

START = datetime(2026, 1, 1, 1, tzinfo=UTC)
KEY = "0123456789abcdef"
UNRENEWED, LOST = HostCondition.LEASE_UNRENEWED, HostCondition.LEASE_LOST


class Keepers:
    """Keepers on one database, a clock that the test moves, and what they report."""

    def __init__(self, database: DatabaseFactory) -> None:
        self.database = database
        self.now = START
        self.reports: list[tuple[HostCondition, bool]] = []

    def make(self, account: str = "main", run: str = "run", *symbols: str) -> LeaseKeeper:
        return LeaseKeeper(
            self.database,
            account=account,
            account_key=KEY,
            symbols=symbols or ("BTCUSDT",),
            run=run,
            terms=LeaseTerms(length_s=60, renew_s=10),
            report=lambda condition, stands: self.reports.append((condition, stands)),
            now=lambda: self.now,
        )

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def elsewhere(self, holder: str, account: str = "main", symbol: str = "BTCUSDT") -> bool:
        """A process of another machine asks for the lease; whether it got it."""
        with self.database.get_session() as session:
            lease = as_admin(session).leases.acquire(
                account_id_of(account),
                lease_name(KEY, symbol),
                holder,
                self.now,
                timedelta(seconds=60),
            )
        return lease is not None

    def break_database(self) -> None:
        with self.database.get_session() as session:
            session.execute(sa.text("ALTER TABLE leases RENAME TO away"))

    def mend_database(self) -> None:
        with self.database.get_session() as session:
            session.execute(sa.text("ALTER TABLE away RENAME TO leases"))


@pytest.fixture
def keepers(sqlite_settings: DatabaseSettings) -> Iterator[Keepers]:
    """Keepers for the accounts main and other."""
    database = DatabaseFactory(sqlite_settings)
    with database.get_session() as session:
        rows = as_admin(session)
        for name in ("main", "other"):
            rows.users.ensure(User(user_id=user_id_of(name), username=name), START)
            rows.accounts.ensure(
                Account(
                    account_id=account_id_of(name),
                    user_id=user_id_of(name),
                    account_name=name,
                    environment=Environment.SIM,
                ),
                START,
            )
    yield Keepers(database)
    database.dispose()


def test_a_free_lease_is_taken_and_renewed(keepers: Keepers) -> None:
    keeper = keepers.make()

    assert keeper.take() is None
    for _ in range(20):
        keepers.wait(50)
        keeper.turn()

    assert keeper.fencing("BTCUSDT") == 1
    assert not keepers.elsewhere("far/1/x")
    assert (keepers.reports, keeper.text) == ([], "")


def test_a_lease_of_another_machine_is_in_the_way_until_it_expires(keepers: Keepers) -> None:
    keepers.elsewhere("far/1/x")
    keeper = keepers.make()

    busy = keeper.take()
    keepers.wait(60)
    later = keeper.take()

    assert busy == LeaseBusy(
        symbol="BTCUSDT", holder="far/1/x", until=START + timedelta(seconds=60)
    )
    assert later is None
    assert keeper.fencing("BTCUSDT") == 2


def test_of_several_symbols_all_leases_are_taken_or_none(keepers: Keepers) -> None:
    keepers.elsewhere("far/1/x", symbol="ETHUSDT")

    busy = keepers.make("main", "run", "BTCUSDT", "ETHUSDT").take()

    assert busy is not None
    assert busy.symbol == "ETHUSDT"
    assert keepers.elsewhere("far/2/y", symbol="BTCUSDT")


def test_the_same_key_under_another_name_is_in_the_way(keepers: Keepers) -> None:
    keepers.elsewhere("far/1/x", account="other")

    busy = keepers.make("main").take()

    assert busy is not None
    assert busy.holder == "far/1/x"


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_process_of_this_machine_that_has_ended_is_in_nobodys_way(
    is_gone: bool, keepers: Keepers
) -> None:
    """After a crash nobody waits for the lease of the dead."""
    name = process_name("x")
    keepers.elsewhere(name if is_gone else f"far-{name}".replace("pid:", "elsewhere:"))
    keeper = keepers.make()

    busy = keeper.take()

    assert (busy is None) is is_gone
    if is_gone:
        assert keeper.fencing("BTCUSDT") == 2


def test_of_two_that_take_one_key_under_two_names_at_once_one_gives_way(keepers: Keepers) -> None:
    """The other one looked before we wrote, and has written before we look again."""
    looks = iter((lambda: None, lambda: keepers.elsewhere("far/1/x", account="other")))

    def clock() -> datetime:
        next(looks)()
        return keepers.now

    keeper = LeaseKeeper(
        keepers.database,
        account="main",
        account_key=KEY,
        symbols=("BTCUSDT",),
        run="run",
        terms=LeaseTerms(length_s=60, renew_s=10),
        report=lambda condition, stands: None,
        now=clock,
    )

    busy = keeper.take()

    assert busy is not None
    assert busy.holder == "far/1/x"
    assert keepers.elsewhere("far/2/y"), "what was taken is free again"


def test_a_database_that_is_away_is_told_once_and_so_is_its_return(keepers: Keepers) -> None:
    keeper = keepers.make()
    keeper.take()
    keepers.break_database()
    for _ in range(3):
        keepers.wait(10)
        keeper.turn()
    during, text = list(keepers.reports), keeper.text
    keepers.mend_database()
    keeper.turn()

    assert during == [(UNRENEWED, True)]
    assert "the database did not renew the lease: OperationalError" in text
    assert keepers.reports == [(UNRENEWED, True), (UNRENEWED, False)]
    assert keeper.text == ""


def test_a_lease_that_expired_while_the_database_was_away_is_taken_up_again(
    keepers: Keepers,
) -> None:
    keeper = keepers.make()
    keeper.take()
    keepers.break_database()
    keepers.wait(10)
    keeper.turn()
    keepers.wait(500)
    keepers.mend_database()
    keeper.turn()

    assert keepers.reports == [(UNRENEWED, True), (UNRENEWED, False)]
    assert keeper.fencing("BTCUSDT") == 2
    assert not keepers.elsewhere("far/1/x")


def test_a_lease_that_another_process_holds_is_lost_for_good(keepers: Keepers) -> None:
    keeper = keepers.make()
    keeper.take()
    keepers.wait(100)
    keepers.elsewhere("far/1/x")
    keeper.turn()
    text = keeper.text
    keepers.wait(1000)
    keeper.turn()

    assert keepers.reports == [(LOST, True)]
    assert text.endswith("is held by far/1/x with number 2")


def test_a_lease_that_another_process_held_meanwhile_is_lost_too_and_left_free(
    keepers: Keepers,
) -> None:
    keeper = keepers.make()
    keeper.take()
    keepers.wait(100)
    keepers.elsewhere("far/1/x")
    keepers.wait(100)
    keeper.turn()

    assert keepers.reports == [(LOST, True)]
    assert keeper.text.endswith("was held by another process meanwhile")
    assert keepers.elsewhere("far/2/y")


def test_closing_gives_the_leases_back(keepers: Keepers) -> None:
    keeper = keepers.make()
    keeper.take()
    keeper.start()

    keeper.close(10)

    assert keepers.elsewhere("far/1/x")


def test_closing_while_the_database_is_away_leaves_them_to_expire(keepers: Keepers) -> None:
    keeper = keepers.make()
    keeper.take()
    keepers.break_database()

    keeper.close(10)

    assert "did not take the lease back" in keeper.text


def test_the_thread_renews(keepers: Keepers) -> None:
    told: list[tuple[HostCondition, bool]] = []
    heard = threading.Event()

    def report(condition: HostCondition, stands: bool) -> None:
        told.append((condition, stands))
        heard.set()

    keeper = LeaseKeeper(
        keepers.database,
        account="main",
        account_key=KEY,
        symbols=("BTCUSDT",),
        run="run",
        terms=LeaseTerms(length_s=60, renew_s=0),
        report=report,
        now=lambda: keepers.now,
    )
    keeper.take()
    keepers.break_database()
    keeper.start()

    assert heard.wait(10)
    keeper.close(10)
    assert told == [(UNRENEWED, True)]


def test_a_database_that_does_not_answer_is_told_while_it_hangs(keepers: Keepers) -> None:
    heard, go_on, hanging = threading.Event(), threading.Event(), threading.Event()
    told: list[tuple[HostCondition, bool]] = []

    def report(condition: HostCondition, stands: bool) -> None:
        told.append((condition, stands))
        heard.set()

    def clock() -> datetime:
        if hanging.is_set() and threading.current_thread().name == "lease-renewal":
            go_on.wait(10)
        return keepers.now

    keeper = LeaseKeeper(
        keepers.database,
        account="main",
        account_key=KEY,
        symbols=("BTCUSDT",),
        run="run",
        terms=LeaseTerms(length_s=60, renew_s=0),
        report=report,
        now=clock,
    )
    keeper.take()
    hanging.set()
    keeper.start()
    assert heard.wait(10)
    during = list(told)
    heard.clear()
    go_on.set()
    assert heard.wait(10)
    keeper.close(10)

    assert during == [(UNRENEWED, True)]
    assert told[1] == (UNRENEWED, False)


def test_a_lease_that_expired_in_a_machines_sleep_is_told_before_the_database_is_asked(
    keepers: Keepers,
) -> None:
    asked, told = threading.Event(), threading.Event()
    go_on = threading.Event()

    def clock() -> datetime:
        if threading.current_thread().name == "lease-renewal":
            asked.set()
            assert told.is_set()
            go_on.wait(10)
        return keepers.now

    keeper = LeaseKeeper(
        keepers.database,
        account="main",
        account_key=KEY,
        symbols=("BTCUSDT",),
        run="run",
        terms=LeaseTerms(length_s=60, renew_s=3600),
        report=lambda condition, stands: told.set(),
        now=clock,
    )
    keeper.take()
    keepers.wait(300)
    keeper.start()

    assert told.wait(10)
    assert asked.wait(10)
    go_on.set()
    keeper.close(10)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_renewal_that_an_error_of_ours_ends_is_told(keepers: Keepers) -> None:
    told: list[tuple[HostCondition, bool]] = []
    heard = threading.Event()

    def report(condition: HostCondition, stands: bool) -> None:
        told.append((condition, stands))
        heard.set()

    def clock() -> datetime:
        if threading.current_thread().name == "lease-renewal":
            raise ZeroDivisionError
        return keepers.now

    keeper = LeaseKeeper(
        keepers.database,
        account="main",
        account_key=KEY,
        symbols=("BTCUSDT",),
        run="run",
        terms=LeaseTerms(length_s=60, renew_s=1),
        report=report,
        now=clock,
    )
    keeper.take()
    keeper.start()

    assert heard.wait(10)
    keeper.close(10)
    assert told == [(UNRENEWED, True)]
    assert "ended by an error" in keeper.text


def test_the_oldest_renewal_of_all_leases_counts(keepers: Keepers) -> None:
    keeper = keepers.make("main", "run", "BTCUSDT", "ETHUSDT")
    assert keeper.renewed_at is None
    keeper.take()
    keepers.wait(10)
    keeper.turn()

    assert keeper.renewed_at == START + timedelta(seconds=10)


HOLDER = """
import sys
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from gridbot.ownership.lease_keeper import LeaseKeeper, LeaseTerms
keeper = LeaseKeeper(DatabaseFactory(DatabaseSettings.of_url(sys.argv[1])), account=sys.argv[3],
    account_key=sys.argv[2], symbols=["BTCUSDT"], run="first",
    terms=LeaseTerms(length_s=600, renew_s=60), report=print)
print(keeper.take(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("account", ["main", "other"])
def test_two_processes_never_hold_one_lease_and_a_killed_one_holds_up_nobody(
    account: str, keepers: Keepers, sqlite_settings: DatabaseSettings
) -> None:
    """Whatever the account is called in either configuration: the key counts."""
    url = sqlite_settings.url().render_as_string(hide_password=False)
    keepers.now = datetime.now(UTC)
    second = keepers.make("main", "second")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, KEY, account],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        try:
            assert first.stdout is not None
            assert first.stdout.readline() == "None\n"
            during = second.take()
        finally:
            first.kill()
            os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
            unreaped = second.take()

    assert during is not None
    assert during.holder.startswith(f"{platform.node()}/")
    assert f"/{first.pid}/" in during.holder
    assert unreaped is None, "a process that is killed and not reaped does nothing any more"
    assert second.fencing("BTCUSDT") == (2 if account == "main" else 1)
