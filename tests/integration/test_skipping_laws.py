"""Skipping quiet rows changes nothing: trades, books, curve, counts, memory of session and venue.

Random tapes and configurations go the way of a user's: through the configuration and the wiring.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.config import BacktestConfig
from backtest.outcome import RunOutcome
from backtest.verify import VerifyReport, run_verified
from backtest.wiring import Selection, wire
from gridcore.clock import Instant
from simvenue import FillModel
from tapes import UNKNOWN, BarOrder, Gap, Tape, TapeHeader, TapeWriter, TickerColumns, TradeColumns

START = 1_767_229_200_000_000  # 2026-01-01 01:00 UTC
SECOND = 1_000_000
HOUR = 3600 * SECOND
PAUSES = np.array([0, 1_000, 500_000, 20 * SECOND, 300 * SECOND, 9 * HOUR])
PAUSE_ODDS = {
    "busy": [0.3, 0.2, 0.3, 0.15, 0.0495, 0.0005],
    "slow": [0.1, 0.0, 0.1, 0.597, 0.2, 0.003],
}
TINY_TIERS = [
    {"max_value": 400, "maintenance_rate": "0.005", "deduction": 0, "initial_rate": "0.01"},
    {"max_value": 1500, "maintenance_rate": "0.02", "deduction": 6, "initial_rate": "0.04"},
    {"maintenance_rate": "0.05", "deduction": 51, "initial_rate": "0.1"},
]
WIDE_TIERS = [{"maintenance_rate": "0.005", "deduction": 0, "initial_rate": "0.01"}]
SYMBOLS = ("BTCUSDT", "ETHUSDT")


def walk(random: np.random.Generator, rows: int, shape: str) -> Any:
    """Prices in ticks around 10,000; a grid step of 0.2 % is 20 of them."""
    if shape == "calm":
        moves = random.integers(-3, 4, rows)
    elif shape == "waves":
        turns = np.sin(np.arange(rows) / random.uniform(4, 25))
        moves = np.round(turns * random.uniform(4, 20)).astype(int) + random.integers(-4, 5, rows)
    else:
        moves = np.round(random.standard_t(2, rows) * 12).astype(int)
    return np.clip(10_000 + np.cumsum(moves), 3_000, 40_000)


def trade_tape(folder: Path, symbol: str, seed: int, rows: int, shape: str, pace: str) -> Tape:
    """Trades alone, with several declared outages."""
    random = np.random.default_rng(seed)
    times = START + np.cumsum(random.choice(PAUSES, rows, p=PAUSE_ODDS[pace]))
    header = TapeHeader(symbol=symbol, tick_size="0.1", qty_step="0.001", source="drawn")
    with TapeWriter(folder, header) as writer:
        writer.add_trades(
            TradeColumns(
                time=times,
                price=walk(random, rows, shape),
                size=random.integers(1, 400, rows),
                side=random.integers(-1, 2, rows).astype(np.int8),
                seq=None,
            )
        )
        for row in np.flatnonzero(np.diff(times) > 200 * SECOND)[::3]:
            writer.declare_gap(
                Gap(start_us=int(times[row]) + 1, end_us=int(times[row + 1]), reason="drawn")
            )
        return writer.commit()


def bar_tape(folder: Path, symbol: str, seed: int, rows: int, shape: str) -> Tape:
    """One-minute bars: four rows each, open, high, low, close; some without volume."""
    random = np.random.default_rng(seed)
    bars = rows // 4
    price = np.sort(walk(random, bars * 4, shape).reshape(bars, 4), axis=1)[:, [1, 3, 0, 2]]
    minute = START + np.arange(bars)[:, None] * 60 * SECOND
    header = TapeHeader(
        symbol=symbol,
        tick_size="0.1",
        qty_step="0.001",
        source="drawn bars",
        bar_order=BarOrder.HIGH_FIRST,
    )
    with TapeWriter(folder, header) as writer:
        writer.add_trades(
            TradeColumns(
                time=(minute + np.array([0, 15, 30, 59]) * SECOND).ravel(),
                price=price.ravel(),
                size=random.integers(0, 50, bars * 4),
                side=np.zeros(bars * 4, np.int8),
                seq=None,
            )
        )
        return writer.commit()


def ticker_tape(folder: Path, symbol: str, seed: int, rows: int, shape: str, pace: str) -> Tape:
    """Trades and tickers that share instants; quotes, marks and rates come and go."""
    random = np.random.default_rng(seed)
    times = START + np.cumsum(random.choice(PAUSES, rows, p=PAUSE_ODDS[pace]))
    price = walk(random, rows, shape)
    traded = random.random(rows) < 0.5
    traded[:2] = random.permutation([True, False])
    seq = np.arange(rows, dtype=np.int64)

    def sometimes_unknown(values: Any, share: float) -> Any:
        # Long stretches without a value, so that it appears and disappears now and then.
        hidden = np.repeat(random.random(rows // 20 + 1) < share, 20)[:rows]
        return np.where(hidden, UNKNOWN, values)[~traded]

    gap = random.integers(1, 4, rows)
    mark = price * 10 + random.integers(-80, 81, rows)
    rate = np.repeat(random.integers(-9_000, 9_001, rows // 50 + 1), 50)[:rows] * 10
    header = TapeHeader(
        symbol=symbol,
        tick_size="0.1",
        qty_step="0.001",
        source="drawn tickers",
        mark_unit="0.01",
        funding_unit="0.00000001",
    )
    with TapeWriter(folder, header, tickers=True) as writer:
        writer.add_trades(
            TradeColumns(
                time=times[traded],
                price=price[traded],
                size=random.integers(1, 400, int(traded.sum())),
                side=random.integers(-1, 2, int(traded.sum())).astype(np.int8),
                seq=seq[traded],
            )
        )
        shown = sometimes_unknown(mark, 0.1)
        shown[0] = mark[~traded][0]
        writer.add_tickers(
            TickerColumns(
                time=times[~traded],
                seq=seq[~traded],
                last=price[~traded] + random.integers(-1, 2, rows)[~traded],
                bid=sometimes_unknown(price - gap, 0.2),
                ask=sometimes_unknown(price + gap, 0.2),
                mark=shown,
                funding=sometimes_unknown(rate, 0.2),
            )
        )
        return writer.commit()


strategy_settings = st.fixed_dictionaries(
    {
        "grid_count": st.sampled_from([4, 10, 24]),
        "grid_step": st.sampled_from(["0.1", "0.2", "0.35"]),
        "amount": st.sampled_from(["x0.02", "200", "1000", "b0.3"]),
        "leverage": st.sampled_from([1, 10, 50]),
        "max_margin": st.sampled_from(["0.5", "8"]),
        "min_liq_ratio": st.sampled_from(["0.8", "0.95"]),
        "max_liq_ratio": st.sampled_from(["1.2", "1.05"]),
        "increase_same_position_on_low_margin": st.booleans(),
        "early_imbalance_multiplier": st.sampled_from(["1", "2"]),
        "emergency_cancels_opens": st.booleans(),
        "rebalance_threshold": st.sampled_from(["0.3", "0.1"]),
    }
)
run_settings = st.fixed_dictionaries(
    {
        "initial_balance": st.sampled_from([60, 300, 3_000, 1_000_000]),
        "side_policy": st.sampled_from(["follow", "on_fill"]),
        "close_gate": st.sampled_from(["allow_equal", "strict"]),
        "latency": st.fixed_dictionaries(
            {
                "place_ms": st.sampled_from([0, 80, 4_000]),
                "cancel_ms": st.sampled_from([0, 80, 30_000]),
            }
        ),
        "enable_funding": st.booleans(),
        "funding_rate": st.sampled_from(["0.0001", "-0.003", "0.02"]),
        "funding_price": st.sampled_from(["mark", "last"]),
        "liquidation_policy": st.sampled_from(["stop", "continue"]),
        "wind_down_mode": st.sampled_from(["leave_open", "close_all"]),
        "safety": st.fixed_dictionaries(
            {
                "audit_orders_s": st.sampled_from([61, 28_800]),
                "audit_positions_s": st.sampled_from([63, 28_800]),
                "audit_wallet_s": st.sampled_from([300, 28_800]),
                "ticker_gap_s": st.sampled_from([60, 3_600]),
                "emergency_clear_s": st.sampled_from([1, 60]),
                "max_open_orders": st.sampled_from(["off", 4, 12]),
                "max_placements_per_minute": st.sampled_from(["off", 3, 40]),
                "max_notional": st.sampled_from(["off", "500", "4000"]),
                "session_loss_pct": st.sampled_from(["off", "0.2", "10"]),
                "drawdown_limit_pct": st.sampled_from(["off", "0.3", "5"]),
            }
        ),
    }
)


def instrument(tiny: bool) -> dict[str, Any]:
    return {
        "tick_size": "0.1",
        "qty_step": "0.001",
        "min_qty": "0.001",
        "max_qty": 100,
        "min_notional": 5,
        "max_leverage": 100,
        "funding_interval_minutes": 60,
        "tiers": TINY_TIERS if tiny else WIDE_TIERS,
    }


def verified(
    tapes: Sequence[Tape],
    model: FillModel,
    strategies: Sequence[dict[str, Any]],
    settings_: dict[str, Any],
    tiny_tiers: bool = True,
) -> tuple[RunOutcome, VerifyReport]:
    """Run what the configuration says over the tapes, skipping and row by row."""
    config = BacktestConfig.model_validate(
        {
            **settings_,
            "fill_model": {"name": model.value},
            "strategies": [
                {"strat_id": f"grid-{tape.manifest.header.symbol}", **one}
                | {"symbol": tape.manifest.header.symbol}
                for tape, one in zip(tapes, strategies, strict=True)
            ],
            "instruments": {tape.manifest.header.symbol: instrument(tiny_tiers) for tape in tapes},
        }
    )
    selection = Selection(tapes={tape.manifest.header.symbol: tape.path for tape in tapes})
    wired = wire(config, Path("backtest.yaml"), selection, Instant(START))
    return run_verified(wired.plan)


def differences(report: VerifyReport) -> list[str]:
    return [f"{one.part}: {one.difference[:500]}" for one in report.comparisons if not one.equal]


@st.composite
def markets(draw: st.DrawFn, model: FillModel) -> dict[str, Any]:
    """What one symbol's tape is like; quotes are filled against only where they are recorded."""
    kinds = ["tickers"] if model is FillModel.BOOK_TOUCH else ["trades", "tickers", "bars"]
    return {
        "kind": draw(st.sampled_from(kinds)),
        "seed": draw(st.integers(0, 10_000)),
        "rows": draw(st.integers(8, 300)),
        "shape": draw(st.sampled_from(["calm", "waves", "wild"])),
        "pace": draw(st.sampled_from(["busy", "slow"])),
    }


