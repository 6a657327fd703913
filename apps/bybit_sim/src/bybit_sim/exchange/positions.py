"""Positions as rows of the protocol (bybit.md A.5, B.4).

It reads booked legs and the venue's margins; it refuses to change either.
"""

from decimal import Decimal
from typing import NamedTuple

from bybit_sim.exchange.legs import BookedLeg
from bybit_sim.exchange.rows import CATEGORY
from bybit_sim.exchange.texts import decimal_text, ms_text, near, plain, rounded, scaled
from bybit_sim.exchange.words import Row
from gridcore.events import Liquidation
from gridcore.pnl import unrealised
from gridcore.sides import LONG
from simvenue.market import Market

ZERO = Decimal(0)
BREAK_EVEN_RATE_MIN = Decimal("0.00055")


class Standing(NamedTuple):
    """What a position's row needs beside its leg. `hedge`: the account is in hedge mode.

    `top_limit`: the risk limit of the last tier, in USDT.
    """

    market: Market
    top_limit: Decimal
    leverage: Decimal
    liquidation: Liquidation
    hedge: bool


def position_row(leg: BookedLeg, standing: Standing) -> Row:
    """One leg as position/list shows it; what a flat one has no value for is ""."""
    return _row(leg, standing, "avgPrice", "")


def position_push_row(leg: BookedLeg, standing: Standing) -> Row:
    """One leg as the `position` stream tells it: its average price is called entryPrice."""
    return {"category": CATEGORY, **_row(leg, standing, "entryPrice", "0")}


def _row(leg: BookedLeg, standing: Standing, entry_name: str, nothing: str) -> Row:
    market, leverage = standing.market, standing.leverage
    mark, size, entry = market.mark(), leg.size, leg.entry
    value = initial = maintenance = profit = nothing
    if size and entry is not None and mark is not None:
        worth = size * mark
        value = rounded(worth)
        initial = rounded(market.margins.initial(worth, worth))
        maintenance = rounded(market.margins.maintenance(worth))
        profit = rounded(unrealised(leg.direction, entry, mark, size))
    liquidation = standing.liquidation
    number, limit = _tier(standing, size * mark if mark is not None else ZERO)
    return {
        "positionIdx": leg.position_idx if standing.hedge else 0,
        "riskId": number,
        "riskLimitValue": plain(limit),
        "symbol": leg.symbol,
        "side": leg.side.value if size else "",
        "size": decimal_text(scaled(size, market.step)),
        entry_name: "0" if entry is None else rounded(entry),
        "positionValue": value,
        "autoAddMargin": 0,
        "positionStatus": "Normal",
        "leverage": plain(leverage),
        "breakEvenPrice": _break_even(leg, market.taker_rate),
        "markPrice": "" if mark is None else decimal_text(scaled(mark, market.tick)),
        "liqPrice": near(liquidation, market.tick) if isinstance(liquidation, Decimal) else "",
        "positionIM": initial,
        "positionIMByMp": initial,
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "",
        "sessionAvgPrice": "",
        "unrealisedPnl": profit,
        "curRealisedPnl": plain(leg.realised_now),
        "cumRealisedPnl": plain(leg.realised),
        "adlRankIndicator": 2 if size else 0,
        "createdTime": ms_text(leg.created_at),
        "updatedTime": ms_text(leg.updated_at),
        "openTime": leg.opened_at // 1000 if size else 0,
        "seq": leg.seq,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "tradeMode": 0,
        "tpslMode": "Full",
        "bustPrice": "",
        "positionBalance": initial or "0",
    }


def _tier(standing: Standing, value: Decimal) -> tuple[int, Decimal]:
    """(riskId, risk limit) of a position value: ids count the tiers from 1."""
    tiers = standing.market.tiers.tiers
    for number, tier in enumerate(tiers, start=1):
        if tier.max_value is not None and value <= tier.max_value:
            return number, tier.max_value
    return len(tiers), standing.top_limit


def _break_even(leg: BookedLeg, taker_fee: Decimal) -> str:
    """(entry * qty - realised profit) / (qty - |qty| * fee), short quantities below 0 (A.5)."""
    if not leg.size or leg.entry is None:
        return ""
    qty = leg.size if leg.direction is LONG else -leg.size
    rate = max(taker_fee, BREAK_EVEN_RATE_MIN)
    return rounded((leg.entry * qty - leg.realised_now) / (qty - leg.size * rate))
