"""What becomes of the book when the daemon is told to end."""

import asyncio
from typing import Any

from bybit_sim.faults.words import Fault, WireFault
from gridbot.config.blocks import OnStop
from gridbot.shell.clock import steady_us
from gridbot.shell.stopping import BookKeeper
from gridcore.events import OperatorAction, OperatorCommand
from gridcore.session.modes import ModeCause


def keeper_of(rig: Any, policy: OnStop, *, hurried: bool = False) -> BookKeeper:
    """A keeper; a hurried one finds a second passed at every look."""
    looks = [0.0]

    def steady_s() -> float:
        looks[0] += 1
        return looks[0] if hurried else steady_us() / 1e6

    return BookKeeper(policy, rig.loop, sleep=asyncio.sleep, steady_s=steady_s)


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
        halt = OperatorCommand(at=rig.loop.now(), action=OperatorAction.HALT, symbol=None)
        rig.loop.command(halt)
        await rig.until(lambda: ModeCause.OPERATOR in causes(rig))
        keeper = keeper_of(rig, OnStop.CANCEL_ALL)

        await keeper.leave()
        await asyncio.to_thread(rig.hub.close)
        await keeper.quieten()

        assert rig.resting() == []
        assert ModeCause.OPERATOR in causes(rig)

    play(story)


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
