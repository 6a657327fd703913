from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from appkit.dates import Window
from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from comparator.evidence.recorded import Evidence
from comparator.quality import Finding, FindingKind, QualityLimits, Severity
from comparator.quality.findings import Part
from comparator.quality.market import market_findings
from grid_db import models
from grid_db.records import Gap
from grid_db.repositories import as_admin
from grid_db.types import from_microseconds
from grid_db.words import Environment, Stream
from gridcore.clock import MINUTE_US, SECOND_US, Instant

Look = Callable[..., Evidence]
DEFAULT = QualityLimits()
Seen = tuple[list[Finding], dict[str, float]]


def seen(
    look: Look, recording: Recording, window: Window | None = None, limits: QualityLimits = DEFAULT
) -> Seen:
    evidence = look(recording, None, window)
    both = list(market_findings(evidence, "BTCUSDT", limits))
    parts = {one.name: float(one.sound) for one in both if isinstance(one, Part)}
    return [one for one in both if isinstance(one, Finding)], parts


def at(second: float) -> datetime:
    return from_microseconds(START + round(second * SECOND_US))


def without(recording: Recording, model: type[models.Base], first: float, last: float) -> None:
    """Deletes rows of some seconds."""
    times = model.__table__.c.exchange_ts
    recording.change(sa.delete(model).where(times >= at(first), times < at(last)))


def test_a_whole_recording_has_no_fault(recording: Recording, look: Look) -> None:
    findings, parts = seen(look, recording)

    assert findings == []
    assert parts == {"BTCUSDT tickers": 1, "BTCUSDT trades": 1, "BTCUSDT order of tickers": 1}


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (models.TickerSnapshot, FindingKind.NO_TICKERS),
        (models.PublicTrade, FindingKind.NO_TRADES),
    ],
)
def test_a_market_without_rows_bars_a_judgement(
    recording: Recording, look: Look, model: type[models.Base], kind: FindingKind
) -> None:
    recording.change(sa.delete(model))

    findings, _ = seen(look, recording)

    assert (kind, Severity.BARS) in [(one.kind, one.severity) for one in findings]


def test_tickers_that_end_long_before_the_window_are_stale(
    recording: Recording, look: Look
) -> None:
    """A zero-data window must never be a PASS (V-13); at the limit they are not stale yet."""
    recording.change(sa.update(models.Run).values(end_ts=None, status="running"))
    last = int(recording.plan.tapes["BTCUSDT"].trades.time[-1])

    def kinds(beyond_us: int) -> list[FindingKind]:
        window = Window(start=None, end=Instant(last + beyond_us))
        return [one.kind for one in seen(look, recording, window)[0]]

    assert FindingKind.STALE not in kinds(5 * MINUTE_US)
    assert FindingKind.STALE in kinds(5 * MINUTE_US + 1)


def test_tickers_that_are_missing_while_the_market_moved_are_told(
    recording: Recording, look: Look
) -> None:
    """18.11: gaps of more than 5 s."""
    without(recording, models.TickerSnapshot, 60, 84)

    [finding], parts = seen(look, recording)

    assert (finding.kind, finding.severity, finding.count) == (
        *(FindingKind.TICKERS_MISSING, Severity.LOWERS, 1),
    )
    assert START + 70 * SECOND_US in finding.spans[0]
    assert 0.88 < parts["BTCUSDT tickers"] < 0.91


def test_a_gap_of_less_than_the_limit_is_none(recording: Recording, look: Look) -> None:
    without(recording, models.TickerSnapshot, 60, 62)

    assert seen(look, recording)[0] == []


def test_a_market_that_stood_still_is_quiet(recording: Recording, look: Look) -> None:
    """Neither ticker nor trade: nothing is missing, and it is told."""
    for model in (models.TickerSnapshot, models.PublicTrade):
        without(recording, model, 60, 84)

    [finding], parts = seen(look, recording)

    assert (finding.kind, finding.severity) == (FindingKind.QUIET, Severity.TOLD)
    assert min(parts.values()) == 1


def test_no_market_is_quiet_for_long(recording: Recording, look: Look) -> None:
    for model in (models.TickerSnapshot, models.PublicTrade):
        without(recording, model, 60, 84)

    findings, parts = seen(look, recording, limits=QualityLimits(silence_us=20 * SECOND_US))

    assert [one.kind for one in findings] == [FindingKind.TICKERS_MISSING]
    assert parts["BTCUSDT tickers"] < 0.91


@pytest.mark.parametrize("first", [-1, 200])
def test_tickers_may_be_missing_at_the_edges_too(
    recording: Recording, look: Look, first: float
) -> None:
    without(recording, models.TickerSnapshot, first, first + 40)

    assert FindingKind.TICKERS_MISSING in [one.kind for one in seen(look, recording)[0]]


def test_trades_that_are_missing_where_tickers_moved_are_told(
    recording: Recording, look: Look
) -> None:
    """Whatever the ledger of gaps says: it is empty."""
    without(recording, models.PublicTrade, 60, 84)

    [finding], parts = seen(look, recording)

    assert (finding.kind, finding.severity, finding.count) == (
        *(FindingKind.TRADES_MISSING, Severity.LOWERS, 1),
    )
    assert START + 70 * SECOND_US in finding.spans[0]
    assert 0.88 < parts["BTCUSDT trades"] < 0.91


@pytest.mark.parametrize("shift_ms", [-300, 300])
def test_a_ticker_may_come_a_little_before_or_after_its_trade(
    recording: Recording, look: Look, shift_ms: int
) -> None:
    rows = models.TickerSnapshot.__table__.c
    shift = sa.literal(shift_ms * 1000, sa.BigInteger)
    recording.change(sa.update(models.TickerSnapshot).values(exchange_ts=rows.exchange_ts + shift))

    assert seen(look, recording)[0] == []


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (Stream.TRADES, FindingKind.TRADES_MISSING),
        (Stream.TICKERS, FindingKind.TICKERS_MISSING),
    ],
)
def test_a_gap_of_the_ledger_counts_though_rows_are_there(
    recording: Recording, look: Look, stream: Stream, kind: FindingKind
) -> None:
    with recording.database.get_session() as session:
        gap = Gap(
            gap_id="33333333-0000-4000-8000-000000000001",
            environment=Environment.SIM,
            account_id=None,
            stream=stream,
            symbol="BTCUSDT",
            from_ts=at(60),
            to_ts=at(84),
            reason="disconnect",
        )
        as_admin(session).gaps.record([gap], at(90))

    [finding], parts = seen(look, recording)

    assert finding.kind is kind
    assert 0.88 < parts[f"BTCUSDT {stream.value}"] < 0.91


def test_tickers_that_came_out_of_order_are_told(recording: Recording, look: Look) -> None:
    """18.11: decreasing times. Two tickers of one time the database does not hold."""
    rows = models.TickerSnapshot.__table__.c
    recording.change(
        sa.update(models.TickerSnapshot).where(rows.id == 7).values(id=sa.literal(100_000))
    )

    [finding], parts = seen(look, recording)

    assert (finding.kind, finding.count) == (FindingKind.TIME_DECREASES, 1)
    assert parts["BTCUSDT order of tickers"] < 1