def written(folder: Path, symbol: str, market: dict[str, Any]) -> Tape:
    kind = market["kind"]
    drawn = {name: market[name] for name in ("seed", "rows", "shape")}
    if kind == "bars":
        return bar_tape(folder / symbol, symbol, **drawn)
    make = trade_tape if kind == "trades" else ticker_tape
    return make(folder / symbol, symbol, **drawn, pace=market["pace"])


@pytest.mark.untraced
@given(st.data())
@settings(max_examples=30)
def test_skipping_changes_nothing_whatever_the_market_and_the_configuration(
    data: st.DataObject,
) -> None:
    """One and two symbols on one wallet, denied orders, caps, losses, drawdown, latency, funding,
    tier edges, outages."""
    model = data.draw(st.sampled_from(FillModel))
    drawn = data.draw(st.lists(markets(model), min_size=1, max_size=2))
    chosen = [data.draw(strategy_settings) for _ in drawn]
    common, tiny = data.draw(run_settings), data.draw(st.booleans())

    with tempfile.TemporaryDirectory() as folder:
        tapes = [
            written(Path(folder), symbol, market)
            for symbol, market in zip(SYMBOLS, drawn, strict=False)
        ]
        outcome, report = verified(tapes, model, chosen, common, tiny)

    assert differences(report) == []
    assert sum(entry.amount for entry in outcome.ledger) == outcome.final_wallet
    assert int(outcome.equity[-1]) == round(outcome.final_equity * 10**8)


