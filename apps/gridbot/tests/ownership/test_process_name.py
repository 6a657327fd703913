"""A process is called gone only where that is certain."""

import os
import subprocess
import sys

import pytest

from gridbot.ownership.process_name import is_gone, process_name


def renamed(**parts: str) -> str:
    """The name of this process with other parts."""
    names = ("host", "boot", "namespace", "pid", "begun", "run")
    known = dict(zip(names, process_name("x").split("/", 5), strict=True))
    return "/".join((known | parts).values())


def test_an_earlier_life_of_this_process_is_gone() -> None:
    assert is_gone(process_name("an earlier life"))


@pytest.mark.parametrize(
    "parts",
    [
        {"boot": "another boot", "pid": "4000000"},
        {"boot": "-", "pid": "4000000"},
        {"namespace": "pid:[1]", "pid": "4000000"},
        {"namespace": "pid:[1]"},
        {"begun": "-", "pid": "4000000"},
        {"pid": "one"},
    ],
)
def test_another_life_that_cannot_be_seen_from_here_is_not_gone(parts: dict[str, str]) -> None:
    assert not is_gone(renamed(**parts))


@pytest.mark.parametrize("name", ["far/1/x", "by hand"])
def test_what_this_process_cannot_see_is_not_gone(name: str) -> None:
    """Two containers with one host name both have a process 1."""
    assert not is_gone(name)


def test_a_process_that_is_not_there_is_gone() -> None:
    assert is_gone(renamed(pid="4194305"))
    assert is_gone(renamed(pid="9" * 30))


def test_a_living_process_is_not_gone_and_one_that_took_its_number_is_another() -> None:
    code = "from gridbot.ownership.process_name import process_name as n; print(n('x')); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()

        assert not is_gone(name)
        parts = name.split("/")
        assert is_gone("/".join([*parts[:4], parts[4] + "0", *parts[5:]]))
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(name), "killed and not reaped"
