"""The whole client on virtual time: the real limits, hours in moments."""

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, cycle, islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from bybit_adapter.ws_client.client import WsClient
from bybit_adapter.ws_client.clock import Moment
from bybit_adapter.ws_client.words import (
    Acknowledged,
    Authenticated,
    Ended,
    Event,
    FatalKind,
    OpenFailed,
    Reason,
    Timing,
    Vitals,
)
from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant

RECORDED = Path(__file__).parent / "recorded_pongs.json"
PING_US = 20 * SECOND_US


def recorded_pongs() -> list[int]:
    """By how many microseconds each of 1,100 real pongs came later than one interval on."""
    lateness: list[int] = json.loads(RECORDED.read_text())["lateness_us"]
    return lateness


class Line:
    """A connection of the script: it answers as long as it is not frozen."""

    def __init__(
        self,
        clock: Any,
        generation: int,
        report: Callable[[Event], None],
        pongs: Sequence[int],
    ) -> None:
        self._clock = clock
        self._generation = generation
        self._report = report
        self._pongs = pongs
        self._opened_us = clock.moment().steady_us
        self.frozen_us: int | None = None
        report(Authenticated(generation=generation, accepted=True, text=""))

    def subscribe(self, request: str, topics: tuple[str, ...]) -> None:
        self._report(
            Acknowledged(generation=self._generation, request=request, accepted=True, text="")
        )

    def silence(self) -> None:
        pass

    def leave(self) -> None:
        pass

    def vitals(self) -> Vitals:
        now = self._clock.moment()
        until_us = now.steady_us if self.frozen_us is None else self.frozen_us
        count = bisect_right(self._pongs, until_us - self._opened_us)
        return Vitals(
            alive=True,
            pongs=count,
            pong_at=self._moment(self._opened_us + self._pongs[count - 1]) if count else None,
            heard_at=None,
            topics={},
        )

    def _moment(self, steady_us: int) -> Moment:
        return Moment(steady_us=steady_us, exchange=Instant(steady_us + self._clock.lead_us))

    def cut(self) -> None:
        self._report(
            Ended(generation=self._generation, reason=Reason.CLOSED, detail="cut", status=None)
        )


class Script:
    """A connector whose server can be away, and whose every connection is kept."""

    def __init__(self, clock: Any, lateness_us: Sequence[int] = (0,)) -> None:
        self._clock = clock
        gaps = (PING_US + late for late in cycle(lateness_us))
        self._pongs = list(islice(accumulate(gaps), 2_000))
        self.away = False
        self.lines: list[Line] = []
        self.attempts: list[int] = []

    def open(
        self,
        generation: int,
        report: Callable[[Event], None],
        take: Callable[[str, Instant], None],
    ) -> Line | OpenFailed:
        self.attempts.append(self._clock.moment().steady_us)
        if self.away:
            return OpenFailed(generation=generation, detail="refused", status=None)
        self.lines.append(Line(self._clock, generation, report, self._pongs))
        return self.lines[-1]

    def cut(self) -> None:
        """Cuts the latest connection."""
        self.lines[-1].cut()


def at_once(name: str, work: Callable[[], None]) -> None:
    """Threads that take no time."""
    work()


def run(
    script: Script,
    clock: Any,
    consumer: Any,
    lasts_us: int,
    spawn: Callable[[str, Callable[[], None]], None] = at_once,
) -> WsClient:
    """Runs a private client for so long."""
    client = WsClient(
        ["order", "execution"],
        consumer,
        private=True,
        clock=clock,
        connector=script,
        timing=Timing(),
        draw=lambda: 0.999,
        spawn=spawn,
    )
    clock.after(lasts_us, client.close)
    client.run()
    return client


def test_six_quiet_hours_with_recorded_pongs_cost_no_reconnect_a36_l56(
    virtual_clock: Any, consumer: Any
) -> None:
    """L56: silence is no failure. 1,080 pings, each answered as late as a recorded one."""
    recorded = recorded_pongs()
    assert len(recorded) == 1_100
    script = Script(virtual_clock, recorded)
    begun = virtual_clock.moment().steady_us

    client = run(script, virtual_clock, consumer, 6 * HOUR_US)

    assert virtual_clock.moment().steady_us - begun >= 6 * HOUR_US
    assert script.lines[0].vitals().pongs >= 1_078
    assert len(script.attempts) == 1
    assert consumer.outages() == []
    assert client.state().outages == 0


