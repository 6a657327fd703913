"""One run: a market, a trader, a recorder, troubles; then everything is compared.

It knows the order of things; it refuses to judge.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from appkit.exits import RunFailed
from bench.recorder import kept, market
from bench.recorder.comparison import Comparison, compare
from bench.recorder.recorder import Recorder, config, database, is_ready, is_settled
from bench.recorder.rows import account_of
from bench.recorder.trader import trading
from bench.recorder.troubles import Hands, Troubles
from bench.wire.server import Server, simulator
from bybit_sim.market.trade_log import FIRST_SEQ
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings
from tapes.tape import Tape

PATIENCE_S = 120.0
QUIET_SHARE = 0.15
"""Nothing begins in the last part of a run: gaps are filled in market time."""
GIVEN_UP_SHARE_MAX = 0.05
"""More public trades than that in given-up gaps, and the recorder is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many public trades, how fast (market time per wall time), and what goes wrong.

    `poison`: so many of the trades are too large for any table.
    """

    trades: int
    poison: int = 0
    speed: int
    troubles: Troubles

    @property
    def seconds(self) -> float:
        """How long the market plays, about."""
        return self.trades / market.TRADES_PER_SECOND / self.speed * 1.1

    @property
    def troubled_s(self) -> float:
        """How long troubles begin."""
        return self.seconds * (1 - QUIET_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run found. `exit_code` is the recorder's."""

    plan: Plan
    found: Comparison
    placed: int
    exit_code: int
    seconds: float

    @property
    def allowed_share(self) -> float:
        """Which part of the public trades may lie in gaps that were given up."""
        return GIVEN_UP_SHARE_MAX if self.plan.troubles != Troubles() else 0.0

    @property
    def given_up_share(self) -> float:
        """Which part of the public trades lies in gaps that were given up."""
        return self.found.trades_in_gaps / self.plan.trades

    def good(self) -> bool:
        """Whether every row is kept or explained, and few trades were given up."""
        few = self.given_up_share <= self.allowed_share
        return not self.found.faults and self.exit_code == 0 and few

    def text(self) -> str:
        """The finding, for people."""
        plan, troubles = self.plan, self.plan.troubles
        disturbed = ", frames repeated and reordered" if troubles.frames_disturbed else ""
        return (
            f"{plan.trades:,} public trades, {self.placed:,} orders placed, in {self.seconds:.0f} s"
            f"; {troubles.outages} outages, database locked for {troubles.locked_s:.0f} s, "
            f"{plan.poison} poison rows, {troubles.kills} kills{disturbed}\n"
            f"{self.found.text()}"
            f"given up: {self.given_up_share:.2%} of the public trades "
            f"(allowed: {self.allowed_share:.0%}); the recorder ended with {self.exit_code}\n"
            f"verdict: {'PASS' if self.good() else 'FAIL'}\n"
        )


def measure(plan: Plan, folder: Path | None = None) -> Ran:
    """Run the plan; its files are left in the folder when one is given."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return measure(plan, Path(made))
    tape = market.make_market(folder, plan.trades, plan.poison)
    with simulator(market.config(market.tape_of(folder))) as server:
        return _run(plan, server, tape, folder)


def _run(plan: Plan, server: Server, tape: Tape, folder: Path) -> Ran:
    began = time.monotonic()
    file = folder / "eventsaver.yaml"
    file.write_text(config(server, folder), encoding="utf-8")
    factory = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{database(folder)}"))
    schema.upgrade(factory)
    factory.dispose()
    recorder = Recorder(file)
    hands = Hands(server, recorder, database(folder), plan.troubles)
    hands.post("pause", {})
    try:
        recorder.start()
        recorder.until(is_ready)
        first = hands.newest_seq() + 1
        if plan.troubles.frames_disturbed:
            hands.disturb_frames(plan.troubled_s)
        hands.post("speed", {"speed": f"{plan.speed}x"})
        hands.post("resume", {})
        with trading(server.http) as trader:
            _trouble(plan, hands)
            _await_end(plan, hands)
        hands.post("cancel", {"account": market.ACCOUNT})
        recorder.until(is_settled, PATIENCE_S)
        exit_code = recorder.stop()
    finally:
        if recorder.is_running():
            recorder.kill()
    told = market.told_trades(tape, first)
    found = compare(told, account_of(_account(server)), kept.read(database(folder)))
    return Ran(
        plan=plan,
        found=found,
        placed=trader.placed,
        exit_code=exit_code,
        seconds=time.monotonic() - began,
    )


def _trouble(plan: Plan, hands: Hands) -> None:
    began = time.monotonic()
    for at_s, kind in plan.troubles.schedule(plan.troubled_s):
        time.sleep(max(0.0, began + at_s - time.monotonic()))
        hands.do(kind)
    hands.rest()


def _await_end(plan: Plan, hands: Hands) -> None:
    last = FIRST_SEQ + plan.trades
    limit = time.monotonic() + plan.seconds + PATIENCE_S
    while hands.newest_seq() < last:
        if time.monotonic() > limit:
            raise RunFailed(f"expected the market to end at trade {last}, it does not")
        time.sleep(0.2)


def _account(server: Server) -> dict[str, Any]:
    state = requests.get(f"{server.http}/sim/state", timeout=PATIENCE_S).json()
    (account,) = [one for one in state["accounts"] if one["name"] == market.ACCOUNT]
    found: dict[str, Any] = account
    return found
