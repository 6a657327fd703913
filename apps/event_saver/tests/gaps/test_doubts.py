"""What a damaged journal leaves in doubt."""

from event_saver.gaps.doubts import doubts
from event_saver.gaps.ledger import Key
from grid_db.words import Stream
from gridcore.clock import Instant

NOW = Instant(1_800_000_000_000_000)
STORED = Instant(NOW - 5_000_000)


class Known:
    """Executions are stored up to five seconds ago, of the rest there is nothing."""

    def recorded_until(self, key: Key, until: Instant) -> Instant | None:
        assert until == NOW
        return STORED if key[1] is Stream.EXECUTIONS else None

    def known_executions(self, account_id: str, exec_ids: object) -> frozenset[str]:
        raise AssertionError("nobody asks for ids")


def test_everything_behind_the_stored_rows_is_in_doubt() -> None:
    found = {one.stream: one for one in doubts(Known(), ["main"], NOW)}

    assert found.keys() == {Stream.EXECUTIONS, Stream.ORDERS, Stream.POSITIONS, Stream.WALLET}
    assert {one.account_id for one in found.values()} == {"main"}
    assert {one.until for one in found.values()} == {NOW}
    assert found[Stream.EXECUTIONS].since == STORED
    assert found[Stream.WALLET].since == NOW


def test_sound_journals_leave_no_doubt() -> None:
    assert doubts(Known(), [], NOW) == []
