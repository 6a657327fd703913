"""Hand-made outcomes for the tests of what is computed from a run."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from backtest.outcome import Drawdown, Fill, FillKind, FinalLeg, GridChange, RunOutcome
from gridcore.clock import HOUR_US, MINUTE_US, Instant
from gridcore.events import FillEvidence
from gridcore.instrument import Instrument, Steps
from gridcore.pnl import fill_leg, trading_fee, unrealised
from gridcore.session.effects import LedgerEntry, LedgerKind
from gridcore.sides import DirectionType, SideType

SYMBOL = "BTCUSDT"
START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
INITIAL = Decimal(10000)
MAKER = Decimal("0.0002")

Row = tuple[int, str, str, str, str]
"""Minutes after the start, direction, side, price, qty."""

SC_1: tuple[Row, ...] = (
    (1, "long", "Buy", "99800.0", "0.011"),
    (2, "long", "Buy", "99600.4", "0.011"),
    (3, "long", "Sell", "99800.0", "0.011"),
    (3, "short", "Sell", "99800.0", "0.011"),
    (4, "short", "Sell", "100000.0", "0.010"),
    (5, "short", "Sell", "100200.0", "0.010"),
    (5, "long", "Sell", "100200.0", "0.010"),
    (6, "long", "Buy", "100000.0", "0.010"),
    (6, "short", "Buy", "100000.0", "0.010"),
)
"""The fills of the golden scenario SC-1 (spec/strategy.md 2.12)."""


class OutcomeBuilder:
    """Books rows as the venue would and adds up to an outcome; the mark is given."""

    def __init__(self, symbol: str = SYMBOL, strat_id: str = "grid") -> None:
        self.symbol = symbol
        self.strat_id = strat_id
        self.fills: list[Fill] = []
        self.ledger: list[LedgerEntry] = []
        self.legs: dict[DirectionType, tuple[Decimal, Decimal | None]] = {
            direction: (Decimal(0), None) for direction in DirectionType
        }

    def fill(self, row: Row, *, kind: FillKind = FillKind.GRID, rate: Decimal = MAKER) -> None:
        """Book one fill with its fee and its realised profit."""
        minute, direction_text, side_text, price_text, qty_text = row
        direction, side = DirectionType(direction_text), SideType(side_text)
        price, qty = Decimal(price_text), Decimal(qty_text)
        size, entry = self.legs[direction]
        leg = fill_leg(direction, size, entry, side, price, qty)
        self.legs[direction] = (leg.size, leg.entry)
        fee = trading_fee(price, qty, rate)
        number = len(self.fills) + 1
        at = Instant(START + minute * MINUTE_US)
        self.fills.append(
            Fill(
                at=at,
                symbol=self.symbol,
                strat_id=self.strat_id,
                direction=direction,
                side=side,
                price=price,
                qty=qty,
                closed_qty=leg.closed,
                fee=fee,
                realised=leg.realised,
                client_order_id=f"{number:016x}",
                order_id=f"order-{number}",
                exec_id=f"exec-{number}",
                level=number % 7,
                is_maker=kind is FillKind.GRID,
                evidence=FillEvidence.CROSSED,
                kind=kind,
            )
        )
        self.book(at, LedgerKind.FEE, -fee, direction)
        if leg.closed:
            self.book(at, LedgerKind.REALISED, leg.realised, direction)

    def book(
        self, at: Instant, kind: LedgerKind, amount: Decimal, direction: DirectionType | None
    ) -> None:
        """Add one movement of cash."""
        self.ledger.append(
            LedgerEntry(
                at=at,
                kind=kind,
                symbol=self.symbol,
                direction=direction,
                amount=amount,
                reference=f"entry-{len(self.ledger) + 1}",
            )
        )

    def outcome(self, mark: str = "99990", minutes: int = 120, **changes: Any) -> RunOutcome:
        """The outcome at `mark`; `changes` replace fields of it."""
        price = Decimal(mark)
        wallet = INITIAL + sum((entry.amount for entry in self.ledger), Decimal(0))
        open_profit = Decimal(0)
        legs = []
        for direction, (size, entry) in self.legs.items():
            if entry is not None:
                open_profit += unrealised(direction, entry, price, size)
            legs.append(
                FinalLeg(
                    symbol=self.symbol,
                    direction=direction,
                    size=Steps(int(size / Decimal("0.001"))),
                    qty=size,
                    entry=entry,
                    mark=price,
                    liquidation=None,
                )
            )
        equity = wallet + open_profit
        end = Instant(START + minutes * MINUTE_US)
        hours = np.arange(START, end + 1, HOUR_US, dtype=np.int64)
        curve = np.linspace(float(INITIAL), float(equity), hours.size)
        curve_units = np.asarray(np.round(curve * 1e8), dtype=np.int64)
        built = RunOutcome(
            instruments={self.symbol: btc_instrument(self.symbol)},
            strategies={self.strat_id: self.symbol},
            start=START,
            end=end,
            initial_balance=INITIAL,
            final_wallet=wallet,
            final_equity=equity,
            fills=self.fills,
            ledger=self.ledger,
            equity_at=hours,
            equity=curve_units,
            hourly_at=hours,
            hourly_equity=curve_units,
            price_at={self.symbol: hours},
            price={self.symbol: np.linspace(100000.0, float(price), hours.size)},
            drawdown=no_drawdown(),
            legs=legs,
            grid_changes=[
                GridChange(
                    at=START,
                    strat_id=self.strat_id,
                    symbol=self.symbol,
                    cause="build",
                    levels=tuple(
                        Decimal(text)
                        for text in ("99401.2", "99600.4", "99800.0", "100000.0", "100200.0")
                    ),
                )
            ],
            liquidations=[],
            min_liquidation_distance_pct={},
            ticks=7,
            wakes=7,
            orders_placed=len(self.fills),
            orders_cancelled=0,
            orders_rejected={},
            denials={},
            max_open_orders=6,
            alerts=[],
        )
        return replace(built, **changes)


def btc_instrument(symbol: str = SYMBOL) -> Instrument:
    """The instrument of the golden scenarios."""
    return Instrument(
        symbol=symbol,
        tick_size=Decimal("0.1"),
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )


def no_drawdown() -> Drawdown:
    """A run that never fell below its peak."""
    return Drawdown(
        amount=Decimal(0),
        peak=INITIAL,
        deepest_pct=Decimal(0),
        peak_at=None,
        trough_at=None,
        recovered_at=None,
        longest_us=0,
    )


@pytest.fixture
def new_builder() -> type[OutcomeBuilder]:
    """For tests that need several, such as those of Hypothesis."""
    return OutcomeBuilder


@pytest.fixture
def builder() -> OutcomeBuilder:
    """An empty outcome under construction."""
    return OutcomeBuilder()


@pytest.fixture
def book_rows() -> Callable[[Sequence[Row]], OutcomeBuilder]:
    """Books a list of rows on one symbol."""

    def book(rows: Sequence[Row]) -> OutcomeBuilder:
        built = OutcomeBuilder()
        for row in rows:
            built.fill(row)
        return built

    return book


@pytest.fixture
def sc_1() -> OutcomeBuilder:
    """The golden scenario SC-1, ready for `outcome()`."""
    built = OutcomeBuilder()
    for row in SC_1:
        built.fill(row)
    return built
