"""A database like a live recording, made of a backtest that runs in this process (A-14).

It writes what bot and recorder would have written of the very run whose outcome it keeps, so that
a comparison of the two must find nothing; tests then change one thing at a time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa

from appkit.account_setup import AccountSetup, account_setup, setup_body
from apps.comparator.tests.little_market import (
    BALANCE,
    MAKER,
    MARK_UNIT,
    START,
    TAKER,
    instrument_of,
)
from backtest.opening import setup_of
from backtest.outcome import RunOutcome
from backtest.runner import Run, run_backtest
from backtest.wiring import RunPlan
from grid_db import records
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, strategy_id_of, user_id_of
from grid_db.records import fingerprint
from grid_db.repositories import AdminRepositories, as_admin
from grid_db.types import from_microseconds
from grid_db.words import Attribution, Environment, RunStatus, RunType, SnapshotSource
from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    Event,
    Execution,
    FundingPaid,
    OrderStatus,
    OrderUpdate,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.pnl import unrealised
from gridcore.session.account import AccountSession
from gridcore.session.effects import Effects
from gridcore.session.setup import AccountPolicies
from gridcore.sides import LONG, DirectionType, SideType, opening_side
from tapes import Tape

LEAD_US = 10 * SECOND_US
"""The recorder starts so long before the bot."""
ACCOUNT = "main"
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording and the run it tells of.

    `plan` is what was run, with its tapes; `outcome` what came of it, fill by fill. One live run
    for each symbol, one recording run for the account.
    """

    database: DatabaseFactory
    environment: Environment
    account_id: str
    user_id: str
    setup: AccountSetup
    live_runs: Mapping[str, str]
    recording_run: str
    plan: RunPlan
    outcome: RunOutcome

    @property
    def live_run(self) -> str:
        """The live run of the first symbol."""
        return next(iter(self.live_runs.values()))

    @property
    def url(self) -> str:
        """The database's address, as --database-url takes it."""
        return self.database.url.render_as_string(hide_password=False)

    def change(self, *statements: sa.Executable) -> None:
        """Tamper with the recording."""
        with self.database.get_session() as session:
            for statement in statements:
                session.execute(statement)


def make_recording(database: DatabaseFactory, plan: RunPlan) -> Recording:
    """Run a plan and write its run into a database that has the schema and no rows.

    The venue pushes as the exchange does: a state that a reply told already is told again.
    """
    loud = replace(plan, venue=replace(plan.venue, repeat_in_pushes=True))
    run = Run(loud, tick_by_tick=True, progress=None)
    ears = Ears(run)
    run.session = cast(AccountSession, ears)
    run.play()
    outcome = run_backtest(plan)
    setup = account_setup(
        ACCOUNT,
        "c0ffee",
        [setup_of(plan, one) for one in plan.strategies],
        plan.safety,
        AccountPolicies(),
    )
    recording = Recording(
        database=database,
        environment=Environment.SIM,
        account_id=account_id_of(ACCOUNT),
        user_id=user_id_of(ACCOUNT),
        setup=setup,
        live_runs={
            one.symbol: f"11111111-0000-4000-8000-{number:012}"
            for number, one in enumerate(plan.strategies, start=1)
        },
        recording_run="22222222-0000-4000-8000-000000000001",
        plan=plan,
        outcome=outcome,
    )
    with database.get_session() as session:
        rows = as_admin(session)
        _write_tenant(rows, recording)
        for tape in plan.tapes.values():
            _write_market(rows, tape)
        Notes(recording, rows).write(ears)
    return recording


