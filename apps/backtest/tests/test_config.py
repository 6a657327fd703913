from decimal import Decimal
from pathlib import Path

import pytest

from appkit.configuration import ConfigurationRefused
from appkit.exits import UserError
from backtest.config import BacktestConfig, find_config, load_config
from gridcore.config import CloseGate, SidePolicy

EXAMPLES = Path(__file__).parents[3] / "conf"


def changed(project: Path, old: str, new: str) -> Path:
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def refusal(project: Path, old: str, new: str) -> str:
    with pytest.raises(ConfigurationRefused) as caught:
        load_config(changed(project, old, new))
    return caught.value.message


def test_defaults_are_those_of_the_specification(project: Path) -> None:
    """B-1, B-2; the taker fee is the exchange's base tier."""
    config = load_config(project / "backtest.yaml")

    strategy = config.strategies[0]
    assert (strategy.max_margin, strategy.min_liq_ratio) == (Decimal(8), Decimal("0.8"))
    assert (strategy.max_liq_ratio, strategy.leverage) == (Decimal("1.2"), Decimal(10))
    assert strategy.min_total_margin == Decimal("0.15")
    assert (config.fee_rates().maker, config.fee_rates().taker) == (
        Decimal("0.0002"),
        Decimal("0.00055"),
    )
    assert (config.funding_rate, config.instrument_cache_ttl_hours) == (Decimal("0.0001"), 24)


def test_numbers_keep_the_digits_that_were_written(project: Path) -> None:
    config = load_config(changed(project, "grid_step: 0.2", "grid_step: 0.1"))

    assert config.strategies[0].grid_step == Decimal("0.1")


def test_a_bare_number_is_an_amount_in_usdt(project: Path) -> None:
    config = load_config(changed(project, 'amount: "1000"', "amount: 25.5"))

    assert config.strategies[0].amount == "25.5"


@pytest.mark.parametrize("name", ["backtest.example.yaml", "demo.yaml"])
def test_the_shipped_configurations_are_valid(name: str) -> None:
    config = load_config(EXAMPLES / name)

    assert config.strategies[0].symbol == "BTCUSDT"


def test_the_commented_example_shows_the_defaults() -> None:
    shown = load_config(EXAMPLES / "backtest.example.yaml")

    default = BacktestConfig.model_validate(
        {
            "strategies": [{"strat_id": "btc_grid", "symbol": "BTCUSDT"}],
            "tapes": shown.tapes,
            "instruments": shown.instruments,
        }
    )
    assert shown == default


def test_an_unknown_key_is_refused_with_its_path_and_the_nearest_known_one(project: Path) -> None:
    found = refusal(project, "grid_step: 0.2", "grid_stepp: 0.2")

    assert "line 6: strategies[0].grid_stepp: unknown key, did you mean grid_step?" in found


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("database_url: sqlite:///gridbot.db", "backtest tape import"),
        ("hedge_smaller_buffer_factor: 5.657", "never too low"),
        ("long_koef: 1.5", "early_imbalance_multiplier"),
        ("chase_close: true", "not part of this bot"),
    ],
)
def test_a_key_of_an_older_bot_is_refused_with_the_way_out(
    project: Path, key: str, reason: str
) -> None:
    """LS-26, LS-27: no key without an effect is accepted."""
    assert reason in refusal(project, "initial_balance: 10000", key)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('amount: "1000"', 'amount: "0"', "amount: expected x<fraction of wallet>"),
        ('amount: "1000"', 'amount: "-5"', "a finite number above 0"),
        ('amount: "1000"', 'amount: "NaN"', "a finite number above 0"),
        ('amount: "1000"', "amount: xInfinity", "a finite number above 0"),
        ("grid_count: 6", "grid_count: 3", "greater than or equal to 4"),
        ("grid_count: 6", "grid_count: 6.5", "a whole number"),
        ("grid_step: 0.2", "grid_step: 0", "greater than 0"),
        ("grid_step: 0.2", "grid_step: .nan", "a finite number"),
        ("grid_step: 0.2", "grid_step: 100", "above 0 and below 100"),
        ("initial_balance: 10000", "initial_balance: -1", "greater than 0"),
        ("initial_balance: 10000", "initial_balance: .inf", "a finite number"),
        ("grid_count: 6", "leverage: 126", "leverage: expected a number from 1 to 125"),
        ("symbol: BTCUSDT", "symbol: btc usdt", "a symbol such as BTCUSDT, found 'btc usdt'"),
        (
            "initial_balance: 10000",
            "fees: {maker: 0.02}",
            "a fraction from -0.01 to 0.01, found 0.02",
        ),
        ("initial_balance: 10000", "latency: {place_ms: -1}", "greater than or equal to 0"),
        ("initial_balance: 10000", "wind_down_mode: close", "did you mean close_all?"),
        ("initial_balance: 10000", "fill_model: {name: strict_crossing}", "strict_cross"),
        (
            "initial_balance: 10000",
            "fill_model: {name: touch, queue_ahead_factor: 2}",
            "only beside `name: queue`",
        ),
    ],
)
def test_an_impossible_value_is_refused_with_what_was_expected(
    project: Path, old: str, new: str, reason: str
) -> None:
    assert reason in refusal(project, old, new)


