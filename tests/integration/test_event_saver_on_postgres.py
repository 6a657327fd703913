"""The recorder into a real PostgreSQL: the simulator's own account, row for row, funding included.

tests/integration/test_event_saver_end_to_end.py does the same on SQLite, with troubles.
"""

import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from bench.recorder import market
from bench.recorder.comparison import Comparison, compare
from bench.recorder.kept import GapRow, Kept, Letter
from bench.recorder.market import ACCOUNT, KEY, SECRET, SYMBOL, UID, Traded
from bench.recorder.recorder import KEY_NAME, SECRET_NAME, Recorder, is_ready, is_settled
from bench.recorder.rows import (
    Execution,
    Leg,
    LegState,
    OrderChange,
    Paid,
    WalletState,
    above_zero,
    account_of,
    timeless,
)
from bench.recorder.trader import trading
from bench.wire.server import Server, simulator
from bybit_sim.market.trade_log import FIRST_SEQ
from event_saver.times import instant
from grid_db.factory import DatabaseFactory
from grid_db.identity import account_id_of, user_id_of
from grid_db.records import PositionSnapshot, PublicTrade
from grid_db.repositories import TenantRepositories, for_user
from grid_db.settings import DatabaseSettings
from grid_db.words import Environment, Stream

TRADES, SPEED = 5_000, 48
PATIENCE_S = 60.0
FUNDING_MINUTES = 1


def simulator_config(tape: Path) -> str:
    return (
        f"seed: {market.SEED}\nspeed: 1x\nvip_level: 3\naddress_limit: false\n"
        f"symbols: {{{SYMBOL}: {{tape: {tape}, "
        f"instrument: {{funding_interval_minutes: {FUNDING_MINUTES}}}}}}}\n"
        f"accounts:\n  - {{name: {ACCOUNT}, uid: {UID}, balance: 1000000, partial_fills: 300, "
        f"keys: [{{key: {KEY}, secret: {SECRET}}}]}}\n"
    )


def recorder_config(server: Server, settings: DatabaseSettings) -> str:
    return (
        f"exchange: {server.http}\nsymbols: [{SYMBOL}]\nport: 0\n"
        f"accounts: [{{name: {ACCOUNT}, api_key: env:{KEY_NAME}, api_secret: env:{SECRET_NAME}}}]\n"
        f"database_url: {settings.url().render_as_string(hide_password=False)}\n"
        "flush_interval_s: 0.3\n"
    )


def post(server: Server, path: str, **body: Any) -> None:
    requests.post(f"{server.http}/sim/{path}", json=body, timeout=30).raise_for_status()


def state_of(server: Server) -> Any:
    state = requests.get(f"{server.http}/sim/state", timeout=30).json()
    (account,) = [one for one in state["accounts"] if one["name"] == ACCOUNT]
    return account


def await_last_trade(server: Server) -> None:
    """The newest sequence is that of the last trade: the market has ended."""
    query = {"category": "linear", "symbol": SYMBOL, "limit": "1"}
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        url = f"{server.http}/v5/market/recent-trade"
        rows = requests.get(url, params=query, timeout=30).json()["result"]["list"]
        if rows and int(rows[0]["seq"]) >= FIRST_SEQ + TRADES:
            return
        time.sleep(0.2)
    raise AssertionError("the market does not end")


def us(row: Any) -> int:
    return instant(row.exchange_ts)


def traded(row: PublicTrade) -> Traded:
    assert row.side is not None
    assert row.seq is not None
    return Traded(row.trade_id, us(row), row.price, row.size, row.side.value, row.seq)


def leg_state(row: PositionSnapshot) -> LegState:
    return LegState(
        timeless(
            Leg(
                row.symbol,
                row.side.value,
                us(row),
                row.size,
                above_zero(row.entry_price),
                row.cum_realised_pnl,
                row.cur_realised_pnl,
            )
        ),
        row.mark_price,
        row.liq_price,
        row.leverage,
        row.unrealised_pnl,
        row.position_im,
        row.position_mm,
        row.position_value,
    )