@pytest.mark.parametrize("frozen_after_s", [1, 19, 20.0001, 39, 3_601])
def test_a_half_open_socket_is_replaced_within_45_seconds_a35_l54(
    virtual_clock: Any, consumer: Any, frozen_after_s: float
) -> None:
    script = Script(virtual_clock)
    moment: list[int] = []

    def freeze() -> None:
        moment.append(virtual_clock.moment().steady_us)
        script.lines[0].frozen_us = virtual_clock.moment().steady_us

    virtual_clock.after(int(frozen_after_s * SECOND_US), freeze)

    run(script, virtual_clock, consumer, 2 * HOUR_US)

    assert len(script.lines) == 2
    assert consumer.restored()[-1].until - moment[0] <= 45 * SECOND_US
    assert consumer.outages()[0].since <= moment[0]
    assert consumer.outages()[0].reason is Reason.PONG_MISSING


def test_a_server_away_for_a_day_is_asked_for_ever_in_1_to_30_seconds_l55_l120(
    virtual_clock: Any, consumer: Any
) -> None:
    script = Script(virtual_clock)
    script.away = True
    virtual_clock.after(24 * HOUR_US, lambda: setattr(script, "away", False))

    run(script, virtual_clock, consumer, 25 * HOUR_US)

    gaps = [later - earlier for earlier, later in pairwise(script.attempts)]
    assert all(SECOND_US <= gap <= 30 * SECOND_US for gap in gaps)
    assert len(script.attempts) > 24 * 60
    assert len(consumer.outages()) == 1
    assert [told.topics for told in consumer.restored()] == [("order",), ("execution",)]
    assert consumer.fatals() == []


def test_every_loss_and_restoration_is_told_with_its_interval(
    virtual_clock: Any, consumer: Any
) -> None:
    script = Script(virtual_clock)
    for minute in (10, 20, 30):
        virtual_clock.after(minute * MINUTE_US, script.cut)

    run(script, virtual_clock, consumer, HOUR_US)

    assert len(script.lines) == 4
    ends = [(told.topics[0], told.since, told.reason) for told in consumer.restored()[2:]]
    begins = [
        (topic, told.since, told.reason) for told in consumer.outages() for topic in told.topics
    ]
    assert begins == ends
    assert len(begins) == 6


def test_what_hangs_while_it_leaves_is_never_touched_again_and_the_ninth_is_fatal_l60(
    virtual_clock: Any, consumer: Any
) -> None:
    script = Script(virtual_clock)
    left: list[str] = []

    def hang_at_exit(name: str, work: Callable[[], None]) -> None:
        if "leave" in name:
            left.append(name)
        else:
            work()

    for minute in range(1, 12):
        virtual_clock.after(minute * MINUTE_US, script.cut)

    run(script, virtual_clock, consumer, HOUR_US, hang_at_exit)

    assert len(left) == len(set(left))
    assert [fatal.kind for fatal in consumer.fatals()] == [FatalKind.ABANDONED]
    assert len(script.lines) == 9 + 1


def test_constructions_that_hang_are_replaced_until_the_ninth_a37(
    virtual_clock: Any, consumer: Any
) -> None:
    script = Script(virtual_clock)
    begun: list[str] = []

    def hang(name: str, work: Callable[[], None]) -> None:
        begun.append(name)

    run(script, virtual_clock, consumer, HOUR_US, hang)

    assert len(begun) == 9
    assert consumer.fatals()[0].kind is FatalKind.ABANDONED


def test_a_subscription_that_hangs_costs_the_connection(virtual_clock: Any, consumer: Any) -> None:
    script = Script(virtual_clock)
    hung: list[str] = []

    def hang_once(name: str, work: Callable[[], None]) -> None:
        if "subscribe" in name and not hung:
            hung.append(name)
        else:
            work()

    run(script, virtual_clock, consumer, HOUR_US, hang_once)

    assert len(script.lines) == 2
    assert consumer.outages()[0].reason is Reason.SUBSCRIPTION_LATE


def test_a_jump_of_the_exchanges_clock_costs_no_connection_and_shows_in_what_is_told_a30(
    virtual_clock: Any, consumer: Any
) -> None:
    script = Script(virtual_clock)
    virtual_clock.after(MINUTE_US, lambda: setattr(virtual_clock, "lead_us", 24 * HOUR_US))
    virtual_clock.after(2 * MINUTE_US, script.cut)
    begun = virtual_clock.moment().exchange

    run(script, virtual_clock, consumer, HOUR_US)

    assert len(script.lines) == 2
    assert 24 * HOUR_US < consumer.outages()[0].since - begun < 25 * HOUR_US


def test_a_stop_ends_the_run(virtual_clock: Any, consumer: Any) -> None:
    begun = virtual_clock.moment().steady_us

    run(Script(virtual_clock), virtual_clock, consumer, MINUTE_US)

    assert virtual_clock.moment().steady_us - begun == MINUTE_US
