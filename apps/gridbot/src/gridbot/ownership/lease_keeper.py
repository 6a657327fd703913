"""Keeps an account's leases in the database: one for each symbol, renewed by a thread.

It tells when a renewal fails and when a lease is lost; what that means is the session's to decide.
Times of leases are real time, whatever the market's clock does: holders may be on two machines.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of
from grid_db.records import Lease
from grid_db.repositories import as_admin
from grid_db.repositories.leases import Leases
from gridbot.ownership.process_name import is_gone, process_name
from gridcore.event_words import HostCondition
from gridcore.message import message

SLICE_S = 1.0
"""How often it is looked whether the leases have expired meanwhile: a machine was asleep."""

Report = Callable[[HostCondition, bool], None]
"""A condition of the process, and whether it stands: from the keeper's thread; at once."""


@message
class LeaseTerms:
    """How long a lease holds without being renewed, and how often it is renewed."""

    length_s: int
    renew_s: int


@message
class LeaseBusy:
    """Somebody holds the lease of a symbol until a time, unless it is renewed."""

    symbol: str
    holder: str
    until: datetime


def real_time() -> datetime:
    """Now, by this machine's clock."""
    return datetime.now(UTC)


def lease_name(account_key: str, symbol: str) -> str:
    """The name of the lease to trade a symbol with a key (see lock_file.key_hash)."""
    return f"trade/{account_key}/{symbol}"


