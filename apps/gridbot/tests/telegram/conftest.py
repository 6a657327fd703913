"""An account that obeys at once, and the parts of the bot around it and a Bot API."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from appkit.account_setup import AccountSetup
from gridbot.surface.audit import AuditLog
from gridbot.surface.commands import CommandBus
from gridbot.surface.history import History
from gridbot.telegram.commands import Commands
from gridbot.telegram.link import BotLink, Failed
from gridbot.words import Settled, StreamAge
from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, OperatorCommand
from gridcore.session.account import AccountSession

CHAT = 4711


Story = Callable[[Any, BotLink], Awaitable[None]]


@pytest.fixture
def play_link(make_api: Callable[[], Any], token: str) -> Callable[..., None]:
    """Plays a story with a Bot API and a link to it."""

    def play(story: Story, token: str = token, clean: Callable[[str], str] = str) -> None:
        async def inside() -> None:
            api = make_api()
            async with api.served():
                link = BotLink(token, api.url, clean)
                try:
                    await asyncio.wait_for(story(api, link), 20)
                finally:
                    await link.close()

        asyncio.run(inside())

    return play


class ObedientAccount:
    """An AccountView whose session has lived a while, and takes commands a moment later."""

    def __init__(self, name: str, life: Any) -> None:
        self.name = name
        self.life = life
        self.observers: list[Any] = []
        self.deaf = False
        self.down = False

    @property
    def session(self) -> AccountSession:
        """The session of the life."""
        session: AccountSession = self.life.session
        return session

    @property
    def now(self) -> Instant:
        """The session's time."""
        now: Instant = self.life.now
        return now

    def settled(self) -> Settled:
        """Everything is handled at once."""
        return Settled(handled_through_us=self.now, in_flight=0, ready=True)

    def turned_age_s(self) -> float:
        """It comes round whenever it is asked."""
        return 0.0

    def streams(self) -> Sequence[StreamAge]:
        """The private stream."""
        return [StreamAge(name="private", heard_at=self.now, up=not self.down)]

    def command(self, command: OperatorCommand) -> None:
        """Handled a moment later, as from an inbox."""
        if not self.deaf:
            asyncio.get_running_loop().call_soon(self.take, command)

    def live(self, steps: int) -> None:
        """So many events more, observed."""
        for _ in range(steps):
            event, effects, now = self.life.step()
            for observer in self.observers:
                observer.observe(self.name, event, effects, now)

    def take(self, event: Event) -> None:
        """Handle an event; what it asks for is not answered."""
        self.life.now = Instant(self.now + SECOND_US)
        effects = self.session.handle(event, self.now)
        for observer in self.observers:
            observer.observe(self.name, event, effects, self.now)


@pytest.fixture
def make_account(
    make_account_setup: Callable[..., AccountSetup], make_life: Callable[..., Any]
) -> Callable[..., ObedientAccount]:
    """Builds an account that has traded for as many events."""

    def make(name: str = "main", steps: int = 60) -> ObedientAccount:
        account = ObedientAccount(name, make_life(make_account_setup().session()))
        account.live(steps)
        return account

    return make


class Desk:
    """Commands over accounts, with a clock that is set by hand."""

    def __init__(self, folder: Path, accounts: Sequence[ObedientAccount]) -> None:
        self.wall = Instant(0)
        self.audit = folder / "audit.jsonl"
        named = {account.name: account for account in accounts}
        self.history = History(named)
        self.accounts = named
        self.bus = CommandBus(named, AuditLog(folder), lambda: accounts[0].now, wait_s=0.2)
        for account in accounts:
            account.observers += [self.history, self.bus]
            account.live(1)
        self.commands = Commands(
            named,
            self.history,
            self.bus,
            (CHAT,),
            now=lambda: accounts[0].now,
            wall=lambda: self.wall,
            code=lambda: "0815",
        )

    def ask(self, *texts: str, chat: int = CHAT) -> list[str | None]:
        """The answers to messages, one after the other."""

        async def asked() -> list[str | None]:
            return [await self.commands.answer(chat, text) for text in texts]

        return asyncio.run(asked())


@pytest.fixture
def make_desk(tmp_path: Path) -> Callable[..., Any]:
    """Builds a desk over accounts."""
    return lambda *accounts: Desk(tmp_path, accounts)


class Chat:
    """A Sender that notes, and fails as told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.silent: list[bool] = []
        self.failures: list[Failed] = []
        self.tries = 0

    async def send(self, chat: int, text: str, *, silent: bool = False) -> Failed | None:
        """Note a message."""
        assert chat == CHAT
        self.tries += 1
        if self.failures:
            return self.failures.pop(0)
        self.texts.append(text)
        self.silent.append(silent)
        return None


@pytest.fixture
def sender() -> Chat:
    """A chat that notes what it is sent."""
    return Chat()
