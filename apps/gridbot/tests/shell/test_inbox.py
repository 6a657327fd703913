"""One inbox: every thread puts, one loop takes, nothing is lost and nothing overtakes."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from gridbot.shell.inbox import Inbox, InboxFull


def play(story: Callable[[Inbox[int]], Awaitable[None]], items_max: int = 100) -> None:
    async def whole() -> None:
        await story(Inbox(items_max))

    asyncio.run(whole())


def test_what_waits_is_taken_at_once_and_in_its_order() -> None:
    async def story(inbox: Inbox[int]) -> None:
        for number in (1, 2, 3):
            inbox.put(number)

        assert len(inbox) == 3
        assert list(await inbox.take(None)) == [1, 2, 3]
        assert len(inbox) == 0

    play(story)


def test_an_empty_one_gives_nothing_after_its_wait() -> None:
    async def story(inbox: Inbox[int]) -> None:
        assert list(await inbox.take(0)) == []

    play(story)


def test_an_item_of_another_thread_wakes_who_waits_again_and_again() -> None:
    async def story(inbox: Inbox[int]) -> None:
        for number in range(3):
            thread = threading.Thread(target=inbox.put, args=(number,))
            asyncio.get_running_loop().call_soon(thread.start)
            assert list(await asyncio.wait_for(inbox.take(None), 60)) == [number]
            thread.join()

    play(story)


def test_of_many_threads_nothing_is_lost() -> None:
    async def story(inbox: Inbox[int]) -> None:
        def put(first: int) -> None:
            for number in range(first, first + 500):
                inbox.put(number)

        threads = [threading.Thread(target=put, args=(first,)) for first in (0, 500, 1000)]
        for thread in threads:
            thread.start()
        found: list[int] = []
        while len(found) < 1500:
            found.extend(await asyncio.wait_for(inbox.take(None), 60))
        for thread in threads:
            thread.join()

        assert sorted(found) == list(range(1500))
        assert [one for one in found if one < 500] == list(range(500))

    play(story)


def test_frames_beyond_the_limit_are_refused_and_answers_never_are() -> None:
    async def story(inbox: Inbox[int]) -> None:
        inbox.offer(1)
        inbox.offer(2)

        with pytest.raises(InboxFull, match="2 items wait"):
            inbox.offer(3)
        inbox.put(4)

        assert list(inbox.drain()) == [1, 2, 4]

    play(story, items_max=2)


def test_a_loop_that_has_ended_is_not_woken() -> None:
    kept: list[Inbox[int]] = []

    async def story(inbox: Inbox[int]) -> None:
        kept.append(inbox)

    play(story)
    kept[0].put(1)

    assert len(kept[0]) == 1
