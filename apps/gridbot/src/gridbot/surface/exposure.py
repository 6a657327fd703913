"""`/metrics` of each symbol: its grid, and what is at stake on each leg.

It reads sessions; it refuses to know what has happened before.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gridbot.surface.families import add_known, counter, gauge
from gridbot.surface.valuation import LegValue, legs_of
from gridbot.surface.views import AccountView
from gridcore.session.modes import Mode
from gridcore.session.orders import TrackedOrder
from gridcore.session.strategy import Strategy

PERCENT = Decimal("0.01")
_MODES = "mode in force: " + ", ".join(f"{mode} {mode.name}" for mode in Mode)


def symbol_families(accounts: Mapping[str, AccountView]) -> Iterator[Metric]:
    """Every family that has a symbol, and the denials."""
    grids, legs = _Grids(), _Legs()
    denied = counter("denials", "orders denied by a gate", "reason")
    for name, view in accounts.items():
        live = view.session.live_orders()
        for symbol, strategy in view.session.strategies.items():
            grids.add([name, symbol], strategy)
            for index, value in enumerate(legs_of(strategy)):
                labels = [name, symbol, value.direction.value]
                orders = [o for o in live if o.symbol == symbol and o.direction is value.direction]
                legs.add(labels, strategy, index, value, orders)
        _count_denials(denied, name, view)
    yield from (*grids.families, *legs.families, denied)


class _Grids:
    """The market and the levels of every symbol."""

    def __init__(self) -> None:
        self.last = gauge("last_price", "last price", "symbol")
        self.step = gauge("grid_step_ratio", "distance of two levels, of the price", "symbol")
        self.levels = gauge("grid_levels", "levels of the grid", "symbol")
        self.low = gauge("grid_low_price", "lowest level", "symbol")
        self.high = gauge("grid_high_price", "highest level", "symbol")
        self.anchor = gauge("grid_anchor_price", "price around which it was built", "symbol")
        self.held = gauge("grid_held", "1 while the grid is held", "symbol", "reason")
        self.families = (
            *(self.last, self.step, self.levels, self.low, self.high, self.anchor, self.held),
        )

    def add(self, labels: list[str], strategy: Strategy) -> None:
        """One symbol; a grid that is not built yet has a step only."""
        instrument, engine = strategy.instrument, strategy.engine
        if strategy.last_ticker is not None:
            self.last.add_metric(labels, float(instrument.price(strategy.last_ticker.last)))
        self.step.add_metric(labels, float(strategy.setup.grid.grid_step * PERCENT))
        self.levels.add_metric(labels, len(engine.levels))
        if engine.levels:
            self.low.add_metric(labels, float(instrument.price(engine.levels[0])))
            self.high.add_metric(labels, float(instrument.price(engine.levels[-1])))
        add_known(self.anchor, labels, engine.get_anchor_price())
        hold = engine.rules.hold
        if hold is not None:
            self.held.add_metric([*labels, hold.value], 1)


class _Legs:
    """Position, danger and resting orders of every leg."""

    def __init__(self) -> None:
        of = ("symbol", "direction")
        self.mode = gauge("mode", _MODES, *of)
        self.size = gauge("position_coins", "size of a leg", *of)
        self.value = gauge("position_usdt", "value of a leg", *of)
        self.profit = gauge("position_unrealised_usdt", "unrealised profit of a leg", *of)
        self.distance = gauge(
            "position_liquidation_distance_ratio",
            "how far the market is from a leg's liquidation price, below 0 beyond it",
            *of,
        )
        self.severity = gauge("risk_severity", "0 none, 1 moderate, 2 emergency", *of)
        self.resting = gauge("resting_orders", "orders that are not terminal", *of)
        self.opens = gauge("resting_opens_usdt", "what resting opens would add to a leg", *of)
        self.families: tuple[GaugeMetricFamily, ...] = (
            *(self.mode, self.size, self.value, self.profit, self.distance, self.severity),
            *(self.resting, self.opens),
        )

    def add(
        self,
        labels: list[str],
        strategy: Strategy,
        index: int,
        value: LegValue,
        orders: list[TrackedOrder],
    ) -> None:
        """One leg and its orders."""
        self.mode.add_metric(labels, strategy.modes[index])
        self.severity.add_metric(labels, strategy.risk.severity[index])
        self.size.add_metric(labels, float(value.leg.qty))
        self.value.add_metric(labels, float(value.value))
        self.profit.add_metric(labels, float(value.unrealised))
        add_known(self.distance, labels, value.distance_pct, PERCENT)
        self.resting.add_metric(labels, len(orders))
        instrument = strategy.instrument
        opening = (
            instrument.qty(one.leaves) * instrument.price(one.price) for one in orders if one.opens
        )
        self.opens.add_metric(labels, float(sum(opening, Decimal(0))))


def _count_denials(denied: CounterMetricFamily, name: str, view: AccountView) -> None:
    for reason, count in view.session.denials().items():
        denied.add_metric([name, reason], count)
