"""`/metrics`: counts and the state of every account as Prometheus text.

Names carry their units, counters end in _total and begin at 0 with the process. Money as float64 is
for graphs: no decision comes out of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bybit_adapter.rest_client import machine_clock
from gridbot.surface.counting import AccountCounts
from gridbot.surface.exposure import PERCENT, symbol_families
from gridbot.surface.families import PREFIX, add_known, counter, gauge
from gridbot.surface.history import History
from gridbot.surface.organs import NOTHING_KNOWN, Checkup, Organs
from gridbot.surface.picture import age_us, health_of
from gridbot.surface.valuation import equity_of, nearest_liquidation_pct, unrealised_of
from gridbot.surface.views import AccountView, RunFacts
from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event
from gridcore.session.effects import Effects
from gridcore.session.orders import OrderState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts every handled event, and writes the text; `collectors` add families of their own."""

    def __init__(
        self,
        accounts: Mapping[str, AccountView],
        facts: RunFacts,
        history: History,
        collectors: Sequence[Collector] = (),
        *,
        organs: Callable[[], Organs] = lambda: NOTHING_KNOWN,
        wall: Callable[[], Instant] = machine_clock,
    ) -> None:
        self._accounts = accounts
        self._organs = organs
        self._wall = wall
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
        families += symbol_families(self._accounts)
        families += _of_counts(self._counts)
        families += Checkup(self._organs(), now, self._wall()).families()
        return families

    def _of_accounts(self, now: Instant) -> Iterator[Metric]:
        ready = gauge("ready", "1 when the account may trade")
        health = gauge("health", "1 for the state the account is in", "state")
        turned = gauge("loop_age_seconds", "time since the account's loop last came round")
        flight = gauge("requests_in_flight", "requests whose answers are not handled yet")
        ages = gauge("stream_age_seconds", "time since a stream was heard", "stream")
        up = gauge("stream_up", "1 when a stream delivers", "stream")
        modes = gauge("mode_requests", "standing requests for less trading", "cause", "mode")
        since = gauge("mode_age_seconds", "age of the oldest of them", "cause", "mode")
        orders = gauge("orders", "orders that are not terminal, by state", "state")
        for name, view in self._accounts.items():
            settled = view.settled()
            ready.add_metric([name], settled.ready)
            flight.add_metric([name], settled.in_flight)
            turned.add_metric([name], view.turned_age_s())
            health.add_metric([name, health_of(view).value], 1)
            for stream in view.streams():
                up.add_metric([name, stream.name], stream.up)
                age = age_us(stream, now)
                if age is not None:
                    ages.add_metric([name, stream.name], age / SECOND_US)
            standing: dict[tuple[str, str], list[Instant]] = {}
            for request in view.session.standing_modes():
                key = (request.cause.value, request.mode.name.lower())
                standing.setdefault(key, []).append(request.since)
            for (cause, mode), begun in standing.items():
                modes.add_metric([name, cause, mode], len(begun))
                # What stands since before the start has no age of its own.
                if min(begun):
                    since.add_metric([name, cause, mode], (now - min(begun)) / SECOND_US)
            states = [order.state for order in view.session.live_orders()]
            for state in OrderState:
                if state in states:
                    orders.add_metric([name, state.name.lower()], states.count(state))
        yield from (ready, health, turned, flight, ages, up, modes, since, orders)


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
    balance = gauge("balance_usdt", "cash by our own books")
    wallet = gauge("wallet_usdt", "cash as the exchange last said it")
    equity = gauge("equity_usdt", "cash and unrealised profit")
    open_profit = gauge("unrealised_usdt", "unrealised profit at the mark")
    today = gauge("profit_today_usdt", "realised profit, fees and funding of the UTC day")
    ledger = gauge("ledger_usdt", "the sum of our books by kind of entry", "kind")
    distance = gauge("liquidation_distance_ratio", "smallest distance to a liquidation price")
    for name, view in accounts.items():
        session = view.session
        if session.ledger.opened:
            balance.add_metric([name], float(session.balance))
            equity.add_metric([name], float(equity_of(session)))
            open_profit.add_metric([name], float(unrealised_of(session)))
        for strategy in session.strategies.values():
            add_known(wallet, [name], strategy.wallet.balance)
            break
        add_known(today, [name], history.of(name).profit_today(now))
        add_known(distance, [name], nearest_liquidation_pct(session), PERCENT)
        for kind, total in session.ledger.totals.items():
            ledger.add_metric([name, kind.value], float(total))
    yield from (balance, wallet, equity, open_profit, today, ledger, distance)


def _of_counts(counts: Mapping[str, AccountCounts]) -> Iterator[Metric]:
    events = counter("events", "events handled", "kind")
    requests = counter("requests", "requests sent", "kind")
    accepted = counter("requests_accepted", "requests that the exchange accepted", "kind")
    unknown = counter("requests_unknown", "requests whose outcome nobody knows", "kind")
    rejected = counter("requests_rejected", "refusals by the exchange", "kind", "code")
    fills = counter("fills", "executions of our orders", "symbol", "direction", "side")
    entries = counter("ledger_entries", "entries of our books", "kind")
    notices = counter("notices", "what the session told", "event", "severity")
    lost = counter("streams_lost", "times a stream was lost", "stream")
    starts = counter("sessions_started", "times the session was taken up")
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