WAVES = {"seed": 7, "rows": 600, "shape": "waves", "pace": "busy"}
RARE_AUDITS = {"audit_orders_s": 28_800, "audit_positions_s": 28_800, "audit_wallet_s": 28_800}
PLAIN: dict[str, Any] = {"grid_count": 10, "grid_step": "0.2", "amount": "1000"}
LATE = {"latency": {"place_ms": 80, "cancel_ms": 80}, "safety": RARE_AUDITS}


@pytest.mark.parametrize("policy", ["follow", "on_fill"])
@pytest.mark.parametrize("model", FillModel)
def test_skipping_changes_nothing_under_a_fill_model_and_a_side_policy(
    tmp_path: Path, model: FillModel, policy: str
) -> None:
    tape = written(tmp_path, "BTCUSDT", {"kind": "tickers", **WAVES, "rows": 1500, "shape": "calm"})
    common = {"initial_balance": 100_000, "side_policy": policy, **LATE}

    outcome, report = verified([tape], model, [PLAIN], common)

    assert differences(report) == []
    assert len(outcome.fills) > 5
    assert outcome.wakes < outcome.ticks


@pytest.mark.parametrize("policy", ["follow", "on_fill"])
def test_skipping_changes_nothing_when_two_symbols_exhaust_one_wallet(
    tmp_path: Path, policy: str
) -> None:
    """Denied orders on either symbol are lifted by what happens on the other."""
    tapes = [
        written(tmp_path, "BTCUSDT", {"kind": "trades", **WAVES}),
        written(tmp_path, "ETHUSDT", {"kind": "tickers", **WAVES, "seed": 8}),
    ]
    common = {"initial_balance": 400, "side_policy": policy, "safety": RARE_AUDITS}
    heavy = {**PLAIN, "amount": "500", "leverage": 10}

    outcome, report = verified(tapes, FillModel.TOUCH, [heavy, heavy], common)

    assert differences(report) == []
    assert {fill.symbol for fill in outcome.fills} == {"BTCUSDT", "ETHUSDT"}
    assert sum(outcome.denials.values()) > 10
    assert outcome.wakes < outcome.ticks


