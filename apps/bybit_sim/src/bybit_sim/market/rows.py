"""What REST tells of an instrument that no trade changes: instruments-info and risk-limit rows.

It knows the complete field sets of bybit.md A.3; it refuses to know prices.
"""

from decimal import Decimal

from bybit_sim.exchange.words import Row
from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.texts import price_text, qty_text


def number_text(value: Decimal) -> str:
    """A plain decimal without an exponent."""
    return format(value, "f")


def hours_text(minutes: int) -> str:
    """A funding interval in hours, as tickers write it."""
    return str(minutes // 60) if minutes % 60 == 0 else number_text(Decimal(minutes) / 60)


def instrument_row(facts: SymbolFacts) -> Row:
    """The row of instruments-info; fundingInterval is in minutes and a number."""
    instrument = facts.instrument
    scale = instrument.tick_size.as_tuple().exponent
    assert isinstance(scale, int), "a tick is finite"
    max_qty = qty_text(facts, instrument.max_qty)
    return {
        "symbol": facts.symbol,
        "symbolId": facts.symbol_id,
        "contractType": "LinearPerpetual",
        "status": facts.status,
        "baseCoin": facts.base_coin,
        "quoteCoin": facts.quote_coin,
        "launchTime": str(facts.launch_ms),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(max(0, -scale)),
        "leverageFilter": {
            "minLeverage": number_text(facts.min_leverage),
            "maxLeverage": number_text(facts.max_leverage),
            "leverageStep": number_text(facts.leverage_step),
        },
        "priceFilter": {
            "minPrice": price_text(facts, facts.min_price),
            "maxPrice": price_text(facts, facts.max_price),
            "tickSize": number_text(instrument.tick_size),
        },
        "lotSizeFilter": {
            "maxOrderQty": max_qty,
            "minOrderQty": qty_text(facts, instrument.min_qty),
            "qtyStep": number_text(instrument.qty_step),
            "postOnlyMaxOrderQty": max_qty,
            "maxMktOrderQty": qty_text(facts, facts.max_market_qty),
            "minNotionalValue": number_text(instrument.min_notional),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": facts.funding_interval_minutes,
        "settleCoin": facts.quote_coin,
        "copyTrading": "both",
        "upperFundingRate": number_text(facts.funding_cap),
        "lowerFundingRate": number_text(-facts.funding_cap),
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {
            "priceLimitRatioX": number_text(facts.price_limit_ratio_x),
            "priceLimitRatioY": number_text(facts.price_limit_ratio_y),
        },
        "displayName": "",
        "forbidUplWithdrawal": False,
        "symbolType": "",
    }


def risk_rows(facts: SymbolFacts) -> list[Row]:
    """The rows of risk-limit, lowest tier first; a deduction of 0 is written as ""."""
    rows: list[Row] = []
    for number, tier in enumerate(facts.tiers.tiers, start=1):
        leverage = facts.max_leverage
        if tier.initial_rate > 0:
            leverage = min(leverage, 1 / tier.initial_rate)
        rows.append(
            {
                "id": number,
                "symbol": facts.symbol,
                "riskLimitValue": number_text(tier.max_value or facts.top_limit),
                "maintenanceMargin": number_text(tier.maintenance_rate),
                "initialMargin": number_text(tier.initial_rate),
                "isLowestRisk": 1 if number == 1 else 0,
                "maxLeverage": format(leverage, ".2f"),
                "mmDeduction": number_text(tier.deduction) if tier.deduction else "",
            }
        )
    return rows
