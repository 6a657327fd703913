from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from comparator.evidence.recorded import Evidence
from comparator.quality import Finding, FindingKind, QualityLimits, Severity
from comparator.quality.account import account_findings, stream_findings
from comparator.quality.findings import Part
from grid_db import models
from grid_db.records import Gap
from grid_db.repositories import as_admin
from grid_db.types import from_microseconds
from grid_db.words import Environment, Stream
from gridcore.clock import SECOND_US

Look = Callable[..., Evidence]
Seen = tuple[list[Finding], dict[str, float]]
EXECUTIONS = models.PrivateExecution.__table__.c
ORDERS = models.OrderState.__table__.c


def split(both: list[Finding | Part]) -> Seen:
    parts = {one.name: float(one.sound) for one in both if isinstance(one, Part)}
    return [one for one in both if isinstance(one, Finding)], parts


def seen(look: Look, recording: Recording) -> Seen:
    return split(list(account_findings(look(recording), "BTCUSDT", QualityLimits())))


def kinds(findings: list[Finding]) -> dict[FindingKind, Severity]:
    return {one.kind: one.severity for one in findings}


def test_a_sound_account_has_no_fault(recording: Recording, look: Look) -> None:
    findings, parts = seen(look, recording)

    assert findings == []
    assert parts == {
        "BTCUSDT order of times": 1,
        "BTCUSDT executions": 1,
        "BTCUSDT orders": 1,
    }


def test_without_executions_there_is_nothing_to_compare(recording: Recording, look: Look) -> None:
    """V-13."""
    recording.change(sa.delete(models.PrivateExecution))

    findings, _ = seen(look, recording)

    assert kinds(findings)[FindingKind.NO_EXECUTIONS] is Severity.BARS


@pytest.mark.parametrize("shift_s", [-120, 120])
def test_executions_of_another_zones_time_are_told(
    recording: Recording, look: Look, shift_s: int
) -> None:
    """Minutes here: of hours nothing would be left in a window of four minutes."""
    shift = sa.literal(shift_s * SECOND_US, sa.BigInteger)
    recording.change(
        sa.update(models.PrivateExecution).values(exchange_ts=EXECUTIONS.exchange_ts + shift)
    )

    findings, _ = seen(look, recording)

    assert kinds(findings)[FindingKind.TIME_IMPOSSIBLE] is Severity.BARS


def test_an_account_in_another_zones_time_does_not_fit_the_market(
    recording: Recording, look: Look
) -> None:
    """Orders and executions alike: they agree with each other, not with the trades."""
    shift = sa.literal(47 * SECOND_US, sa.BigInteger)
    recording.change(
        sa.update(models.PrivateExecution).values(exchange_ts=EXECUTIONS.exchange_ts + shift),
        sa.update(models.OrderState).values(exchange_ts=ORDERS.exchange_ts + shift),
    )

    findings, parts = seen(look, recording)

    assert kinds(findings)[FindingKind.MARKET_NOT_THERE] is Severity.LOWERS
    assert parts["BTCUSDT executions"] < 0.95


def alter(recording: Recording, **values: object) -> str:
    """Changes one execution; its id."""
    fill = recording.outcome.fills[5]
    recording.change(
        sa.update(models.PrivateExecution)
        .where(EXECUTIONS.exec_id == fill.exec_id)
        .values(**values)
    )
    return fill.exec_id


def test_an_execution_outside_the_market_is_told(recording: Recording, look: Look) -> None:
    """18.11: more than 1 % from the tickers before and after it."""
    fill = recording.outcome.fills[5]
    exec_id = alter(recording, exec_price=fill.price * Decimal("1.02"))

    findings, _ = seen(look, recording)

    assert kinds(findings)[FindingKind.OUTSIDE_MARKET] is Severity.BARS
    [finding] = [one for one in findings if one.kind is FindingKind.OUTSIDE_MARKET]
    assert exec_id in finding.text
    assert finding.spans[0].start == fill.at


def test_an_execution_a_little_outside_the_market_is_not(recording: Recording, look: Look) -> None:
    fill = recording.outcome.fills[5]
    alter(recording, exec_price=fill.price * Decimal("1.005"))

    assert FindingKind.OUTSIDE_MARKET not in kinds(seen(look, recording)[0])


def test_a_takers_price_needs_no_trade_of_the_market(recording: Recording, look: Look) -> None:
    fill = recording.outcome.fills[5]
    price = fill.price * (Decimal("0.992") if fill.side == "Buy" else Decimal("1.008"))

    alter(recording, exec_price=price, is_maker=False)
    assert FindingKind.MARKET_NOT_THERE not in kinds(seen(look, recording)[0])

    alter(recording, is_maker=True)
    assert FindingKind.MARKET_NOT_THERE in kinds(seen(look, recording)[0])


def test_times_that_contradict_the_exchanges_numbers_are_told(
    recording: Recording, look: Look
) -> None:
    """The execution with the highest number is not the last one."""
    exec_id = alter(recording, seq=1_000_000)

    findings, parts = seen(look, recording)

    assert kinds(findings) == {FindingKind.TIME_DECREASES: Severity.LOWERS}
    assert findings[0].count == 1
    assert exec_id in findings[0].text
    assert parts["BTCUSDT order of times"] < 1


def test_an_order_that_was_executed_whole_and_has_no_end_is_told(
    recording: Recording, look: Look
) -> None:
    """18.11: missing terminal states. Its level was not offered again."""
    evidence = look(recording)
    order_id = next(
        life.order_id
        for life in evidence.orders
        if life.last.status == "Filled" and life == evidence.orders_of(life.client_order_id)[-1]
    )
    recording.change(
        sa.delete(models.OrderState).where(ORDERS.order_id == order_id, ORDERS.status == "Filled")
    )

    findings, parts = seen(look, recording)

    [finding] = findings
    assert (finding.kind, finding.severity, finding.count) == (
        *(FindingKind.ORDER_WITHOUT_END, Severity.LOWERS, 1),
    )
    assert order_id in finding.text
    assert parts["BTCUSDT orders"] < 1


def test_an_order_whose_level_was_offered_again_must_have_ended(
    recording: Recording, look: Look
) -> None:
    """There is one live order for each level and direction."""
    lives = list(look(recording).orders)
    first = next(
        life
        for number, life in enumerate(lives)
        if life.last.status == "Cancelled"
        and any(one.client_order_id == life.client_order_id for one in lives[number + 1 :])
    )
    recording.change(
        sa.delete(models.OrderState).where(
            ORDERS.order_id == first.order_id, ORDERS.status == "Cancelled"
        )
    )

    [finding] = seen(look, recording)[0]

    assert (finding.kind, finding.count) == (FindingKind.ORDER_WITHOUT_END, 1)


def test_private_streams_that_were_not_recorded_are_told(recording: Recording, look: Look) -> None:
    start = from_microseconds(START + 60 * SECOND_US)
    with recording.database.get_session() as session:
        gap = Gap(
            gap_id="33333333-0000-4000-8000-000000000001",
            environment=Environment.SIM,
            account_id=recording.account_id,
            stream=Stream.EXECUTIONS,
            symbol=None,
            from_ts=start,
            to_ts=start + timedelta(seconds=24),
            reason="disconnect",
        )
        as_admin(session).gaps.record([gap], start)

    findings, parts = split(list(stream_findings(look(recording))))

    [finding] = findings
    assert (finding.kind, finding.severity) == (FindingKind.STREAM_MISSING, Severity.LOWERS)
    assert "disconnect" in finding.text
    assert 0.88 < parts.pop("executions stream") < 0.91
    assert set(parts.values()) == {1.0}
