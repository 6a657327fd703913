"""Programs of a company end with it: in order, by force, after Ctrl-C, and when it is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from appkit.exits import RunFailed
from comparator.closed_loop.processes import Company, Program

HOLDER = """
import signal, sys, time
from pathlib import Path
from comparator.closed_loop.processes import Company
signal.signal(signal.SIGINT, signal.default_int_handler)
with Company(Path(sys.argv[1]), {}, abandon_s=1.0) as company:
    company.start("one", ["obeys", "one"])
    company.start("two", ["stubborn", "two"])
    time.sleep(60)
"""


class Troupe(Protocol):
    """What the fixture gives."""

    folder: Path

    def is_up(self, name: str) -> bool: ...
    def is_gone(self, name: str) -> bool: ...
    def until(self, holds: Callable[[], bool]) -> None: ...


@contextmanager
def held(troupe: Troupe) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds two programs; it is alone in its group, as under a shell."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(troupe.folder)],
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as holder:
        try:
            troupe.until(lambda: troupe.is_up("one") and troupe.is_up("two"))
            yield holder
        finally:
            holder.kill()


def test_a_program_stops_in_order_and_what_it_says_is_kept(troupe: Troupe) -> None:
    with Company(troupe.folder, os.environ) as company:
        program = company.start("one", ["obeys", "one"])
        troupe.until(lambda: troupe.is_up("one"))
        company.must_run()
        alone = os.getpgid(program.pid) != os.getpgrp()

        program.stop()

    assert alone, "Ctrl-C must not reach it"
    assert program.exit_code == 0
    assert (troupe.folder / "one.out").read_text("utf-8") == "in order\n"
    assert program.last_lines() == "in order"


def test_a_program_that_ends_too_early_is_named_with_its_last_lines(troupe: Troupe) -> None:
    with Company(troupe.folder, os.environ) as company:
        program = company.start("one", ["fails"])
        program.wait(30)

        with pytest.raises(RunFailed) as caught:
            company.must_run()
        company.must_run(program)

    lines = caught.value.message.splitlines()
    assert lines[0] == "one ended too early, with exit code 5; its last lines:"
    assert lines[1:] == [f"line {number}" for number in range(28, 40)]


def test_a_program_that_does_not_end_well_is_an_error(troupe: Troupe) -> None:
    with Company(troupe.folder, os.environ) as company:
        program = company.start("one", ["fails"])
        program.wait(30)

        with pytest.raises(RunFailed, match="one ended with exit code 5"):
            program.stop()


def test_programs_see_the_environment_that_they_are_given_and_no_other(troupe: Troupe) -> None:
    (troupe.folder / "sees.py").write_text("import os; print(sorted(os.environ))", "utf-8")

    with Company(troupe.folder, {"LOOP_WORD": "x", "LC_CTYPE": "C.UTF-8"}) as company:
        program = company.start("one", ["sees"])
        program.wait(30)

    assert program.last_lines() == "['LC_CTYPE', 'LOOP_WORD']"


def test_a_failure_leaves_no_process_not_even_a_stubborn_one(troupe: Troupe) -> None:
    found: list[Program] = []

    def fails() -> None:
        with Company(troupe.folder, os.environ, abandon_s=1.0) as company:
            found.append(company.start("one", ["obeys", "one"]))
            found.append(company.start("two", ["stubborn", "two"]))
            troupe.until(lambda: troupe.is_up("one") and troupe.is_up("two"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert [program.exit_code for program in found] == [0, -signal.SIGKILL]
    assert troupe.is_gone("one")
    assert troupe.is_gone("two")


def test_ctrl_c_ends_the_holder_and_its_programs(troupe: Troupe) -> None:
    with held(troupe) as holder:
        os.killpg(holder.pid, signal.SIGINT)
        _, said = holder.communicate(timeout=30)

    assert said.rstrip().endswith("KeyboardInterrupt")
    assert troupe.is_gone("one")
    assert troupe.is_gone("two")
    assert (troupe.folder / "one.out").read_text("utf-8") == "in order\n"


def test_a_second_ctrl_c_leaves_no_process_either(troupe: Troupe) -> None:
    with held(troupe) as holder:
        os.killpg(holder.pid, signal.SIGINT)
        troupe.until(lambda: troupe.is_gone("one"))
        os.killpg(holder.pid, signal.SIGINT)
        holder.communicate(timeout=30)

    assert troupe.is_gone("two")


def test_a_killed_holder_leaves_no_process(troupe: Troupe) -> None:
    with held(troupe) as holder:
        holder.kill()

        troupe.until(lambda: troupe.is_gone("one") and troupe.is_gone("two"))

    assert (troupe.folder / "one.out").read_text("utf-8") == "", "nobody was left to ask it"
