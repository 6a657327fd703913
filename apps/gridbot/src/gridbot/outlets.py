"""Where a process tells people how it goes: the log and, if configured, Telegram.

It wires them to the accounts; it refuses to know what happens there.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType

from appkit.exits import CommandError, describe
from bybit_adapter.rest_client import machine_clock
from gridbot.config.keys import database_password
from gridbot.config.model import GridbotConfig
from gridbot.logs.notices import NoticeLog
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import event_logger
from gridbot.logs.summaries import SummaryLog
from gridbot.surface.server import Surface
from gridbot.surface.views import AccountView
from gridbot.telegram.bot import TelegramBot, opened_bot
from gridbot.telegram.commands import Commands
from gridbot.telegram.digest import Digest
from gridbot.tidings import Tidings
from gridbot.words import Observer
from gridcore.clock import Instant
from gridcore.session.effects import Severity

MASTER_KEY = "GRIDBOT_MASTER_KEY"


class Outlets:
    """The log and the bot of one run. `scrubber` is the log's: secrets that come up are its."""

    def __init__(
        self,
        config: GridbotConfig,
        environment: Mapping[str, str],
        scrubber: Scrubber,
        accounts: Mapping[str, AccountView],
    ) -> None:
        self._config = config
        self._environment = environment
        self._scrubber = scrubber
        self._accounts = accounts
        self._tidings = Tidings(accounts)
        self._notices = NoticeLog()
        self._tidings.join(self._notices.hear)
        self._bot: TelegramBot | None = None
        self._log = event_logger("gridbot.run")
        self.observers: tuple[Observer, ...] = (self._tidings, SummaryLog(accounts))

    def hide(self, *secrets: str | None) -> None:
        """Never show these."""
        self._scrubber.register(*secrets)

    @asynccontextmanager
    async def open(self, ending: Callable[[], str]) -> AsyncIterator[None]:
        """Tell the begin and the end of the block, `ending` is why it ended, or what broke it.

        UserError when Telegram is configured and cannot be used.
        """
        self.hide(database_password(self._config), self._environment.get(MASTER_KEY))
        await self._open_bot()
        async with AsyncExitStack() as stack:
            stack.push_async_exit(partial(self._farewell, ending))
            yield

    @asynccontextmanager
    async def serving(self, surface: Surface, now: Callable[[], Instant]) -> AsyncIterator[None]:
        """Send alerts and listen to chats while the block runs; `now` is the sessions' time."""
        bot, block = self._bot, self._config.notification.telegram
        if bot is None or block is None:
            yield
            return
        commands = Commands(
            self._accounts,
            surface.history,
            surface.bus,
            block.command_chats,
            now=now,
            wall=machine_clock,
        )
        digest = Digest(self._accounts, surface.history, now, bot.alerts.tell)
        async with bot.serving(commands, digest):
            yield

    def trading(self) -> None:
        """All accounts trade."""
        names = ", ".join(one.name for one in self._config.accounts)
        self._log.info("trading", accounts=names)
        if self._bot is not None:
            self._bot.alerts.tell(f"gridbot trades: {names}")

    async def _open_bot(self) -> None:
        self._bot = await opened_bot(self._config, self._environment, self._scrubber)
        if self._bot is not None:
            self._tidings.join(self._bot.alerts.hear)

    async def _farewell(
        self,
        ending: Callable[[], str],
        _: type[BaseException] | None,
        error: BaseException | None,
        __: TracebackType | None,
    ) -> None:
        """Whatever ended the run is told, and goes on its way."""
        if isinstance(error, Exception):
            severity, text = Severity.ALERT, f"gridbot ended: {describe(error).message}"
            unexpected = None if isinstance(error, CommandError) else error
            self._log.error("ended", how=text, exc_info=unexpected)
        else:
            severity, text = Severity.INFO, f"gridbot stopped: {ending()}"
            self._log.info("ended", how=text)
        if self._bot is not None:
            await self._bot.farewell(text, severity)
        if isinstance(error, Exception):
            self._scrubber.raise_clean(error)
