"""`/metrics`: counts and the state of every account as Prometheus text.

Names carry their units, counters end in _total and begin at 0 with the process. Money as float64 is
for graphs: no decision comes out of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gridbot.surface.counting import AccountCounts
from gridbot.surface.history import History
from gridbot.surface.picture import age_us, health_of
from gridbot.surface.valuation import equity_of, legs_of, nearest_liquidation_pct, unrealised_of
from gridbot.surface.views import AccountView, RunFacts
from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event
from gridcore.session.effects import Effects
from gridcore.session.modes import Mode
from gridcore.session.orders import OrderState

PREFIX = "gridbot"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts every handled event, and writes the text; `collectors` add families of their own."""

    def __init__(
        self,
        accounts: Mapping[str, AccountView],
        facts: RunFacts,
        history: History,
        collectors: Sequence[Collector] = (),
    ) -> None:
        self._accounts = accounts
        self._facts = facts
        self._history = history
        self._collectors = (*collectors, ProcessCollector(registry=None))
        self._counts: dict[str, AccountCounts] = {}

    def observe(self, account: str, event: Event, effects: Effects, now: Instant) -> None:
        """An account's session has handled an event."""
        counts = self._counts.get(account)
        if counts is None:
            counts = self._counts[account] = AccountCounts()
        counts.observe(event, effects, now)

    def text(self, now: Instant) -> bytes:
        """The whole text as of now."""
        registry = CollectorRegistry()
        registry.register(_Now(self._families(now)))
        for collector in self._collectors:
            registry.register(collector)
        text: bytes = generate_latest(registry)
        return text

    def _families(self, now: Instant) -> list[Metric]:
        facts = self._facts
        families: list[Metric] = [
            InfoMetricFamily(
                PREFIX,
                "what runs here",
                value={"version": facts.version, "mode": "shadow" if facts.shadow else "live"},
            ),
            GaugeMetricFamily(
                f"{PREFIX}_uptime_seconds",
                "time since the process began",
                value=(now - facts.started_at) / SECOND_US,
            ),
        ]
        families += self._of_accounts(now)
        families += _of_money(self._accounts, self._history, now)
        families += _of_symbols(self._accounts)
        families += _of_counts(self._counts)
        return families

    def _of_accounts(self, now: Instant) -> Iterator[Metric]:
        ready = _gauge("ready", "1 when the account may trade")
        health = _gauge("health", "1 for the state the account is in", "state")
        flight = _gauge("requests_in_flight", "requests whose answers are not handled yet")
        ages = _gauge("stream_age_seconds", "time since a stream was heard", "stream")
        up = _gauge("stream_up", "1 when a stream delivers", "stream")
        modes = _gauge("mode_requests", "standing requests for less trading", "cause", "mode")
        orders = _gauge("orders", "orders that are not terminal, by state", "state")
        for name, view in self._accounts.items():
            settled = view.settled()
            ready.add_metric([name], settled.ready)
            flight.add_metric([name], settled.in_flight)
            health.add_metric([name, health_of(view).value], 1)
            for stream in view.streams():
                up.add_metric([name, stream.name], stream.up)
                age = age_us(stream, now)
                if age is not None:
                    ages.add_metric([name, stream.name], age / SECOND_US)
            standing: dict[tuple[str, str], int] = {}
            for request in view.session.standing_modes():
                key = (request.cause.value, request.mode.name.lower())
                standing[key] = standing.get(key, 0) + 1
            for (cause, mode), count in standing.items():
                modes.add_metric([name, cause, mode], count)
            states = [order.state for order in view.session.live_orders()]
            for state in OrderState:
                if state in states:
                    orders.add_metric([name, state.name.lower()], states.count(state))
        yield from (ready, health, flight, ages, up, modes, orders)


class _Now(Collector):
    """The families of one moment."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Every family with its samples."""
        yield from self._families


def _of_money(
    accounts: Mapping[str, AccountView], history: History, now: Instant
) -> Iterator[Metric]:
    balance = _gauge("balance_usdt", "cash by our own books")
    wallet = _gauge("wallet_usdt", "cash as the exchange last said it")
    equity = _gauge("equity_usdt", "cash and unrealised profit")
    open_profit = _gauge("unrealised_usdt", "unrealised profit at the mark")
    today = _gauge("profit_today_usdt", "realised profit, fees and funding of the UTC day")
    ledger = _gauge("ledger_usdt", "the sum of our books by kind of entry", "kind")
    distance = _gauge("liquidation_distance_ratio", "smallest distance to a liquidation price")
    for name, view in accounts.items():
        session = view.session
        if session.ledger.opened:
            balance.add_metric([name], float(session.balance))
            equity.add_metric([name], float(equity_of(session)))
            open_profit.add_metric([name], float(unrealised_of(session)))
        for strategy in session.strategies.values():
            _add(wallet, [name], strategy.wallet.balance)
            break
        _add(today, [name], history.of(name).profit_today(now))
        _add(distance, [name], nearest_liquidation_pct(session), Decimal("0.01"))
        for kind, total in session.ledger.totals.items():
            ledger.add_metric([name, kind.value], float(total))
    yield from (balance, wallet, equity, open_profit, today, ledger, distance)


