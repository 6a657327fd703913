from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from appkit.configuration import parse
from appkit.dates import parse_window
from appkit.exits import UserError
from appkit.safety_block import SafetyBlock
from backtest.config import BacktestConfig, StrategyConfig, load_config
from backtest.config_parts import FeesConfig, FillModelConfig, LatencyConfig
from backtest.wiring import Selection, Wired, wire
from gridcore.clock import Instant
from gridcore.config import SidePolicy
from simvenue.messages import FillModel

NOW = Instant(1_780_000_000_000_000)
FILE = "backtest.yaml"
MakeTape = Callable[..., Path]


def wired(project: Path, **selection: Any) -> Wired:
    given = Selection(**{"tapes": {}, **selection})
    return wire(load_config(project / FILE), project / FILE, given, NOW)


def resolved_with(project: Path, changes: dict[str, Any]) -> object:
    """Everything that the run gets to see, or the words with which it is refused."""
    document = yaml.safe_load((project / FILE).read_text(encoding="utf-8"))
    for path, value in changes.items():
        *parents, key = path.split(".")
        place = document
        for parent in parents:
            place = place[int(parent)] if parent.isdigit() else place.setdefault(parent, {})
        place[key] = value
    try:
        config = parse(BacktestConfig, yaml.safe_dump(document), project / FILE)
        plan = wire(config, project / FILE, Selection(tapes={}), NOW).plan
    except UserError as error:
        return error.message
    return (
        plan.venue,
        plan.symbols,
        plan.strategies,
        plan.safety,
        {symbol: tape.path for symbol, tape in plan.tapes.items()},
        (plan.start, plan.end, plan.initial_balance, plan.wind_down),
    )


STRATEGY_CHANGES: dict[str, Any] = {
    "strat_id": "other",
    "symbol": "ETHUSDT",
    "tick_size": "0.5",
    "grid_count": 8,
    "grid_step": "0.4",
    "rebalance_threshold": "0.2",
    "max_last_mark_gap_pct": "2",
    "side_policy": "on_fill",
    "close_gate": "strict",
    "amount": "x0.01",
    "early_imbalance_multiplier": "2",
    "leverage": 20,
    "enable_risk_multipliers": False,
    "min_liq_ratio": "0.7",
    "max_liq_ratio": "1.3",
    "max_margin": 3,
    "min_total_margin": 1,
    "increase_same_position_on_low_margin": True,
    "emergency_cancels_opens": False,
    "maintenance_margin_rate": "0.02",
    "risk_limits_cache_path": "limits.json",
    "commission_rate": "0.0001",
    "taker_fee_rate": "0.0004",
    "anchor_price": 99000,
    "time_in_force": "GTC",
    "identity_salt": "none",
}
ROOT_CHANGES: dict[str, Any] = {
    "strategies": [],
    "tapes": {"BTCUSDT": "elsewhere"},
    "start": "2026-01-01 01:01",
    "end": "2026-01-01 01:05",
    "initial_balance": 500,
    "wind_down_mode": "close_all",
    "side_policy": "on_fill",
    "close_gate": "strict",
    "fill_model.name": "touch",
    "latency.place_ms": 80,
    "latency.cancel_ms": 80,
    "fees.maker": "0.0001",
    "fees.taker": "0.001",
    "enable_funding": False,
    "funding_rate": "0.0002",
    "funding_price": "last",
    "liquidation_policy": "continue",
    "safety.audit_orders_s": 600,
    "safety.audit_positions_s": 600,
    "safety.audit_wallet_s": 600,
    "safety.ticker_gap_s": 600,
    "safety.emergency_clear_s": 600,
    "safety.rebuild_run_s": 2,
    "safety.max_open_orders": 5,
    "safety.max_placements_per_minute": "off",
    "safety.max_notional": 5000,
    "safety.notional_factor": 2,
    "safety.session_loss_pct": "off",
    "safety.session_loss_limit": 50,
    "safety.drawdown_limit_pct": 20,
    "safety.retry_delays_s": [1, 2],
    "safety.retry_window_s": 60,
    "instruments": {},
    "instruments.BTCUSDT.tick_size": "0.2",
    "instruments.BTCUSDT.qty_step": "0.01",
    "instruments.BTCUSDT.min_qty": "0.01",
    "instruments.BTCUSDT.max_qty": 50,
    "instruments.BTCUSDT.min_notional": 10,
    "instruments.BTCUSDT.max_leverage": 5,
    "instruments.BTCUSDT.funding_interval_minutes": 60,
}


