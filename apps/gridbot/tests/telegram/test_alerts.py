"""Alerts: grave enough, once a minute with a count, in order, again when it failed."""

import asyncio
from typing import Any

import pytest

from gridbot.telegram.alerts import OPEN_MAX, QUEUE_MAX, Alerts
from gridbot.telegram.link import Failed
from gridcore.clock import SECOND_US, Instant
from gridcore.session.effects import Notice, Severity

START = Instant(1_767_229_200_000_000)
PASSING = Failed(text="away", lasting=False)
LASTING = Failed(text="403: blocked", lasting=True)


class Bench:
    """Alerts to a chat that notes, with a clock set by hand and pauses that take no time."""

    def __init__(self, sender: Any, chat: int, level: Severity = Severity.WARNING) -> None:
        self.now = START
        self.pauses: list[float] = []
        self.sender = sender
        self.alerts = Alerts(sender, chat, level, lambda: self.now, sleep=self._pause)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def hear(self, event: str, severity: Severity = Severity.ALERT, **fields: str) -> None:
        told = Notice(
            at=START,
            logger="gridcore.session",
            event=event,
            severity=severity,
            fields=tuple(fields.items()),
        )
        self.alerts.hear("main", told, START)

    def send(self) -> list[str]:
        """Everything that waits is sent; the first line of each message since the beginning."""
        asyncio.run(self.alerts.flush(5))
        return [text.partition("\n")[0] for text in self.sender.texts]

    def work(self) -> list[str]:
        """The worker runs until nothing waits."""

        async def worked() -> None:
            task = asyncio.create_task(self.alerts.run())
            for _ in range(20):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(worked())
        return [text.partition("\n")[0] for text in self.sender.texts]


@pytest.fixture
def bench(sender: Any, chat: int) -> Bench:
    return Bench(sender, chat)


def test_only_what_is_grave_enough_is_told_and_only_an_alert_makes_a_sound(bench: Bench) -> None:
    bench.hear("grid_built", Severity.INFO)
    bench.hear("books_differ", Severity.WARNING)
    bench.hear("liquidated", Severity.ALERT, equity="0")

    assert bench.send() == ["⚠️ main: books differ", "🚨 main: liquidated"]
    assert bench.sender.silent == [True, False]
    assert bench.sender.texts[1].splitlines()[1:] == ["equity: 0", "2026-01-01 01:00:00 UTC"]


def test_what_repeats_within_a_minute_is_counted_and_the_count_is_told(bench: Bench) -> None:
    for number in range(18):
        bench.hear("order_vanished", symbol="BTCUSDT", order_id=str(number))
    bench.hear("order_vanished", symbol="ETHUSDT", order_id="x")
    assert bench.work() == ["🚨 main: order vanished"] * 2

    bench.now = Instant(START + 60 * SECOND_US)

    assert bench.work()[2:] == ["🔁 main: order vanished, 17 times more"]
    assert bench.sender.texts[2].endswith("symbol: BTCUSDT")


def test_the_end_of_what_was_told_is_told_too_and_of_nothing_else(bench: Bench) -> None:
    told, untold = {"scope": "BTCUSDT", "cause": "drawdown"}, {"scope": "x", "cause": "grid_hold"}
    bench.hear("mode_asked", Severity.WARNING, **told)
    bench.hear("mode_asked", Severity.INFO, **untold)
    bench.hear("mode_ended", Severity.INFO, **told)
    bench.hear("mode_ended", Severity.INFO, **untold)
    bench.hear("risk_none", Severity.INFO, symbol="BTCUSDT", direction="long")

    assert bench.send() == ["⚠️ main: mode asked", "ℹ️ main: mode ended"]


