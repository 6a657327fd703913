"""When faults begin and end."""

from collections.abc import Callable
from typing import Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, Ticker
from gridcore.session.effects import Effects
from simvenue.campaign.plot import AT_VENUE, LASTS_US, NEVER, ON_MESSAGES, Plot
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.campaign.world import World

Scenarios = Callable[..., Scenario]
Faults = Callable[..., Fault]
Rows = Callable[..., list[Ticker]]
Times = Callable[[float], Instant]
K = FaultKind


class Acting:
    """Notes in which seconds each kind of fault on messages acted."""

    def __init__(self) -> None:
        self.seconds: dict[FaultKind, list[float]] = {}

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        for kind in ON_MESSAGES:
            if world.board.acts(kind):
                seconds = (now - world.scenario.start) / SECOND_US
                self.seconds.setdefault(kind, []).append(seconds)

    def finished(self, world: World) -> None:
        """What was noted stays."""


def test_every_kind_has_a_way_to_act() -> None:
    elsewhere = {
        K.PRIVATE_STREAM_LOST,
        K.PRIVATE_STREAM_SILENT,
        K.PUBLIC_STREAM_LOST,
        K.LOOP_PAUSED,
        K.SYMBOL_CHANGED,
        K.CRASH,
        K.OPERATOR,
    }

    assert ON_MESSAGES | AT_VENUE | elsewhere == set(K)
    assert not ON_MESSAGES & AT_VENUE
    assert set(LASTS_US) == {K.CRASH, K.SYMBOL_CHANGED, K.LIQUIDATED}


@pytest.mark.parametrize("kind", sorted(ON_MESSAGES))
def test_a_fault_on_messages_acts_in_its_window(
    make_scenario: Scenarios, fault: Faults, rows: Rows, kind: FaultKind
) -> None:
    acting = Acting()
    scenario = make_scenario(fault(kind, 4.5, 8.5, number=10_006), tickers=rows([0] * 20))

    World(scenario, [acting]).play()

    seconds = acting.seconds[kind]
    assert 4.5 <= seconds[0] <= 5.1
    assert 8.0 <= seconds[-1] < 8.5


@pytest.mark.parametrize("kind", sorted(ON_MESSAGES))
def test_a_fault_on_messages_with_an_empty_window_never_acts(
    make_scenario: Scenarios, fault: Faults, rows: Rows, kind: FaultKind
) -> None:
    acting = Acting()

    World(make_scenario(fault(kind, 4, number=1), tickers=rows([0] * 9)), [acting]).play()

    assert acting.seconds == {}


@pytest.mark.parametrize(
    ("kind", "number", "detail"),
    [
        (K.MANUAL_TRADE, 5, "long"),
        (K.MANUAL_ORDER, 5, "long"),
        (K.MANUAL_CANCEL, 1, ""),
        (K.TWIN_ORDER, 0, ""),
        (K.DEPOSIT, 100, ""),
        (K.WITHDRAWAL, 100, ""),
        (K.SYMBOL_CHANGED, 0, "tick_size"),
        (K.CRASH, 3, ""),
        (K.OPERATOR, 0, "no-open"),
    ],
)
def test_what_happens_once_happens_without_a_window(
    make_scenario: Scenarios, fault: Faults, rows: Rows, kind: FaultKind, number: int, detail: str
) -> None:
    once = fault(kind, 4, number=number, detail=detail)
    world = World(make_scenario(once, tickers=rows([0] * 60)), [])

    world.play()

    assert world.injected[kind] == 1
    assert world.now > once.at


def test_what_the_venue_did_not_take_is_not_counted(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    world = World(make_scenario(fault(K.DELEVERAGED, 0.5, number=3), tickers=rows([0] * 5)), [])

    world.play()

    assert world.injected[K.DELEVERAGED] == 0


def test_an_end_comes_after_its_beginning_and_then_nothing_is_due(
    make_scenario: Scenarios, fault: Faults, rows: Rows, at: Times
) -> None:
    scenario = make_scenario(
        fault(K.PUBLIC_STREAM_LOST, 2, 5, symbol="BTCUSDT"), tickers=rows([0] * 5)
    )
    plot = Plot(World(scenario, []))

    steps: list[tuple[Any, bool]] = []
    while plot.next_due() < NEVER:
        due = plot.next_due()
        plot.turn(due)
        steps.append((due, plot.is_unheard("BTCUSDT")))

    assert steps == [(at(2), True), (at(5), False)]
    assert not plot.is_unheard("ETHUSDT")


def test_a_manual_order_is_taken_back_at_the_end_of_its_window(
    make_scenario: Scenarios, fault: Faults, rows: Rows
) -> None:
    made = fault(K.MANUAL_ORDER, 4, 9, number=5, detail="long")
    world = World(make_scenario(made, tickers=rows([0] * 20)), [])

    world.play()

    (order,) = world.other_hands
    assert [
        row.status for row in world.records.ended["BTCUSDT"] if row.order_id == order.order_id
    ] == ["Cancelled"]
