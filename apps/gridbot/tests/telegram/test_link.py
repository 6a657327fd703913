"""The link to the Bot API: what goes out, what comes in, and trouble as a value."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from appkit.exits import UserError
from gridbot.telegram.link import TEXT_MAX, BotLink, Failed, Said

Play = Callable[..., None]


def test_a_text_reaches_its_chat_plain_and_without_secrets(play_link: Play) -> None:
    async def story(api: Any, link: BotLink) -> None:
        assert await link.send(7, "the swordfish: <b>*1*</b>", silent=True) is None

        (sent,) = api.sent
        assert (sent["chat_id"], sent["text"]) == ("7", "the ***: <b>*1*</b>")
        assert sent["disable_notification"] == "True"
        assert "parse_mode" not in sent

    play_link(story, clean=lambda text: text.replace("swordfish", "***"))


def test_half_a_character_comes_in_as_a_question_mark(play_link: Play, chat: int) -> None:
    async def story(api: Any, link: BotLink) -> None:
        api.say("/\ud800", chat)

        found = await link.updates(0, 0)
        assert isinstance(found, list)
        assert [said.text for said in found] == ["/?"]

    play_link(story)


def test_a_long_text_is_cut(play_link: Play) -> None:
    async def story(api: Any, link: BotLink) -> None:
        await link.send(7, "x" * 10_000)

        assert len(api.texts[0]) == TEXT_MAX
        assert api.texts[0].endswith("x…")

    play_link(story)


def test_what_is_said_comes_once_in_order_and_pictures_have_no_words(
    play_link: Play, chat: int
) -> None:
    async def story(api: Any, link: BotLink) -> None:
        for text in ("/status", None, "/help"):
            api.say(text)

        said = await link.updates(100, 0)

        assert said == [
            Said(update=101, chat=chat, text="/status"),
            Said(update=102, chat=chat, text=""),
            Said(update=103, chat=chat, text="/help"),
        ]
        assert await link.updates(103, 0) == []

    play_link(story)


def test_asked_for_the_newest_only_the_server_forgets_the_rest(play_link: Play) -> None:
    async def story(api: Any, link: BotLink) -> None:
        for text in ("/pause", "/resume"):
            api.say(text)

        newest = await link.updates(None, 0)

        assert isinstance(newest, list)
        assert [one.text for one in newest] == ["/resume"]

    play_link(story)


def test_a_token_that_is_taken_has_a_name(play_link: Play) -> None:
    async def story(_: Any, link: BotLink) -> None:
        assert await link.name() == "grid_bot"

    play_link(story)


def test_a_token_that_is_refused_is_a_lasting_failure(play_link: Play) -> None:
    async def story(_: Any, link: BotLink) -> None:
        found = await link.name()

        assert isinstance(found, Failed)
        assert (found.text, found.lasting, found.unauthorised) == ("401: Unauthorized", True, True)

    play_link(story, token="1:another")


@pytest.mark.parametrize(
    ("fault", "failed"),
    [
        (
            (429, {"description": "Too Many Requests", "parameters": {"retry_after": 7}}),
            ("429: Too Many Requests", False, 7.0),
        ),
        ((403, {"description": "bot was blocked"}), ("403: bot was blocked", True, None)),
        ((502, "<html>"), ("an answer that is none of the Bot API", False, None)),
        ((200, "<html>"), ("an answer that is none of the Bot API", False, None)),
    ],
)
def test_what_the_server_says_no_to_says_whether_it_may_pass(
    play_link: Play, fault: Any, failed: tuple[str, bool, float | None]
) -> None:
    async def story(api: Any, link: BotLink) -> None:
        api.faults.append(fault)
        found = await link.send(7, "text")

        assert isinstance(found, Failed)
        assert (found.text, found.lasting, found.again_after_s) == failed

    play_link(story)


def test_a_server_that_is_away_is_a_passing_failure_without_the_token(play_link: Play) -> None:
    async def story(_: Any, link: BotLink) -> None:
        away = BotLink("1:a-token", "http://127.0.0.1:9", str)
        found = await away.send(7, "text")

        assert isinstance(found, Failed)
        assert (found.text, found.lasting) == ("the Bot API cannot be reached", False)

    play_link(story)


def test_without_the_extra_the_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "telebot", None)

    with pytest.raises(UserError, match="expected pyTelegramBotAPI, which is not") as refused:
        BotLink("1:a-token", "http://127.0.0.1:9", str)

    assert refused.value.hint == (
        "install gridbot with its extra `telegram`, or remove notification.telegram"
    )


def test_what_is_no_token_is_refused_without_showing_it() -> None:
    with pytest.raises(UserError) as refused:
        BotLink("swordfish", "http://127.0.0.1:9", str)

    assert "expected a token as 123456:ABC" in refused.value.message
    assert "swordfish" not in refused.value.message
    assert refused.value.__cause__ is None
