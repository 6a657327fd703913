"""Everything is counted; too much of it is refused."""

from decimal import Decimal

import numpy as np
import pytest

from tapes.errors import TapeError
from tapes.importing.counters import RULES, Example, Fault, ImportCounters, first_rows

EXAMPLES = [Example(file="a.csv", line=line, text="x" * 200) for line in range(2, 9)]


def counters(fault: Fault, count: int, rows: int) -> ImportCounters:
    counted = ImportCounters()
    counted.rows_read = rows
    counted.add(fault, count, EXAMPLES)
    return counted


def test_every_fault_has_a_rule() -> None:
    assert set(RULES) == set(Fault)


def test_the_first_examples_are_kept_with_file_and_line() -> None:
    counted = counters(Fault.OFF_TICK, 7, 100)

    examples = counted.examples(Fault.OFF_TICK)

    assert [example.line for example in examples] == [2, 3, 4]
    assert str(examples[0]).startswith("a.csv:2: xxx")
    assert len(str(examples[0])) < 150


@pytest.mark.parametrize(("count", "refused"), [(1, False), (2, True)])
def test_a_limited_fault_is_refused_beyond_the_tolerated_share(count: int, refused: bool) -> None:
    counted = counters(Fault.OFF_TICK, count, 1000)

    if refused:
        with pytest.raises(TapeError, match=r"2 price off the tick \[a\.csv:2"):
            counted.check(Decimal("0.001"))
    else:
        counted.check(Decimal("0.001"))


def test_a_short_file_may_have_no_fault_at_all() -> None:
    with pytest.raises(TapeError, match="at most 0 of 999 rows"):
        counters(Fault.UNREADABLE, 1, 999).check(Decimal("0.001"))


@pytest.mark.parametrize("fault", [fault for fault in Fault if not RULES[fault].limited])
def test_what_is_no_fault_of_the_source_is_counted_without_limit(fault: Fault) -> None:
    counters(fault, 100, 100).check(Decimal(0))


def test_the_remedy_belongs_to_the_fault() -> None:
    with pytest.raises(TapeError, match="--tick"):
        counters(Fault.OFF_TICK, 5, 10).check(Decimal(0))
    with pytest.raises(TapeError, match="--step"):
        counters(Fault.OFF_STEP, 5, 10).check(Decimal(0))
    with pytest.raises(TapeError, match="--symbol"):
        counters(Fault.OTHER_SYMBOL, 5, 10).check(Decimal(0))


def test_dropped_rows_and_numbers_for_the_manifest() -> None:
    counted = counters(Fault.UNREADABLE, 3, 10)
    counted.add(Fault.OFF_TICK, 2)
    counted.rows_written = 7

    assert counted.rows_dropped == 3
    assert counted.count(Fault.OFF_TICK) == 2
    assert counted.as_numbers() == {
        "rows_read": 10,
        "rows_written": 7,
        "files_newest_first": 0,
        "unreadable": 3,
        "off_tick": 2,
    }
    assert [met.fault for met in counted.met()] == [Fault.UNREADABLE, Fault.OFF_TICK]


def test_first_rows_are_those_flagged() -> None:
    assert first_rows(np.array([False, True, True, False, True, True])) == [1, 2, 4]
