"""The rows of Bybit's instruments-info and risk-limit answers as facts (spec/bybit.md A.3).

It reads saved answers only; asking the exchange is not its business.
"""

from decimal import Decimal
from typing import Any

from appkit.instruments.entry import read_number
from appkit.instruments.facts import FactsRefused, InstrumentFacts, RiskTier, checked_tiers


def instrument_facts(row: dict[str, Any]) -> InstrumentFacts:
    """One instruments-info row; what the answer leaves out stays unknown (N-1)."""
    lot, price, leverage = (
        _filter(row, name) for name in ("lotSizeFilter", "priceFilter", "leverageFilter")
    )
    interval = row.get("fundingInterval")
    return InstrumentFacts(
        symbol=str(row["symbol"]),
        tick_size=_optional(price, "tickSize"),
        qty_step=_optional(lot, "qtyStep"),
        min_qty=_optional(lot, "minOrderQty"),
        max_qty=_optional(lot, "maxOrderQty"),
        min_notional=_optional(lot, "minNotionalValue"),
        max_leverage=_optional(leverage, "maxLeverage"),
        # Dated futures pay no funding and are listed with an interval of 0.
        funding_interval_minutes=interval if isinstance(interval, int) and interval > 0 else None,
        min_price=_optional(price, "minPrice"),
        max_price=_optional(price, "maxPrice"),
        status=str(row["status"]) if row.get("status") else None,
    )


def tier_facts(rows: list[Any]) -> tuple[list[InstrumentFacts], list[str], list[str]]:
    """Risk-limit rows, grouped by symbol: facts, refused symbols, notes (M-7).

    A row must carry its symbol: a bare list of tiers says of nothing whose tiers they are.
    """
    by_symbol: dict[str, list[dict[str, Any]]] = {}
    refused: list[str] = []
    for number, row in enumerate(rows, start=1):
        symbol = row.get("symbol") if isinstance(row, dict) else None
        if isinstance(symbol, str) and symbol:
            by_symbol.setdefault(symbol, []).append(row)
        else:
            refused.append(f"row {number}: expected a mapping with a symbol")
    facts, notes = [], []
    for symbol, own_rows in by_symbol.items():
        try:
            tiers = checked_tiers([_tier(row) for row in own_rows])
        except FactsRefused as error:
            refused.append(f"{symbol}: {error}")
            continue
        facts.append(InstrumentFacts(symbol=symbol, tiers=tiers))
        notes += [f"{symbol}: {text}" for text in _oddities(tiers)]
    return facts, refused, notes


def _filter(row: dict[str, Any], name: str) -> dict[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _optional(filters: dict[str, Any], name: str) -> Decimal | None:
    value = filters.get(name)
    return None if value in (None, "") else read_number(name, value)


def _tier(row: dict[str, Any]) -> RiskTier:
    return RiskTier(
        max_value=read_number("riskLimitValue", row.get("riskLimitValue")),
        maintenance_rate=read_number("maintenanceMargin", row.get("maintenanceMargin")),
        deduction=_or_zero(row, "mmDeduction"),
        initial_rate=_or_zero(row, "initialMargin"),
    )


def _or_zero(row: dict[str, Any], name: str) -> Decimal:
    """The exchange writes "" for a zero deduction (A.3)."""
    value = _optional(row, name)
    return Decimal(0) if value is None else value


def _oddities(tiers: tuple[RiskTier, ...]) -> list[str]:
    texts = []
    if any(tier.initial_rate == 0 for tier in tiers):
        texts.append("a tier states no initial margin rate; margin then follows the leverage alone")
    if any(tier.maintenance_rate == 0 for tier in tiers):
        texts.append("a tier states a maintenance rate of 0")
    if any(tier.deduction == 0 for tier in tiers[1:]):
        texts.append("a tier after the first states no deduction; its margin is overstated")
    return texts