@pytest.mark.parametrize("policy", ["stop", "continue"])
def test_skipping_changes_nothing_across_a_liquidation(tmp_path: Path, policy: str) -> None:
    """The mark that liquidates is found by the venue's band, over all symbols of the wallet."""
    fall = np.concatenate([np.arange(10_000, 7_000, -7), np.arange(7_000, 10_000, 9)])
    tapes = []
    for symbol, shift in (("BTCUSDT", 0), ("ETHUSDT", 350_000)):
        header = TapeHeader(symbol=symbol, tick_size="0.1", qty_step="0.001", source="a crash")
        with TapeWriter(tmp_path / symbol, header) as writer:
            writer.add_trades(
                TradeColumns(
                    time=START + shift + np.arange(len(fall), dtype=np.int64) * SECOND,
                    price=fall,
                    size=np.full(len(fall), 50),
                    side=np.zeros(len(fall), np.int8),
                    seq=None,
                )
            )
            tapes.append(writer.commit())
    greedy = {**PLAIN, "leverage": 50, "amount": "800", "enable_risk_multipliers": False}
    common = {"initial_balance": 350, "liquidation_policy": policy}

    outcome, report = verified(tapes, FillModel.TOUCH, [greedy, greedy], common, False)

    assert differences(report) == []
    assert len(outcome.liquidations) >= 1
    assert (outcome.ticks < 2 * len(fall)) is (policy == "stop")


def test_the_same_seed_gives_the_same_tape(tmp_path: Path) -> None:
    market = {"kind": "tickers", **WAVES}

    first = written(tmp_path / "a", "BTCUSDT", market)
    second = written(tmp_path / "b", "BTCUSDT", market)

    assert first.manifest.sha256 == second.manifest.sha256