def _of_symbols(accounts: Mapping[str, AccountView]) -> Iterator[Metric]:
    last = _gauge("last_price", "last price", "symbol")
    mode = _gauge(
        "mode", "mode in force: " + ", ".join(f"{m} {m.name}" for m in Mode), "symbol", "direction"
    )
    size = _gauge("position_coins", "size of a leg", "symbol", "direction")
    value = _gauge("position_usdt", "value of a leg", "symbol", "direction")
    severity = _gauge("risk_severity", "0 none, 1 moderate, 2 emergency", "symbol", "direction")
    resting = _gauge("resting_orders", "orders that are not terminal", "symbol", "direction")
    denied = CounterMetricFamily(
        f"{PREFIX}_denials",
        "orders denied by a gate",
        labels=["account", "reason"],
    )
    for name, view in accounts.items():
        live = view.session.live_orders()
        for symbol, strategy in view.session.strategies.items():
            if strategy.last_ticker is not None:
                price = strategy.instrument.price(strategy.last_ticker.last)
                last.add_metric([name, symbol], float(price))
            for index, leg in enumerate(legs_of(strategy)):
                labels = [name, symbol, leg.direction.value]
                mode.add_metric(labels, strategy.modes[index])
                severity.add_metric(labels, strategy.risk.severity[index])
                size.add_metric(labels, float(leg.leg.qty))
                value.add_metric(labels, float(leg.value))
                mine = [o for o in live if o.symbol == symbol and o.direction is leg.direction]
                resting.add_metric(labels, len(mine))
        for reason, count in view.session.denials().items():
            denied.add_metric([name, reason], count)
    yield from (last, mode, size, value, severity, resting, denied)


def _of_counts(counts: Mapping[str, AccountCounts]) -> Iterator[Metric]:
    events = _counter("events", "events handled", "kind")
    requests = _counter("requests", "requests sent", "kind")
    accepted = _counter("requests_accepted", "requests that the exchange accepted", "kind")
    unknown = _counter("requests_unknown", "requests whose outcome nobody knows", "kind")
    rejected = _counter("requests_rejected", "refusals by the exchange", "kind", "code")
    fills = _counter("fills", "executions of our orders", "symbol", "direction", "side")
    entries = _counter("ledger_entries", "entries of our books", "kind")
    notices = _counter("notices", "what the session told", "event", "severity")
    lost = _counter("streams_lost", "times a stream was lost", "stream")
    starts = _counter("sessions_started", "times the session was taken up")
    waits = HistogramMetricFamily(
        f"{PREFIX}_request_seconds",
        "time from a request to its handled answer",
        labels=["account", "kind"],
    )
    for name, one in counts.items():
        starts.add_metric([name], one.starts)
        for family, by_kind in ((requests, one.requests), (accepted, one.accepted)):
            for kind, count in by_kind.items():
                family.add_metric([name, kind.value], count)
        for kind, count in one.unknown.items():
            unknown.add_metric([name, kind.value], count)
        for (kind, code), count in one.rejected.items():
            rejected.add_metric([name, kind.value, str(code)], count)
        for word, count in one.events.items():
            events.add_metric([name, word], count)
        for (symbol, direction, side), count in one.fills.items():
            fills.add_metric([name, symbol, direction, side], count)
        for entry, count in one.entries.items():
            entries.add_metric([name, entry.value], count)
        for (word, severity), count in one.notices.items():
            notices.add_metric([name, word, severity], count)
        for stream, count in one.streams_lost.items():
            lost.add_metric([name, stream], count)
        for kind, wait in one.waits.items():
            waits.add_metric([name, kind.value], wait.buckets(), wait.sum_us / SECOND_US)
    yield from (starts, events, requests, accepted, unknown, rejected, fills, entries, notices)
    yield from (lost, waits)


def _gauge(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", help_text, labels=["account", *labels])


def _counter(name: str, help_text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"{PREFIX}_{name}", help_text, labels=["account", *labels])


def _add(
    family: GaugeMetricFamily, labels: list[str], value: Decimal | None, unit: Decimal = Decimal(1)
) -> None:
    """An unknown value has no sample."""
    if value is not None:
        family.add_metric(labels, float(value * unit))
