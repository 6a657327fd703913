"""A shadow and a backtest are built apart: one from gridbot's configuration and the exchange's
terms, the other from a backtest's. On one market they make the same fills, all of them (V-20).

The shadow's shell is a loop of ten lines: it has no threads, so that a run repeats.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backtest.main import entry
from bybit_adapter.paging import Stop
from bybit_adapter.rest.account import FeeRates
from bybit_adapter.rest.hedge import ModeReport
from bybit_adapter.rest.words import Listing
from comparator.fills import FillTable, Source
from comparator.grouping import Trade, group_trades
from comparator.loading.files import load_file
from comparator.matching import align
from comparator.metrics import trade_metrics
from gridbot.config.load import load_config
from gridbot.setups import session_of, setup_of
from gridbot.shadow.founding import symbol_spec, venue_config
from gridbot.shadow.shadow_venue import ShadowVenue
from gridbot.terms import SymbolTerms
from gridcore.clock import MINUTE_US, Instant
from gridcore.events import (
    Event,
    Execution,
    PublicTrade,
    SessionStarted,
    SymbolReport,
    Ticker,
    TimerFired,
)
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.sides import BUY, SELL
from gridcore.tiers import RiskTier, RiskTiers
from tapes.synth import MarketParameters, make_tape
from tapes.tape import Tape

SYMBOL = "BTCUSDT"
TICK, STEP, MARK = Decimal("0.1"), Decimal("0.001"), Decimal("0.01")
ZERO, ONE = Decimal(0), Decimal(1)
STRATEGY = "strat_id: grid, symbol: BTCUSDT, amount: b0.004, grid_count: 20, grid_step: 0.05"
BACKTEST = f"""\
initial_balance: 10000
tapes: {{BTCUSDT: tape}}
strategies:
  - {{{STRATEGY}, leverage: 10}}
instruments:
  BTCUSDT:
    {{tick_size: 0.1, qty_step: 0.001, min_qty: 0.001, max_qty: 100, min_notional: 5,
     max_leverage: 100, funding_interval_minutes: 480,
     tiers: [{{maintenance_rate: 0.005, initial_rate: 0.01, deduction: 0}}]}}
"""
GRIDBOT = f"""\
accounts:
  - {{name: main, api_key: "env:KEY", api_secret: "env:SECRET", shadow: true}}
strategies:
  - {{{STRATEGY}, account: main}}
"""


def terms(at: Instant) -> SymbolTerms:
    """What the exchange would say of the symbol that the backtest's configuration states."""
    instrument = Instrument(
        symbol=SYMBOL,
        tick_size=TICK,
        qty_step=STEP,
        min_qty=STEP,
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )
    tier = RiskTier(
        max_value=None,
        maintenance_rate=Decimal("0.005"),
        deduction=Decimal(0),
        initial_rate=Decimal("0.01"),
    )
    positions = Listing(
        rows=(), complete=True, stop=Stop.END, failure=None, asked_at=at, exchange_at=None
    )
    return SymbolTerms(
        symbol=SYMBOL,
        instrument=instrument,
        tiers=RiskTiers([tier]),
        fees=FeeRates(symbol=SYMBOL, maker=Decimal("0.0002"), taker=Decimal("0.00055")),
        mode=ModeReport(
            symbol=SYMBOL,
            hedge_mode=True,
            long_leverage=Decimal(10),
            short_leverage=Decimal(10),
            margin_mode="REGULAR_MARGIN",
            positions=positions,
        ),
        leverage=Decimal(10),
        trading=True,
        max_leverage=Decimal(100),
        funding_interval_minutes=480,
        report=SymbolReport(
            symbol=SYMBOL,
            at=at,
            instrument=instrument,
            leverage=Decimal(10),
            hedge_mode=True,
            trading=True,
        ),
    )


