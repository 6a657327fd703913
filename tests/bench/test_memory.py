"""Peak memory: what is read of the kernel, and what is made of it."""

from pathlib import Path

import pytest

from bench.memory import STATUS, Peak, Resident, measure, resident_memory

STATUS_TEXT = """\
Name:\tpython
VmHWM:\t   92160 kB
RssAnon:\t   40960 kB
RssFile:\t   51200 kB
RssShmem:\t       0 kB
Threads:\t1
"""


def test_resident_memory_is_split_into_own_and_mapped() -> None:
    found = resident_memory(STATUS_TEXT)

    assert found == Resident(own=40960 * 1024, mapped=51200 * 1024, peak=92160 * 1024)


def test_four_bytes_a_row_and_two_kib_a_fill_are_allowed() -> None:
    peak = Peak(rows=1000, fills=10, tape=0, before=0, beyond=0)

    assert peak.allowed == 4000 + 20480


@pytest.mark.skipif(not STATUS.exists(), reason="the kernel's own counts are needed")
def test_a_full_job_is_measured_in_a_child(tmp_path: Path) -> None:
    peak = measure(tmp_path, 20_000)

    assert peak.rows == 20_000
    assert peak.tape == 20_000 * 17
    assert peak.before > 0