def test_that_every_start_reconciles_is_no_news(bench: Bench) -> None:
    for reason in ("start", "a leg differs"):
        bench.hear("mode_asked", Severity.WARNING, scope="BTCUSDT", cause="reconcile")
        bench.hear("reconcile_begun", Severity.WARNING, symbol="BTCUSDT", reason=reason)
        bench.hear("reconciled", Severity.INFO, symbol="BTCUSDT")
        bench.hear("mode_ended", Severity.INFO, scope="BTCUSDT", cause="reconcile")

    assert bench.send() == ["⚠️ main: reconcile begun", "ℹ️ main: reconciled"]


def test_what_has_no_end_is_remembered_for_so_many_only(bench: Bench) -> None:
    for number in range(OPEN_MAX + 1):
        bench.hear("reconcile_begun", Severity.WARNING, symbol=str(number))
    bench.now = Instant(START + 3600 * SECOND_US)
    before = len(bench.send())

    bench.hear("reconciled", Severity.INFO, symbol="0")
    bench.hear("reconciled", Severity.INFO, symbol="1")

    assert len(bench.send()) == before + 1


def test_a_message_that_fails_is_sent_again_after_growing_pauses(bench: Bench) -> None:
    patient = Failed(text="429", lasting=False, again_after_s=7.0)
    bench.sender.failures += [PASSING, PASSING, patient]
    bench.hear("liquidated")

    assert bench.send() == ["🚨 main: liquidated"]
    assert bench.pauses == [1.0, 2.0, 7.0]


def test_a_server_cannot_ask_for_more_patience_than_a_minute(bench: Bench) -> None:
    bench.sender.failures.append(Failed(text="429", lasting=False, again_after_s=86_400.0))
    bench.hear("liquidated")
    bench.send()

    assert bench.pauses == [60.0]


@pytest.mark.parametrize(("failures", "tries"), [([LASTING], 1), ([PASSING] * 6, 6)])
def test_a_message_that_cannot_be_sent_is_given_up_and_the_next_one_goes(
    bench: Bench, failures: list[Failed], tries: int
) -> None:
    bench.sender.failures += failures
    bench.hear("liquidated")
    bench.hear("key_refused")

    assert bench.send() == ["🚨 main: key refused"]
    assert bench.sender.tries == tries + 1


def test_the_queue_is_bounded_alerts_take_the_place_of_milder_ones_and_the_rest_is_counted(
    bench: Bench,
) -> None:
    for number in range(QUEUE_MAX + 5):
        bench.alerts.tell(f"mild {number}")
    bench.hear("liquidated")

    sent = bench.send()

    assert len(sent) == QUEUE_MAX
    assert (sent[0], sent[-2], sent[-1]) == ("mild 1", "mild 199", "🚨 main: liquidated")
    assert bench.sender.texts[0] == "mild 1\n(6 more did not fit and were left out)"
    assert bench.sender.texts[1] == "mild 2"


def test_a_message_on_its_way_when_the_worker_ends_is_not_lost(bench: Bench) -> None:
    async def story() -> None:
        hanging = asyncio.Event()

        class Hanging:
            async def send(self, chat: int, text: str, *, silent: bool = False) -> Failed | None:
                if not hanging.is_set():
                    hanging.set()
                    await asyncio.Event().wait()
                return await bench.sender.send(4711, text, silent=silent)  # type: ignore[no-any-return]

        alerts = Alerts(Hanging(), 4711, Severity.INFO, lambda: START)
        alerts.tell("last words")
        working = asyncio.create_task(alerts.run())
        await hanging.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await alerts.flush(5)

    asyncio.run(story())
    assert bench.sender.texts == ["last words"]


def test_last_words_do_not_hold_up_the_end(bench: Bench) -> None:
    async def story() -> None:
        class Silent:
            async def send(self, chat: int, text: str, *, silent: bool = False) -> Failed | None:
                await asyncio.Event().wait()
                return None

        alerts = Alerts(Silent(), 4711, Severity.INFO, lambda: START)
        alerts.tell("anybody there?")
        await alerts.flush(0.01)

    asyncio.run(asyncio.wait_for(story(), 5))