def rows_of(tape: Tape) -> Iterator[PublicTrade | Ticker]:
    """The tape as the market's stream would tell it."""
    trades, tickers = tape.trades, tape.tickers
    assert tickers is not None
    assert trades.seq is not None
    order = [
        (int(at), int(seq), 0, row)
        for row, (at, seq) in enumerate(zip(trades.time, trades.seq, strict=True))
    ]
    order += [
        (int(at), int(seq), 1, row)
        for row, (at, seq) in enumerate(zip(tickers.time, tickers.seq, strict=True))
    ]
    for at, _, kind, row in sorted(order):
        if kind == 0:
            yield PublicTrade(
                symbol=SYMBOL,
                at=Instant(at),
                price=Ticks(int(trades.price[row])),
                qty=Steps(int(trades.size[row])),
                side={1: BUY, -1: SELL, 0: None}[int(trades.side[row])],
            )
        else:
            yield Ticker(
                symbol=SYMBOL,
                at=Instant(at),
                last=Ticks(int(tickers.last[row])),
                mark=Decimal(int(tickers.mark[row])) * MARK,
                bid=Ticks(int(tickers.bid[row])),
                ask=Ticks(int(tickers.ask[row])),
                funding_rate=Decimal(int(tickers.funding[row])).scaleb(-8),
            )


class Shadow:
    """A session and its venue on the market's time."""

    def __init__(self, config: Path, start: Instant) -> None:
        self.now = start
        self.executions: list[Execution] = []
        self._inbox: deque[Event] = deque()
        self._died: list[str] = []
        said = terms(start)
        gridbot = load_config(config, {})
        (account,), (strategy,) = gridbot.accounts, gridbot.strategies
        self._session = session_of(gridbot, account, [setup_of(gridbot, strategy, said)])
        self.venue = ShadowVenue(
            account.name,
            venue_config([said], Decimal(10_000)),
            [symbol_spec(said)],
            now=lambda: self.now,
            put=self._inbox.append,
            on_died=self._died.append,
        )
        self.tell(SessionStarted(at=start))
        self.tell(said.report)

    def hear(self, event: PublicTrade | Ticker) -> None:
        """The market's next row, and before it every timer that is due."""
        while (due := self._session.next_deadline()) is not None and due <= event.at:
            self.now = due
            self.tell(TimerFired(at=due))
        self.now = event.at
        self.venue.hear(event)
        self._drain()
        if isinstance(event, Ticker):
            self.tell(event)

    def tell(self, event: Event) -> None:
        """An event for the session, and all that comes of it."""
        self._inbox.append(event)
        self._drain()

    def _drain(self) -> None:
        while self._inbox:
            event = self._inbox.popleft()
            if isinstance(event, Execution):
                self.executions.append(event)
            for request in self._session.handle(event, self.now).requests:
                self.venue.send(request)
        assert not self._died

    def fills(self) -> FillTable:
        """What was filled, as a comparison takes it."""
        return group_trades((trade_of(one) for one in self.executions), Source.LIVE)


def trade_of(one: Execution) -> Trade:
    assert isinstance(one.price, int), "a venue fills at ticks"
    return Trade(
        at=one.at,
        exec_id=one.exec_id,
        order_id=one.order_id,
        order_link_id=one.wire_id,
        symbol=one.symbol,
        strat_id="grid",
        side=one.side,
        direction=one.direction,
        closed_size=one.closed * STEP,
        price=one.price * TICK,
        qty=one.qty * STEP,
        fee=one.fee,
        realised=None,
        is_maker=one.is_maker,
    )


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    """A wild quarter of an hour."""
    parameters = MarketParameters(
        seed=23,
        duration_us=15 * MINUTE_US,
        trades_per_second=1.0,
        volatility=5.0,
        gaps_per_day=0.0,
        tickers=True,
    )
    return make_tape(tmp_path / "tape", parameters)


def test_every_fill_of_a_shadow_is_that_of_a_backtest_of_the_same_market(
    tape: Tape, tmp_path: Path
) -> None:
    for name, text in (("backtest", BACKTEST), ("gridbot", GRIDBOT)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")

    shadow = Shadow(tmp_path / "gridbot.yaml", Instant(int(tape.trades.time[0])))
    for row in rows_of(tape):
        shadow.hear(row)
    asyncio.run(shadow.venue.close())
    words = ["run", "--config", str(tmp_path / "backtest.yaml"), "--export", str(tmp_path / "run")]
    code = entry([*words, "--no-report", "--quiet"])

    live, backtest = shadow.fills(), load_file(tmp_path / "run" / "trades.csv").table
    found = trade_metrics(live, backtest, align(live, backtest))
    assert code == 0
    assert found.total_live_trades > 100
    assert (found.match_rate, found.phantom_rate) == (ONE, ZERO)
    assert [found.price.maximum, found.qty.maximum, found.time_seconds.maximum] == [ZERO] * 3
    assert found.fee_delta == ZERO
    assert np.array_equal(live.columns.at, backtest.columns.at)
