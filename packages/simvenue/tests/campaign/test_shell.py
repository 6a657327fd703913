"""A process dies and the next one takes over."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from gridcore.clock import Instant
from gridcore.events import SessionStarted, Ticker, WalletUpdate
from simvenue.campaign.laws import LawBroken
from simvenue.campaign.shell import SNAPSHOT_EVERY, Shell, first_difference
from simvenue.campaign.words import Fault, FaultKind, Scenario

Scenarios = Callable[..., Scenario]
Faults = Callable[..., Fault]
Rows = Callable[..., list[Ticker]]
Times = Callable[[float], Instant]


@pytest.fixture
def crashing(make_scenario: Scenarios, fault: Faults, rows: Rows) -> Scenario:
    return make_scenario(fault(FaultKind.CRASH, 1, 9), tickers=rows([0] * 5))


@pytest.mark.parametrize(
    "count", [0, 1, SNAPSHOT_EVERY - 1, SNAPSHOT_EVERY, 3 * SNAPSHOT_EVERY + 5]
)
def test_the_next_process_reaches_the_state_of_the_one_that_died(
    crashing: Scenario, rows: Rows, at: Times, count: int
) -> None:
    shell = Shell(crashing)
    shell.take(SessionStarted(at=at(0)), at(0))
    for ticker in rows([number % 7 * 300 for number in range(count)]):
        shell.take(ticker, ticker.at)
    died = shell.session

    shell.restart(at(500))

    assert shell.session is not died
    assert shell.session.snapshot() == died.snapshot()


def test_a_state_that_the_journal_does_not_lead_to_breaks_a_law(
    crashing: Scenario, rows: Rows, at: Times
) -> None:
    shell = Shell(crashing)
    shell.take(SessionStarted(at=at(0)), at(0))
    # Handled without being written down first.
    shell.session.handle(WalletUpdate(at=at(1), balance=Decimal(10), available=Decimal(10)), at(1))

    with pytest.raises(LawBroken, match="a restart changed the state: state"):
        shell.restart(at(2))


def test_a_scenario_without_a_crash_keeps_no_journal(make_scenario: Scenarios, at: Times) -> None:
    shell = Shell(make_scenario())

    with pytest.raises(AssertionError, match="keeps a journal"):
        shell.restart(at(1))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"a": [1, {"b": 2}]}, "none"),
        ({"a": [1, {"b": 3}]}, "state.a[1].b: 2 before, 3 after"),
        ({"a": [1]}, "state.a: 2 rows before, 1 after"),
        ({"a": [1, {"b": 2}], "c": 0}, "state.c is only in the new one"),
        ({}, "state.a is only in the old one"),
    ],
)
def test_the_first_difference_is_named_by_its_path(found: object, said: str) -> None:
    assert first_difference({"a": [1, {"b": 2}]}, found) == said
