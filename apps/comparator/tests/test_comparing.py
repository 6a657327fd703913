"""A comparison from the recording to the report; what bars it is a SKIP and no error."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appkit.dates import Window
from appkit.exits import UserError
from appkit.progress import progress_bar
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from backtest.tables import equity_csv
from comparator.certificate.record import is_intact
from comparator.comparing import Compared, compare
from comparator.config import ExchangeOptions, Request
from comparator.verdict import Outcome, Thresholds
from grid_db import models
from gridcore.clock import SECOND_US, Instant
from simvenue.messages import FillModel

PARTS = ExchangeOptions(partial_fills=300, partial_fills_seed="1")


def compared(recording: Recording, **changes: Any) -> Compared:
    fields: dict[str, Any] = {"database_url": recording.url, "exchange": PARTS} | changes
    return compare(Request(**fields))


def reasons(found: Compared) -> str:
    return "\n".join(reason.text for reason in found.verdict.against())


def test_three_symbols_on_one_wallet_agree_to_the_last_digit(record: Any) -> None:
    """A-14."""
    recording: Recording = record("BTCUSDT", "ETHUSDT", "SOLUSDT")

    found = compared(recording, exchange=ExchangeOptions())

    assert (found.outcome, found.unexplained) == (Outcome.PASS, 0)
    assert found.matched == found.live_fills > 200
    assert found.comparison is not None
    trades = found.comparison.metrics.trades
    assert trades.price.maximum == trades.qty.maximum == trades.fee_delta == 0
    assert trades.cumulative_pnl_delta == trades.phantom_rate == 0
    assert trades.match_rate == 1
    assert found.run_id == recording.recording_run


@pytest.mark.parametrize("seconds", [30, 90, 180])
def test_from_any_time_on_it_agrees(record: Any, seconds: int) -> None:
    """V-3, V-4: a window begins with what was recorded before it."""
    recording: Recording = record("BTCUSDT")
    window = Window(start=Instant(START + seconds * SECOND_US), end=None)

    found = compared(recording, window=window, exchange=ExchangeOptions())

    assert found.matched == found.live_fills > 5
    assert found.unexplained == 0


def test_the_report_is_written_where_it_was_asked_for(recording: Recording, tmp_path: Path) -> None:
    folder = tmp_path / "report"

    found = compared(recording, output=folder)

    assert found.folder == folder
    record = json.loads((folder / "certificate.json").read_text())
    assert record["sha256"] == found.certificate_sha256
    assert is_intact(record)
    assert (folder / "report.html").stat().st_size > 1_000
    assert set(record["facts"]["links"]["tapes"]) == {"BTCUSDT"}


def test_the_certificate_repeats_wherever_the_tapes_lie(
    recording: Recording, tmp_path: Path
) -> None:
    first = compared(recording)
    recording.change(sa.update(models.Run).values(config_hash="beef", code_version="other"))

    again = compared(recording, tapes=tmp_path / "kept")

    assert again.certificate_sha256 == first.certificate_sha256
    assert first.certificate_sha256 is not None


def test_another_market_has_another_certificate(record: Any) -> None:
    one, other = (
        compared(record("BTCUSDT", seed=seed), exchange=ExchangeOptions()) for seed in (1, 2)
    )

    assert one.outcome is other.outcome is Outcome.PASS
    assert one.certificate_sha256 != other.certificate_sha256


def test_equity_is_judged_when_a_tolerance_is_given(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "equity.csv"
    path.write_text(equity_csv(recording.outcome))
    thresholds = Thresholds(equity_tolerance=Decimal(10))

    now = compared(recording, thresholds=thresholds)
    of_file = compared(recording, thresholds=thresholds, equity_file=path)

    for found in (now, of_file):
        assert found.outcome is Outcome.PASS
        assert found.comparison is not None
        assert len(found.comparison.equity) > 20
        assert "equity" in {reason.check for reason in found.verdict.reasons}


def test_the_model_that_made_the_recording_explains_it_best(recording: Recording) -> None:
    found = compared(recording, every_model=True)

    assert found.comparison is not None
    models_of = {one.name: one for one in found.comparison.models}
    assert set(models_of) == {model.value for model in FillModel}
    best = min(models_of.values(), key=lambda one: one.error_us)
    assert models_of["strict_cross"].error_us == best.error_us == 0
    assert models_of["touch"].error_us > 0


def test_a_configuration_that_is_not_the_bots_is_a_fail_whatever_it_fills(
    recording: Recording, tmp_path: Path
) -> None:
    path = tmp_path / "backtest.yaml"
    path.write_text(
        "instruments: {BTCUSDT: {tick_size: 0.1, qty_step: 0.001, min_qty: 0.001, max_qty: 10000,"
        " min_notional: 1, funding_interval_minutes: 480,"
        " tiers: [{maintenance_rate: 0.005, initial_rate: 0.01}]}}\n"
        "strategies: [{strat_id: grid-BTCUSDT, symbol: BTCUSDT, amount: b0.013, grid_count: 10,"
        " grid_step: 0.2, leverage: 10}]\n"
    )

    found = compared(recording, config_file=path)

    assert found.outcome is Outcome.FAIL
    assert "sizing.amount: the bot was told" in reasons(found)


def test_an_empty_database_is_a_skip(recording: Recording) -> None:
    recording.change(sa.delete(models.Run))

    found = compared(recording)

    assert (found.outcome, found.comparison, found.run_id) == (Outcome.SKIP, None, "")
    assert "no recording run" in reasons(found)
    assert (found.live_fills, found.matched, found.unexplained) == (0, 0, 0)


def test_what_a_window_has_to_begin_with_and_was_not_recorded_is_a_skip(
    recording: Recording,
) -> None:
    recording.change(sa.delete(models.WalletSnapshot))

    found = compared(recording)

    assert (found.outcome, found.comparison) == (Outcome.SKIP, None)
    assert "no USDT wallet was recorded" in reasons(found)


def test_numbers_that_no_exchange_sends_are_a_skip(recording: Recording) -> None:
    recording.change(sa.update(models.PrivateExecution).values(exec_fee=Decimal("1E+30")))

    found = compared(recording)

    assert found.outcome is Outcome.SKIP


def test_an_unknown_run_is_an_error_of_the_user(recording: Recording) -> None:
    with pytest.raises(UserError, match="the id of a run"):
        compared(recording, run_id="nobody's")


def test_progress_is_told_while_it_runs(recording: Recording) -> None:
    with progress_bar(None, "comparing", "rows", quiet=True) as progress:
        found = compare(Request(database_url=recording.url, exchange=PARTS), progress)

    assert found.outcome is Outcome.PASS
