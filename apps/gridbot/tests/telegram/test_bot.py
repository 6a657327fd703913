"""The bot of a process against a Bot API: it alerts, obeys, survives outages, and says goodbye."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from appkit.exits import UserError
from gridbot.config.blocks import TelegramBlock
from gridbot.telegram.bot import TelegramBot
from gridbot.telegram.digest import Digest
from gridcore.clock import Instant
from gridcore.session.effects import Notice, Severity
from gridcore.session.modes import ModeCause

Story = Callable[[Any, TelegramBot], Awaitable[None]]
Make = Callable[..., Any]


@pytest.fixture
def main(make_account: Make) -> Any:
    return make_account()


@pytest.fixture
def desk(make_desk: Make, main: Any) -> Any:
    return make_desk(main)


@pytest.fixture
def play(make_api: Make, desk: Any, main: Any, token: str, chat: int) -> Callable[[Story], None]:
    """Plays a story with a Bot API and a bot that serves."""

    async def inside(story: Story) -> None:
        api = make_api()
        async with api.served():
            block = TelegramBlock(bot_token="env:BOT", chat_id=chat, api_url=api.url)
            bot = TelegramBot(block, token, str, lambda: Instant(0), back_offs_s=(0.01,))
            digest = Digest({"main": main}, desk.history, lambda: main.now, bot.alerts.tell)
            async with bot.serving(desk.commands, digest):
                await story(api, bot)
            await bot.farewell("gridbot stopped: SIGTERM")

    return lambda story: asyncio.run(asyncio.wait_for(inside(story), 30))


def test_a_part_that_breaks_is_told_and_ends_alone(
    play: Callable[[Story], None], main: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Trading goes on, and so do alerts, whatever a chat makes of the commands."""
    main.life = None  # a defect: an account without a session

    async def story(api: Any, bot: TelegramBot) -> None:
        await api.until(lambda: api.asked.count("getUpdates") > 1)
        api.say("/profit")
        await api.until(lambda: "telegram_part_ended" in caplog.text)
        bot.alerts.tell("still here")
        await api.until(lambda: "still here" in api.texts)

    play(story)


def test_alerts_go_out_and_commands_are_obeyed_even_while_paused(
    play: Callable[[Story], None], main: Any
) -> None:
    async def story(api: Any, bot: TelegramBot) -> None:
        told = Notice(
            at=main.now, logger="x", event="key_refused", severity=Severity.ALERT, fields=()
        )
        bot.alerts.hear("main", told, main.now)
        await api.until(lambda: len(api.sent) == 1)
        # What is said before the bot has listened once is of another time.
        await api.until(lambda: api.asked.count("getUpdates") >= 2)
        for text in ("/pause", "/status", "/cancelall", "/cancelall 0815"):
            api.say(text)
            count = len(api.sent)
            await api.until(lambda count=count: len(api.sent) > count)

        first = [text.partition("\n")[0] for text in api.texts]
        assert first[:3] == ["🚨 main: key refused", "main: pause done", "main: paused"]
        assert first[4] == "main: cancel-all done"
        (mode,) = [one for one in main.session.standing_modes() if one.cause is ModeCause.OPERATOR]
        assert mode.mode.name == "HALT"

    play(story)


def test_what_was_said_while_nobody_listened_is_not_done_at_the_start(
    make_api: Make, play: Callable[[Story], None], main: Any
) -> None:
    async def story(api: Any, _: TelegramBot) -> None:
        api.say("/cancelall")
        api.say("/pause")
        await api.until(lambda: api.asked.count("getUpdates") >= 2)
        api.say("/help")
        await api.until(lambda: len(api.sent) == 1)

        assert api.texts[0].startswith("/status how")
        assert main.session.standing_modes() == []

    play(story)


def test_an_outage_of_the_server_passes(play: Callable[[Story], None], caplog: Any) -> None:
    caplog.set_level("INFO")

    async def story(api: Any, _: TelegramBot) -> None:
        api.faults += [(502, "<html>"), (409, {"description": "Conflict"}), (502, "")]
        await api.until(lambda: not api.faults and api.asked.count("getUpdates") >= 4)
        api.say("/help")
        await api.until(lambda: len(api.sent) == 1)

    play(story)
    told = [str(record.msg) for record in caplog.records]
    assert sum("telegram_away" in text for text in told) == 1
    assert sum("telegram_back" in text for text in told) == 1


def test_the_last_words_come_after_what_waited(make_api: Make, token: str, chat: int) -> None:
    async def story() -> None:
        api = make_api()
        async with api.served():
            block = TelegramBlock(bot_token="env:BOT", chat_id=chat, api_url=api.url)
            bot = TelegramBot(block, token, str, lambda: Instant(0))
            await bot.check()
            bot.alerts.tell("gridbot trades: main")
            await bot.farewell("gridbot ended: no space left", Severity.ALERT)

            assert api.texts == ["gridbot trades: main", "gridbot ended: no space left"]
            assert [one.get("disable_notification") for one in api.sent] == ["True", "False"]

    asyncio.run(story())


def test_a_refused_token_refuses_the_start(make_api: Make, chat: int) -> None:
    async def story() -> None:
        api = make_api()
        async with api.served():
            block = TelegramBlock(bot_token="env:BOT", chat_id=chat, api_url=api.url)
            await TelegramBot(block, "1:another", str, lambda: Instant(0)).check()

    with pytest.raises(UserError, match=r"the Bot API refuses it \(401: Unauthorized\)") as refused:
        asyncio.run(story())
    assert "another" not in str(refused.value)


def test_a_server_that_is_away_does_not_keep_anybody_from_trading(chat: int) -> None:
    async def story() -> None:
        block = TelegramBlock(bot_token="env:BOT", chat_id=chat, api_url="http://127.0.0.1:9")
        bot = TelegramBot(block, "1:a-token", str, lambda: Instant(0))
        await bot.check()
        await bot.farewell("gridbot stopped")

    asyncio.run(asyncio.wait_for(story(), 20))
