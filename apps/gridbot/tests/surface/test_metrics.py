"""Prometheus text."""

from typing import Any

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from gridbot.surface.history import History
from gridbot.surface.metrics import Metrics
from gridcore.clock import SECOND_US, Instant
from gridcore.events import OperatorAction, OperatorCommand, PlaceRejected

Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(metrics: Metrics, now: Instant) -> Samples:
    """Every sample by name and the values of its labels in the order of their names."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text(now).decode())
        for sample in family.samples
    }


@pytest.fixture
def metrics(account: Any, facts: Any) -> Metrics:
    history = History({"main": account})
    made = Metrics({"main": account}, facts, history)
    account.observers = (history, made)
    return made


def test_what_happened_is_counted(metrics: Metrics, account: Any) -> None:
    account.tick(997_000)
    account.take(
        PlaceRejected(symbol="BTCUSDT", at=account.now, wire_id="x", code=110007, text="no")
    )

    found = samples(metrics, account.now)

    assert found["gridbot_fills_total", ("main", "long", "Buy", "BTCUSDT")] == 1
    assert found["gridbot_requests_rejected_total", ("main", "110007", "place_open")] == 1
    assert found["gridbot_events_total", ("main", "Ticker")] == 1
    placed = found["gridbot_requests_total", ("main", "place_close")]
    assert found["gridbot_request_seconds_count", ("main", "place_close")] == placed > 0


def test_the_state_of_the_account_is_shown_as_it_is(metrics: Metrics, account: Any) -> None:
    account.tick(997_000)
    account.tick(990_000)

    found = samples(metrics, account.now)

    session = account.session
    assert found["gridbot_ready", ("main",)] == 1
    assert found["gridbot_health", ("main", "trading")] == 1
    assert found["gridbot_balance_usdt", ("main",)] == float(session.balance)
    assert found["gridbot_equity_usdt", ("main",)] < found["gridbot_balance_usdt", ("main",)]
    assert found["gridbot_orders", ("main", "open")] == session.open_orders
    long = session.strategies["BTCUSDT"].pair.legs[0]
    assert found["gridbot_position_coins", ("main", "long", "BTCUSDT")] == float(long.qty)
    assert found["gridbot_position_usdt", ("main", "long", "BTCUSDT")] == float(long.qty * 99_000)
    assert found["gridbot_stream_age_seconds", ("main", "private")] == pytest.approx(0.02)
    assert found["gridbot_stream_up", ("main", "tickers.BTCUSDT")] == 1
    assert found["gridbot_last_price", ("main", "BTCUSDT")] == 99_000
    assert found["gridbot_denials_total", ("main", "coverage")] > 0
    assert found["gridbot_profit_today_usdt", ("main",)] < 0


def test_modes_are_numbers_and_their_causes_are_named(metrics: Metrics, account: Any) -> None:
    account.take(OperatorCommand(at=account.now, action=OperatorAction.HALT, symbol=None))

    found = samples(metrics, account.now)

    assert found["gridbot_mode", ("main", "long", "BTCUSDT")] == 3
    assert found["gridbot_mode_requests", ("main", "operator", "halt")] == 1
    assert found["gridbot_health", ("main", "halted")] == 1


def test_the_distance_to_liquidation_is_a_ratio(make_account: Any, facts: Any) -> None:
    account = make_account(balance=400)
    account.start()
    account.tick(975_000)
    metrics = Metrics({"main": account}, facts, History({"main": account}))

    distance = samples(metrics, account.now)["gridbot_liquidation_distance_ratio", ("main",)]

    assert 0 < distance < 1


def test_what_is_unknown_has_no_sample(make_account: Any, facts: Any) -> None:
    account = make_account()
    metrics = Metrics({"main": account}, facts, History({"main": account}))

    found = samples(metrics, account.now)

    names = {name for name, _ in found}
    assert "gridbot_ready" in names
    assert names.isdisjoint(
        {
            "gridbot_equity_usdt",
            "gridbot_wallet_usdt",
            "gridbot_last_price",
            "gridbot_profit_today_usdt",
        }
    )


def test_other_parts_add_families_of_their_own(account: Any, facts: Any) -> None:
    class Watch(Collector):
        def collect(self) -> list[GaugeMetricFamily]:
            return [GaugeMetricFamily("gridbot_slow_callbacks", "of the loop", value=3)]

    metrics = Metrics({"main": account}, facts, History({"main": account}), [Watch()])

    found = samples(metrics, Instant(account.now + SECOND_US))

    assert found["gridbot_slow_callbacks", ()] == 3
    assert found["gridbot_uptime_seconds", ()] == (account.now - facts.started_at) / SECOND_US + 1
    assert found["gridbot_info", ("live", "gridbot 0.1.0")] == 1
