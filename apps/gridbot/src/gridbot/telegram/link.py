"""Talks to the Bot API through pyTelegramBotAPI, the one module that knows it. Trouble is a value.

It refuses to know what is said. A process has one bot: the library keeps the address for itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

from appkit.exits import UserError
from gridcore.message import message

REQUEST_S_MAX = 15.0
TEXT_MAX = 4_000
"""Characters of one message; the Bot API takes 4096 (UTF-16 units)."""
_FORBIDDEN = frozenset({400, 401, 403, 404})
_UNAUTHORISED = frozenset({401, 404})

Result = TypeVar("Result")
Clean = Callable[[str], str]


@message
class Failed:
    """What became of a request that failed. `lasting`: the same would fail again.

    `again_after_s`: how long the server wants to be left alone; None: it does not say.
    """

    text: str
    lasting: bool
    again_after_s: float | None = None
    unauthorised: bool = False


@message
class Said:
    """One message that somebody wrote; `update` numbers it."""

    update: int
    chat: int
    text: str


class BotLink:
    """One bot. Used on one event loop; `clean` takes secrets out of what leaves."""

    def __init__(self, token: str, api_url: str, clean: Clean) -> None:
        """UserError without pyTelegramBotAPI, and for what is no token."""
        try:
            import telebot
            from telebot import async_telebot, asyncio_helper
        except ImportError:
            raise UserError(
                "notification.telegram: expected pyTelegramBotAPI, which is not installed",
                "install gridbot with its extra `telegram`, or remove notification.telegram",
            ) from None
        # It writes to stderr by itself, past every level; what fails is told from here.
        telebot.logger.handlers.clear()
        telebot.logger.setLevel(logging.CRITICAL)
        asyncio_helper.API_URL = f"{api_url}/bot{{0}}/{{1}}"
        self._library: Any = asyncio_helper
        self._clean = clean
        try:
            self._bot: Any = async_telebot.AsyncTeleBot(token)
        except ValueError:
            # Without the cause, which may show the token.
            raise UserError(
                "notification.telegram.bot_token: expected a token as 123456:ABC..., found another "
                "text",
                "@BotFather tells a bot's token",
            ) from None

    async def name(self, wait_s: float = REQUEST_S_MAX) -> str | Failed:
        """The bot's name, as proof that its token is taken."""
        found = await self._asked(self._bot.get_me(), wait_s)
        return found if isinstance(found, Failed) else str(found.username)

    async def send(self, chat: int, text: str, *, silent: bool = False) -> Failed | None:
        """Send plain text; None when the server took it."""
        shown = self._clean(text)
        if len(shown) > TEXT_MAX:
            shown = shown[: TEXT_MAX - 1] + "…"
        sending = self._bot.send_message(chat, shown, disable_notification=silent)
        found = await self._asked(sending, REQUEST_S_MAX)
        return found if isinstance(found, Failed) else None

    async def updates(self, after: int | None, wait_s: int) -> list[Said] | Failed:
        """What was said after an update, oldest first; waits that long for something.

        `after` None: only the newest that is still kept, which makes the server forget the others.
        """
        asking = self._bot.get_updates(
            offset=-1 if after is None else after + 1,
            timeout=wait_s,
            allowed_updates=["message"],
            request_timeout=wait_s + REQUEST_S_MAX,
        )
        found = await self._asked(asking, wait_s + REQUEST_S_MAX)
        if isinstance(found, Failed):
            return found
        return [_said(update) for update in found]

    async def close(self) -> None:
        """Close the connections."""
        session = self._library.session_manager.session
        if session is not None and not session.closed:
            await session.close()

    async def _asked(self, asking: Awaitable[Result], wait_s: float) -> Result | Failed:
        library = self._library
        try:
            async with asyncio.timeout(wait_s):
                return await asking
        except library.ApiTelegramException as error:
            code = error.error_code
            return Failed(
                text=self._clean(f"{code}: {error.description}"),
                lasting=code in _FORBIDDEN,
                again_after_s=_patience(error.result_json),
                unauthorised=code in _UNAUTHORISED,
            )
        except (library.ApiHTTPException, library.ApiInvalidJSONException):
            return Failed(text="an answer that is none of the Bot API", lasting=False)
        except (library.RequestTimeout, aiohttp.ClientError, TimeoutError, OSError):
            return Failed(text="the Bot API cannot be reached", lasting=False)


def _said(update: Any) -> Said:
    found = update.message
    text = found.text if found is not None and isinstance(found.text, str) else ""
    return Said(
        update=int(update.update_id),
        chat=0 if found is None else int(found.chat.id),
        # Halves of characters can be written down and answered nowhere.
        text=text.encode("utf-8", "replace").decode(),
    )


def _patience(answer: dict[str, Any]) -> float | None:
    parameters = answer.get("parameters")
    if isinstance(parameters, dict) and isinstance(parameters.get("retry_after"), int):
        return float(parameters["retry_after"])
    return None
