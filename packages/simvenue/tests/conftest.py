"""Shared builders: two instruments, venues on them, requests, and scenarios of a campaign."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import Ticker
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.pnl import RiskTier, RiskTiers
from gridcore.session.effects import CancelOrder, CancelReason, PlaceOrder, TimeInForce
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, DirectionType, SideType, closes
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.messages import SymbolSpec, VenueConfig
from simvenue.venue import SimVenue

INSTRUMENTS = {
    "BTCUSDT": Instrument(
        symbol="BTCUSDT",
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    ),
    "ETHUSDT": Instrument(
        symbol="ETHUSDT",
        tick_size=Decimal("0.01"),
        qty_step=Decimal("0.01"),
        min_qty=Decimal("0.01"),
        max_qty=Decimal(5000),
        min_notional=Decimal(5),
    ),
}

TIERS = RiskTiers(
    tiers=(
        RiskTier(
            max_value=Decimal(200_000),
            maintenance_rate=Decimal("0.01"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.02"),
        ),
        RiskTier(
            max_value=Decimal(400_000),
            maintenance_rate=Decimal("0.02"),
            deduction=Decimal(2_000),
            initial_rate=Decimal("0.04"),
        ),
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.05"),
            deduction=Decimal(14_000),
            initial_rate=Decimal("0.2"),
        ),
    )
)


@pytest.fixture(scope="session")
def make_spec() -> Callable[..., SymbolSpec]:
    """A symbol at leverage 10 with three tiers; any field may be replaced."""

    def make(symbol: str = "BTCUSDT", **changes: object) -> SymbolSpec:
        fields: dict[str, object] = {
            "instrument": INSTRUMENTS[symbol],
            "tiers": TIERS,
            "leverage": Decimal(10),
        }
        return SymbolSpec(**{**fields, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def make_config() -> Callable[..., VenueConfig]:
    """10,000 USDT, maker 0.02 %, taker 0.055 %; any field may be replaced."""

    def make(**changes: object) -> VenueConfig:
        fields: dict[str, object] = {
            "initial_balance": Decimal(10_000),
            "maker_fee": Decimal("0.0002"),
            "taker_fee": Decimal("0.00055"),
        }
        return VenueConfig(**{**fields, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def make_venue(
    make_config: Callable[..., VenueConfig], make_spec: Callable[..., SymbolSpec]
) -> Callable[..., SimVenue]:
    """A venue of the given symbols (BTCUSDT alone by default), starting at time 0."""

    def make(*specs: SymbolSpec, **changes: object) -> SimVenue:
        return SimVenue(make_config(**changes), specs or (make_spec(),), Instant(0))

    return make


def placement(
    wire_id: str,
    price: int,
    qty: int = 10,
    *,
    side: SideType = BUY,
    direction: DirectionType = LONG,
    symbol: str = "BTCUSDT",
    time_in_force: TimeInForce = TimeInForce.POST_ONLY,
    reduce_only: bool | None = None,
) -> PlaceOrder:
    return PlaceOrder(
        symbol=symbol,
        strat_id="s1",
        client_order_id=wire_id,
        wire_id=wire_id,
        direction=direction,
        side=side,
        price=Ticks(price),
        qty=Steps(qty),
        reduce_only=closes(direction, side) if reduce_only is None else reduce_only,
        time_in_force=time_in_force,
        level=0,
    )


@pytest.fixture(scope="session")
def place() -> Callable[..., PlaceOrder]:
    """A post-only placement; prices in ticks, sizes in steps."""
    return placement


@pytest.fixture(scope="session")
def raw_place() -> Callable[..., PlaceOrder]:
    """The same, where `place` means a placement of a strategy."""
    return placement


@pytest.fixture(scope="session")
def cancel() -> Callable[..., CancelOrder]:
    """A cancel by order id or, when that is "", by wire id."""

    def make(order_id: str, *, wire_id: str = "", symbol: str = "BTCUSDT") -> CancelOrder:
        return CancelOrder(
            symbol=symbol, order_id=order_id, wire_id=wire_id, reason=CancelReason.REBUILD
        )

    return make


@pytest.fixture(scope="session")
def trade() -> Callable[..., list[object]]:
    """Deliver one trade: prices in ticks, sizes in steps, the taker's side +1, -1 or 0."""

    def deliver(
        venue: SimVenue,
        at: int,
        price: int,
        qty: int = 1,
        side: int = 0,
        symbol: str = "BTCUSDT",
    ) -> list[object]:
        return list(venue.on_trade(symbol, Instant(at), Ticks(price), Steps(qty), side))

    return deliver


