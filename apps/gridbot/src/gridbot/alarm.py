"""How a process without accounts tells people what happens: the log and, if configured, Telegram.

One way only: it answers no chat, as the daemon's bot does. It refuses to know what happens.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType

from appkit.exits import CommandError, describe
from gridbot.config.model import GridbotConfig
from gridbot.logs.notices import NoticeLog
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import event_logger
from gridbot.telegram.bot import TelegramBot, opened_bot
from gridcore.session.effects import Notice, Severity


class Alarm:
    """The log and the bot of one process called `name`. `hear` is for any thread."""

    def __init__(
        self, name: str, config: GridbotConfig, environment: Mapping[str, str], scrubber: Scrubber
    ) -> None:
        self._name = name
        self._config = config
        self._environment = environment
        self._scrubber = scrubber
        self._notices = NoticeLog()
        self._log = event_logger(f"gridbot.{name}")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bot: TelegramBot | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Send what is heard while the block runs, and tell how it ended.

        UserError when Telegram is configured and cannot be used.
        """
        self._loop = asyncio.get_running_loop()
        self._bot = await opened_bot(self._config, self._environment, self._scrubber)
        async with AsyncExitStack() as stack:
            stack.push_async_exit(self._farewell)
            sending = None if self._bot is None else asyncio.create_task(self._bot.alerts.run())
            try:
                yield
            finally:
                if sending is not None:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)

    def hear(self, account: str, notice: Notice) -> None:
        """Tell a notice, unless it was told less than a minute ago."""
        assert self._loop is not None, "the alarm is open"
        self._loop.call_soon_threadsafe(partial(self._tell, account, notice))

    def _tell(self, account: str, notice: Notice) -> None:
        self._notices.hear(account, notice, notice.at)
        if self._bot is not None:
            self._bot.alerts.hear(account, notice, notice.at)

    async def _farewell(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        __: TracebackType | None,
    ) -> None:
        severity, text = Severity.INFO, f"gridbot {self._name} stopped"
        if isinstance(error, Exception):
            severity, text = (
                Severity.ALERT,
                f"gridbot {self._name} ended: {describe(error).message}",
            )
            unexpected = None if isinstance(error, CommandError) else error
            self._log.error("ended", how=text, exc_info=unexpected)
        else:
            self._log.info("ended", how=text)
        if self._bot is not None:
            await self._bot.farewell(text, severity)
        if isinstance(error, Exception):
            self._scrubber.raise_clean(error)
