"""A journal replayed: the same, the first difference, or the reason why it cannot be read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import Event, StreamRestored, TimerFired
from gridcore.session.codec import FORMAT, Header, Line, TruncatedLine, encode_line
from gridcore.session.effects import NO_EFFECTS, AskSnapshot, Effects, SnapshotKind
from gridcore.session.forms import JournalError
from gridcore.session.replay import Difference, envelopes, replay
from gridcore.sides import BUY, LONG

CENTER = 10_000
Handled = Sequence[tuple[Event, Instant, Effects]]


class Tally:
    """The smallest session: it counts timers, and asks for the wallet at every third."""

    def __init__(self) -> None:
        self.count = 0

    def snapshot(self) -> dict[str, object]:
        return {"count": self.count}

    def restore(self, memory: Mapping[str, object]) -> None:
        count = memory["count"]
        assert isinstance(count, int)
        self.count = count

    def handle(self, event: Event, now: Instant) -> Effects:
        del now
        self.count += isinstance(event, TimerFired)
        if not isinstance(event, TimerFired) or self.count % 3:
            return NO_EFFECTS
        ask = AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason=f"number {self.count}")
        return Effects(records=(), requests=(ask,), notices=())


def journal(memory: dict[str, object], handled: Handled, first: int = 0) -> list[str]:
    """The lines that a shell writes."""
    header = Header(format=FORMAT, config_hash="c0ffee", code_version="1.0", snapshot=memory)
    bodies: list[tuple[Instant, Header | Event | Effects]] = [(Instant(0), header)]
    for event, now, effects in handled:
        bodies.append((now, event))
        if effects:
            bodies.append((now, effects))
    return [
        encode_line(Line(seq=first + index, now=now, body=body)) + "\n"
        for index, (now, body) in enumerate(bodies)
    ]


def tallied(timers: int, start: int = 0) -> list[str]:
    """A journal of a Tally that begins with a count of `start`."""
    session = Tally()
    session.count = start
    memory = session.snapshot()
    handled = []
    for index in range(timers):
        event, now = TimerFired(at=Instant(index)), Instant(index)
        handled.append((event, now, session.handle(event, now)))
    return journal(memory, handled, first=7)


@given(timers=st.integers(0, 12), start=st.integers(0, 5))
def test_the_same_events_on_the_same_memory_make_no_difference(timers: int, start: int) -> None:
    lines = tallied(timers, start)

    assert replay(lines, Tally()) is None
    assert replay((line.removesuffix("\n") for line in lines), Tally()) is None


def test_altered_effects_are_the_first_difference() -> None:
    lines = tallied(9)
    right = [line.removesuffix("\n") for line in lines]
    lines[4] = lines[4].replace("number 3", "number 4")
    lines[8] = lines[8].replace("number 6", "number 7")

    assert replay(lines, Tally()) == Difference(
        seq=11, expected=lines[4].removesuffix("\n"), found=right[4]
    )


def test_effects_that_cannot_be_read_are_a_difference_all_the_same() -> None:
    lines = tallied(3)
    lines[4] = lines[4].replace("wallet", "purse")

    difference = replay(lines, Tally())

    assert difference is not None
    assert (difference.seq, "purse" in str(difference.expected)) == (11, True)


def test_effects_at_another_time_than_their_event_are_a_difference() -> None:
    lines = tallied(3)
    lines[4] = lines[4].replace('"now_us":2', '"now_us":3')

    difference = replay(lines, Tally())

    assert difference is not None
    assert difference.seq == 11


def test_effects_that_the_session_does_not_give_are_a_difference() -> None:
    lines = tallied(3, start=0)
    lines[0] = lines[0].replace('"count":0', '"count":1')

    difference = replay(lines, Tally())

    # The second timer is the third of all: its effects are due where the third timer stands.
    assert difference == Difference(
        seq=10,
        expected=lines[3].removesuffix("\n"),
        found=lines[4].removesuffix("\n").replace('"seq":11,"now_us":2', '"seq":10,"now_us":1'),
    )


def test_effects_without_a_cause_are_a_difference() -> None:
    lines = tallied(3)
    early = lines[4].replace('"seq":11', '"seq":9')

    assert replay([*lines[:2], early], Tally()) == Difference(
        seq=9, expected=early.removesuffix("\n"), found=None
    )


def test_effects_that_stand_twice_are_a_difference() -> None:
    lines = tallied(3)
    again = lines[4].replace('"seq":11', '"seq":12')

    assert replay([*lines, again], Tally()) == Difference(
        seq=12, expected=again.removesuffix("\n"), found=None
    )


def test_missing_effects_at_the_end_are_a_difference_with_nothing_expected() -> None:
    lines = tallied(3)

    difference = replay(lines[:-1], Tally())

    assert difference == Difference(seq=11, expected=None, found=lines[-1].removesuffix("\n"))


# -- journals that cannot be read --------------------------------------------------------------


def test_a_last_line_cut_short_is_told_after_all_others_were_compared() -> None:
    lines = tallied(5)
    cut = [*lines[:-1], lines[-1][:30]]

    with pytest.raises(TruncatedLine, match="a whole line of JSON"):
        replay(cut, Tally())
    assert replay(cut[:-1], Tally()) is None
    assert replay([line.replace("number 3", "none") for line in cut], Tally()) is not None


def test_a_broken_line_with_others_after_it_was_not_cut_short() -> None:
    lines = tallied(5)
    lines[3] = lines[3][:20]

    with pytest.raises(JournalError, match="line 10: expected a line of JSON") as refused:
        replay(lines, Tally())
    assert not isinstance(refused.value, TruncatedLine)


def test_a_broken_header_is_named_as_the_first_line() -> None:
    with pytest.raises(JournalError, match="first line: expected a line of JSON"):
        replay(["bad", *tallied(1)[1:]], Tally())


@pytest.mark.parametrize("missing", [1, 3, 4, 6])
def test_a_gap_in_the_numbers_is_refused(missing: int) -> None:
    lines = tallied(7)
    del lines[missing]

    with pytest.raises(JournalError, match=f"expected line {missing + 7}, found .*{missing + 8}"):
        replay(lines, Tally())


def test_a_line_that_stands_twice_is_refused() -> None:
    lines = tallied(2)

    with pytest.raises(JournalError, match=r"expected line 10, found 'line 9'"):
        replay([*lines, lines[-1]], Tally())


def test_an_empty_journal_is_refused() -> None:
    with pytest.raises(JournalError, match="expected a header, found 'an empty journal'"):
        replay([], Tally())


def test_a_journal_begins_with_its_header_and_has_no_other() -> None:
    lines = tallied(2)
    second = lines[0].replace('"seq":7', '"seq":10')

    with pytest.raises(JournalError, match="a header as the first line"):
        replay(lines[1:], Tally())
    with pytest.raises(JournalError, match="line 10: expected an event"):
        replay([*lines, second], Tally())


def test_another_format_is_refused() -> None:
    lines = tallied(2)
    lines[0] = lines[0].replace('"format":1', '"format":2')

    with pytest.raises(JournalError, match="line 7: expected journal format 1, found 2"):
        replay(lines, Tally())


def test_a_journal_of_another_configuration_is_refused_if_the_hash_is_given() -> None:
    lines = tallied(2)

    assert replay(lines, Tally(), config_hash="c0ffee") is None
    with pytest.raises(JournalError, match="expected configuration decaf, found 'c0ffee'"):
        replay(lines, Tally(), config_hash="decaf")


def test_lines_are_taken_as_they_come() -> None:
    """A day's journal need not fit into memory: one line is read ahead, no more."""
    taken = 0

    def stream() -> Any:
        nonlocal taken
        for line in tallied(6):
            taken += 1
            yield line

    read = envelopes(stream())
    for expected in (2, 3, 4):
        next(read)
        assert taken == expected