class Ears:
    """Stands before a run's session and keeps what it is told, with the grids as they become."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._session = run.session
        self.heard: list[tuple[Event, Decimal]] = []
        """Each event with the wallet's equity after it."""
        self.grids: list[tuple[Instant, str, str]] = []
        """When, symbol, levels as JSON."""
        self._kept: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def handle(self, event: Event, now: Instant) -> Effects:
        """Pass an event on."""
        self.heard.append((event, self._run.venue.equity()))
        effects = self._session.handle(event, now)
        for symbol, strategy in self._session.strategies.items():
            levels = _grid_json(strategy.setup.instrument, strategy.engine)
            changed = any(notice.logger == "gridcore.grid" for notice in effects.notices)
            if levels != "[]" and (changed or isinstance(event, Execution)):
                if self._kept.get(symbol) != levels:
                    self.grids.append((now, symbol, levels))
                self._kept[symbol] = levels
        return effects


def _grid_json(instrument: Instrument, engine: Any) -> str:
    rows = [
        {"side": side.value, "price": instrument.price_text(Ticks(level))}
        for level, side in zip(engine.levels, engine.side_tags(), strict=True)
    ]
    return json.dumps(rows, separators=(",", ":"))


def _write_tenant(rows: AdminRepositories, recording: Recording) -> None:
    begin = from_microseconds(START - LEAD_US)
    live_at, end = from_microseconds(START), from_microseconds(recording.outcome.end)
    rows.users.ensure(records.User(user_id=recording.user_id, username=ACCOUNT), begin)
    rows.accounts.ensure(
        records.Account(
            account_id=recording.account_id,
            user_id=recording.user_id,
            account_name=ACCOUNT,
            environment=recording.environment,
        ),
        begin,
    )
    common: dict[str, Any] = {
        "user_id": recording.user_id,
        "account_id": recording.account_id,
        "end_ts": end,
    }
    rows.runs.start(
        records.Run(
            **common,
            run_id=recording.recording_run,
            strategy_id=None,
            run_type=RunType.RECORDING,
            start_ts=begin,
            status=RunStatus.COMPLETED,
            config_snapshot="{}",
            config_hash="5a4e",
            code_version="event-saver 0.1.0",
        )
    )
    for strategy in recording.plan.strategies:
        strategy_id = strategy_id_of(strategy.strat_id)
        told = {"strat_id": strategy.strat_id, "symbol": strategy.symbol, "account": ACCOUNT}
        rows.strategies.put(
            records.Strategy(
                strategy_id=strategy_id,
                account_id=recording.account_id,
                strat_id=strategy.strat_id,
                strategy_type="GridStrategy",
                symbol=strategy.symbol,
                config_json=json.dumps(told),
            ),
            begin,
        )
        snapshot = {"strategy": told, "fencing": 1, "setup": setup_body(recording.setup)}
        rows.runs.start(
            records.Run(
                **common,
                run_id=recording.live_runs[strategy.symbol],
                strategy_id=strategy_id,
                run_type=RunType.LIVE,
                start_ts=live_at,
                status=RunStatus.COMPLETED,
                config_snapshot=json.dumps(snapshot),
                config_hash=recording.setup.config_hash,
                code_version="gridbot 0.1.0",
            )
        )


def _write_market(rows: AdminRepositories, tape: Tape) -> None:
    header, trades, tickers = tape.manifest.header, tape.trades, tape.tickers
    assert tickers is not None
    tick, step = Decimal(header.tick_size), Decimal(header.qty_step)
    public: dict[str, Any] = {"environment": Environment.SIM, "symbol": header.symbol}
    rows.trades.record(
        [
            records.PublicTrade(
                **public,
                **_times(int(trades.time[row])),
                trade_id=f"{header.symbol}-{row}",
                side=SideType.SELL if trades.side[row] < 0 else SideType.BUY,
                price=int(trades.price[row]) * tick,
                size=int(trades.size[row]) * step,
                seq=1_000_000 + row,
            )
            for row in range(len(trades.time))
        ]
    )
    rows.tickers.record(
        [
            records.TickerSnapshot(
                **public,
                **_times(int(tickers.time[row])),
                last_price=int(tickers.last[row]) * tick,
                mark_price=int(tickers.mark[row]) * MARK_UNIT,
                bid1_price=int(tickers.bid[row]) * tick,
                ask1_price=int(tickers.ask[row]) * tick,
                funding_rate=Decimal(int(tickers.funding[row])).scaleb(-8),
            )
            for row in range(len(tickers.time))
        ]
    )