@pytest.fixture(scope="session")
def ticker() -> Callable[..., list[object]]:
    """Deliver one ticker; what is not given is absent."""

    def deliver(
        venue: SimVenue,
        at: int,
        last: int,
        *,
        mark: str | None = None,
        bid: int | None = None,
        ask: int | None = None,
        rate: str | None = None,
        symbol: str = "BTCUSDT",
    ) -> list[object]:
        return list(
            venue.on_ticker(
                symbol,
                Instant(at),
                last,
                None if mark is None else Decimal(mark),
                bid,
                ask,
                None if rate is None else Decimal(rate),
            )
        )

    return deliver


# Scenarios of a campaign

START = Instant(1_767_261_600_000_000)
"""2026-01-01T10:00:00Z: the start of every scenario of the tests."""
CENTER = {"BTCUSDT": 1_000_000, "ETHUSDT": 300_000}
"""Prices in ticks to move around: 100,000 and 3,000 USDT."""


def at_s(seconds: float) -> Instant:
    return Instant(START + round(seconds * SECOND_US))


def rows_of(
    moves: Sequence[int], symbol: str = "BTCUSDT", *, every_s: float = 1, first_s: float = 1
) -> list[Ticker]:
    tick = INSTRUMENTS[symbol].tick_size
    return [
        Ticker(
            symbol=symbol,
            at=at_s(first_s + number * every_s),
            last=CENTER[symbol] + move,
            mark=tick * (CENTER[symbol] + move),
            bid=CENTER[symbol] + move - 1,
            ask=CENTER[symbol] + move + 1,
        )
        for number, move in enumerate(moves)
    ]


def strategy_on(spec: SymbolSpec) -> StrategySetup:
    return StrategySetup(
        strat_id=f"grid-{spec.instrument.symbol}",
        instrument=spec.instrument,
        tiers=spec.tiers,
        taker_fee=Decimal("0.00055"),
        grid=GridConfig(grid_count=6, grid_step=Decimal("0.1")),
        risk=RiskConfig(),
        sizing=SizingConfig(amount="200"),
        safety=SafetyConfig(),
    )


@pytest.fixture(scope="session")
def at() -> Callable[[float], Instant]:
    """An instant so many seconds after the start of a scenario."""
    return at_s


@pytest.fixture(scope="session")
def rows() -> Callable[..., list[Ticker]]:
    """Tickers by their distance from the centre in ticks, one per second; quotes one tick off."""
    return rows_of


@pytest.fixture(scope="session")
def fault() -> Callable[..., Fault]:
    """A fault between two seconds after the start, or once; it hits everything by default."""

    def make(kind: FaultKind, begin_s: float, end_s: float | None = None, **changes: Any) -> Fault:
        fields: dict[str, Any] = {
            "kind": kind,
            "at": at_s(begin_s),
            "until": at_s(begin_s if end_s is None else end_s),
            "chance": 1000,
            "number": 0,
            "symbol": None,
            "detail": "",
        }
        return Fault(**(fields | changes))

    return make


@pytest.fixture(scope="session")
def make_scenario(
    make_spec: Callable[..., SymbolSpec], make_config: Callable[..., VenueConfig]
) -> Callable[..., Scenario]:
    """Seven levels 0.1 % apart with 200 USDT per order; latency 1 ms, no partial fill."""

    def make(
        *faults: Fault,
        symbols: Sequence[str] = ("BTCUSDT",),
        tickers: Sequence[Ticker] | None = None,
        **changes: Any,
    ) -> Scenario:
        specs = tuple(make_spec(symbol, has_trades=False) for symbol in symbols)
        played = rows_of([0] * 5) if tickers is None else tickers
        fields: dict[str, Any] = {
            "seed": 1,
            "name": "a test",
            "setups": tuple(strategy_on(spec) for spec in specs),
            "safety": SafetyConfig(),
            "venue": make_config(),
            "symbols": specs,
            "tickers": tuple(played),
            "faults": faults,
            "latency_us": 1_000,
            "start": START,
            "calm_from": played[-1].at,
            "partial_fills": 0,
        }
        return Scenario(**(fields | changes))

    return make
