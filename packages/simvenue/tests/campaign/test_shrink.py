"""Shrinking: the smallest fault list that breaks the same law, then no ticker after the end."""

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.shrink import (
    Judge,
    ending,
    fault_from_json,
    fault_to_json,
    shrink,
    with_faults,
)
from simvenue.campaign.words import Fault, FaultKind, Scenario

LAW = Law.LEDGER_BALANCES
FAULTS = tuple(
    Fault(
        kind=kind,
        at=Instant(index),
        until=Instant(index + 1),
        chance=500,
        number=index,
        symbol=None,
        detail="",
    )
    for index, kind in enumerate(tuple(FaultKind)[:12])
)
SCENARIO = with_faults(scenario_of(1), FAULTS)


def needs(*numbers: int, at: Instant | None = None) -> Judge:
    """Breaks the law when all these faults are there, another law when none is."""

    def judge(scenario: Scenario) -> LawBroken | None:
        found = {fault.number for fault in scenario.faults}
        if not found:
            return LawBroken(Law.BOOKS_AGREE, "another law")
        return LawBroken(LAW, "broken", at) if set(numbers) <= found else None

    return judge


@given(st.sets(st.integers(0, 11), min_size=1, max_size=4))
def test_exactly_the_faults_that_are_needed_stay(needed: set[int]) -> None:
    judge = needs(*needed)
    shrunk = shrink(SCENARIO, LawBroken(LAW, "first"), judge, most_runs=1000)
    assert {fault.number for fault in shrunk.scenario.faults} == needed
    assert shrunk.broken.law is LAW


def test_a_scenario_that_breaks_without_any_fault_keeps_none() -> None:
    def judge(scenario: Scenario) -> LawBroken | None:
        return LawBroken(LAW, "always")

    assert shrink(SCENARIO, LawBroken(LAW, "first"), judge).scenario.faults == ()


def test_another_law_does_not_count() -> None:
    shrunk = shrink(SCENARIO, LawBroken(LAW, "first"), needs(3))
    assert len(shrunk.scenario.faults) == 1


def test_tickers_after_the_break_are_dropped_unless_it_is_judged_at_the_end() -> None:
    middle = SCENARIO.tickers[100].at
    early = LawBroken(LAW, "first", middle)
    cut = shrink(SCENARIO, early, needs(3, at=middle)).scenario
    whole = shrink(SCENARIO, LawBroken(LAW, "first"), needs(3)).scenario
    assert cut.tickers == SCENARIO.tickers[: len(cut.tickers)]
    assert cut.tickers[-1].at <= middle
    assert whole.tickers == SCENARIO.tickers


def test_no_more_runs_than_allowed_are_spent() -> None:
    shrunk = shrink(SCENARIO, LawBroken(LAW, "first"), needs(1, 5, 9), most_runs=4)
    assert shrunk.runs == 4
    assert {1, 5, 9} <= {fault.number for fault in shrunk.scenario.faults}


def test_faults_go_to_json_and_back() -> None:
    for fault in (*FAULTS, *scenario_of(2).faults):
        assert fault_from_json(fault_to_json(fault)) == fault


def test_ending_keeps_the_tickers_up_to_an_instant() -> None:
    at = SCENARIO.tickers[10].at
    assert all(ticker.at <= at for ticker in ending(SCENARIO, at).tickers)
    assert len(ending(SCENARIO, at).tickers) >= 11
