"""The stop token, and what several accounts have settled together."""

import asyncio

from gridbot.words import Settled, StopToken, settled_together


def settled(through: int, in_flight: int = 0, *, ready: bool = True) -> Settled:
    return Settled(handled_through_us=through, in_flight=in_flight, ready=ready)


def test_accounts_together_are_as_far_as_the_newest_and_as_busy_as_all() -> None:
    """A step of one account's market says nothing to the other: what is behind is in flight."""
    found = settled_together([settled(5, 2), settled(9, 1)])

    assert found == settled(9, 3)


def test_together_they_are_ready_when_each_is_and_never_when_there_is_none() -> None:
    assert settled_together([settled(1), settled(2)]).ready
    assert not settled_together([settled(1), settled(2, ready=False)]).ready
    assert settled_together([]) == settled(0, ready=False)


def test_the_first_reason_of_a_stop_stands() -> None:
    async def story() -> StopToken:
        token = StopToken()
        token.request("SIGTERM")
        token.request("SIGINT")
        return token

    token = asyncio.run(story())

    assert token.requested
    assert token.reason == "SIGTERM"


def test_a_sleep_ends_as_soon_as_the_stop_is_asked_for() -> None:
    async def story() -> tuple[bool, bool]:
        token = StopToken()
        before = await token.sleep(0)
        asyncio.get_running_loop().call_soon(token.request, "SIGTERM")
        return before, await token.sleep(3600)

    assert asyncio.run(story()) == (False, True)


def test_who_waits_for_the_stop_is_woken_by_it() -> None:
    async def story() -> None:
        token = StopToken()
        asyncio.get_running_loop().call_soon(token.request, "SIGTERM")
        await asyncio.wait_for(token.wait(), 60)

    asyncio.run(story())