@pytest.mark.parametrize("key", sorted(STRATEGY_CHANGES.keys() - {"maintenance_margin_rate"}))
def test_changing_a_key_of_a_strategy_changes_what_is_run(project: Path, key: str) -> None:
    """LS-26: no dead configuration."""
    changes = {f"strategies.0.{key}": STRATEGY_CHANGES[key]}

    assert resolved_with(project, changes) != resolved_with(project, {})


def test_changing_the_flat_rate_changes_what_is_run_where_no_tiers_are_known(
    project: Path,
) -> None:
    key, no_tiers = "strategies.0.maintenance_margin_rate", {"instruments.BTCUSDT.tiers": None}

    before = resolved_with(project, {**no_tiers, key: "0.01"})

    assert resolved_with(project, {**no_tiers, key: "0.02"}) != before


@pytest.mark.parametrize("key", ROOT_CHANGES)
def test_changing_a_key_of_the_run_changes_what_is_run(project: Path, key: str) -> None:
    assert resolved_with(project, {key: ROOT_CHANGES[key]}) != resolved_with(project, {})


def test_every_key_is_among_those_that_are_tried() -> None:
    tried = {path.split(".")[0] for path in ROOT_CHANGES}
    # Where instruments come from is tried in the tests of market facts, the cache and the exchange.
    elsewhere = {"instrument_cache", "instrument_cache_ttl_hours", "instrument_endpoint"}
    assert tried | elsewhere == set(BacktestConfig.model_fields)
    assert set(STRATEGY_CHANGES) == set(StrategyConfig.model_fields)
    for name, block in (("latency", LatencyConfig), ("fees", FeesConfig), ("safety", SafetyBlock)):
        assert {f"{name}.{key}" for key in block.model_fields} <= set(ROOT_CHANGES)
    assert set(FillModelConfig.model_fields) == {
        "name",
        "queue_ahead_factor",
        "partial_fills",
        "partial_fills_seed",
    }


def test_partial_fills_and_their_seed_reach_the_venue(project: Path) -> None:
    changes = {"fill_model": {"partial_fills": 250, "partial_fills_seed": "7 100001"}}

    found: Any = resolved_with(project, changes)

    assert (found[0].partial_fills, found[0].partial_fills_seed) == (250, "7 100001")


def test_a_queue_factor_reaches_the_venue_with_the_tapes_median_trade(project: Path) -> None:
    """18.1: q0 times the median trade size waits in front."""
    changes = {"fill_model": {"name": "queue", "queue_ahead_factor": 3}}

    found: Any = resolved_with(project, changes)

    assert (found[0].fill_model, found[0].queue_ahead_factor) == (FillModel.QUEUE, Decimal(3))
    assert found[1]["BTCUSDT"].typical_trade == 1000


def test_the_plan_holds_the_kernels_types(project: Path) -> None:
    plan = wired(project).plan

    (strategy,) = plan.strategies
    assert (strategy.strat_id, strategy.grid.grid_count) == ("grid", 6)
    assert strategy.grid.side_policy is SidePolicy.FOLLOW
    assert plan.symbols["BTCUSDT"].leverage == 10
    assert plan.tapes["BTCUSDT"].manifest.trade_rows == 7
    assert (plan.start, plan.end) == (None, None)


def test_a_given_window_wins_over_the_configuration(project: Path) -> None:
    window = parse_window("2026-01-01 01:02", "2026-01-01")

    plan = wired(project, window=window).plan

    assert (plan.start, plan.end) == (window.start, window.end)


