"""The daemon: every account's shell, the surface and their helpers, in one group of tasks.

The one place that knows every part; it decides nothing about how any of them works.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from appkit.beside import beside
from appkit.exits import CommandError, ExitCode, RunFailed
from appkit.version import code_version
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import machine_clock
from grid_db.words import RunStatus
from gridbot.audience import Audience
from gridbot.claims import Claims
from gridbot.config.keys import credentials_of, database_of, token_of
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.guard.heartbeat import HeartbeatKeeper
from gridbot.logs.scrubber import Scrubber
from gridbot.outlets import Outlets
from gridbot.shell.account_loop import AccountLoop, LoopEnd
from gridbot.shell.clock import Clock
from gridbot.shell.exchange import Exchange
from gridbot.shell.loop_watch import LoopWatch
from gridbot.shell.stopping import BookKeeper
from gridbot.startup import AccountStart, Prepared, Say, Stages, closed, time_of
from gridbot.store.grid_states import GridStateRows
from gridbot.surface.server import Surface
from gridbot.surface.views import RunFacts
from gridbot.surface.words import SurfaceSettings
from gridbot.words import StartStopped, StopToken
from gridcore.clock import Instant
from gridcore.events import HostCondition, HostReport

BEGIN_S_MAX = 60.0
"""How long the streams of a start may take to deliver."""
LOOK_S = 0.05
UNLIMITED = 10**9

Announce = Callable[[int], None]
"""Is told once that all accounts trade; the surface's port."""


