"""What the exchange says of a symbol: instruments-info and risk-limit rows as typed records."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from bybit_adapter.normalizer.numbers import number, required_number, required_text
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.rest import reading
from gridcore.instrument import Instrument
from gridcore.message import message
from gridcore.tiers import RiskTier

TRADING = "Trading"


@message
class InstrumentTerms:
    """The terms on which a symbol is traded. Prices in quote per base coin, sizes in base coin.

    `funding_interval_minutes` None: it pays no funding. `raw` is the row as received.
    """

    symbol: str
    status: str
    tick_size: Decimal
    qty_step: Decimal
    min_qty: Decimal
    max_qty: Decimal
    max_market_qty: Decimal | None
    min_notional: Decimal
    min_price: Decimal | None
    max_price: Decimal | None
    max_leverage: Decimal | None
    leverage_step: Decimal | None
    funding_interval_minutes: int | None
    raw: Row

    @property
    def trading(self) -> bool:
        """Whether orders are taken."""
        return self.status == TRADING

    def to_instrument(self) -> Instrument:
        """The kernel's instrument; InstrumentError when its numbers are impossible."""
        return Instrument(
            symbol=self.symbol,
            tick_size=self.tick_size,
            qty_step=self.qty_step,
            min_qty=self.min_qty,
            max_qty=self.max_qty,
            min_notional=self.min_notional,
        )


def read_terms(row: Row) -> InstrumentTerms:
    """One instruments-info row; BadElement names what is missing (bybit.md A.3)."""
    lot = reading.inner(row, "lotSizeFilter")
    price = reading.inner(row, "priceFilter")
    leverage = reading.inner(row, "leverageFilter")
    interval = row.get("fundingInterval")
    return InstrumentTerms(
        symbol=required_text(row, "symbol"),
        status=required_text(row, "status"),
        tick_size=required_number(price, "tickSize"),
        qty_step=required_number(lot, "qtyStep"),
        min_qty=required_number(lot, "minOrderQty"),
        max_qty=required_number(lot, "maxOrderQty"),
        max_market_qty=number(lot, "maxMktOrderQty"),
        min_notional=required_number(lot, "minNotionalValue"),
        min_price=number(price, "minPrice"),
        max_price=number(price, "maxPrice"),
        max_leverage=number(leverage, "maxLeverage"),
        leverage_step=number(leverage, "leverageStep"),
        # Dated futures pay no funding and are listed with an interval of 0.
        funding_interval_minutes=interval if isinstance(interval, int) and interval > 0 else None,
        raw=row,
    )


def read_tiers(rows: Iterable[Row]) -> tuple[RiskTier, ...]:
    """The risk-limit rows of one symbol, ascending, the last one open-ended (M-5).

    The first tier's deduction is "" and means 0 (bybit.md A.3); BadElement when there is no row.
    """
    tiers = sorted((_read_tier(row) for row in rows), key=lambda tier: tier.max_value or 0)
    if not tiers:
        raise BadElement("expected at least one tier, found none")
    return (*tiers[:-1], replace(tiers[-1], max_value=None))


def _read_tier(row: Row) -> RiskTier:
    deduction = number(row, "mmDeduction")
    return RiskTier(
        max_value=required_number(row, "riskLimitValue"),
        maintenance_rate=required_number(row, "maintenanceMargin"),
        deduction=Decimal(0) if deduction is None else deduction,
        initial_rate=required_number(row, "initialMargin"),
    )