class LeaseKeeper:
    """The leases of one account, taken before the start and renewed while the process lives.

    `run` names this life of the process and no other. `take` and `close` are for the starting
    thread, `turn` is what the thread does.
    """

    def __init__(
        self,
        database: DatabaseFactory,
        *,
        account: str,
        account_key: str,
        symbols: Sequence[str],
        run: str,
        terms: LeaseTerms,
        report: Report,
        now: Callable[[], datetime] = real_time,
    ) -> None:
        self._database = database
        self._account_id = account_id_of(account)
        self._account_key = account_key
        self._symbols = tuple(symbols)
        self._holder = process_name(run)
        self._length = timedelta(seconds=terms.length_s)
        self._renew_s = terms.renew_s
        self._report = report
        self._now = now
        self._leases: dict[str, Lease] = {}
        self._unrenewed = self._lost = False
        self._telling = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.text = ""
        """Why the last renewal failed, or who holds the lease now; empty when all is well."""

    # -- before the start ------------------------------------------------------------------

    def take(self) -> LeaseBusy | None:
        """Take all leases, or none and say who is in the way; SQLAlchemyError from the database.

        The account must be known to the database. A holder on this machine whose process is gone
        is in nobody's way: the lock file is ours. Try again for any other one, or give up.
        """
        now = self._now()
        taken: dict[str, Lease] = {}
        with self._database.get_session() as session:
            rows = as_admin(session)
            accounts = [one.account_id for one in rows.accounts.all()]
            for symbol in self._symbols:
                name = lease_name(self._account_key, symbol)
                busy = self._in_the_way(rows.leases, accounts, name, symbol, now)
                lease = None
                if busy is None:
                    lease = rows.leases.acquire(
                        self._account_id, name, self._holder, now, self._length
                    )
                if lease is None:
                    for one in taken.values():
                        rows.leases.release(one, now)
                    return busy or LeaseBusy(symbol=symbol, holder="another process", until=now)
                taken[symbol] = lease
        self._leases = taken
        return self._met()

    def _met(self) -> LeaseBusy | None:
        """Somebody who took the same key under another name while we did: then nobody has it.

        The leases of two names are two rows. Both write theirs before they look at the other's, so
        that at least one of them sees both.
        """
        now = self._now()
        with self._database.get_session() as session:
            rows = as_admin(session)
            accounts = [one.account_id for one in rows.accounts.all()]
            others = [one for one in accounts if one != self._account_id]
            for symbol, lease in self._leases.items():
                busy = self._in_the_way(rows.leases, others, lease.name, symbol, now)
                if busy is not None:
                    for one in self._leases.values():
                        rows.leases.release(one, now)
                    self._leases = {}
                    return busy
        return None

    @property
    def renewed_at(self) -> datetime | None:
        """When the oldest of the leases was renewed; None before they are taken."""
        return min((one.renewed_at for one in self._leases.values()), default=None)

    def fencing(self, symbol: str) -> int:
        """The number of the lease on a symbol: greater than that of everybody before."""
        return self._leases[symbol].fencing

    # -- while the process lives -----------------------------------------------------------

    def start(self) -> None:
        """Begin to renew, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def turn(self) -> None:
        """Renew every lease once, and tell what has changed."""
        if self._lost:
            return
        now = self._now()
        try:
            with self._database.get_session() as session:
                leases = as_admin(session).leases
                renewed = [self._renewed(leases, lease, now) for lease in self._leases.values()]
        except SQLAlchemyError as error:
            self.text = f"the database did not renew the lease: {type(error).__name__}"
            self._tell_unrenewed(stands=True)
            return
        lost = [one for one in renewed if isinstance(one, str)]
        if lost:
            self.text = "; ".join(lost)
            self._lost = True
            self._report(HostCondition.LEASE_LOST, True)
            return
        # Not before the commit: what the database has undone was never renewed.
        leases_now = [one for one in renewed if isinstance(one, Lease)]
        self._leases = dict(zip(self._leases, leases_now, strict=True))
        self.text = ""
        self._tell_unrenewed(stands=False)

    def close(self, patience_s: float) -> None:
        """Stop renewing and give the leases back; those of a database that is away expire."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(patience_s)
            if self._thread.is_alive():
                return
        now = self._now()
        try:
            with self._database.get_session() as session:
                leases = as_admin(session).leases
                for lease in self._leases.values():
                    leases.release(lease, now)
        except SQLAlchemyError as error:
            self.text = f"the database did not take the lease back: {type(error).__name__}"

    # -- inside ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            due_s = time.monotonic() + self._renew_s
            while not self._stop.wait(min(self._renew_s, SLICE_S)):
                expired = self._expired()
                if expired:
                    self.text = "the lease has expired: the process or its machine was asleep"
                    self._tell_unrenewed(stands=True)
                if expired or time.monotonic() >= due_s:
                    self._renew()
                    due_s = time.monotonic() + self._renew_s
        finally:
            if not self._stop.is_set():
                self._ended_by_error()

    def _renew(self) -> None:
        """A turn in a thread: a database that does not even refuse must not hide that nothing is
        renewed."""
        turn = threading.Thread(target=self._turn, name="lease-renewal", daemon=True)
        try:
            turn.start()
        except RuntimeError as error:
            self.text = f"the lease is not renewed: {error}"
            self._tell_unrenewed(stands=True)
            return
        turn.join(self._renew_s)
        if turn.is_alive():
            self.text = "the database does not answer"
            self._tell_unrenewed(stands=True)
            turn.join()

    def _turn(self) -> None:
        finished = False
        try:
            self.turn()
            finished = True
        finally:
            if not finished:
                self._ended_by_error()

    def _ended_by_error(self) -> None:
        self.text = "a renewal has ended by an error; see its traceback"
        self._tell_unrenewed(stands=True)

    def _expired(self) -> bool:
        if self._lost:
            return False
        now = self._now()
        return any(one.expires_at <= now for one in self._leases.values())

    def _in_the_way(
        self,
        leases: Leases,
        accounts: Sequence[str],
        name: str,
        symbol: str,
        now: datetime,
    ) -> LeaseBusy | None:
        """Who holds the lease, under whatever name the account goes there."""
        for account_id in accounts:
            held = leases.holder(account_id, name, now)
            if held is None:
                continue
            if not is_gone(held.holder):
                return LeaseBusy(symbol=symbol, holder=held.holder, until=held.expires_at)
            leases.release(held, now)
        return None

    def _renewed(self, leases: Leases, lease: Lease, now: datetime) -> Lease | str:
        """The lease for another while, or who holds it now."""
        renewed = leases.renew(lease, now, self._length)
        if renewed is not None:
            return renewed
        again = leases.acquire(self._account_id, lease.name, self._holder, now, self._length)
        if again is None:
            found = leases.holder(self._account_id, lease.name, now)
            holder = "nobody" if found is None else f"{found.holder} with number {found.fencing}"
            return f"the lease {lease.name} is held by {holder}"
        if again.fencing == lease.fencing + 1:
            # It expired while the database was away, and nobody came in between.
            return again
        leases.release(again, now)
        return f"the lease {lease.name} was held by another process meanwhile"

    def _tell_unrenewed(self, *, stands: bool) -> None:
        with self._telling:
            if self._unrenewed is not stands:
                self._unrenewed = stands
                self._report(HostCondition.LEASE_UNRENEWED, stands)
