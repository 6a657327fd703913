"""The process's own parts, looked at."""

from datetime import UTC, datetime
from typing import Any

from gridbot.store.database_thread import StoreState
from gridbot.surface.organs import (
    NOTHING_KNOWN,
    Checkup,
    EarState,
    JournalState,
    LeaseState,
    Organs,
)
from gridcore.clock import SECOND_US, Instant

NOW = Instant(1_767_229_200_000_000)
WALL = Instant(1_790_000_000_000_000)
WALL_S = WALL / SECOND_US


def store(**changes: Any) -> StoreState:
    """A writer that is well, with changes."""
    well: dict[str, Any] = {
        "started": True,
        "alive": True,
        "depth": 0,
        "written": 12,
        "refused": 0,
        "dropped": 0,
        "failures": 0,
        "busy_s": 0.0,
        "trouble": "",
    }
    return StoreState(**(well | changes))


def journal(**changes: Any) -> JournalState:
    """A journal that is durable and tidy, with changes."""
    well: dict[str, Any] = {
        "account": "main",
        "waiting_bytes": 0,
        "waiting_since": None,
        "archive_error": "",
    }
    return JournalState(**(well | changes))


def renewed(seconds_ago: float) -> datetime:
    return datetime.fromtimestamp(WALL_S - seconds_ago, UTC)


def checkup(
    *,
    writer: StoreState | None = None,
    leases: tuple[LeaseState, ...] = (),
    journals: tuple[JournalState, ...] = (),
    ears: tuple[EarState, ...] = (),
) -> Checkup:
    organs = Organs(store=writer, leases=leases, journals=journals, ears=ears)
    return Checkup(organs, NOW, WALL)


def test_a_process_of_which_nothing_is_known_yet_has_no_fault() -> None:
    found = Checkup(NOTHING_KNOWN, NOW, WALL)

    assert (found.faults(), found.warnings()) == ([], [])
    assert found.rows() == {"store": None, "leases": [], "journals": [], "ears": []}


def test_a_writer_that_has_ended_is_a_fault_and_one_that_has_not_begun_is_none() -> None:
    dead = checkup(writer=store(alive=False))
    early = checkup(writer=store(started=False, alive=False))

    assert dead.faults() == [
        "the writer of the database has ended; rows of runs and grids are missing"
    ]
    assert early.faults() == []


def test_a_database_that_is_away_is_a_warning_until_it_is_back() -> None:
    away = checkup(writer=store(failures=3, depth=7, trouble="heartbeat: OperationalError"))
    back = checkup(writer=store(failures=0, refused=4, dropped=2, trouble="heartbeat: X"))

    assert away.warnings() == [
        "the database was away 3 times in a row (heartbeat: OperationalError); 7 rows wait"
    ]
    assert away.faults() == []
    assert back.warnings() == []


def test_a_database_that_does_not_even_refuse_is_a_warning() -> None:
    found = checkup(writer=store(busy_s=31.4, depth=2))

    assert found.warnings() == ["the database has not answered for 31 s; 2 rows wait"]


def test_leases_tell_their_age_in_real_time_and_what_is_wrong() -> None:
    well = LeaseState(account="main", renewed_at=renewed(4.5), trouble="")
    ill = LeaseState(
        account="spare", renewed_at=renewed(70), trouble="the database does not answer"
    )

    found = checkup(leases=(well, ill))

    assert found.warnings() == ["spare: the database does not answer"]
    assert found.rows()["leases"] == [
        {"account": "main", "age_s": 4.5, "trouble": ""},
        {"account": "spare", "age_s": 70.0, "trouble": "the database does not answer"},
    ]


def test_a_journal_tells_how_far_the_disk_is_behind_in_the_sessions_time() -> None:
    since = Instant(NOW - 12 * SECOND_US)
    late = journal(waiting_bytes=900, waiting_since=since)
    durable = journal(account="spare")

    found = checkup(journals=(late, durable))

    assert found.warnings() == ["main: the journal is 12 s behind, 900 bytes wait"]
    assert found.rows()["journals"] == [
        {"account": "main", "waiting_bytes": 900, "lag_s": 12.0, "archive_error": ""},
        {"account": "spare", "waiting_bytes": 0, "lag_s": 0.0, "archive_error": ""},
    ]


def test_an_archive_that_the_disk_refuses_is_a_warning() -> None:
    found = checkup(journals=(journal(archive_error="old.jsonl: no space left"),))

    assert found.warnings() == [
        "main: closed files of the journal are not packed or deleted: old.jsonl: no space left"
    ]


def test_what_was_not_heard_is_told_by_account_and_topic() -> None:
    deaf = EarState(account="main", dead_letters={"order": 3, "tickers.BTCUSDT": 1}, pauses=2)

    found = checkup(ears=(deaf,))

    labelled = {
        (one.name, *one.labels.values()): one.value
        for family in found.families()
        for one in family.samples
    }
    assert labelled["gridbot_dead_letters_total", "main", "order"] == 3
    assert labelled["gridbot_dead_letters_total", "main", "tickers.BTCUSDT"] == 1
    assert labelled["gridbot_pauses_total", "main"] == 2
    assert found.rows()["ears"] == [
        {
            "account": "main",
            "dead_letters": {"order": 3, "tickers.BTCUSDT": 1},
            "pauses": 2,
        }
    ]


def test_all_of_it_is_on_the_metrics_page() -> None:
    since = Instant(NOW - SECOND_US)
    found = checkup(
        writer=store(depth=7, failures=3),
        leases=(LeaseState(account="main", renewed_at=renewed(4.5), trouble=""),),
        journals=(journal(waiting_bytes=900, waiting_since=since),),
        ears=(EarState(account="main", dead_letters={"order": 3}, pauses=2),),
    )

    told = {one.name: one.value for family in found.families() for one in family.samples}

    assert told == {
        "gridbot_store_up": 1,
        "gridbot_store_queue": 7,
        "gridbot_store_failures": 3,
        "gridbot_store_busy_seconds": 0,
        "gridbot_store_written_total": 12,
        "gridbot_store_refused_total": 0,
        "gridbot_store_dropped_total": 0,
        "gridbot_lease_age_seconds": 4.5,
        "gridbot_journal_waiting_bytes": 900,
        "gridbot_journal_lag_seconds": 1,
        "gridbot_journal_archive_failing": 0,
        "gridbot_dead_letters_total": 3,
        "gridbot_pauses_total": 2,
    }
