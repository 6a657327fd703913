"""The backtest of a comparison: of a file, of a configuration, or made now."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appkit.exits import UserError
from apps.comparator.tests.little_market import MAKER
from apps.comparator.tests.recording import Recording
from backtest.tables import trades_csv
from comparator.beginning import judged_run
from comparator.config import ExchangeOptions, Request
from comparator.fills import FillTable
from comparator.loading.files import load_outcome
from comparator.loading.runs import NothingRecorded, recorded_run
from comparator.making import Made, make_backtest, verify_tapes
from grid_db import models
from tapes.errors import TapeError

Make = Callable[..., Made]
PARTS = ExchangeOptions(partial_fills=300, partial_fills_seed="1")
CONFIGURATION = """
instruments:
  BTCUSDT: {{tick_size: 0.1, qty_step: 0.001, min_qty: 0.001, max_qty: 10000, min_notional: 1,
             funding_interval_minutes: 480,
             tiers: [{{maintenance_rate: 0.005, initial_rate: 0.01}}]}}
strategies:
  - {{strat_id: {strat_id}, symbol: {symbol}, amount: b0.012, grid_count: 10,
      grid_step: {grid_step}, leverage: 10}}
fill_model: {{name: strict_cross, partial_fills: 300, partial_fills_seed: "1"}}
fees: {{maker: 0.0002, taker: 0.00055}}
"""


@pytest.fixture
def make(recording: Recording, tmp_path: Path) -> Make:
    """Makes the backtest that the fields of a request ask for, of one symbol when it is named."""

    def made(of: Recording = recording, symbol: str | None = None, **asked: Any) -> Made:
        request = Request(database_url=None, **asked)
        exchange = request.exchange.model(MAKER)
        with of.database.get_readonly_session() as session:
            run = judged_run(session, recorded_run(session, None, None, symbol))
            return make_backtest(session, run, request, exchange, tmp_path / "tapes")

    return made


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration: what the bot ran, unless told otherwise."""

    def write(**changes: str) -> Path:
        fields = {"strat_id": "grid-BTCUSDT", "symbol": "BTCUSDT", "grid_step": "0.2"} | changes
        path = tmp_path / "backtest.yaml"
        path.write_text(CONFIGURATION.format(**fields))
        return path

    return write


def facts(table: FillTable) -> list[tuple[Any, ...]]:
    return [
        (fill.at, fill.client_order_id, fill.side, fill.notional, fill.qty, fill.fee)
        for fill in table.rows()
    ]


def test_made_now_it_is_the_recorded_run(recording: Recording, make: Make) -> None:
    made = make(exchange=PARTS)

    assert facts(made.fills) == facts(load_outcome(recording.outcome).table)
    assert made.model["partial_fills"] == "300"
    assert made.model["maker_fee"] == "0.0002"
    assert (list(made.tapes), made.differences) == (["BTCUSDT"], ())


def test_a_file_is_taken_as_it_is(recording: Recording, make: Make, tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text(trades_csv(recording.outcome))

    made = make(trades_file=path)

    assert facts(made.fills) == facts(load_outcome(recording.outcome).table)
    assert made.outcome is None
    assert list(made.tapes) == ["BTCUSDT"]


def test_a_configuration_runs_over_the_recorded_market_from_the_recorded_beginning_on(
    recording: Recording, make: Make, configured: Callable[..., Path]
) -> None:
    """V-3, V-4."""
    made = make(config_file=configured())

    assert facts(made.fills) == facts(load_outcome(recording.outcome).table)
    assert made.differences == ()


def test_a_configuration_that_is_not_the_bots_is_told_with_what_differs(
    make: Make, configured: Callable[..., Path]
) -> None:
    made = make(config_file=configured(grid_step="0.3", strat_id="other"))

    assert made.differences == (
        "BTCUSDT: the bot ran strategy grid-BTCUSDT, not other",
        "BTCUSDT: grid.grid_step: the bot was told 0.2, the configuration 0.3",
    )
    assert len(made.fills) > 0


def test_a_configuration_without_the_symbol_is_refused(
    record: Any, make: Make, configured: Callable[..., Path]
) -> None:
    with pytest.raises(UserError, match="expected a strategy on ETHUSDT"):
        make(record("BTCUSDT", "ETHUSDT"), config_file=configured())


def test_all_that_share_the_wallet_are_played_and_what_was_asked_for_is_kept(
    record: Any, make: Make
) -> None:
    made = make(record("BTCUSDT", "ETHUSDT"), "ETHUSDT")

    assert made.fills.symbols() == ["ETHUSDT"]
    assert list(made.tapes) == ["BTCUSDT", "ETHUSDT"]
    assert made.plan is not None
    assert len(made.plan.strategies) == 2


def test_without_a_set_up_nothing_can_be_made_now(recording: Recording, make: Make) -> None:
    runs = models.Run.__table__.c
    told = '{"strategy": {"strat_id": "grid-BTCUSDT", "symbol": "BTCUSDT"}}'
    recording.change(
        sa.update(models.Run).where(runs.run_type == "live").values(config_snapshot=told)
    )

    with pytest.raises(NothingRecorded, match="--backtest-config"):
        make()


def test_kept_tapes_are_extended_and_read_against_their_hashes(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "tapes"
    make()
    verify_tapes(folder)
    make()
    column = folder / "BTCUSDT" / "trades.size.i4"
    content = bytearray(column.read_bytes())
    content[-1] ^= 1
    column.write_bytes(content)

    with pytest.raises(TapeError, match=r"trades\.size"):
        make()
