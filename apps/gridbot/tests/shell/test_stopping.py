"""What becomes of the book when the daemon is told to end."""

import asyncio
from typing import Any

import pytest

from bybit_sim.faults.words import Fault, WireFault
from gridbot.config.blocks import OnStop
from gridbot.shell.clock import steady_us
from gridbot.shell.stopping import STOP_S_MAX, BookKeeper, Deadline
from gridcore.events import OperatorAction, OperatorCommand
from gridcore.session.modes import Mode, ModeCause


def keeper_of(rig: Any, policy: OnStop, *, hurried: bool = False) -> BookKeeper:
    """A keeper; a hurried one finds a second passed at every look."""
    looks = [0.0]

    def steady_s() -> float:
        looks[0] += 1
        return looks[0] if hurried else steady_us() / 1e6

    return BookKeeper(policy, rig.loop, Deadline(STOP_S_MAX, steady_s), sleep=asyncio.sleep)


async def told(rig: Any, action: OperatorAction, symbol: str | None, mode: Mode) -> None:
    """The operator's word before the end."""
    rig.loop.command(OperatorCommand(at=rig.loop.now(), action=action, symbol=symbol))
    await rig.until(
        lambda: any(
            one.cause is ModeCause.OPERATOR and one.mode is mode
            for one in rig.session.standing_modes()
        )
    )


async def opened(rig: Any) -> None:
    await rig.open()
    await rig.until(lambda: len(rig.resting()) == 20 and rig.believed() == rig.resting())


def causes(rig: Any) -> list[ModeCause]:
    return [mode.cause for mode in rig.session.standing_modes()]


def test_leave_leaves_everything(play: Any) -> None:
    async def story(rig: Any) -> None:
        await opened(rig)
        keeper = keeper_of(rig, OnStop.LEAVE)

        assert await keeper.leave() == 0
        await keeper.quieten()

        assert len(rig.resting()) == 20
        assert rig.journal.count(OperatorCommand) == 0

    play(story)


def test_cancel_all_empties_the_book_and_the_next_start_trades_again(play: Any) -> None:
    async def story(rig: Any) -> None:
        await opened(rig)
        keeper = keeper_of(rig, OnStop.CANCEL_ALL)

        left = await keeper.leave()
        await asyncio.to_thread(rig.hub.close)
        await keeper.quieten()
        await rig.until(lambda: not causes(rig))

        assert left == 0
        assert rig.resting() == []
        told = [one.action for one in rig.journal.events if isinstance(one, OperatorCommand)]
        assert told == [OperatorAction.CANCEL_ALL, OperatorAction.RESUME]

    play(story)


def test_cancel_opens_leaves_the_closes(play: Any) -> None:
    async def story(rig: Any) -> None:
        await opened(rig)
        keeper = keeper_of(rig, OnStop.CANCEL_OPENS)

        left = await keeper.leave()
        await asyncio.to_thread(rig.hub.close)
        await keeper.quieten()

        assert left == 0
        assert not any(order.opens for order in rig.session.live_orders())

    play(story)


def test_what_the_operator_halted_before_stays_halted(play: Any) -> None:
    async def story(rig: Any) -> None:
        await opened(rig)
        await told(rig, OperatorAction.HALT, None, Mode.HALT)
        keeper = keeper_of(rig, OnStop.CANCEL_ALL)

        await keeper.leave()
        await asyncio.to_thread(rig.hub.close)
        await keeper.quieten()

        assert rig.resting() == []
        assert ModeCause.OPERATOR in causes(rig)

    play(story)


@pytest.mark.parametrize("policy", [OnStop.CANCEL_OPENS, OnStop.CANCEL_ALL])
@pytest.mark.parametrize(
    ("action", "mode"),
    [(OperatorAction.NO_OPEN, Mode.NO_OPEN), (OperatorAction.HALT, Mode.HALT)],
)
def test_what_the_operator_said_of_a_symbol_is_found_again(
    action: OperatorAction, mode: Mode, policy: OnStop, play: Any
) -> None:
    async def story(rig: Any) -> None:
        await opened(rig)
        await told(rig, action, "BTCUSDT", mode)
        keeper = keeper_of(rig, policy)

        assert await keeper.leave() == 0
        await asyncio.to_thread(rig.hub.close)
        await keeper.quieten()
        await rig.until(lambda: not rig.loop.settled().in_flight)

        found = {(one.scope, one.mode) for one in rig.session.standing_modes()}
        assert ("BTCUSDT", mode) in found

    play(story)


def test_an_end_forgives_no_losses(play: Any) -> None:
    """The day's losses count over restarts: what is taken back was said of the symbols alone."""

    async def story(rig: Any) -> None:
        await opened(rig)
        keeper = keeper_of(rig, OnStop.CANCEL_ALL)

        await keeper.leave()
        await asyncio.to_thread(rig.hub.close)
        await keeper.quieten()

        words = [one for one in rig.journal.events if isinstance(one, OperatorCommand)]
        assert [one.symbol for one in words] == ["BTCUSDT"] * 2

    play(story)


def test_stages_share_one_limit_and_leave_each_other_what_they_do_not_need() -> None:
    clock = [100.0]
    deadline = Deadline(10.0, lambda: clock[0])

    assert deadline.left_s(0.7) == pytest.approx(7.0)
    clock[0] = 101.0
    assert deadline.left_s(0.7) == pytest.approx(6.0)
    clock[0] = 108.0
    assert deadline.left_s(0.7) == 0
    assert deadline.left_s(1.0) == pytest.approx(2.0)


def test_a_stage_that_hangs_is_left_and_one_that_fails_is_told() -> None:
    async def story() -> list[BaseException]:
        deadline = Deadline(0.2, lambda: steady_us() / 1e6)

        async def fail() -> None:
            raise ZeroDivisionError

        hanging = asyncio.Event().wait()
        return await deadline.within(1.0, asyncio.sleep(0), fail(), hanging)

    assert [type(one) for one in asyncio.run(story())] == [ZeroDivisionError]


def test_orders_that_cannot_be_cancelled_in_time_are_told(play: Any) -> None:
    async def story(rig: Any) -> None:
        await opened(rig)
        refused = Fault(
            kind=WireFault.RET_CODE,
            from_ms=0,
            until_ms=10**9,
            target="/v5/order/cancel*",
            amount=10016,
        )
        rig.simulator.board.add(refused)
        keeper = keeper_of(rig, OnStop.CANCEL_ALL, hurried=True)

        assert await keeper.leave() == 20

    play(story)
