"""A little market for runs of milliseconds: tapes, instruments and a plan over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from backtest.config_parts import WindDownMode
from backtest.wiring import RunPlan, StrategyPlan
from gridcore.clock import Instant
from gridcore.config import (
    CloseGate,
    GridConfig,
    IdentitySalt,
    RiskConfig,
    SafetyConfig,
    SizingConfig,
)
from gridcore.instrument import Instrument, Steps
from gridcore.session.effects import TimeInForce
from gridcore.tiers import RiskTier, RiskTiers
from simvenue import SymbolSpec, VenueConfig
from tapes import Tape, TapeHeader, TapeWriter, TickerColumns, TradeColumns

START = Instant(1_767_229_200_000_000)
"""2026-01-01 01:00 UTC, the first row of the market."""
BALANCE = Decimal(10_000)
MAKER, TAKER = Decimal("0.0002"), Decimal("0.00055")
FUNDING_RATE = Decimal("0.0001")
MARK_UNIT = Decimal("0.001")
_ZERO = Decimal(0)

TIERS = RiskTiers(
    [
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.005"),
            deduction=_ZERO,
            initial_rate=Decimal("0.01"),
        )
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A symbol of the little market: its units, where its price begins, and an order's amount."""

    tick_size: str
    qty_step: str
    first_ticks: int
    amount: str


MARKETS: Mapping[str, Market] = MappingProxyType(
    {
        "BTCUSDT": Market(tick_size="0.1", qty_step="0.001", first_ticks=10_000, amount="b0.012"),
        "ETHUSDT": Market(tick_size="0.01", qty_step="0.01", first_ticks=10_000, amount="b0.2"),
        "SOLUSDT": Market(tick_size="0.001", qty_step="0.1", first_ticks=10_000, amount="b2"),
    }
)


def make_tape(folder: Path, symbol: str, rows: int = 600, seed: int = 1) -> Tape:
    """About a trade a second and a ticker after each; prices swing through several levels."""
    market = MARKETS[symbol]
    random = np.random.default_rng([seed, *symbol.encode()])
    moves = np.round(np.sin(np.arange(rows) / 9) * 6).astype(np.int64)
    moves += random.integers(-4, 5, rows)
    moves[0] = 0
    price = market.first_ticks + np.cumsum(moves)
    time = START + np.cumsum(random.integers(400, 1600, rows)) * 1000
    time += START - time[0]
    tick = int(Decimal(market.tick_size) / MARK_UNIT)
    mark = (price * tick * 4 + market.first_ticks * tick) // 5
    header = TapeHeader(
        symbol=symbol,
        tick_size=market.tick_size,
        qty_step=market.qty_step,
        source="hand-made",
        mark_unit=str(MARK_UNIT),
        funding_unit="0.00000001",
    )
    with TapeWriter(folder, header, tickers=True) as writer:
        writer.add_trades(
            TradeColumns(
                time=time,
                price=price,
                size=random.integers(1, 60, rows),
                side=np.where(moves < 0, -1, 1).astype(np.int8),
                seq=np.arange(rows, dtype=np.int64) * 2,
            )
        )
        writer.add_tickers(
            TickerColumns(
                time=time,
                seq=np.arange(rows, dtype=np.int64) * 2 + 1,
                last=price,
                bid=price - 1,
                ask=price,
                mark=mark,
                funding=np.full(rows, int(FUNDING_RATE.scaleb(8)), dtype=np.int64),
            )
        )
        return writer.commit()


def make_plan(
    folder: Path,
    symbols: Sequence[str] = ("BTCUSDT",),
    *,
    rows: int = 600,
    seed: int = 1,
    grid: Mapping[str, Any] = MappingProxyType({}),
    venue: Mapping[str, Any] = MappingProxyType({}),
    spec: Mapping[str, Any] = MappingProxyType({}),
    safety: Mapping[str, Any] = MappingProxyType({}),
) -> RunPlan:
    """A strategy `grid-<symbol>` of 11 levels 0.2 % apart on each symbol; the mappings change it.

    `venue={"partial_fills": 300, "partial_fills_seed": "1"}` cuts a third of the fills.
    """
    return RunPlan(
        venue=VenueConfig(
            **{
                "initial_balance": BALANCE,
                "maker_fee": MAKER,
                "taker_fee": TAKER,
                "repeat_in_pushes": False,
                **venue,
            }
        ),
        symbols={
            symbol: SymbolSpec(
                **{
                    "instrument": instrument_of(symbol),
                    "tiers": TIERS,
                    "leverage": Decimal(10),
                    "typical_trade": Steps(10),
                    **spec,
                }
            )
            for symbol in symbols
        },
        strategies=tuple(
            StrategyPlan(
                strat_id=f"grid-{symbol}",
                symbol=symbol,
                grid=GridConfig(**{"grid_count": 10, "grid_step": Decimal("0.2"), **grid}),
                risk=RiskConfig(),
                sizing=SizingConfig(amount=MARKETS[symbol].amount),
                identity_salt=IdentitySalt.STRAT_ID,
                anchor_price=None,
                time_in_force=TimeInForce.POST_ONLY,
                close_gate=CloseGate.ALLOW_EQUAL,
            )
            for symbol in symbols
        ),
        safety=SafetyConfig(**safety),
        tapes={symbol: make_tape(folder / symbol, symbol, rows, seed) for symbol in symbols},
        start=None,
        end=None,
        initial_balance=BALANCE,
        wind_down=WindDownMode.LEAVE_OPEN,
    )


def instrument_of(symbol: str) -> Instrument:
    """The instrument of a symbol of the little market."""
    market = MARKETS[symbol]
    return Instrument(
        symbol=symbol,
        tick_size=Decimal(market.tick_size),
        qty_step=Decimal(market.qty_step),
        min_qty=Decimal(market.qty_step),
        max_qty=Decimal(10_000),
        min_notional=Decimal(1),
    )
