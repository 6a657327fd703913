"""A thread waits for the exchange's limits as long as its request is wanted."""

import pytest

from bybit_adapter.rest_client import machine_clock
from gridbot.shell.patience import NoLongerWanted, wait_until, while_wanted
from gridcore.clock import MINUTE_US, Instant


def test_a_wait_ends_once_its_request_is_not_wanted_any_more() -> None:
    answers = iter([True, False])

    with while_wanted(lambda: next(answers)), pytest.raises(NoLongerWanted):
        wait_until(Instant(machine_clock() + MINUTE_US))

    assert next(answers, None) is None


def test_outside_of_a_request_and_for_one_that_is_wanted_the_time_is_waited_for() -> None:
    until = Instant(machine_clock() + 2_000)
    with while_wanted(lambda: True):
        wait_until(until)
    first = machine_clock()
    wait_until(Instant(first + 1_000))

    assert first >= until
    assert machine_clock() >= first + 1_000