class Daemon:
    """One process of gridbot. Made and run on one event loop."""

    def __init__(
        self,
        config: GridbotConfig,
        environment: Mapping[str, str],
        *,
        say: Say,
        announce: Announce,
        scrubber: Scrubber,
    ) -> None:
        self.stop = StopToken()
        self.accounts: dict[str, AccountLoop] = {}
        self._config = config
        self._environment = environment
        self._say = say
        self._announce = announce
        self._ended = StopToken()
        self._stages = Stages(self.stop, say)
        self._exchanges = _exchanges(config)
        self._starts: dict[str, AccountStart] = {}
        self._running: dict[str, Prepared] = {}
        self._audience = Audience()
        self._outlets = Outlets(config, environment, scrubber, self.accounts)
        self._version = str(code_version("gridbot", Path(__file__)))
        self._claims = Claims(
            config,
            environment,
            database_of(config),
            now=self._now,
            code_version=self._version,
            report=self._tell,
        )
        self._heartbeat = HeartbeatKeeper(config.home)
        self._left = 0

    async def run(self) -> int:
        """Start, trade until the end is asked for, stop; the exit code.

        CommandError with the reason when the daemon cannot start or go on.
        """
        with _signals(self.stop):
            async with self._outlets.open(lambda: self.stop.reason):
                await self._run()
        await self._heartbeat.end()
        return ExitCode.DONE

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._live(tasks)
        except BaseExceptionGroup as group:
            self._end_by(group)
        finally:
            for exchange in self._exchanges.values():
                await exchange.close()
        if self._left:
            raise RunFailed(
                f"{self._left} orders may still rest against on_stop: {self._config.on_stop.value}",
                "look at the exchange, and cancel there what should not rest",
            )

    async def _live(self, tasks: asyncio.TaskGroup) -> None:
        for exchange in self._exchanges.values():
            await self._stages.attempted("clock", partial(time_of, exchange))
        watch = LoopWatch(self._clock.steady_s)
        helpers = [tasks.create_task(watch.run())]
        helpers += [
            tasks.create_task(exchange.keep_time())
            for exchange in self._exchanges.values()
            if not exchange.lockstep
        ]
        loops: list[asyncio.Task[None]] = []
        status = RunStatus.FAILED
        surface = await self._surface(watch)
        self._audience.join(*surface.observers, *self._outlets.observers)
        try:
            async with (
                surface.served(tasks) as port,
                self._outlets.serving(tasks, surface, self._now),
            ):
                await self._prepare_all()
                loops += [
                    tasks.create_task(self._account(name), name=f"account {name}")
                    for name in list(self._running)
                ]
                helpers.append(tasks.create_task(self._beat(port)))
                await self._begin(port)
                await self.stop.wait()
                self._say(f"stopping: {self.stop.reason}")
                await self._stop()
                await asyncio.wait(loops)
            status = RunStatus.COMPLETED
        finally:
            for task in (*helpers, *loops):
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            for name in list(self._running):
                await self._close(name)
            await beside("give-back", partial(self._claims.close, status))

    # -- start -----------------------------------------------------------------------------

    async def _surface(self, watch: LoopWatch) -> Surface:
        block = self._config.surface
        token = await self._stages.blocking(
            "token", partial(token_of, block.token, self._environment)
        )
        self._outlets.hide(token)
        surface = Surface(
            SurfaceSettings(host=block.host, port=block.port, token=token),
            accounts=self.accounts,
            facts=RunFacts(
                version=self._version,
                shadow=self._config.shadows_only,
                started_at=self._clock.now(),
                environments=tuple(
                    (one.name, one.environment + (", shadow" if one.shadow else ""))
                    for one in self._config.accounts
                ),
            ),
            now=self._now,
            folder=self._config.home / "surface",
            collectors=(watch,),
        )
        if surface.trouble:
            self._say(surface.trouble)
        return surface

    async def _prepare_all(self) -> None:
        """All accounts side by side, so that one that waits does not hold up the others."""
        for account in self._config.accounts:
            name = account.name
            credentials = await self._stages.blocking(
                f"key of {name}",
                partial(credentials_of, self._config, account, self._environment),
            )
            self._outlets.hide(credentials.key, credentials.secret)
            await self._stages.attempted(name, partial(self._claims.take, account, credentials.key))
            self._starts[name] = AccountStart(
                self._config,
                account,
                credentials,
                self._exchanges[account.environment],
                self._stages,
                (self._audience,),
            )
        async with asyncio.TaskGroup() as starting:
            for account in self._config.accounts:
                starting.create_task(self._prepare(account))
        for name, prepared in self._running.items():
            await self._stages.attempted(
                name, partial(self._claims.begin, name, prepared.config_hash)
            )
        self._claims.start()
        self._audience.join(
            GridStateRows(
                session_of=lambda name: self.accounts[name].session,
                runs=self._claims.runs,
                put=self._claims.store.put,
                wall=machine_clock,
            )
        )
        for exchange in self._exchanges.values():
            await self._stages.blocking("market stream", exchange.hub.connect)

    async def _prepare(self, account: AccountConfig) -> None:
        prepared = await self._starts[account.name].prepare()
        self._running[account.name] = prepared
        loop = self.accounts[account.name] = prepared.run.loop
        for condition in self._claims.standing(account.name):
            loop.report(HostReport(at=loop.now(), condition=condition, stands=True))

    def _tell(self, account: str, condition: HostCondition, stands: bool) -> None:
        """What the lease's keeper says, from its thread."""
        self._say(f"{account}: {condition.value} {'stands' if stands else 'is over'}")
        loop = self.accounts.get(account)
        if loop is not None:
            loop.report(HostReport(at=loop.now(), condition=condition, stands=stands))

    async def _begin(self, port: int) -> None:
        """Wait until every session has begun; RunFailed when its streams do not deliver."""
        waited_s = 0.0
        while not all(loop.begun for loop in self.accounts.values()):
            if await self.stop.sleep(LOOK_S):
                return
            waited_s += LOOK_S
            if waited_s > BEGIN_S_MAX:
                silent = [
                    f"{name}: {stream.name}"
                    for name, loop in self.accounts.items()
                    for stream in loop.streams()
                    if not stream.up or stream.heard_at is None
                ]
                raise RunFailed(
                    f"no frames within {BEGIN_S_MAX:g} s: {', '.join(silent)}; nothing was placed",
                    "see whether the exchange's streams can be reached from here",
                )
        self._announce(port)
        self._outlets.trading()

    async def _beat(self, port: int) -> None:
        """Signs of life for the guard, once a session has begun: before, nothing is tended."""
        while not any(loop.begun for loop in self.accounts.values()):
            await asyncio.sleep(LOOK_S)
        self._heartbeat.port = port
        await self._heartbeat.run()

    # -- one account -----------------------------------------------------------------------

    async def _account(self, name: str) -> None:
        """Run an account; a session that has to begin anew does so by a start (ADR 0035)."""
        self._running[name].run.start()
        while await self.accounts[name].run(self._ended) is LoopEnd.REBUILD:
            self._say(f"{name}: a symbol has other units; its session begins anew")
            await self._close(name)
            account = self._config.account(name)
            hub = self._exchanges[account.environment].hub
            try:
                await self._prepare(account)
                await self._stages.blocking("market stream", hub.connect)
            except StartStopped:
                return
            self._running[name].run.start()

    async def _close(self, name: str) -> None:
        prepared = self._running.pop(name)
        await prepared.run.close()
        await beside("close-journal", partial(closed, prepared.journal, name))

    # -- stop ------------------------------------------------------------------------------

    async def _stop(self) -> None:
        """The book as on_stop says; then no more market, the last answers, and the end."""
        keepers = [
            BookKeeper(
                self._config.on_stop, loop, sleep=asyncio.sleep, steady_s=self._clock.steady_s
            )
            for loop in self.accounts.values()
        ]
        self._left = sum(await asyncio.gather(*(keeper.leave() for keeper in keepers)))
        for exchange in self._exchanges.values():
            await beside("close-hub", exchange.hub.close)
        await asyncio.gather(*(keeper.quieten() for keeper in keepers))
        self._ended.request(self.stop.reason)

    def _end_by(self, group: BaseExceptionGroup[BaseException]) -> None:
        """Raise the one error that tells most; a stop while starting is none."""
        errors = list(_leaves(group))
        for error in errors:
            if not isinstance(error, CommandError | StartStopped | asyncio.CancelledError):
                raise error
        for error in errors:
            if isinstance(error, CommandError):
                raise error
        self._say(f"stopped while starting: {self.stop.reason}")

    # -- time ------------------------------------------------------------------------------

    @property
    def _clock(self) -> Clock:
        return next(iter(self._exchanges.values())).clock

    def _now(self) -> Instant:
        """The newest of the sessions' times; before there are any, the exchange's."""
        times = [loop.now() for loop in self.accounts.values()]
        return max(times) if times else self._clock.now()


def _exchanges(config: GridbotConfig) -> dict[str, Exchange]:
    """One for each environment that accounts name; the address's budget is shared by all."""
    limiter = RateLimiter(address_cap=UNLIMITED) if config.lockstep else RateLimiter()
    found: dict[str, Exchange] = {}
    for account in config.accounts:
        if account.environment not in found:
            found[account.environment] = Exchange(
                account.endpoint,
                limiter,
                timeout_s=config.rest_fetch_timeout,
                speed=config.clock_speed,
                lockstep=config.lockstep,
            )
    return found


@contextmanager
def _signals(stop: StopToken) -> Iterator[None]:
    """The first SIGTERM or SIGINT asks for the end, a second one is the end (130)."""
    loop = asyncio.get_running_loop()

    def ask(name: str) -> None:
        if stop.requested:
            os._exit(ExitCode.INTERRUPTED)
        stop.request(name)

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, ask, number.name)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
