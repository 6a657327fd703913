"""One account's shell put together: it counts what it cannot read, and ends within seconds."""

from typing import Any

from bybit_sim.faults.words import Fault, WireFault
from gridbot.shell.clock import steady_us
from gridcore.clock import MINUTE_US
from gridcore.events import AuthenticationFailed, StreamLost, StreamRestored
from gridcore.session.modes import ModeCause


def causes(rig: Any) -> list[ModeCause]:
    return [mode.cause for mode in rig.session.standing_modes()]


def test_frames_that_cannot_be_read_are_counted_and_mended_by_what_is_asked(play: Any) -> None:
    """L30: each is followed by a comparison of everything, at once."""

    async def story(rig: Any) -> None:
        mangled = Fault(kind=WireFault.FRAME_MANGLED, from_ms=0, until_ms=10**9, count=30)
        rig.simulator.board.add(mangled)
        await rig.open()
        await rig.until(lambda: sum(rig.run.dead_letters.by_topic().values()) >= 1)
        await rig.until(lambda: rig.journal.count(StreamLost) >= 1)
        await rig.until(lambda: rig.believed() == rig.resting() and len(rig.resting()) == 20)

        lost = {one.reason for one in rig.journal.events if isinstance(one, StreamLost)}
        assert lost == {"a row could not be read"}
        assert rig.replayed() is None

    play(story)


def test_it_ends_within_seconds_while_the_exchange_hangs(play: Any) -> None:
    """A37."""

    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: rig.loop.begun)
        silent = Fault(kind=WireFault.REQUEST_LOST, from_ms=0, until_ms=10**9)
        rig.simulator.board.add(silent)
        begins = steady_us()
        await rig.close()
        rig.running = None

        assert steady_us() - begins < 10_000_000

    play(story)


def test_a_key_that_is_refused_halts_the_account_and_its_stream_comes_back_with_the_key(
    play: Any,
) -> None:
    """A38, A23: one probe after half an hour."""

    async def story(rig: Any) -> None:
        await rig.open()
        await rig.until(lambda: len(rig.resting()) == 20)
        refused = Fault(kind=WireFault.AUTH_REFUSED, from_ms=0, until_ms=10**9)
        number = rig.simulator.board.add(refused)
        reset = Fault(kind=WireFault.SOCKET_RESET, from_ms=0, until_ms=1)
        rig.simulator.server.disconnect("private", None, reset)
        await rig.until(lambda: rig.journal.count(AuthenticationFailed) >= 1)
        halted = causes(rig)

        rig.simulator.board.remove(number)
        rig.steady.ahead_us = 31 * MINUTE_US
        over = {ModeCause.AUTHENTICATION, ModeCause.STREAM_LOST}
        await rig.until(lambda: over.isdisjoint(causes(rig)))

        assert ModeCause.AUTHENTICATION in halted
        assert rig.journal.count(StreamRestored) >= 1
        assert rig.journal.count(AuthenticationFailed) == 1

    play(story)
