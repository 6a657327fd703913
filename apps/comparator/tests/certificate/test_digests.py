"""Hashes of market facts: equal for equal facts, another when one fact changes."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from appkit.account_setup import AccountSetup, account_setup
from apps.comparator.tests.little_market import MARKETS, START, make_plan
from apps.comparator.tests.told import MakeFill, Tables
from backtest.opening import setup_of
from backtest.wiring import RunPlan
from comparator.certificate.digests import fills_hash, json_hash, setup_hash, tape_hash
from comparator.fills import DirectionFound, Fill, FillTable, Source
from comparator.loading.spans import Span
from gridcore.clock import SECOND_US, Instant
from gridcore.session.setup import AccountPolicies
from gridcore.sides import SELL, SHORT


def rows(make_fill: MakeFill) -> list[Fill]:
    return [
        make_fill("a", 1),
        make_fill("a", 2, price="100.50"),
        make_fill("b", 2, qty="0.5", strat_id=None, is_maker=None),
        make_fill("longer-id", 2),
    ]


def test_shuffled_rows_have_one_hash(make_fill: MakeFill) -> None:
    fills = rows(make_fill)
    expected = fills_hash(FillTable.of(fills, Source.LIVE))

    for seed in range(10):
        Random(seed).shuffle(fills)
        assert fills_hash(FillTable.of(fills, Source.LIVE)) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"client_order_id": "z"},
        {"symbol": "ETHUSDT"},
        {"strat_id": "other"},
        {"side": SELL},
        {"direction": SHORT},
        {"notional": Decimal("200.00000001")},
        {"qty": Decimal("2.001")},
        {"fee": Decimal("0.05")},
        {"realised": Decimal("0.01")},
        {"at": Instant(SECOND_US + 1)},
        {"first_at": Instant(SECOND_US - 1)},
        {"executions": 2},
        {"is_maker": False},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_changed_fact_is_another_hash(make_fill: MakeFill, change: dict[str, Any]) -> None:
    first, *others = rows(make_fill)

    before = fills_hash(FillTable.of([first, *others], Source.LIVE))
    after = fills_hash(FillTable.of([replace(first, **change), *others], Source.LIVE))

    assert before != after


def test_order_ids_and_how_a_direction_was_found_are_no_facts(make_fill: MakeFill) -> None:
    first, *others = rows(make_fill)
    other = replace(first, order_id="x", direction_found=DirectionFound.CLOSED_SIZE, occurrence=7)

    before = fills_hash(FillTable.of([first, *others], Source.LIVE))

    assert fills_hash(FillTable.of([other, *others], Source.LIVE)) == before


def test_order_ids_do_not_even_order_the_facts(make_fill: MakeFill) -> None:
    def hashed(first: str, second: str) -> str:
        fills = [make_fill("a", 1, order_id=first), make_fill("a", 1, qty="3", order_id=second)]
        return fills_hash(FillTable.of(fills, Source.LIVE))

    assert hashed("x", "y") == hashed("y", "x")


def test_equal_numbers_are_one_fact_however_they_are_written(make_fill: MakeFill) -> None:
    plain = make_fill("a", 1, fee=Decimal("0.04"))
    zeros = make_fill("a", 1, fee=Decimal("0.040000"))

    assert fills_hash(FillTable.of([plain], Source.LIVE)) == fills_hash(
        FillTable.of([zeros], Source.LIVE)
    )


def test_a_selection_hashes_as_a_table_of_its_own(make_fill: MakeFill, live: Tables) -> None:
    whole = FillTable.of(rows(make_fill), Source.LIVE)

    assert fills_hash(whole.of_symbol("BTCUSDT").select(whole.columns.qty.units > 1000)) == (
        fills_hash(live())
    )
    assert fills_hash(whole.select(whole.columns.at < 2 * SECOND_US)) == fills_hash(
        live(make_fill("a", 1))
    )


def test_a_fill_less_is_another_hash(make_fill: MakeFill) -> None:
    fills = rows(make_fill)

    assert fills_hash(FillTable.of(fills, Source.LIVE)) != fills_hash(
        FillTable.of(fills[1:], Source.LIVE)
    )


def test_the_order_of_keys_does_not_change_a_hash() -> None:
    assert json_hash({"a": 1, "b": Decimal("2.0")}) == json_hash({"b": Decimal(2), "a": 1})


# -- set-ups -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> RunPlan:
    folder: Path = tmp_path_factory.mktemp("tapes")
    return make_plan(folder, tuple(MARKETS)[:1], rows=30)


def setup(plan: RunPlan, account: str = "main", config_hash: str = "c0ffee") -> AccountSetup:
    strategies = [setup_of(plan, one) for one in plan.strategies]
    return account_setup(account, config_hash, strategies, plan.safety, AccountPolicies())


def test_a_set_up_hashes_what_is_traded_not_who_trades_or_through_which_port(
    plan: RunPlan,
) -> None:
    assert setup_hash(setup(plan)) == setup_hash(setup(plan, "other", "0ther"))


def test_another_grid_is_another_set_up(plan: RunPlan) -> None:
    one = plan.strategies[0]
    grid = replace(one.grid, grid_count=one.grid.grid_count + 2)
    changed = replace(plan, strategies=(replace(one, grid=grid),))

    assert setup_hash(setup(plan)) != setup_hash(setup(changed))


# -- tapes -------------------------------------------------------------------------------------


def span(first: float, last: float) -> Span:
    return Span(
        start=Instant(START + round(first * SECOND_US)),
        end=Instant(START + round(last * SECOND_US)),
    )


def test_a_tape_hashes_its_rows_within_the_window(plan: RunPlan) -> None:
    tape = next(iter(plan.tapes.values()))

    whole = tape_hash(tape, span(0, 3600))

    assert whole == tape_hash(tape, span(-10, 9999))
    assert whole != tape_hash(tape, span(0, 5))


def test_one_changed_trade_is_another_market(plan: RunPlan) -> None:
    tape = next(iter(plan.tapes.values()))
    sizes = tape.trades.size.copy()
    sizes[3] += 1
    changed = replace(tape, trades=replace(tape.trades, size=sizes))

    assert tape_hash(tape, span(0, 3600)) != tape_hash(changed, span(0, 3600))


def test_sequence_numbers_are_the_recorders(plan: RunPlan) -> None:
    tape = next(iter(plan.tapes.values()))
    assert tape.trades.seq is not None
    moved = replace(tape, trades=replace(tape.trades, seq=tape.trades.seq + 7))

    assert tape_hash(tape, span(0, 3600)) == tape_hash(moved, span(0, 3600))