def test_a_given_tape_wins_over_the_configuration(project: Path, make_tape: MakeTape) -> None:
    other = make_tape(project / "other", (100000, 99790))

    plan = wired(project, tapes={"BTCUSDT": other}).plan

    assert plan.tapes["BTCUSDT"].manifest.trade_rows == 2


def test_an_unknown_symbol_is_refused_with_the_known_ones(project: Path) -> None:
    with pytest.raises(UserError, match="did you mean BTCUSDT") as caught:
        wired(project, symbol="BTCUSD")

    assert "BTCUSDT" in str(caught.value.hint)


def test_a_missing_tape_is_refused_with_the_way_to_make_one(project: Path) -> None:
    with pytest.raises(UserError, match="cannot be opened") as caught:
        wired(project, tapes={"BTCUSDT": project / "nothing"})

    assert "backtest tape import" in str(caught.value.hint)


def test_a_strategy_without_a_tape_is_refused(project: Path) -> None:
    file = project / FILE
    text = file.read_text(encoding="utf-8").replace("tapes:\n  BTCUSDT: tape\n", "")
    file.write_text(text, encoding="utf-8")

    with pytest.raises(UserError, match="no tape is given"):
        wired(project)


def test_a_tape_of_another_symbol_is_refused(project: Path, make_tape: MakeTape) -> None:
    other = make_tape(project / "eth", symbol="ETHUSDT")

    with pytest.raises(UserError, match="is of ETHUSDT, the strategy trades BTCUSDT"):
        wired(project, tapes={"BTCUSDT": other})


def test_a_tape_in_other_ticks_is_refused(project: Path, make_tape: MakeTape) -> None:
    other = make_tape(project / "coarse", tick_size="0.5")

    with pytest.raises(UserError, match=r"ticks of 0\.5, the instrument BTCUSDT has 0\.1"):
        wired(project, tapes={"BTCUSDT": other})


def test_book_touch_without_quotes_is_refused(project: Path) -> None:
    found = resolved_with(project, {"fill_model": {"name": "book_touch"}})

    assert "needs bid and ask" in str(found)


def test_the_queue_model_compares_quantities_in_one_step_only(project: Path) -> None:
    changes = {"fill_model": {"name": "queue"}, "instruments.BTCUSDT.qty_step": "0.01"}

    assert "the queue model compares them" in str(resolved_with(project, changes))


@pytest.mark.parametrize(("start", "end"), [("2026-01-02", None), (None, "2025-12-30")])
def test_a_window_without_rows_is_refused_with_what_the_tape_covers(
    project: Path, start: str | None, end: str | None
) -> None:
    with pytest.raises(UserError, match="covers 2026-01-01 01:00:00 to 2026-01-01 01:06:00"):
        wired(project, window=parse_window(start, end))


TWO_SYMBOLS = """
  - strat_id: second
    symbol: ETHUSDT
    amount: "50"
tapes:"""


def with_second_symbol(project: Path) -> None:
    file = project / FILE
    text = file.read_text(encoding="utf-8").replace("\ntapes:", TWO_SYMBOLS)
    file.write_text(text, encoding="utf-8")


def test_a_symbol_that_cannot_be_run_is_left_out_with_a_warning(project: Path) -> None:
    """Y-11."""
    with_second_symbol(project)

    found = wired(project)

    assert [strategy.symbol for strategy in found.plan.strategies] == ["BTCUSDT"]
    assert any("ETHUSDT is left out: ETHUSDT: unknown" in text for text in found.warnings)


def test_a_strict_run_refuses_to_start_without_one_of_its_symbols(project: Path) -> None:
    with_second_symbol(project)

    with pytest.raises(UserError, match="ETHUSDT: unknown"):
        wired(project, strict=True)


def test_one_symbol_of_several_can_be_chosen(project: Path) -> None:
    with_second_symbol(project)

    assert wired(project, symbol="BTCUSDT", strict=True).warnings == ()
