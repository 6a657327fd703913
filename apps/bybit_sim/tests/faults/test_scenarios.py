"""simvenue's fault plans over the wire."""

from dataclasses import replace

import pytest

from bybit_sim.faults.kinds import complaint
from bybit_sim.faults.scenarios import from_scenario
from bybit_sim.faults.words import Fault, WireFault
from gridcore.clock import Instant
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.words import Fault as VenueFault
from simvenue.campaign.words import FaultKind, Scenario

K, W = FaultKind, WireFault


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenario_of(1)


def wire(scenario: Scenario, *faults: VenueFault) -> tuple[Fault, ...]:
    return from_scenario(replace(scenario, faults=faults)).faults


def lasting(scenario: Scenario, kind: FaultKind, number: int = 0) -> VenueFault:
    return VenueFault(
        kind=kind,
        at=Instant(scenario.start + 5_000_000),
        until=Instant(scenario.start + 9_500_000),
        chance=300,
        number=number,
        symbol=None,
        detail="",
    )


def test_windows_count_from_the_scenarios_start_and_delays_become_milliseconds(
    scenario: Scenario,
) -> None:
    made = wire(scenario, lasting(scenario, K.PUSH_DELAYED, 1_500_000))

    assert made == (
        Fault(
            kind=W.FRAME_DELAYED,
            from_ms=5_000,
            until_ms=9_500,
            target="order,execution,execution.fast,position,wallet",
            chance=300,
            amount=1_500,
        ),
    )


def test_refusals_keep_their_code_and_http_codes_become_statuses(scenario: Scenario) -> None:
    code, status = wire(
        scenario,
        lasting(scenario, K.PLACE_REFUSED, 110007),
        lasting(scenario, K.CANCEL_REFUSED, 429),
    )

    assert (code.kind, code.amount, code.target) == (W.RET_CODE, 110007, "/v5/order/create*")
    assert (status.kind, status.amount) == (W.HTTP_STATUS, 429)


def test_a_lost_public_stream_is_silence_of_one_symbol_or_a_reset_of_all(
    scenario: Scenario,
) -> None:
    lost = lasting(scenario, K.PUBLIC_STREAM_LOST)

    one, every = wire(scenario, replace(lost, symbol="BTCUSDT"), lost)

    assert (one.kind, one.target) == (W.FRAME_LOST, "*.BTCUSDT")
    assert (every.kind, every.target) == (W.SOCKET_RESET, "public")


def test_a_refused_authentication_hits_calls_and_logins(scenario: Scenario) -> None:
    calls, logins = wire(scenario, lasting(scenario, K.AUTHENTICATION_REFUSED, 10003))

    assert (calls.kind, calls.amount) == (W.RET_CODE, 10003)
    assert (logins.kind, logins.target) == (W.AUTH_REFUSED, "private,trade")


def test_what_no_wire_can_do_is_told_as_left_out(scenario: Scenario) -> None:
    crash = lasting(scenario, K.CRASH)

    mapped = from_scenario(replace(scenario, faults=(crash,)))

    assert mapped.faults == ()
    assert mapped.left_out == (K.CRASH,)


@pytest.mark.parametrize("seed", range(30))
def test_every_fault_of_a_drawn_scenario_is_mapped_to_sensible_ones_or_left_out(seed: int) -> None:
    drawn = scenario_of(seed)

    mapped = from_scenario(drawn)

    assert [complaint(fault) for fault in mapped.faults] == [None] * len(mapped.faults)
    carried = len(drawn.faults) - len(mapped.left_out)
    assert carried <= len(mapped.faults) <= 2 * carried
