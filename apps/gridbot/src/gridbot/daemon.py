"""The daemon: every account's shell, the surface and their helpers, in one group of tasks.

The one place that knows every part; it decides nothing about how any of them works.
"""

import asyncio
import gc
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from appkit.beside import beside
from appkit.exits import ExitCode, RunFailed
from appkit.version import code_version
from bybit_adapter.rest_client import machine_clock
from grid_db.words import RunStatus
from gridbot.audience import Audience
from gridbot.claims import Claims
from gridbot.config.keys import credentials_of, database_of, token_of
from gridbot.config.model import GridbotConfig
from gridbot.exchanges import exchanges_of
from gridbot.guard.heartbeat import HeartbeatKeeper
from gridbot.heap import Heap
from gridbot.logs.scrubber import Scrubber
from gridbot.outlets import Outlets
from gridbot.ownership.lock_file import hold_home
from gridbot.questions import time_of
from gridbot.shell.account_loop import AccountLoop, LoopEnd
from gridbot.shell.clock import Clock
from gridbot.shell.loop_watch import LoopWatch
from gridbot.shell.reactions import Reactions
from gridbot.shell.stopping import STOP_S_MAX, BookKeeper, Deadline
from gridbot.signals import ending_on_signals
from gridbot.stages import Say, Stages
from gridbot.startup import AccountStart, Prepared, closed
from gridbot.store.grid_states import GridStateRows
from gridbot.surface.organs import EarState, JournalState, Organs
from gridbot.surface.server import Surface
from gridbot.surface.views import RunFacts
from gridbot.surface.words import SurfaceSettings
from gridbot.telling import telling
from gridbot.words import StartStopped, StopToken
from gridcore.clock import Instant
from gridcore.events import HostCondition, HostReport

