"""The bot of a process: its alerts, its digest, and the loop that listens to chats.

It knows when to ask again; it refuses to know what commands mean.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from appkit.beside import beside
from appkit.exits import UserError
from bybit_adapter.rest_client import machine_clock
from gridbot.config.blocks import TelegramBlock
from gridbot.config.keys import token_of
from gridbot.config.model import GridbotConfig
from gridbot.logs.scrubber import Scrubber
from gridbot.logs.setup import event_logger
from gridbot.telegram.alerts import PATIENCE_S_MAX, Alerts
from gridbot.telegram.commands import Commands
from gridbot.telegram.digest import Digest
from gridbot.telegram.link import BotLink, Clean, Failed, Said
from gridcore.clock import Instant
from gridcore.session.effects import Severity

POLL_S = 25
"""How long one question for news may wait for some."""
BACK_OFFS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
CHECK_S_MAX = 5.0
"""How long a start waits for the Bot API; trading does not depend on it."""
FAREWELL_S_MAX = 2.0
"""How long the last words may take; the process must be gone soon."""


async def opened_bot(
    config: GridbotConfig, environment: Mapping[str, str], scrubber: Scrubber
) -> "TelegramBot | None":
    """The bot of the configuration, its token checked and hidden; None where none is configured.

    UserError when it cannot be used.
    """
    block = config.notification.telegram
    if block is None:
        return None
    token = await beside("token of telegram", partial(token_of, block.bot_token, environment))
    assert token is not None, "a block without a token is refused"
    scrubber.register(token)
    bot = TelegramBot(block, token, scrubber.clean, machine_clock)
    await bot.check()
    return bot


class TelegramBot:
    """One bot, from before the start to after the end of everything else."""

    def __init__(
        self,
        block: TelegramBlock,
        token: str,
        clean: Clean,
        wall: Callable[[], Instant],
        *,
        back_offs_s: Sequence[float] = BACK_OFFS_S,
    ) -> None:
        """UserError when the extra is not installed."""
        self._block = block
        self._link = BotLink(token, block.api_url, clean)
        self.alerts = Alerts(self._link, block.chat_id, block.level, wall)
        self._log = event_logger("gridbot.telegram")
        self._back_offs_s = tuple(back_offs_s)
        self._down = False
        self._after: int | None = None

    async def check(self) -> None:
        """UserError when the token is refused; a server that cannot be reached is only logged."""
        found = await self._link.name(CHECK_S_MAX)
        if isinstance(found, str):
            self._log.info("telegram_ready", bot=found)
        elif found.unauthorised:
            await self._link.close()
            raise UserError(
                f"notification.telegram.bot_token: the Bot API refuses it ({found.text})",
                "ask @BotFather for the bot's token, or remove notification.telegram",
            )
        else:
            self._failed(found)

    @asynccontextmanager
    async def serving(self, commands: Commands, digest: Digest) -> AsyncIterator[None]:
        """Send, listen and sum up while the block runs.

        A part that breaks is told in the log, and ends alone: trading does not depend on it.
        """
        parts = {"alerts": self.alerts.run(), "commands": self._listen(commands)}
        if self._block.digest:
            parts["digest"] = digest.run()
        working = [asyncio.create_task(part, name=name) for name, part in parts.items()]
        for task in working:
            task.add_done_callback(self._ended)
        try:
            yield
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def farewell(self, text: str, severity: Severity = Severity.INFO) -> None:
        """The last words, after all else that waits; then the link is closed."""
        self.alerts.tell(text, severity)
        await self.alerts.flush(FAREWELL_S_MAX)
        await self._link.close()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log.error(
                "telegram_part_ended",
                part=task.get_name(),
                until="the next start",
                exc_info=error,
            )

    async def _listen(self, commands: Commands) -> None:
        await self._forget_old()
        while True:
            for said in await self._heard(POLL_S):
                self._after = said.update
                answer = await commands.answer(said.chat, said.text)
                if answer is not None:
                    await self._reply(said, answer)

    async def _forget_old(self) -> None:
        """What was said while nobody listened is not done now: it was meant for then."""
        old = await self._heard(0)
        self._after = old[-1].update if old else 0

    async def _heard(self, wait_s: int) -> list[Said]:
        """The next news, however long the server is away; trouble is told when it begins and
        ends."""
        attempt = 0
        while True:
            found = await self._link.updates(self._after, wait_s)
            if not isinstance(found, Failed):
                if self._down:
                    self._down = False
                    self._log.info("telegram_back")
                return found
            self._failed(found)
            pause_s = self._back_offs_s[min(attempt, len(self._back_offs_s) - 1)]
            attempt += 1
            await asyncio.sleep(max(pause_s, min(found.again_after_s or 0.0, PATIENCE_S_MAX)))

    async def _reply(self, said: Said, answer: str) -> None:
        failed = await self._link.send(said.chat, answer)
        if failed is not None:
            self._log.warning("answer_not_sent", why=failed.text)

    def _failed(self, failed: Failed) -> None:
        if not self._down:
            self._down = True
            self._log.warning("telegram_away", why=failed.text)
