"""The gap ledger: what is missing is never forgotten, and tried until it is there."""

from itertools import count

from event_saver.gaps.ledger import GapLedger, Key, as_filled, as_unrecoverable, key_of
from event_saver.times import instant, moment
from grid_db.records import Gap
from grid_db.words import Environment, GapState, Stream
from gridcore.clock import SECOND_US, Instant

TRADES: Key = (None, Stream.TRADES, "BTCUSDT")
OTHER: Key = (None, Stream.TRADES, "ETHUSDT")
EXECUTIONS: Key = ("an account", Stream.EXECUTIONS, None)


def at(second: float) -> Instant:
    return Instant(int((1_800_000_000 + second) * SECOND_US))


def ledger() -> GapLedger:
    numbers = count(1)
    return GapLedger(Environment.SIM, lambda: f"gap-{next(numbers)}")


def window(gap: Gap) -> tuple[Instant, Instant]:
    return instant(gap.from_ts), instant(gap.to_ts)


def test_a_gap_that_can_be_filled_is_due_at_once_and_handed_out_once() -> None:
    gaps = ledger()

    opened = gaps.missed(TRADES, at(1), at(5), at(5), "closed")

    assert (key_of(opened), window(opened)) == (TRADES, (at(1), at(5)))
    assert (opened.state, opened.attempts, opened.reason) == (GapState.OPEN, 0, "closed")
    assert gaps.next_deadline() == at(5)
    assert gaps.due(at(5)) == opened
    assert gaps.due(at(5)) is None
    assert gaps.next_deadline() is None


def test_a_stream_that_is_still_down_is_on_record_and_not_due() -> None:
    gaps = ledger()

    opened = gaps.lost(TRADES, at(1), at(4), "pong missing")

    assert (window(opened), opened.next_attempt_at) == ((at(1), at(4)), None)
    assert gaps.due(at(99)) is None
    assert len(gaps) == 1


def test_the_end_of_an_outage_closes_the_window_of_the_same_gap() -> None:
    gaps = ledger()
    opened = gaps.lost(TRADES, at(1), at(4), "pong missing")

    (restored,) = gaps.back(TRADES, at(1), at(9), "pong missing")

    assert restored.gap_id == opened.gap_id
    assert window(restored) == (at(1), at(9))
    assert gaps.due(at(9)) == restored
    assert len(gaps) == 1


def test_the_end_of_an_outage_that_nobody_told_is_a_gap_all_the_same() -> None:
    gaps = ledger()

    (opened,) = gaps.back(TRADES, at(1), at(9), "closed")

    assert window(opened) == (at(1), at(9))
    assert gaps.due(at(9)) == opened


def test_a_row_that_is_on_record_elsewhere_is_kept_once_it_is_adopted() -> None:
    gaps = ledger()
    row = gaps.row(TRADES, at(1), at(4), "closed")
    assert len(gaps) == 0

    gaps.adopt(row)

    assert gaps.gaps() == (row,)
    assert gaps.back(TRADES, at(1), at(9), "closed")[0].gap_id == row.gap_id


def test_what_is_missed_while_a_stream_is_down_gives_its_outage_no_end() -> None:
    gaps = ledger()
    down = gaps.lost(TRADES, at(1), at(4), "closed")

    missed = gaps.missed(TRADES, at(2), at(3), at(5), "the queue was full")

    assert missed.gap_id != down.gap_id
    assert gaps.due(at(9)) == missed
    assert gaps.due(at(9)) is None


def test_other_streams_and_other_times_have_gaps_of_their_own() -> None:
    gaps = ledger()

    ids = {
        gaps.missed(TRADES, at(1), at(5), at(5), "closed").gap_id,
        gaps.missed(OTHER, at(1), at(5), at(5), "closed").gap_id,
        gaps.missed(EXECUTIONS, at(1), at(5), at(5), "closed").gap_id,
        gaps.missed(TRADES, at(6), at(7), at(7), "closed").gap_id,
    }

    assert len(ids) == 4
    assert len(gaps.gaps()) == 4


