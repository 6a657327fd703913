import csv
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import RunFailed
from backtest.config import load_config
from backtest.export import Finished
from backtest.report import render_report
from backtest.running import finish, plans_of, run_wired
from backtest.wiring import Selection, Wired, wire
from gridcore.clock import Instant
from tapes.manifest import BarOrder

MakeTape = Callable[..., Path]
NOW = Instant(1_780_000_000_000_000)


def wired(project: Path, tape: Path | None = None) -> tuple[Any, Wired]:
    file = project / "backtest.yaml"
    config = load_config(file)
    tapes = {} if tape is None else {"BTCUSDT": tape}
    return config, wire(config, file, Selection(tapes=tapes), NOW)


def test_a_tape_of_trades_is_run_once(project: Path) -> None:
    _, plan = wired(project)

    assert list(plans_of(plan.plan)) == [""]


def test_a_tape_of_bars_is_run_in_both_orders(project: Path, make_tape: MakeTape) -> None:
    bars = make_tape(project / "bars", (100000, 100300, 99700, 99800), bars=True)
    _, plan = wired(project, bars)

    plans = plans_of(plan.plan)

    orders = {name: one.tapes["BTCUSDT"].manifest.header.bar_order for name, one in plans.items()}
    assert orders == {"high_first": BarOrder.HIGH_FIRST, "low_first": BarOrder.LOW_FIRST}
    assert list(plans["low_first"].tapes["BTCUSDT"].trades.price) == [
        1000000,
        997000,
        1003000,
        998000,
    ]


def test_books_that_do_not_balance_end_the_run_with_exit_2(project: Path, sc_1: Any) -> None:
    config, plan = wired(project)
    outcome = sc_1.outcome()
    wrong = replace(outcome, final_equity=outcome.final_equity + Decimal("0.01"))

    with pytest.raises(RunFailed, match="the books do not balance"):
        finish(config, plan, wrong, verified=None)


