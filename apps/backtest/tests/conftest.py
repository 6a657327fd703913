"""Hand-made outcomes for the tests of what is computed from a run; an exchange at the port."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

from appkit.version import CodeVersion
from backtest.config import load_config
from backtest.config_parts import WindDownMode
from backtest.export import Finished
from backtest.metrics import compute_results
from backtest.outcome import Drawdown, Fill, FillKind, FinalLeg, GridChange, RunOutcome
from backtest.run_manifest import run_manifest
from backtest.tables import trades_csv
from backtest.wiring import RunPlan, Selection, StrategyPlan, wire
from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant
from gridcore.config import (
    CloseGate,
    GridConfig,
    IdentitySalt,
    RiskConfig,
    SafetyConfig,
    SizingConfig,
)
from gridcore.events import FillEvidence
from gridcore.instrument import Instrument, Steps
from gridcore.pnl import fill_leg, trading_fee, unrealised
from gridcore.session.effects import LedgerEntry, LedgerKind, TimeInForce
from gridcore.sides import DirectionType, SideType
from gridcore.tiers import RiskTier, RiskTiers
from simvenue import SymbolSpec, VenueConfig
from tapes import (
    UNKNOWN,
    BarOrder,
    Gap,
    Tape,
    TapeHeader,
    TapeWriter,
    TickerColumns,
    TradeColumns,
)

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
        self.book(START, LedgerKind.CASH, INITIAL, None)

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
        wallet = sum((entry.amount for entry in self.ledger), Decimal(0))
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


CONFIG_TEXT = """\
initial_balance: 10000
strategies:
  - strat_id: grid
    symbol: BTCUSDT
    grid_count: 6
    grid_step: 0.2
    amount: "1000"
tapes:
  BTCUSDT: tape
instruments:
  BTCUSDT:
    tick_size: 0.1
    qty_step: 0.001
    min_qty: 0.001
    max_qty: 100
    min_notional: 5
    max_leverage: 100
    funding_interval_minutes: 480
    tiers:
      - {max_value: 2000000, maintenance_rate: 0.005, deduction: 0, initial_rate: 0.01}
      - {maintenance_rate: 0.01, deduction: 10000, initial_rate: 0.02}
"""
"""A whole configuration of the golden scenarios (spec/strategy.md 2.12); its tape is `tape`."""

SC_1_PRICES = (100000, 99790, 99590, 99810, 100010, 100210, 99990)


def write_tape(
    folder: Path,
    prices: Sequence[float] = SC_1_PRICES,
    *,
    symbol: str = SYMBOL,
    bars: bool = False,
    tick_size: str = "0.1",
) -> Path:
    """A tape of one trade a minute from 2026-01-01 01:00, as the golden scenarios have it."""
    header = TapeHeader(
        symbol=symbol,
        tick_size=tick_size,
        qty_step="0.001",
        source="hand-made",
        bar_order=BarOrder.HIGH_FIRST if bars else None,
    )
    count = len(prices)
    with TapeWriter(folder, header) as writer:
        writer.add_trades(
            TradeColumns(
                time=np.asarray([START + i * MINUTE_US for i in range(count)], dtype=np.int64),
                price=np.asarray([round(p / float(tick_size)) for p in prices], dtype=np.int64),
                size=np.full(count, 1000, dtype=np.int64),
                side=np.ones(count, dtype=np.int8),
                seq=None,
            )
        )
        writer.commit()
    return folder


@pytest.fixture
def make_tape() -> Callable[..., Path]:
    """Writes a small tape into a folder."""
    return write_tape


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the configuration `backtest.yaml` of SC-1 and its tape."""
    (tmp_path / "backtest.yaml").write_text(CONFIG_TEXT, encoding="utf-8")
    write_tape(tmp_path / "tape")
    return tmp_path


@pytest.fixture
def finished(sc_1: OutcomeBuilder, project: Path) -> Finished:
    """SC-1 as a finished run, with its manifest."""
    file = project / "backtest.yaml"
    config = load_config(file)
    wired = wire(config, file, Selection(tapes={}), Instant(START + 24 * HOUR_US))
    results = compute_results(sc_1.outcome())
    table = trades_csv(results.outcome)
    code = CodeVersion(package="backtest", version="1.0", commit=None, modified=None)
    manifest = run_manifest(config, wired, results, code=code, trades_csv=table, verified=None)
    return Finished(results=results, trades_csv=table, manifest=manifest)