def test_a_gap_in_hand_is_not_stretched_under_the_hand_that_fills_it() -> None:
    gaps = ledger()
    first = gaps.missed(TRADES, at(1), at(5), at(5), "closed")
    gaps.due(at(5))

    second = gaps.missed(TRADES, at(4), at(8), at(8), "closed")

    assert second.gap_id != first.gap_id
    gaps.closed(first)
    assert gaps.gaps() == (second,)


def test_an_attempt_that_fails_comes_again_ever_more_rarely_and_for_ever() -> None:
    gaps = ledger()
    gaps.missed(TRADES, at(0), at(0), at(0), "closed")
    now, delays = at(0), list[float]()
    for attempt in range(12):
        gap = gaps.due(now)
        assert gap is not None
        assert gap.attempts == attempt
        failed = gaps.failed(gap, "timeout", now)
        assert (failed.state, failed.last_error) == (GapState.OPEN, "timeout")
        deadline = gaps.next_deadline()
        assert deadline is not None
        assert gaps.due(Instant(deadline - 1)) is None
        delays.append((deadline - now) / SECOND_US)
        now = deadline

    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_thousand_failed_attempts_do_not_overflow_the_back_off() -> None:
    gaps = ledger()
    gap = gaps.missed(TRADES, at(0), at(0), at(0), "closed")

    for _ in range(1_000):
        gap = gaps.failed(gap, "timeout", at(0))

    assert gaps.next_deadline() == at(300)


def test_the_gap_that_is_due_longest_comes_first() -> None:
    gaps = ledger()
    late = gaps.missed(TRADES, at(0), at(1), at(9), "closed")
    early = gaps.missed(OTHER, at(0), at(1), at(3), "closed")

    assert gaps.due(at(10)) == early
    assert gaps.due(at(10)) == late


def test_public_trades_come_before_gaps_that_can_wait() -> None:
    gaps = ledger()
    gaps.missed(EXECUTIONS, at(0), at(1), at(3), "closed")
    trades = gaps.missed(TRADES, at(0), at(1), at(9), "closed")
    gaps.missed(OTHER, at(0), at(1), at(11), "closed")

    assert gaps.due(at(10)) == trades


def test_open_gaps_of_a_former_process_are_due_at_once() -> None:
    before = ledger()
    down = before.lost(TRADES, at(1), at(4), "closed")
    given_up = as_unrecoverable(before.missed(OTHER, at(1), at(4), at(4), "closed"), "too old")
    gaps = ledger()

    gaps.take_over([down, given_up], at(20))

    assert [gap.gap_id for gap in gaps.gaps()] == [down.gap_id]
    found = gaps.due(at(20))
    assert found is not None
    assert window(found) == (at(1), at(20)), "a gap that had no end may have lasted until now"


def test_a_filled_gap_says_how_many_rows_it_had_hidden() -> None:
    gap = ledger().missed(TRADES, at(1), at(4), at(4), "closed")

    filled = as_filled(gap, 12)

    assert (filled.state, filled.rows_filled, filled.attempts) == (GapState.FILLED, 12, 1)
    assert filled.next_attempt_at is None


def test_what_nobody_can_tell_any_more_stays_on_record() -> None:
    gap = ledger().missed(TRADES, at(1), at(4), at(4), "closed")

    given_up = as_unrecoverable(gap, "older than the newest 1000 trades")

    assert given_up.state is GapState.UNRECOVERABLE
    assert given_up.last_error == "older than the newest 1000 trades"
    assert given_up.next_attempt_at is None


def test_a_clock_that_lags_behind_the_exchange_makes_no_window_that_ends_before_it_begins() -> None:
    opened = ledger().lost(TRADES, at(5), at(4), "closed")

    assert opened.from_ts == opened.to_ts == moment(at(4))
