"""What streams lose is on record at once, and only what they lose."""

from itertools import count

from event_saver.gaps.ledger import GapLedger, Key
from event_saver.gaps.losses import Losses
from event_saver.times import instant
from grid_db.records import Gap
from grid_db.words import Environment, Stream
from gridcore.clock import SECOND_US, Instant

TRADES: Key = (None, Stream.TRADES, "BTCUSDT")
OTHER: Key = (None, Stream.TRADES, "ETHUSDT")


def at(second: float) -> Instant:
    return Instant(int((1_800_000_000 + second) * SECOND_US))


class Record:
    """Losses, and every row that was made durable."""

    def __init__(self) -> None:
        numbers = count(1)
        ledger = GapLedger(Environment.SIM, lambda: f"gap-{next(numbers)}")
        self.kept: list[Gap] = []
        self.losses = Losses(ledger.row, self.kept.append)

    def windows(self) -> list[tuple[str, Instant, Instant]]:
        return [(gap.gap_id, instant(gap.from_ts), instant(gap.to_ts)) for gap in self.kept]


def test_a_stream_that_delivered_and_does_not_any_more_has_a_gap_without_an_end() -> None:
    record = Record()
    record.losses.up([TRADES, OTHER])

    found = record.losses.down([TRADES], at(5), at(7), "closed")

    assert found == record.kept
    assert record.windows() == [("gap-1", at(5), at(7))]
    assert found[0].next_attempt_at is None


def test_a_stream_that_is_down_loses_nothing_twice() -> None:
    record = Record()
    record.losses.up([TRADES])
    record.losses.down([TRADES], at(5), at(7), "closed")

    assert record.losses.down([TRADES], at(8), at(9), "closed") == []

    record.losses.up([TRADES])
    assert len(record.losses.down([TRADES], at(10), at(11), "closed")) == 1


def test_a_stream_that_did_not_deliver_yet_has_no_outage() -> None:
    record = Record()

    assert record.losses.down([TRADES], at(5), at(7), "open failed") == []
    assert record.kept == []


def test_rows_that_are_let_go_are_one_gap_until_a_second_passes_without_any() -> None:
    record = Record()
    for number in range(100):
        record.losses.let_go(TRADES, at(number / 10), at(number / 10 + 0.1), at(50), "full")
    assert record.losses.quiet(at(50.999)) == []
    assert (len(record.kept), len(record.losses)) == (1, 1)

    (gap,) = record.losses.quiet(at(51))

    assert gap.gap_id == record.kept[0].gap_id
    assert (instant(gap.from_ts), instant(gap.to_ts)) == (at(0), at(10))
    assert gap.next_attempt_at is not None
    assert instant(gap.next_attempt_at) == at(51)
    assert (len(record.losses), record.losses.quiet(at(99))) == (0, [])


def test_an_older_row_that_is_let_go_later_widens_the_gap_on_record() -> None:
    record = Record()
    record.losses.let_go(TRADES, at(5), at(6), at(10), "full")

    record.losses.let_go(TRADES, at(3), at(4), at(10), "full")

    assert record.windows() == [("gap-1", at(5), at(10)), ("gap-1", at(3), at(10))]
    (gap,) = record.losses.quiet(at(12))
    assert (instant(gap.from_ts), instant(gap.to_ts)) == (at(3), at(6))


def test_streams_that_let_rows_go_have_gaps_of_their_own() -> None:
    record = Record()
    record.losses.let_go(TRADES, at(5), at(6), at(10), "full")
    record.losses.let_go(OTHER, at(5), at(6), at(10.5), "full")

    assert [gap.symbol for gap in record.losses.quiet(at(11))] == ["BTCUSDT"]
    assert len(record.losses) == 1