def _times(at: int) -> dict[str, Any]:
    """Received at once: the recorder's clock is the market's, as in lockstep."""
    return {"exchange_ts": from_microseconds(at), "local_ts": from_microseconds(at)}


class Notes:
    """The rows of an account, from the events that its session was told."""

    def __init__(self, recording: Recording, rows: AdminRepositories) -> None:
        self._recording = recording
        self._rows = rows
        self._realised = {fill.exec_id: fill.realised for fill in recording.outcome.fills}
        self._strategies = {one.symbol: one.strat_id for one in recording.plan.strategies}
        self._lifetime: dict[tuple[str, DirectionType], Decimal] = {}
        self._cycle: dict[tuple[str, DirectionType], Decimal] = {}
        self._of_run: dict[str, Any] = {
            "run_id": recording.recording_run,
            "account_id": recording.account_id,
        }
        self.executions: list[records.PrivateExecution] = []
        self.orders: list[records.OrderState] = []
        self.positions: list[records.PositionSnapshot] = []
        self.wallets: list[records.WalletSnapshot] = []
        self.funding: list[records.FundingPayment] = []

    def write(self, ears: Ears) -> None:
        """Write everything down."""
        self._begin()
        for event, equity in ears.heard:
            match event:
                case Execution():
                    self._execution(event)
                case OrderUpdate():
                    self._order(event)
                case PositionUpdate():
                    self._position(event)
                case WalletUpdate():
                    self._wallet(event, equity)
                case FundingPaid():
                    self._funding(event)
        self._rows.executions.record(self.executions)
        self._rows.orders.record(self.orders)
        self._rows.positions.record(self.positions)
        self._rows.wallets.record(self.wallets)
        self._rows.funding.record(self.funding)
        self._rows.grids.record([self._grid(*grid) for grid in ears.grids])

    def _begin(self) -> None:
        """How the account stood when the recorder began: flat, with its balance."""
        at = Instant(START - LEAD_US)
        for symbol in self._strategies:
            for direction in DirectionType:
                self._position(
                    PositionUpdate(
                        symbol=symbol,
                        at=at,
                        direction=direction,
                        size=Steps(0),
                        entry=None,
                        liquidation=None,
                        mark=None,
                    )
                )
        opening = WalletUpdate(at=at, balance=BALANCE, available=BALANCE)
        self._wallet(opening, BALANCE)

    def _order_of(self, event: Execution | OrderUpdate) -> dict[str, Any]:
        return {
            **self._of_run,
            **_times(event.at),
            "strat_id": self._strategies[event.symbol],
            "symbol": event.symbol,
            "position_idx": 1 if event.direction is LONG else 2,
            "order_id": event.order_id,
            "order_link_id": event.wire_id,
            "side": event.side,
        }

    def _execution(self, event: Execution) -> None:
        instrument = instrument_of(event.symbol)
        realised = self._realised.get(event.exec_id, _ZERO)
        key = event.symbol, event.direction
        self._gain(key, realised - event.fee)
        self.executions.append(
            records.PrivateExecution(
                **self._order_of(event),
                attribution=Attribution.ORDER,
                exec_id=event.exec_id,
                exec_type=event.kind.value,
                exec_price=instrument.price(event.price),
                exec_qty=instrument.qty(event.qty),
                closed_size=instrument.qty(event.closed),
                leaves_qty=instrument.qty(event.leaves),
                exec_fee=event.fee,
                fee_currency="USDT",
                fee_rate=MAKER if event.is_maker else TAKER,
                closed_pnl=realised,
                is_maker=event.is_maker,
                seq=event.sequence,
            )
        )

    def _order(self, event: OrderUpdate) -> None:
        instrument = instrument_of(event.symbol)
        cancelled = event.status is OrderStatus.CANCELLED
        reason = event.reason or ("EC_PerCancelRequest" if cancelled else "EC_NoError")
        self.orders.append(
            records.OrderState(
                **self._order_of(event),
                status=event.status.value,
                price=instrument.price(event.price),
                qty=instrument.qty(event.qty),
                leaves_qty=instrument.qty(event.leaves),
                cum_exec_qty=instrument.qty(event.filled),
                avg_price=None,
                reduce_only=event.reduce_only,
                reject_reason=reason,
                cancel_type="CancelByUser" if cancelled else "UNKNOWN",
            )
        )

    def _position(self, event: PositionUpdate) -> None:
        size = instrument_of(event.symbol).qty(event.size)
        key = event.symbol, event.direction
        mark, entry = event.mark, event.entry
        value = None if mark is None else size * mark
        profit = (
            unrealised(event.direction, entry, mark, size) if mark and entry is not None else None
        )
        spec = self._recording.plan.symbols[event.symbol]
        told = f"{event.at} {event.direction} {size} {entry} {mark} {len(self.positions)}"
        self.positions.append(
            records.PositionSnapshot(
                **self._of_run,
                **_times(event.at),
                source=SnapshotSource.LIVE,
                symbol=event.symbol,
                side=opening_side(event.direction),
                size=size,
                entry_price=entry,
                liq_price=event.liquidation if isinstance(event.liquidation, Decimal) else None,
                mark_price=mark,
                leverage=spec.leverage,
                unrealised_pnl=profit,
                cum_realised_pnl=self._lifetime.get(key, _ZERO),
                cur_realised_pnl=self._cycle.get(key, _ZERO),
                position_im=(
                    None if value is None else spec.tiers.initial_margin(value, spec.leverage)
                ),
                position_mm=None if value is None else spec.tiers.maintenance_margin(value),
                position_value=value,
                fingerprint=fingerprint(told),
            )
        )
        if not size:
            self._cycle[key] = _ZERO

    def _wallet(self, event: WalletUpdate, equity: Decimal) -> None:
        told = {
            "coin": "USDT",
            "equity": str(equity),
            "walletBalance": str(event.balance),
            "unrealisedPnl": str(equity - event.balance),
        }
        raw = json.dumps(told)
        self.wallets.append(
            records.WalletSnapshot(
                **self._of_run,
                **_times(event.at),
                coin="USDT",
                wallet_balance=event.balance,
                available_balance=event.available,
                usd_value=equity,
                total_equity=equity,
                total_available_balance=event.available,
                total_margin_balance=equity,
                account_im_rate=None,
                account_mm_rate=None,
                fingerprint=fingerprint(f"{raw} {len(self.wallets)}"),
                raw_json=raw,
            )
        )

    def _funding(self, event: FundingPaid) -> None:
        self._gain((event.symbol, event.direction), event.amount)
        self.funding.append(
            records.FundingPayment(
                **self._of_run,
                **_times(event.at),
                strat_id=self._strategies[event.symbol],
                symbol=event.symbol,
                side=opening_side(event.direction),
                position_idx=1 if event.direction is LONG else 2,
                exec_id=event.exec_id,
                qty=instrument_of(event.symbol).qty(event.qty),
                funding_rate=event.rate,
                price=event.price,
                amount=event.amount,
                fee_currency="USDT",
            )
        )

    def _gain(self, key: tuple[str, DirectionType], amount: Decimal) -> None:
        self._lifetime[key] = self._lifetime.get(key, _ZERO) + amount
        self._cycle[key] = self._cycle.get(key, _ZERO) + amount

    def _grid(self, at: Instant, symbol: str, levels: str) -> records.GridState:
        config = next(one for one in self._recording.plan.strategies if one.symbol == symbol).grid
        return records.GridState(
            **_times(at),
            run_id=self._recording.live_runs[symbol],
            account_id=self._recording.account_id,
            strat_id=self._strategies[symbol],
            symbol=symbol,
            grid_json=levels,
            grid_step=config.grid_step,
            grid_count=config.grid_count,
            raw_fingerprint=fingerprint(levels),
        )