# -- runs over small tapes -------------------------------------------------------------------


def write_trades(
    folder: Path,
    prices: Sequence[int],
    *,
    every_us: int = SECOND_US,
    times: Sequence[int] | None = None,
    symbol: str = SYMBOL,
    size: int = 1000,
    gaps: Sequence[tuple[int, int]] = (),
) -> Tape:
    """A tape of trades; prices in ticks of 0.1, evenly apart unless `times` say otherwise."""
    header = TapeHeader(symbol=symbol, tick_size="0.1", qty_step="0.001", source="hand-made")
    even = START + np.arange(len(prices), dtype=np.int64) * every_us
    with TapeWriter(folder, header) as writer:
        writer.add_trades(
            TradeColumns(
                time=even if times is None else np.asarray(times, dtype=np.int64),
                price=np.asarray(prices, dtype=np.int64),
                size=np.full(len(prices), size, dtype=np.int64),
                side=np.zeros(len(prices), dtype=np.int8),
                seq=None,
            )
        )
        for start_us, end_us in gaps:
            writer.declare_gap(Gap(start_us=start_us, end_us=end_us, reason="hand-made"))
        return writer.commit()


TickerNumbers = tuple[int, int | None, int | None, int | None, int | None, int | None]
"""Time, then last, bid, ask, mark (in hundredths) and funding rate (in 1e-8); None: unknown."""


def write_tickers(
    folder: Path,
    trades: Sequence[tuple[int, int, int]],
    tickers: Sequence[tuple[int, TickerNumbers]],
    *,
    symbol: str = SYMBOL,
) -> Tape:
    """A tape of trades (seq, time, price) and tickers (seq, numbers)."""
    header = TapeHeader(
        symbol=symbol,
        tick_size="0.1",
        qty_step="0.001",
        source="hand-made",
        mark_unit="0.01",
        funding_unit="0.00000001",
    )
    sequence, time, price = (
        np.asarray(column, dtype=np.int64) for column in zip(*trades, strict=True)
    )
    numbers = [[UNKNOWN if one is None else one for one in row] for _, row in tickers]
    columns = np.asarray(numbers, dtype=np.int64).reshape(len(tickers), 6).T
    with TapeWriter(folder, header, tickers=True) as writer:
        writer.add_trades(
            TradeColumns(
                time=time,
                price=price,
                size=np.full(len(trades), 1000, dtype=np.int64),
                side=np.zeros(len(trades), dtype=np.int8),
                seq=sequence,
            )
        )
        writer.add_tickers(
            TickerColumns(
                time=columns[0],
                seq=np.asarray([seq for seq, _ in tickers], dtype=np.int64),
                last=columns[1],
                bid=columns[2],
                ask=columns[3],
                mark=columns[4],
                funding=columns[5],
            )
        )
        return writer.commit()


def waves(rows: int, seed: int = 1, start: int = 10_000) -> list[int]:
    """Prices in ticks that swing through several levels of a grid of 0.2 %."""
    random = np.random.default_rng(seed)
    moves = np.round(np.sin(np.arange(rows) / 9) * 6) + random.integers(-4, 5, rows)
    prices: list[int] = (start + np.cumsum(moves.astype(np.int64))).tolist()
    return prices


def plan_of(
    tapes: Mapping[str, Tape],
    *,
    balance: str = "100000",
    amount: str = "1000",
    grid: Mapping[str, Any] = MappingProxyType({}),
    venue: Mapping[str, Any] = MappingProxyType({}),
    spec: Mapping[str, Any] = MappingProxyType({}),
    risk: Mapping[str, Any] = MappingProxyType({}),
    safety: Mapping[str, Any] = MappingProxyType({}),
    leverage: int = 10,
    **changes: Any,
) -> RunPlan:
    """A plan with one grid of 11 levels, 0.2 % apart, on each tape; the mappings change parts."""
    symbols, strategies = {}, []
    for symbol in tapes:
        symbols[symbol] = SymbolSpec(
            **{
                "instrument": btc_instrument(symbol),
                "tiers": TIERS,
                "leverage": Decimal(leverage),
                "funding_rate": Decimal("0.0001"),
                "typical_trade": Steps(10),
                **spec,
            }
        )
        strategies.append(
            StrategyPlan(
                strat_id=f"grid-{symbol}",
                symbol=symbol,
                grid=GridConfig(**{"grid_count": 10, "grid_step": Decimal("0.2"), **grid}),
                risk=RiskConfig(**risk),
                sizing=SizingConfig(amount=amount, leverage=Decimal(leverage)),
                identity_salt=IdentitySalt.STRAT_ID,
                anchor_price=None,
                time_in_force=TimeInForce.POST_ONLY,
                close_gate=CloseGate.ALLOW_EQUAL,
            )
        )
    plan = RunPlan(
        venue=VenueConfig(
            **{
                "initial_balance": Decimal(balance),
                "maker_fee": MAKER,
                "taker_fee": Decimal("0.00055"),
                "repeat_in_pushes": False,
                **venue,
            }
        ),
        symbols=symbols,
        strategies=tuple(strategies),
        safety=SafetyConfig(
            **{
                "audit_orders_s": 28_800,
                "audit_positions_s": 28_800,
                "audit_wallet_s": 28_800,
                **safety,
            }
        ),
        tapes=tapes,
        start=None,
        end=None,
        initial_balance=Decimal(balance),
        wind_down=WindDownMode.LEAVE_OPEN,
    )
    return replace(plan, **changes)


