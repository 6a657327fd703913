"""Equity is compared with equity, in buckets that fit the window."""

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from appkit.exits import UserError
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from backtest.tables import equity_csv
from comparator.curves import compare_equity, file_equity, live_equity, outcome_equity
from comparator.equity import Basis, EquityCurve
from comparator.loading.runs import recorded_run
from comparator.loading.spans import Span
from grid_db import models
from gridcore.clock import DAY_US, HOUR_US, MINUTE_US, Instant


def recorded(recording: Recording, coin: str = "USDT") -> EquityCurve | None:
    with recording.database.get_readonly_session() as session:
        run = recorded_run(session)
        return live_equity(run.rows(session), run, coin)


def flat(at: list[int], amount: str) -> EquityCurve:
    return EquityCurve.of([(Instant(one), Decimal(amount)) for one in at], Basis.EQUITY)


def test_the_live_equity_is_what_the_wallet_rows_state(recording: Recording) -> None:
    curve = recorded(recording)

    assert curve is not None
    assert curve.basis is Basis.EQUITY
    assert len(curve.at) > 50
    assert curve.at[0] >= START


def test_a_wallet_without_equity_or_of_another_coin_gives_no_curve(recording: Recording) -> None:
    assert recorded(recording, "BTC") is None
    recording.change(sa.update(models.WalletSnapshot).values(total_equity=None))
    assert recorded(recording) is None


def test_the_equity_of_a_run_is_that_of_its_exported_file(
    recording: Recording, tmp_path: Path
) -> None:
    path = tmp_path / "equity.csv"
    path.write_text(equity_csv(recording.outcome))

    read, held = file_equity(path), outcome_equity(recording.outcome)

    assert read.at.tolist() == held.at.tolist()
    assert read.amount.decimals() == held.amount.decimals()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("timestamp,amount\n", "found no equity"),
        ("timestamp,equity\n2026-01-01T00:00:00Z,much\n", "row 2, equity: expected a number"),
        ("timestamp,equity\nyesterday,1\n", "timestamp: expected a UTC date"),
    ],
)
def test_a_file_that_is_no_curve_is_refused(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "equity.csv"
    path.write_text(content)

    with pytest.raises(UserError, match=told):
        file_equity(path)


@pytest.mark.parametrize(
    ("length", "interval"), [(DAY_US, HOUR_US), (48 * MINUTE_US, MINUTE_US), (10, 1_000_000)]
)
def test_buckets_are_hours_or_a_48th_of_a_shorter_window(length: int, interval: int) -> None:
    window = Span(start=Instant(0), end=Instant(length))
    both = flat([0, interval - 1, interval], "7"), flat([0, interval - 1, interval], "9")

    found = compare_equity(*both, window)

    assert [point.start for point in found.points] == [0, interval]
    assert found.divergence is not None
    assert found.divergence.maximum == found.divergence.buckets == 2


def test_without_one_of_the_curves_nothing_is_compared() -> None:
    found = compare_equity(None, flat([0], "1"), Span(start=Instant(0), end=Instant(1)))

    assert (found.points, found.divergence) == ((), None)
    assert found.backtest is not None