def kept(rows: TenantRepositories) -> Kept:
    """Everything that this user's repositories show of the account, and of the market."""
    account_id = account_id_of(ACCOUNT)
    newest = rows.trades.last_ts(Environment.SIM, SYMBOL)
    assert newest is not None
    start, end = newest - timedelta(days=1), newest + timedelta(days=1)
    gaps = [
        gap
        for stream in Stream
        for owner in (None, account_id)
        for gap in rows.gaps.overlapping(Environment.SIM, stream, start, end, owner)
    ]
    return Kept(
        trades=[
            traded(row)
            for row in rows.trades.in_range(Environment.SIM, SYMBOL, start, end, limit=10 * TRADES)
        ],
        executions=[
            Execution(
                row.exec_id,
                row.order_id,
                row.order_link_id,
                row.symbol,
                row.position_idx or 0,
                row.exec_type,
                row.side.value,
                row.exec_price,
                row.exec_qty,
                row.closed_size,
                row.leaves_qty,
                row.exec_fee,
                row.fee_rate,
                bool(row.is_maker),
                row.seq or 0,
                us(row),
            )
            for row in rows.executions.by_account_range(account_id, start, end)
        ],
        funding=[
            Paid(row.exec_id, row.symbol, row.side.value, row.qty, row.price, row.amount, us(row))
            for row in rows.funding.by_account_range(account_id, start, end)
        ],
        orders=[
            OrderChange(
                row.order_id,
                us(row),
                row.status,
                row.leaves_qty,
                row.order_link_id,
                row.symbol,
                row.position_idx or 0,
                row.side.value,
                row.price,
                row.qty,
                row.cum_exec_qty,
                row.avg_price,
                row.reduce_only,
                row.reject_reason,
                row.cancel_type,
            )
            for row in rows.orders.by_account_range(account_id, start, end)
        ],
        legs=[leg_state(row) for row in rows.positions.by_account_range(account_id, start, end)],
        wallets=[
            WalletState(
                row.coin,
                row.wallet_balance,
                row.available_balance,
                row.usd_value,
                row.total_equity,
                row.total_available_balance,
                row.total_margin_balance,
                row.account_im_rate,
                row.account_mm_rate,
            )
            for row in rows.wallets.by_account_range(account_id, start, end)
        ],
        gaps=[
            GapRow(
                gap.stream.value,
                gap.state.value,
                instant(gap.from_ts),
                instant(gap.to_ts),
                gap.reason,
            )
            for gap in gaps
        ],
        letters=[
            Letter(one.stream.value, one.topic, one.reason, one.payload)
            for one in rows.dead_letters.recent()
        ],
    )


def record(folder: Path, settings: DatabaseSettings) -> tuple[Comparison, Any]:
    """Play the market, trade, record; what was kept against what was told, and the state."""
    tape = market.make_market(folder, TRADES, 0)
    file = folder / "eventsaver.yaml"
    with simulator(simulator_config(market.tape_of(folder))) as server:
        post(server, "pause")
        file.write_text(recorder_config(server, settings), encoding="utf-8")
        recorder = Recorder(file)
        recorder.start()
        try:
            recorder.until(is_ready)
            post(server, "speed", speed=f"{SPEED}x")
            post(server, "resume")
            with trading(server.http):
                await_last_trade(server)
            post(server, "cancel", account=ACCOUNT)
            recorder.until(is_settled)
            assert recorder.stop() == 0, recorder.said()
        finally:
            if recorder.is_running():
                recorder.kill()
        state = state_of(server)
    factory = DatabaseFactory(settings)
    with factory.get_readonly_session() as session:
        found = kept(for_user(session, user_id_of(ACCOUNT)))
    factory.dispose()
    first = found.trades[0].seq
    return compare(market.told_trades(tape, first), account_of(state), found), state


@pytest.mark.story
def test_postgresql_holds_what_the_simulator_says_of_itself_funding_included(
    tmp_path: Path, own_postgres_settings: DatabaseSettings
) -> None:
    found, state = record(tmp_path, own_postgres_settings)

    assert found.faults == ()
    assert found.trades >= TRADES - 100
    assert (found.trades_in_gaps, found.letters, found.gaps_given_up) == (0, 0, 0)
    assert found.executions >= 20
    paid = [row for row in state["executions"] if row["execType"] == "Funding"]
    assert found.funding == len(paid) >= 3
    assert any(Decimal(row["execFee"]) for row in paid)