TIERS = RiskTiers(
    [
        RiskTier(
            max_value=Decimal(2_000_000),
            maintenance_rate=Decimal("0.005"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.01"),
        ),
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.01"),
            deduction=Decimal(10_000),
            initial_rate=Decimal("0.02"),
        ),
    ]
)


@pytest.fixture
def trade_tape(tmp_path: Path) -> Callable[..., Tape]:
    """Writes a tape of trades under a name."""

    def write(prices: Sequence[int], name: str = "trades", **changes: Any) -> Tape:
        return write_trades(tmp_path / name, prices, **changes)

    return write


@pytest.fixture(scope="session")
def write_trade_tape() -> Callable[..., Tape]:
    """For tests that need a tape for each example."""
    return write_trades


@pytest.fixture(scope="session")
def write_ticker_tape() -> Callable[..., Tape]:
    """Writes trades and tickers, in the order of their sequence numbers."""
    return write_tickers


@pytest.fixture(scope="session")
def make_waves() -> Callable[..., list[int]]:
    """Prices for runs with fills."""
    return waves


@pytest.fixture(scope="session")
def make_plan() -> Callable[..., RunPlan]:
    """Plans over tapes."""
    return plan_of


@pytest.fixture
def swings(tmp_path: Path) -> Tape:
    """A tape of 600 trades, one a second, with many fills."""
    return write_trades(tmp_path / "swings", waves(600))


# -- the exchange, asked about instruments ---------------------------------------------------


class ListedExchange:
    """Answers instruments-info and risk-limit for BTCUSDT as Bybit does (bybit.md A.3)."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.maintenance = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _listing_handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def rows(self, path: str, symbol: str) -> list[dict[str, Any]]:
        """The rows of a listing for one symbol."""
        self.asked.append(f"{path} {symbol}")
        if symbol != SYMBOL:
            return []
        return [_INSTRUMENT_ROW] if path.endswith("instruments-info") else _TIER_ROWS


_INSTRUMENT_ROW: dict[str, Any] = {
    "symbol": SYMBOL,
    "status": "Trading",
    "fundingInterval": 240,
    "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1190.000",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "minNotionalValue": "5",
    },
    "leverageFilter": {"maxLeverage": "100.00"},
}
_TIER_ROWS: list[dict[str, Any]] = [
    {
        "id": number,
        "symbol": SYMBOL,
        "riskLimitValue": value,
        "maintenanceMargin": rate,
        "initialMargin": "0.01",
        "mmDeduction": deduction,
    }
    for number, (value, rate, deduction) in enumerate(
        [("300000", "0.0033", ""), ("2000000", "0.005", "510")], start=1
    )
]


def _listing_handler(exchange: ListedExchange) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            symbol = dict(parse_qsl(parts.query))["symbol"]
            result = {"list": exchange.rows(parts.path, symbol), "nextPageCursor": ""}
            answer = {"retCode": 0, "retMsg": "OK", "result": result, "time": 1_780_000_000_000}
            body = json.dumps(answer).encode()
            self.send_response(503 if exchange.maintenance else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *unused: object) -> None:
            """Nothing is printed."""

    return Handler


@pytest.fixture
def listed_exchange() -> Iterator[ListedExchange]:
    """An exchange on loopback that lists BTCUSDT."""
    exchange = ListedExchange()
    yield exchange
    exchange.close()
