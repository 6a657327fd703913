"""How the process's own parts are: the writer of the database, journals, leases, ears.

It tells what is wrong with them, as rows and as metrics; it refuses to know how they work.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gridbot.store.database_thread import StoreState
from gridbot.surface.families import PREFIX, add_known, counter, gauge
from gridcore.clock import SECOND_US, Instant
from gridcore.message import message

LATE_S = 10.0
"""A disk or a database that holds something up for longer is told of."""

Row = dict[str, object]


@message
class LeaseState:
    """The leases of an account: when the oldest was renewed (real time), and what is wrong."""

    account: str
    renewed_at: datetime | None
    trouble: str


@message
class JournalState:
    """An account's journal: what is not durable yet, since when the oldest line waits, and why
    closed files could not be packed or deleted (empty: they could)."""

    account: str
    waiting_bytes: int
    waiting_since: Instant | None
    archive_error: str


@message
class EarState:
    """What an account did not hear: rows that could not be read, by topic, and how often the
    process was away for too long. Counted since the account was taken up."""

    account: str
    dead_letters: Mapping[str, int]
    pauses: int


@message
class Organs:
    """All of them at one moment; `store` None: there is no writer of the database."""

    store: StoreState | None
    leases: tuple[LeaseState, ...]
    journals: tuple[JournalState, ...]
    ears: tuple[EarState, ...]


NOTHING_KNOWN = Organs(store=None, leases=(), journals=(), ears=())


class Checkup:
    """The organs, looked at. `now` is the session's time, `wall` the machine's."""

    def __init__(self, organs: Organs, now: Instant, wall: Instant) -> None:
        self._organs = organs
        self._now = now
        self._wall = datetime.fromtimestamp(wall / SECOND_US, UTC)

    def faults(self) -> list[str]:
        """What is broken, and does not mend itself."""
        store = self._organs.store
        if store is not None and store.started and not store.alive:
            return ["the writer of the database has ended; rows of runs and grids are missing"]
        return []

    def warnings(self) -> list[str]:
        """What does not work now, and is tried again."""
        return [*self._of_store(), *self._of_leases(), *self._of_journals()]

    def rows(self) -> Row:
        """All of it as plain rows."""
        store = self._organs.store
        return {
            "store": None
            if store is None
            else {
                "started": store.started,
                "alive": store.alive,
                "waiting": store.depth,
                "written": store.written,
                "refused": store.refused,
                "dropped": store.dropped,
                "failures": store.failures,
                "busy_s": round(store.busy_s, 3),
                "trouble": store.trouble,
            },
            "leases": [
                {"account": one.account, "age_s": self._age_s(one), "trouble": one.trouble}
                for one in self._organs.leases
            ],
            "journals": [
                {
                    "account": one.account,
                    "waiting_bytes": one.waiting_bytes,
                    "lag_s": self._lag_s(one),
                    "archive_error": one.archive_error,
                }
                for one in self._organs.journals
            ],
            "ears": [
                {
                    "account": one.account,
                    "dead_letters": dict(one.dead_letters),
                    "pauses": one.pauses,
                }
                for one in self._organs.ears
            ],
        }

    def families(self) -> Iterator[Metric]:
        """All of it as metrics."""
        yield from _of_store(self._organs.store)
        ages = gauge("lease_age_seconds", "time since the oldest lease was renewed")
        for lease in self._organs.leases:
            add_known(ages, [lease.account], self._age_s(lease))
        waiting = gauge("journal_waiting_bytes", "lines of the journal that are not durable yet")
        lag = gauge("journal_lag_seconds", "how long the oldest of them waits")
        failing = gauge("journal_archive_failing", "1 while closed files are not packed or deleted")
        for journal in self._organs.journals:
            waiting.add_metric([journal.account], journal.waiting_bytes)
            lag.add_metric([journal.account], self._lag_s(journal))
            failing.add_metric([journal.account], bool(journal.archive_error))
        letters = counter("dead_letters", "rows of the exchange that could not be read", "topic")
        pauses = counter("pauses", "times the process was away for too long")
        for ear in self._organs.ears:
            pauses.add_metric([ear.account], ear.pauses)
            for topic, count in ear.dead_letters.items():
                letters.add_metric([ear.account, topic], count)
        yield from (ages, waiting, lag, failing, letters, pauses)

    def _of_store(self) -> Iterator[str]:
        store = self._organs.store
        if store is None:
            return
        if store.failures:
            yield (
                f"the database was away {store.failures} times in a row ({store.trouble}); "
                f"{store.depth} rows wait"
            )
        if store.busy_s > LATE_S:
            yield f"the database has not answered for {store.busy_s:.0f} s; {store.depth} rows wait"

    def _of_leases(self) -> Iterator[str]:
        for lease in self._organs.leases:
            if lease.trouble:
                yield f"{lease.account}: {lease.trouble}"

    def _of_journals(self) -> Iterator[str]:
        for journal in self._organs.journals:
            lag_s = self._lag_s(journal)
            if lag_s > LATE_S:
                yield (
                    f"{journal.account}: the journal is {lag_s:.0f} s behind, "
                    f"{journal.waiting_bytes} bytes wait"
                )
            if journal.archive_error:
                yield (
                    f"{journal.account}: closed files of the journal are not packed or deleted: "
                    f"{journal.archive_error}"
                )

    def _age_s(self, lease: LeaseState) -> float | None:
        if lease.renewed_at is None:
            return None
        return round((self._wall - lease.renewed_at).total_seconds(), 3)

    def _lag_s(self, journal: JournalState) -> float:
        since = journal.waiting_since
        return 0.0 if since is None else max(self._now - since, 0) / SECOND_US


def _of_store(store: StoreState | None) -> Iterator[Metric]:
    if store is None:
        return
    for name, text, value in (
        ("up", "1 while the writer of the database runs", store.alive),
        ("queue", "rows that wait for the database", store.depth),
        ("failures", "attempts in a row that found the database away", store.failures),
        ("busy_seconds", "how long the attempt of now lasts already", store.busy_s),
    ):
        yield GaugeMetricFamily(f"{PREFIX}_store_{name}", text, value=value)
    for name, text, count in (
        ("written", "work that the database took", store.written),
        ("refused", "work that the database does not take", store.refused),
        ("dropped", "work that had to make room", store.dropped),
    ):
        yield CounterMetricFamily(f"{PREFIX}_store_{name}", text, value=count)