def test_reversed_dates_are_refused(project: Path) -> None:
    found = refusal(project, "initial_balance: 10000", "start: 2026-01-03\nend: 2026-01-01 12:00")

    assert "is not after the start" in found


def test_a_date_only_end_means_that_whole_day(project: Path) -> None:
    """LS-83."""
    config = load_config(
        changed(project, "initial_balance: 10000", "start: 2026-01-01\nend: 2026-01-01")
    )

    window = config.window()
    assert window.start is not None
    assert window.end is not None
    assert window.end - window.start == 86_400_000_000


SECOND = """
  - strat_id: grid
    symbol: ETHUSDT
tapes:"""


def test_two_strategies_of_one_name_are_refused(project: Path) -> None:
    assert "a different strat_id" in refusal(project, "\ntapes:", SECOND)


def test_two_strategies_on_one_symbol_are_refused(project: Path) -> None:
    """E-11: each would cancel the other's orders as foreign."""
    second = SECOND.replace("grid", "other").replace("ETHUSDT", "BTCUSDT")

    assert "a different symbol" in refusal(project, "\ntapes:", second)


def test_a_tape_that_no_strategy_trades_is_refused(project: Path) -> None:
    assert "ETHUSDT has no effect" in refusal(project, "BTCUSDT: tape", "ETHUSDT: tape")


def test_price_limits_of_an_instrument_are_refused_as_without_effect(project: Path) -> None:
    found = refusal(project, "max_leverage: 100", "max_leverage: 100\n    max_price: 200000")

    assert "instruments.BTCUSDT.max_price has no effect" in found


def test_one_account_has_one_fee_tier(project: Path) -> None:
    second = SECOND.replace("strat_id: grid", "strat_id: other\n    commission_rate: 0.0001")
    found = refusal(
        project,
        '    amount: "1000"\ntapes:',
        f'    amount: "1000"\n    commission_rate: 0.0003{second}',
    )

    assert "expected one commission_rate for all strategies" in found


def test_a_strategys_fee_wins_over_the_runs(project: Path) -> None:
    """A rate of 0 is a rate."""
    config = load_config(
        changed(project, "grid_count: 6", "commission_rate: 0\n    taker_fee_rate: 0.0004")
    )

    assert (config.fee_rates().maker, config.fee_rates().taker) == (Decimal(0), Decimal("0.0004"))


def test_policies_of_the_run_are_overridden_by_a_strategy(project: Path) -> None:
    config = load_config(
        changed(
            project,
            "grid_count: 6",
            "grid_count: 6\n    side_policy: on_fill\n    close_gate: strict",
        )
    )

    strategy = config.strategies[0]
    assert strategy.grid(config.side_policy).side_policy is SidePolicy.ON_FILL
    assert (strategy.close_gate, config.close_gate) == (CloseGate.STRICT, CloseGate.ALLOW_EQUAL)


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        find_config(tmp_path / "nothing.yaml")
