"""What the exchange states of one instrument: limits, leverage, tiers, funding. It refuses to know
prices, except the plain one at which a synthetic market begins."""

from dataclasses import dataclass
from decimal import Decimal

from gridcore.clock import MINUTE_US
from gridcore.instrument import Instrument
from gridcore.tiers import RiskTier, RiskTiers


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolFacts:
    """One linear perpetual as instruments-info and risk-limit tell it (bybit.md A.3).

    `tick_size` and `qty_step` of the instrument keep their trailing zeros: prices and quantities
    are written with that many decimals. `top_limit` is the risk limit of the last tier, which the
    margin rules leave open-ended. `funding_rate` holds while no tape states one.
    """

    instrument: Instrument
    tiers: RiskTiers
    base_coin: str
    symbol_id: int
    max_leverage: Decimal
    min_leverage: Decimal = Decimal(1)
    leverage_step: Decimal = Decimal("0.01")
    quote_coin: str = "USDT"
    funding_interval_minutes: int = 480
    funding_rate: Decimal = Decimal("0.0001")
    funding_cap: Decimal = Decimal("0.005")
    min_price: Decimal
    max_price: Decimal
    max_market_qty: Decimal
    top_limit: Decimal
    price_limit_ratio_x: Decimal = Decimal("0.01")
    price_limit_ratio_y: Decimal = Decimal("0.02")
    launch_ms: int = 1_584_230_400_000
    status: str = "Trading"

    @property
    def symbol(self) -> str:
        """The name of the symbol."""
        return self.instrument.symbol

    @property
    def funding_interval_us(self) -> int:
        """Time between two funding settlements."""
        return self.funding_interval_minutes * MINUTE_US


def _tiers(*rows: tuple[int | None, str, str, int]) -> RiskTiers:
    return RiskTiers(
        [
            RiskTier(
                max_value=None if limit is None else Decimal(limit),
                maintenance_rate=Decimal(maintenance),
                deduction=Decimal(deduction),
                initial_rate=Decimal(initial),
            )
            for limit, maintenance, initial, deduction in rows
        ]
    )


BTCUSDT = SymbolFacts(
    instrument=Instrument(
        symbol="BTCUSDT",
        tick_size=Decimal("0.10"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal("1190.000"),
        min_notional=Decimal(5),
    ),
    tiers=_tiers(
        (300_000, "0.0033", "0.01", 0),
        (2_000_000, "0.005", "0.01", 510),
        (2_600_000, "0.0056", "0.01", 1_710),
        (None, "0.01", "0.02", 13_150),
    ),
    top_limit=Decimal(10_000_000),
    base_coin="BTC",
    symbol_id=5,
    max_leverage=Decimal("100.00"),
    min_price=Decimal("0.10"),
    max_price=Decimal("1999999.80"),
    max_market_qty=Decimal("500.000"),
)
ETHUSDT = SymbolFacts(
    instrument=Instrument(
        symbol="ETHUSDT",
        tick_size=Decimal("0.01"),
        qty_step=Decimal("0.01"),
        min_qty=Decimal("0.01"),
        max_qty=Decimal("7240.00"),
        min_notional=Decimal(5),
    ),
    tiers=_tiers(
        (900_000, "0.005", "0.01", 0),
        (2_000_000, "0.0065", "0.0125", 1_350),
        (None, "0.01", "0.02", 8_350),
    ),
    top_limit=Decimal(8_000_000),
    base_coin="ETH",
    symbol_id=6,
    max_leverage=Decimal("100.00"),
    min_price=Decimal("0.01"),
    max_price=Decimal("199999.98"),
    max_market_qty=Decimal("1450.00"),
)
SOLUSDT = SymbolFacts(
    instrument=Instrument(
        symbol="SOLUSDT",
        tick_size=Decimal("0.010"),
        qty_step=Decimal("0.1"),
        min_qty=Decimal("0.1"),
        max_qty=Decimal("72230.0"),
        min_notional=Decimal(5),
    ),
    tiers=_tiers(
        (400_000, "0.005", "0.01", 0),
        (1_000_000, "0.01", "0.02", 2_000),
        (None, "0.02", "0.04", 12_000),
    ),
    top_limit=Decimal(4_000_000),
    base_coin="SOL",
    symbol_id=35,
    max_leverage=Decimal("100.00"),
    min_price=Decimal("0.010"),
    max_price=Decimal("19999.980"),
    max_market_qty=Decimal("14470.0"),
)
KNOWN = {facts.symbol: facts for facts in (BTCUSDT, ETHUSDT, SOLUSDT)}
"""What the simulator knows of three symbols without being told. Ticks, steps and limits are as
documented, so are the first three tiers of BTCUSDT (bybit.md A.3); the other tiers are plausible
ones. A configuration states others."""
