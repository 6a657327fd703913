"""The recorder put together: streams, writers, keeper, runs. It decides nothing of their work."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial

from appkit.beside import beside
from appkit.configuration import config_hash
from appkit.exits import RunFailed
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest_client import RestClient, wait_until
from bybit_adapter.ws_client.client import (
    PRIVATE_TOPICS,
    WsClient,
    private_client,
    public_client,
)
from bybit_adapter.ws_client.clock import SystemClock
from event_saver.accounts import AccountContext, Runs
from event_saver.answering import answering
from event_saver.codec import Item, time_of
from event_saver.collectors import PrivateCollector, PublicCollector, let_go
from event_saver.config import EventSaverConfig
from event_saver.delays import Delays
from event_saver.exchange import RestExchange, instrument_of
from event_saver.gaps.audit import AuditLimits
from event_saver.gaps.doubts import doubts
from event_saver.gaps.filling import Filler
from event_saver.gaps.hindrance import Hindrance
from event_saver.gaps.ledger import GapLedger, Key
from event_saver.journals import Journals
from event_saver.keeper import Account, Keeper, keys_of
from event_saver.listed import ListedRows
from event_saver.market_clock import MarketClock
from event_saver.rows.attribution import Owners
from event_saver.rows.private import Origin, PrivateRows
from event_saver.rows.public import PublicRows
from event_saver.sink import DatabaseSink, Tenant
from event_saver.status import Status, status_of, stream_of
from event_saver.store import DatabaseStore
from event_saver.watermarks import Settling, settling
from event_saver.writer.batches import BatchLimits
from event_saver.writer.queue import DroppingQueue, Queue
from event_saver.writer.writer import Writer, wall_clock
from grid_db.factory import DatabaseFactory
from grid_db.identity import new_id
from grid_db.words import RunStatus
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.instrument import Instrument

REPLAY_S_MAX = 5.0
BEAT_S = 20.0
FINISH_S_MIN = 1.0
"""A database that works takes the end of the runs within that time, whatever was before."""
HOUSEKEEPING_S = 1.0
REMEMBERED_US = HOUR_US
"""No answer to a question is older than that: what was told before needs no merging any more."""
QUEUE_FULL = "the queue was full while the database was away"


class EventSaver:
    """Records public streams and those of its accounts into a database.

    `add_account` before `start`; `run_until_shutdown` returns how many rows were lost for good.
    """

    def __init__(self, config: EventSaverConfig, db: DatabaseFactory) -> None:
        self.config = config
        self.clock = SystemClock()
        self._stream_clock = MarketClock(self.clock, self._newest)
        self._delays = Delays(self.now)
        self._database = db
        self._accounts: list[AccountContext] = []
        self._limiter = RateLimiter()
        self._market = self._rest(None)
        self._clients: dict[str, RestClient] = {}
        self._runs = Runs(db, config.environment, new_id=new_id, now=self.now)
        self._writers: dict[str, Writer[Item]] = {}
        self._journals = Journals(config.journal_folder, config.environment)
        self._streams: list[WsClient] = []
        self._collectors: dict[str, PrivateCollector] = {}
        self._rows: dict[str, PrivateRows] = {}
        self._keeper: Keeper | None = None
        self._ended = ""
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def add_account(self, account: AccountContext) -> None:
        """Record this account too."""
        if self._keeper is not None:
            raise RuntimeError("expected accounts before the start")
        self._accounts.append(account)

    async def start(self) -> None:
        """Begin to record; UserError or RunFailed when that cannot be, and nothing is left open.

        From now on SIGTERM and SIGINT end the recording, a start that still waits included.
        """
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stopping.set)
        async with AsyncExitStack() as when_it_fails:
            when_it_fails.push_async_callback(self._give_up)
            await beside("start", self._start)
            when_it_fails.pop_all()

    async def _give_up(self) -> None:
        await beside("give-up", partial(self._stop, RunStatus.FAILED))

    async def run_until_shutdown(self) -> int:
        """Record until SIGTERM, SIGINT, `shutdown` or a fatal end; how many rows were lost.

        RunFailed when a stream has ended for good, after everything received was written.
        """
        beats = 0.0
        beat: asyncio.Future[bool] | None = None
        while not self._stopping.is_set():
            if beats == 0 and (beat is None or beat.done()):
                # A database that hangs holds up nothing else.
                beat = asyncio.ensure_future(beside("heartbeat", self._runs.heartbeat))
            await beside("housekeeping", partial(self._keep_house, beats == 0))
            beats = (beats + HOUSEKEEPING_S) % BEAT_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), HOUSEKEEPING_S)
        status = RunStatus.FAILED if self._ended else RunStatus.COMPLETED
        lost = await beside("stop", partial(self._stop, status))
        if self._ended:
            raise RunFailed(f"recording has ended: {self._ended}")
        return lost

    def shutdown(self) -> None:
        """End the recording, from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    def settling(self) -> Settling:
        """How far everything that came is committed."""
        return settling([writer.watermark for writer in list(self._writers.values())])

    def now(self) -> Instant:
        """The exchange's time: as measured, or as its newest message says."""
        return self._stream_clock.now()

    def _newest(self) -> Instant:
        writers = list(self._writers.values())
        return max((one.watermark.newest for one in writers), default=Instant(0))

    def ready(self) -> bool:
        """Whether every stream delivers, and will."""
        if self._stopping.is_set() or not self._streams:
            return False
        return not any(one.state().down for one in self._streams)

    def status(self) -> Status:
        """Everything that an operator wants to know."""
        return status_of(
            now=self.now(),
            environment=self.config.environment,
            database=self._database.shown_url,
            ready=self.ready(),
            down=[topic for one in self._streams for topic in one.state().down],
            streams=[
                stream_of(writer, self._delays.counts(name))
                for name, writer in list(self._writers.items())
            ],
            keeper=None if self._keeper is None else self._keeper.state(),
        )

    # -- starting --------------------------------------------------------------------------

    def _start(self) -> None:
        with answering(self._database):
            self._begin()

    def _begin(self) -> None:
        config = self.config
        for account in self._accounts:
            self._clients[account.account_id] = self._rest(account)
        self.clock.synchronise(self._server_time)
        instruments = {
            symbol: instrument_of(self._market, symbol, self._stopping.is_set)
            for symbol in self._symbols()
        }
        sinks = self._open_writers()
        fingerprint, text = config_hash(config), config.model_dump_json()
        self._runs.begin(self._accounts, fingerprint, text)
        store = DatabaseStore(self._database, config.environment, sinks, self._runs.run_ids)
        for account in self._accounts:
            self._rows[account.account_id] = self._private_rows(account)
        keeper = self._keeper = self._new_keeper(store)
        damaged = [name for name in self._journals.damaged if name in self._rows]
        lost = doubts(store, damaged, self.now())
        for writer in self._writers.values():
            writer.start()
        # What a killed process left in its journals is to be in the tables before they are asked.
        for writer in self._writers.values():
            writer.flush(REPLAY_S_MAX)
        keeper.take_over(store.open_gaps(), self._keys())
        for news in lost:
            keeper.tell(news)
        keeper.start()
        self._open_streams(instruments, keeper)

    def _rest(self, account: AccountContext | None) -> RestClient:
        return RestClient(
            self.config.endpoint,
            None if account is None else account.credentials,
            limiter=self._limiter,
            now=wall_clock,
            wait=wait_until,
            stamp=self.now,
        )

    def _server_time(self) -> Instant | None:
        found = self._market.server_time()
        return found if isinstance(found, int) else None

    def _symbols(self) -> list[str]:
        of_accounts = [symbol for account in self._accounts for symbol in account.symbols]
        return list(dict.fromkeys([*self.config.symbols, *of_accounts]))

    def _symbols_of(self, account: AccountContext) -> tuple[str, ...]:
        return account.symbols or self.config.symbols

    def _open_writers(self) -> dict[str | None, DatabaseSink]:
        config = self.config
        public = self._sink(None)
        sinks: dict[str | None, DatabaseSink] = {None: public}
        self._add("ledger", self._journals.queue("ledger"), public)
        if config.capture_trades:
            self._add("trades", DroppingQueue(config.queue_max), public)
        if config.capture_tickers:
            self._add("tickers", DroppingQueue(config.queue_max), public)
        for account in self._accounts:
            sink = sinks[account.account_id] = self._sink(account)
            self._add(account.name, self._journals.queue(account.account_id), sink)
        return sinks

    def _sink(self, account: AccountContext | None) -> DatabaseSink:
        tenant = Tenant(
            environment=self.config.environment,
            user_id=None if account is None else account.user_id,
            account_id=None if account is None else account.account_id,
        )
        return DatabaseSink(self._database, tenant, new_id=new_id, now=wall_clock)

    def _add(self, name: str, queue: Queue[Item], sink: DatabaseSink) -> None:
        config = self.config
        age_us = 0 if config.lockstep else int(config.flush_interval_s * SECOND_US)
        self._writers[name] = Writer(
            name,
            queue,
            sink,
            limits=BatchLimits(items_max=config.batch_size, age_us_max=age_us),
            at_of=time_of,
            on_settled=self._delays.of_stream(name),
            on_dropped=self._dropped,
        )

    def _private_rows(self, account: AccountContext) -> PrivateRows:
        origin = Origin(
            environment=self.config.environment,
            account_id=account.account_id,
            run_id=self._runs.run_of(account.account_id),
        )
        symbols = frozenset(self._symbols_of(account))
        return PrivateRows(origin, Owners(account.strategies), symbols=symbols, new_id=new_id)

    def _new_keeper(self, store: DatabaseStore) -> Keeper:
        exchange = RestExchange(self._market, self._clients)
        by_id = {account.account_id: self._symbols_of(account) for account in self._accounts}
        rows = ListedRows(PublicRows(self.config.environment, {}), self._rows, self._collectors)
        return Keeper(
            GapLedger(self.config.environment, new_id),
            Filler(
                exchange,
                store,
                rows,
                symbols=by_id.__getitem__,
                new_id=new_id,
                hindered=Hindrance(self._writers),
            ),
            exchange,
            store,
            accounts=[Account(account_id=key, symbols=found) for key, found in by_id.items()],
            store_gaps=self._writers["ledger"].put,
            now=self.now,
            asked_now=self._asked_now,
            on_ended=self._end,
            audits=AuditLimits(interval_us=int(self.config.audit_interval_s * SECOND_US)),
        )

    def _keys(self) -> list[Key]:
        """Every stream that is recorded."""
        private = [keys_of(account.account_id, PRIVATE_TOPICS) for account in self._accounts]
        return sum(private, keys_of(None, self.config.topics))

    def _open_streams(self, instruments: dict[str, Instrument], keeper: Keeper) -> None:
        config, endpoint = self.config, self.config.endpoint
        if config.topics:
            either = self._writers.get("trades") or self._writers["tickers"]
            public = PublicCollector(
                config.environment,
                instruments,
                trades=self._writers.get("trades", either),
                tickers=self._writers.get("tickers", either),
                letters=either,
                new_id=new_id,
                tell=keeper.tell,
            )
            self._streams.append(
                public_client(endpoint.public_url, config.topics, public, clock=self._stream_clock)
            )
        for account in self._accounts:
            collector = PrivateCollector(
                account.account_id,
                instruments,
                self._rows[account.account_id],
                self._writers[account.name],
                keeper.tell,
            )
            self._collectors[account.account_id] = collector
            self._streams.append(
                private_client(
                    endpoint.private_url,
                    account.credentials,
                    collector,
                    clock=self._stream_clock,
                    synchronise=self._synchronise,
                )
            )
        for stream in self._streams:
            stream.start()

    def _synchronise(self) -> None:
        self.clock.synchronise(self._server_time)

    def _asked_now(self) -> Instant:
        """The exchange's time, asked where it answers."""
        self._synchronise()
        return self.now()

    # -- running ---------------------------------------------------------------------------

    def _dropped(self, items: Sequence[Item]) -> None:
        """Public rows that had to make room become gaps, which are filled once there is room."""
        assert self._keeper is not None
        for lost in let_go(items, QUEUE_FULL):
            self._keeper.tell(lost)

    def _end(self, text: str) -> None:
        self._ended = self._ended or text
        self.shutdown()

    def _keep_house(self, beat: bool) -> None:
        """Say that the runs live, and notice threads that have died."""
        dead = [name for name, writer in self._writers.items() if not writer.state().alive]
        if self._keeper is not None and not self._keeper.alive:
            dead.append("gap keeper")
        if dead:
            self._end(f"the threads of {', '.join(dead)} have died; see their tracebacks")
        self._write_health()
        if beat:
            for collector in self._collectors.values():
                collector.forget(Instant(self.now() - REMEMBERED_US))

    def _write_health(self) -> None:
        """A file that cannot be written grows old, which says so; recording goes on."""
        if self.config.health_file is not None:
            with suppress(OSError):
                self.status().write(self.config.health_file)

    # -- stopping --------------------------------------------------------------------------

    def _stop(self, status: RunStatus) -> int:
        """End everything within the deadline; how many public rows were lost."""
        deadline_s = wall_clock() / SECOND_US + self.config.shutdown_s

        def left_s() -> float:
            return max(0.1, deadline_s - wall_clock() / SECOND_US)

        for stream in self._streams:
            stream.close(min(left_s(), 4.8))
        if self._keeper is not None:
            self._keeper.close(min(left_s(), 2.0))
        lost = 0
        for name, writer in self._writers.items():
            left = writer.close(left_s())
            lost += writer.state().lost + (left if name in ("trades", "tickers") else 0)
        end = RunStatus.FAILED if lost else status
        self._runs.finish(end, max(left_s(), FINISH_S_MIN))
        self._write_health()
        self._journals.close()
        self._market.close()
        for client in self._clients.values():
            client.close()
        return lost