BEGIN_S_MAX = 60.0
"""How long the streams of a start may take to deliver."""
LOOK_S = 0.05
LAST_BEAT_S = 1.0

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
        warn: Say | None = None,
        stop_s: float = STOP_S_MAX,
    ) -> None:
        self.stop = StopToken()
        self.accounts: dict[str, AccountLoop] = {}
        self._config = config
        self._environment = environment
        self._say = say
        self._announce = announce
        self._ended = StopToken()
        self._stages = Stages(self.stop, say, warn=warn, speed=config.clock_speed)
        self._heap = Heap()
        self._heap.limit()
        self._reactions = Reactions()
        self._exchanges = exchanges_of(config, self._reactions)
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
        names = [one.name for one in config.accounts]
        self._heartbeat = HeartbeatKeeper(config.home, names, self.accounts)
        self._left = 0
        self._stop_s = stop_s
        self._deadline: Deadline | None = None
        self._errors: list[BaseException] = []

    async def run(self) -> int:
        """Start, trade until the end is asked for, stop; the exit code.

        CommandError with the reason when the daemon cannot start or go on.
        """
        with ending_on_signals(self.stop):
            async with self._outlets.open(lambda: self.stop.reason):
                await self._run()
            with suppress(TimeoutError):  # a disk that hangs does not hold up the end
                await asyncio.wait_for(self._heartbeat.end(), LAST_BEAT_S)
        return ExitCode.DONE

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._at_home(tasks)
        except BaseExceptionGroup as group:
            error = telling(group)
            if error is not None:
                raise error from None
            self._say(f"stopped while starting: {self.stop.reason}")
        finally:
            closing = [exchange.close() for exchange in self._exchanges.values()]
            self._errors += await self._ending().within(Deadline.CLAIMS, *closing)
        for error in self._errors:
            raise error
        if self._left:
            raise RunFailed(
                f"{self._left} orders may still rest against on_stop: {self._config.on_stop.value}",
                "look at the exchange, and cancel there what should not rest",
            )

    async def _at_home(self, tasks: asyncio.TaskGroup) -> None:
        """One daemon for a folder of data: its files have one writer each."""
        work = partial(hold_home, self._config.home, machine_clock())
        with await self._stages.blocking("home", work):
            await self._live(tasks)

    async def _live(self, tasks: asyncio.TaskGroup) -> None:
        for exchange in self._exchanges.values():
            await self._stages.attempted("clock", partial(time_of, exchange))
        watch = LoopWatch(self._clock.steady_s)
        helpers = [tasks.create_task(watch.run()), tasks.create_task(self._heap.keep())]
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
                self._outlets.serving(surface, self._now),
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
                # Their errors are the group's.
                await self._ending().within(Deadline.LOOPS, *loops)
            status = RunStatus.COMPLETED
        finally:
            for task in (*helpers, *loops):
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self._close_all(status)

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
            collectors=(watch, self._reactions),
            organs=self._organs,
        )
        if surface.trouble:
            self._say(surface.trouble)
        return surface

    def _organs(self) -> Organs:
        return Organs(
            store=self._claims.store.state(),
            leases=self._claims.leases(),
            journals=tuple(
                JournalState(
                    account=name,
                    waiting_bytes=one.journal.waiting_bytes,
                    waiting_since=one.journal.waiting_since,
                    archive_error=one.journal.archive.error,
                )
                for name, one in self._running.items()
            ),
            ears=tuple(
                EarState(
                    account=name,
                    dead_letters=one.run.dead_letters.by_topic(),
                    pauses=one.run.loop.pauses,
                )
                for name, one in self._running.items()
            ),
        )

    async def _prepare_all(self) -> None:
        """All accounts side by side, so that one that waits does not hold up the others."""
        for account in self._config.accounts:
            name = account.name
            credentials = await self._stages.blocking(
                f"key of {name}",
                partial(credentials_of, self._config, account, self._environment),
            )
            self._outlets.hide(credentials.key, credentials.secret)
            start = self._starts[name] = AccountStart(
                self._config,
                account,
                credentials,
                self._exchanges[account.environment],
                self._stages,
                (self._audience,),
            )
            wallet = await start.identify()
            await self._stages.attempted(name, partial(self._claims.take, account, wallet))
        async with asyncio.TaskGroup() as starting:
            for account in self._config.accounts:
                starting.create_task(self._prepare(account.name, begins=True))
        for account in self._config.accounts:
            self._take_up(account.name)
        for name, prepared in self._running.items():
            await self._stages.attempted(name, partial(self._claims.begin, name, prepared.setup))
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

    async def _prepare(self, name: str, *, begins: bool) -> None:
        """What is prepared is closed at the end, whatever becomes of the other accounts."""
        self._running[name] = await self._starts[name].prepare(begins=begins)

    def _take_up(self, name: str) -> None:
        """Show an account, in the order of the configuration, and tell it what stands already."""
        loop = self.accounts[name] = self._running[name].run.loop
        for condition in self._claims.standing(name):
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
        gc.freeze()  # what stands by now stays: looking through it again would hold up the loop
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
            before, account = self.accounts[name], self._config.account(name)
            hub = self._exchanges[account.environment].hub
            try:
                await self._prepare(name, begins=False)
                self._take_up(name)
                for command in before.unread():
                    self.accounts[name].command(command)
                await self._stages.blocking("market stream", hub.connect)
            except StartStopped:
                return
            self._running[name].run.start()

    async def _close(self, name: str) -> None:
        prepared = self._running.pop(name)
        try:
            await prepared.run.close()
        finally:
            await beside("close-journal", partial(closed, prepared.journal, name))

    # -- stop ------------------------------------------------------------------------------

    async def _stop(self) -> None:
        """The book as on_stop says; then no more market, the last answers, and the end."""
        deadline = self._ending()
        keepers = [
            BookKeeper(self._config.on_stop, loop, deadline, sleep=asyncio.sleep)
            for loop in self.accounts.values()
        ]
        await asyncio.gather(*(keeper.leave() for keeper in keepers))
        for prepared in self._running.values():
            prepared.run.deafen()
        hubs = [exchange.hub for exchange in self._exchanges.values()]
        closing = [beside("close-hub", hub.close) for hub in hubs]
        await deadline.within(Deadline.MARKET, *closing)
        await asyncio.gather(*(keeper.quieten() for keeper in keepers))
        self._left = sum(keeper.left() for keeper in keepers)
        self._ended.request(self.stop.reason)

    def _ending(self) -> Deadline:
        """The limit of the end, which begins with the first who asks."""
        if self._deadline is None:
            self._deadline = Deadline(self._stop_s, self._clock.steady_s)
        return self._deadline

    async def _close_all(self, status: RunStatus) -> None:
        """Every part of its own: what fails or hangs keeps nothing else from its end."""
        deadline = self._ending()
        ending = list(self._running.items())
        self._running.clear()
        parts = [prepared.run.close() for _, prepared in ending]
        self._errors += await deadline.within(Deadline.PARTS, *parts)
        journals = [
            beside("close-journal", partial(closed, prepared.journal, name))
            for name, prepared in ending
        ]
        self._errors += await deadline.within(Deadline.JOURNALS, *journals)
        give_back = beside("give-back", partial(self._claims.close, status))
        self._errors += await deadline.within(Deadline.CLAIMS, give_back)

    # -- time ------------------------------------------------------------------------------

    @property
    def _clock(self) -> Clock:
        return next(iter(self._exchanges.values())).clock

    def _now(self) -> Instant:
        """The newest of the sessions' times; before there are any, the exchange's."""
        times = [loop.now() for loop in self.accounts.values()]
        return max(times) if times else self._clock.now()