# -- an account --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_and_journal(make_run: Callable[..., Any]) -> tuple[Any, list[str]]:
    """A short run: a start, a grid, a fill, a move, a wait; and its journal."""
    run = make_run()
    memory = run.session.snapshot()
    run.start()
    for last in (CENTER, CENTER - 60, CENTER - 20):
        run.tick(last)
    direction, side, price, _ = next(
        order for order in run.book() if order[:2] == (LONG.value, BUY.value)
    )
    assert (direction, side) == (LONG, BUY)
    run.fill(LONG, BUY, price)
    for last in (CENTER - 110, CENTER + 130):
        run.tick(last)
    run.wait(90_000_000)
    run.send(StreamRestored(at=run.now, symbol=None))
    return run, journal(memory, run.handled)


def test_an_account_does_the_same_again(run_and_journal: tuple[Any, list[str]]) -> None:
    run, lines = run_and_journal
    session = run.fresh_session()

    assert sum('"kind":"PlaceOrder"' in line for line in lines) > 1
    assert replay(lines, session) is None
    assert session.snapshot() == run.session.snapshot()


def test_an_account_that_would_have_placed_another_order_is_found_out(
    run_and_journal: tuple[Any, list[str]],
) -> None:
    run, lines = run_and_journal
    seq, line = next((seq, line) for seq, line in enumerate(lines) if '"level":' in line)
    altered = line.replace('"level":', '"level":1', 1)

    difference = replay([*lines[:seq], altered, *lines[seq + 1 :]], run.fresh_session())

    assert difference == Difference(
        seq=seq, expected=altered.removesuffix("\n"), found=line.removesuffix("\n")
    )


def test_an_account_that_heard_of_another_fill_does_something_else(
    run_and_journal: tuple[Any, list[str]],
) -> None:
    run, lines = run_and_journal
    seq = next(seq for seq, line in enumerate(lines) if '"kind":"Execution"' in line)
    altered = lines[seq].replace('"fee":"', '"fee":"1', 1)

    difference = replay([*lines[:seq], altered, *lines[seq + 1 :]], run.fresh_session())

    assert difference is not None
    assert difference.seq == seq + 1
    assert difference.expected == lines[seq + 1].removesuffix("\n")