def test_progress_never_goes_back_between_the_runs_of_a_bracket(
    project: Path, make_tape: MakeTape
) -> None:
    bars = make_tape(project / "bars", (100000, 100300, 99700, 99800) * 5, bars=True)
    config, plan = wired(project, bars)
    told: list[int] = []

    run_wired(config, plan, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 40


def test_a_verified_run_is_the_same_and_says_so(project: Path) -> None:
    config, plan = wired(project)

    ran = run_wired(config, plan, verify=True, progress=lambda rows: None)

    assert ran.verified[""].identical
    assert ran.runs[""].manifest.verified is True
    assert ran.runs[""].trades_csv == run_wired(config, plan).runs[""].trades_csv


# --- the golden scenarios of spec/strategy.md 2.12, through everything ----------------------------

FIRST_SEVEN = [
    ("01:01", "long", "Buy", "99800", "0.011", "0", "0.21956"),
    ("01:02", "long", "Buy", "99600.4", "0.011", "0", "0.21912088"),
    ("01:03", "long", "Sell", "99800", "0.011", "1.0978", "0.21956"),
    ("01:03", "short", "Sell", "99800", "0.011", "0", "0.21956"),
    ("01:04", "short", "Sell", "100000", "0.01", "0", "0.2"),
    ("01:05", "short", "Sell", "100200", "0.01", "0", "0.2004"),
    ("01:05", "long", "Sell", "100200", "0.01", "4.998", "0.2004"),
]
LAST_TWO = [
    ("01:06", "long", "Buy", "100000", "0.01", "0", "0.2"),
    ("01:06", "short", "Buy", "100000", "0.01", "-0.06451613", "0.2"),
]


def golden(project: Path, root: str = "", *, risk: bool = False) -> Finished:
    """A scenario under the recorded side policy, without funding, as it was recorded."""
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8")
    text = f"side_policy: on_fill\nenable_funding: false\n{root}\n{text}".replace(
        "grid_count: 6", f"grid_count: 6\n    enable_risk_multipliers: {str(risk).lower()}"
    )
    file.write_text(text, encoding="utf-8")
    config, plan = wired(project)
    return run_wired(config, plan).runs[""]


def trades(finished: Finished) -> list[tuple[str, ...]]:
    names = ("direction", "side", "price", "qty", "realized_pnl", "commission")
    rows = csv.DictReader(StringIO(finished.trades_csv))
    return [(row["timestamp"][11:16], *(row[name] for name in names)) for row in rows]


def rounded(amount: Decimal) -> str:
    return f"{amount:.8f}"


def test_sc_1_has_its_recorded_fills_and_money(project: Path) -> None:
    finished = golden(project)

    assert trades(finished) == [*FIRST_SEVEN, *LAST_TWO]
    metrics = finished.results.metrics
    assert rounded(metrics.realised) == "6.03128387"
    assert rounded(metrics.unrealised) == "0.26431613"
    assert rounded(metrics.fees) == "1.87860088"
    assert rounded(metrics.net_pnl) == "4.41699912"
    assert metrics.drawdown.amount == Decimal("2.9008")
    # Two of three closes; the old bot counted two of nine fills.
    assert metrics.trades.win_rate == 2 / 3


def test_sc_2_doubles_the_losing_long_with_the_risk_rules_on(project: Path) -> None:
    finished = golden(project, risk=True)

    doubled = ("01:06", "long", "Buy", "100000", "0.02", "0", "0.4")
    assert trades(finished) == [*FIRST_SEVEN, doubled, LAST_TWO[1]]
    metrics = finished.results.metrics
    assert rounded(metrics.fees) == "2.07860088"
    assert rounded(metrics.unrealised) == "0.16431613"
    assert rounded(metrics.net_pnl) == "4.11699912"


def test_sc_3_closes_everything_at_the_last_price_and_the_taker_fee(project: Path) -> None:
    """The recorded bot charged the maker fee for it; B-11 [REC] charges the taker's."""
    finished = golden(project, "wind_down_mode: close_all")

    assert trades(finished)[9:] == [
        ("01:06", "long", "Sell", "99990", "0.011", "0.1898", "0.6049395"),
        ("01:06", "short", "Buy", "99990", "0.021", "0.07451613", "1.1548845"),
    ]
    metrics = finished.results.metrics
    assert rounded(metrics.realised) == "6.29560000"
    assert (rounded(metrics.unrealised), metrics.wind_down_fills) == ("0.00000000", 2)


def test_sc_4_a_touch_is_no_fill_under_strict_cross(project: Path, make_tape: MakeTape) -> None:
    make_tape(project / "touch", (100000, 99800, 99799.9))
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8").replace("BTCUSDT: tape", "BTCUSDT: touch")
    file.write_text(text, encoding="utf-8")

    finished = golden(project)

    assert [row[:4] for row in trades(finished)] == [("01:02", "long", "Buy", "99800")]
    last = finished.results.outcome.grid_changes[-1].levels
    assert (last[0], last[-1]) == (Decimal("99202.4"), Decimal("100400.4"))


def test_sc_5_sizes_a_fraction_of_the_wallet_and_rounds_up_once(
    project: Path, make_tape: MakeTape
) -> None:
    make_tape(project / "short", (100000, 99790, 99590))
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8").replace("BTCUSDT: tape", "BTCUSDT: short")
    file.write_text(text.replace('amount: "1000"', "amount: x0.01"), encoding="utf-8")

    finished = golden(project, "close_gate: strict")

    assert [row[:5] for row in trades(finished)] == [
        ("01:01", "long", "Buy", "99800", "0.002"),
        ("01:02", "long", "Buy", "99600.4", "0.002"),
    ]


FALL = tuple(range(100000, 89000, -150)) + tuple(range(89000, 95000, 150))


@pytest.mark.parametrize("policy", ["stop", "continue"])
def test_a_liquidated_run_ends_as_an_outcome_whose_books_balance(
    project: Path, make_tape: MakeTape, policy: str
) -> None:
    """L-3: a grid that dies is shown to die; finishing it checks the identity."""
    make_tape(project / "fall", FALL)
    file = project / "backtest.yaml"
    text = file.read_text(encoding="utf-8").replace("BTCUSDT: tape", "BTCUSDT: fall")
    text = text.replace(
        "grid_count: 6",
        "grid_count: 40\n    leverage: 100\n    max_margin: 100\n"
        "    enable_risk_multipliers: false\n    emergency_cancels_opens: false",
    )
    text = f"liquidation_policy: {policy}\n" + text.replace("10000\n", "400\n", 1)
    file.write_text(text.replace('amount: "1000"', "amount: x1.5"), encoding="utf-8")
    config, plan = wired(project)

    ran = run_wired(config, plan, verify=True)

    finished = ran.runs[""]
    assert ran.verified[""].identical
    assert finished.results.metrics.liquidations >= 1
    assert finished.results.metrics.liquidation_fills >= 1
    assert finished.results.identity.holds
    assert "Liquidated at" in render_report(ran.runs, "liquidated")
