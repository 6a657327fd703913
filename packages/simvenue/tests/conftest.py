"""Shared builders: two instruments, venues on them, and requests."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from gridcore.clock import Instant
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.pnl import RiskTier, RiskTiers
from gridcore.session.effects import CancelOrder, CancelReason, PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG, DirectionType, SideType, closes
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


@pytest.fixture(scope="session")
def place() -> Callable[..., PlaceOrder]:
    """A post-only placement; prices in ticks, sizes in steps."""

    def make(
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

    return make


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
