"""One run: a busy market in real time, a recorder, samples; then every trade is compared.

It knows the order of things; it refuses to judge.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
import sqlalchemy as sa

from appkit.exits import RunFailed
from bench.recorder.recorder import Recorder, is_ready, is_settled
from bench.recorder_load import market
from bench.recorder_load.finding import MINUTE_S, Finding, line_of
from bench.recorder_load.samples import Sample, percentile, sample
from bench.wire.server import Server, simulator
from bybit_sim.market.trade_log import FIRST_SEQ
from grid_db import schema
from grid_db.bulk import TradeBlock, read_trades
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from grid_db.words import Environment
from tapes.tape import Tape

PATIENCE_S = 60.0
SLACK_S = 90.0
"""The tape is so much longer than the run."""
SHARE_WITHIN = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long, after which warm-up memory is compared, how often it is looked at, and where to;
    `database_url` None: a SQLite file of the run's own."""

    seconds: float
    warm_up_s: float
    every_s: float = MINUTE_S
    database_url: str | None = None


def measure(plan: Plan, say: Callable[[str], None], folder: Path | None = None) -> Finding:
    """Run the plan; `say` gets a line for every sample. Its files stay in the folder, if given.

    RunFailed when a program does not start, or the database holds public trades already.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return measure(plan, say, Path(made))
    url = plan.database_url or f"sqlite:///{folder / 'recorded.db'}"
    database = DatabaseFactory(DatabaseSettings.of_url(url))
    try:
        schema.upgrade(database)
        if _count(database, "public_trades"):
            raise RunFailed(f"{database.shown_url}: expected no public trades, found some")
        tape = market.make_market(folder, plan.seconds + SLACK_S)
        file = folder / "eventsaver.yaml"
        with simulator(market.config(market.tape_of(folder))) as server:
            file.write_text(_config(server, url), encoding="utf-8")
            return _run(plan, say, server, Recorder(file), tape, database)
    finally:
        database.dispose()


def _config(server: Server, database_url: str) -> str:
    """The recorder's configuration: what it does by default, with one symbol."""
    return (
        f"exchange: {server.http}\nsymbols: [{market.SYMBOL}]\nport: 0\n"
        f"database_url: {database_url}\n"
    )


def _run(
    plan: Plan,
    say: Callable[[str], None],
    server: Server,
    recorder: Recorder,
    tape: Tape,
    database: DatabaseFactory,
) -> Finding:
    _post(server, "pause")
    try:
        recorder.start()
        recorder.until(is_ready)
        gaps, first = _count(database, "gaps"), _trades_told(server)
        _post(server, "resume")
        began_s = time.monotonic()
        samples = _samples(plan, say, recorder.url, began_s)
        _post(server, "pause")
        seconds = time.monotonic() - began_s
        end = _trades_told(server)
        recorder.until(is_settled, PATIENCE_S)
        whole = sample(recorder.url).within
        exit_code = recorder.stop()
    finally:
        if recorder.is_running():
            recorder.kill()
    kept, wrong = _compared(database, market.told_trades(tape, first, end))
    return Finding(
        seconds=seconds,
        told=end - first,
        kept=kept,
        wrong=wrong,
        letters=_count(database, "dead_letters"),
        gaps=_count(database, "gaps") - gaps,
        delay_s=percentile(whole, SHARE_WITHIN),
        samples=samples,
        exit_code=exit_code,
    )


def _samples(plan: Plan, say: Callable[[str], None], url: str, began_s: float) -> list[Sample]:
    """Samples from the warm-up's end to the run's, told as they come."""
    found = []
    before = sample(url)
    at_s = 0.0
    while at_s < plan.seconds:
        step_s = (
            plan.every_s if at_s >= plan.warm_up_s else min(plan.every_s, plan.warm_up_s - at_s)
        )
        at_s = min(at_s + step_s, plan.seconds)
        time.sleep(max(0.0, began_s + at_s - time.monotonic()))
        now = sample(url)
        say(line_of(began_s, before, now))
        before = now
        if at_s >= plan.warm_up_s:
            found.append(now)
    return found


def _compared(database: DatabaseFactory, told: TradeBlock) -> tuple[int, int]:
    """How many trades are kept, and how many of them are not what was told in their place."""
    with database.get_readonly_session() as session:
        blocks = list(read_trades(session, Environment.SIM, market.SYMBOL))
    kept = sum(len(block) for block in blocks)
    both = min(kept, len(told))
    if not both:
        return kept, 0
    differs = np.zeros(both, np.bool_)
    for name in ("at", "price", "size", "side"):
        column = np.concatenate([getattr(block, name) for block in blocks])[:both]
        differs |= column != getattr(told, name)[:both]
    return kept, int(differs.sum())


def _count(database: DatabaseFactory, table: str) -> int:
    with database.get_readonly_session() as session:
        return int(session.scalar(sa.text(f"SELECT COUNT(*) FROM {table}")) or 0)


def _post(server: Server, what: str) -> None:
    requests.post(f"{server.http}/sim/{what}", json={}, timeout=PATIENCE_S).raise_for_status()


def _trades_told(server: Server) -> int:
    """How many trades of the tape have been told, since trades are numbered."""
    answer = requests.get(
        f"{server.http}/v5/market/recent-trade",
        params={"category": "linear", "symbol": market.SYMBOL, "limit": "1"},
        timeout=PATIENCE_S,
    )
    rows: list[dict[str, Any]] = answer.json()["result"]["list"]
    return int(rows[0]["seq"]) - FIRST_SEQ if rows else 0
