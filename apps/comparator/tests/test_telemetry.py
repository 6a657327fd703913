"""Positions paired by time and compared where they are the same position (C-10..C-12)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparator.telemetry import (
    PositionDeltas,
    PositionPair,
    PositionState,
    TelemetryMetrics,
    pair_positions,
    telemetry_metrics,
)
from gridcore.clock import SECOND_US, Instant
from gridcore.sides import LONG, SHORT, DirectionType

MakeState = Callable[..., PositionState]
AMOUNTS = (
    *("entry_price", "liq_price", "unrealised_pnl", "mark_price", "position_im", "position_mm"),
    *("cum_realised_pnl", "cur_realised_pnl", "position_value"),
)


@pytest.fixture(scope="module")
def state() -> MakeState:
    """A long leg of 2 at 100, mark 110; `at` in seconds, amounts as text."""

    def make(
        at: float = 0, direction: DirectionType = LONG, **amounts: str | None
    ) -> PositionState:
        texts: dict[str, str | None] = {
            **dict.fromkeys(AMOUNTS, "1"),
            "size": "2",
            "entry_price": "100",
            "mark_price": "110",
            **amounts,
        }
        fields: dict[str, Any] = {
            name: None if text is None else Decimal(text) for name, text in texts.items()
        }
        return PositionState(direction=direction, at=Instant(round(at * SECOND_US)), **fields)

    return make


def times(pairs: list[PositionPair]) -> list[tuple[int | None, int]]:
    """Seconds of the live row and of the backtest's."""
    return [
        (None if pair.live is None else pair.live.at // SECOND_US, pair.backtest.at // SECOND_US)
        for pair in pairs
    ]


@pytest.mark.parametrize("shift_s", [-5, -0.039, 0, 0.039, 5])
def test_a_live_row_pairs_within_five_seconds_either_way(state: MakeState, shift_s: float) -> None:
    """LS-76: a live row 39 ms earlier left all 50 pairs unmatched."""
    (pair,) = pair_positions([state(100 + shift_s)], [state(100)])

    assert pair.live is not None


@pytest.mark.parametrize("shift_s", [-5.000001, 5.000001])
def test_a_live_row_beyond_the_window_does_not(state: MakeState, shift_s: float) -> None:
    (pair,) = pair_positions([state(100 + shift_s)], [state(100)])

    assert pair.live is None
    assert pair.is_missing
    assert not pair.has_diverged
    deltas = [getattr(pair.deltas, name) for name in PositionDeltas.__dataclass_fields__]
    assert deltas == [None] * 8


def test_a_live_row_is_used_once_and_older_ones_are_passed_over(state: MakeState) -> None:
    live = [state(0), state(10), state(11), state(40)]
    backtest = [state(10), state(12), state(13)]

    assert times(pair_positions(live, backtest)) == [(10, 10), (11, 12), (None, 13)]


def test_legs_pair_apart_long_first(state: MakeState) -> None:
    live = [state(1, SHORT), state(2)]
    backtest = [state(1, SHORT), state(2)]

    assert [pair.backtest.direction for pair in pair_positions(live, backtest)] == [LONG, SHORT]
    assert times(pair_positions(live[:1], backtest)) == [(None, 2), (1, 1)]


@given(
    st.lists(st.integers(0, 60), max_size=12),
    st.lists(st.integers(0, 60), max_size=12),
    st.randoms(),
)
def test_every_backtest_row_appears_and_no_live_row_twice(
    state: MakeState, live: list[int], backtest: list[int], random: Any
) -> None:
    rows = [state(at, cum_realised_pnl=str(number)) for number, at in enumerate(live)]

    pairs = pair_positions(rows, [state(at) for at in backtest])
    used = [pair.live for pair in pairs if pair.live is not None]

    assert [pair.backtest.at for pair in pairs] == sorted(at * SECOND_US for at in backtest)
    assert len(set(used)) == len(used)
    assert all(abs(p.live.at - p.backtest.at) <= 5 * SECOND_US for p in pairs if p.live)
    shuffled = [state(at) for at in random.sample(backtest, len(backtest))]
    assert times(pair_positions(rows, shuffled)) == times(pairs)


def test_unrealised_profit_of_both_sides_is_taken_at_the_live_mark(state: MakeState) -> None:
    (long,) = pair_positions([state()], [state(mark_price=None, entry_price="100.05")])
    (short,) = pair_positions(
        [state(direction=SHORT)], [state(direction=SHORT, entry_price="100.05", mark_price="1")]
    )

    assert (long.live_unrealised, long.backtest_unrealised) == (Decimal(20), Decimal("19.90"))
    assert long.deltas.unrealised_pnl == Decimal("-0.10")
    assert short.deltas.unrealised_pnl == Decimal("0.10")
    assert not long.is_missing


def test_deltas_are_backtest_minus_live(state: MakeState) -> None:
    names = [name for name in AMOUNTS if name not in ("entry_price", "mark_price")]
    more: dict[str, Any] = {name: str(number) for number, name in enumerate(names, 2)}

    (pair,) = pair_positions([state()], [state(**more)])

    assert pair.deltas == PositionDeltas(
        liq_price=Decimal(1),
        upnl_usdt=Decimal(2),
        position_im=Decimal(3),
        position_mm=Decimal(4),
        cum_realised=Decimal(5),
        cur_realised=Decimal(6),
        pos_value=Decimal(7),
        unrealised_pnl=Decimal(0),
    )


@pytest.mark.parametrize("name", ["position_im", "position_mm", "liq_price", "cum_realised_pnl"])
def test_a_number_that_should_be_there_is_missed(state: MakeState, name: str) -> None:
    lacking: dict[str, Any] = {name: None}

    assert pair_positions([state(**lacking)], [state()])[0].is_missing
    assert pair_positions([state()], [state(**lacking)])[0].is_missing


def test_a_live_row_without_its_mark_is_missed(state: MakeState) -> None:
    (pair,) = pair_positions([state(mark_price=None)], [state()])

    assert pair.is_missing
    assert pair.deltas.unrealised_pnl is None


def test_older_rows_without_the_cycles_profit_or_the_value_are_whole(state: MakeState) -> None:
    (pair,) = pair_positions([state(cur_realised_pnl=None, position_value=None)], [state()])

    assert not pair.is_missing
    assert pair.deltas.cur_realised is None


@pytest.mark.parametrize(
    ("live", "backtest", "diverged"),
    [
        ({"size": "2"}, {"size": "2.001"}, False),
        ({"size": "2"}, {"size": "2.0011"}, True),
        ({"entry_price": "100"}, {"entry_price": "100.1"}, False),
        ({"entry_price": "100"}, {"entry_price": "99.89"}, True),
        ({"size": "0", "entry_price": None}, {"size": "0", "entry_price": "50"}, False),
        ({"entry_price": None}, {"entry_price": "100"}, True),
        ({"entry_price": None}, {"entry_price": None}, False),
    ],
)
def test_different_positions_are_recognised(
    state: MakeState, live: dict[str, Any], backtest: dict[str, Any], diverged: bool
) -> None:
    (pair,) = pair_positions([state(**live)], [state(**backtest)])

    assert pair.has_diverged is diverged


def test_the_size_tolerance_can_be_half_a_step(state: MakeState) -> None:
    (pair,) = pair_positions([state()], [state(size="2.0001")], size_tolerance=Decimal("0.00005"))

    assert pair.has_diverged


def test_different_positions_are_counted_and_say_nothing_else(state: MakeState) -> None:
    """LS-77: 17.77 USDT of liquidation price that were manual trades."""
    live = [state(0), state(20), state(40, cum_realised_pnl=None)]
    backtest = [
        state(0, position_im="1.5"),
        state(20, size="9", position_im="99", cum_realised_pnl="7"),
        state(40, position_im="1.25"),
        state(60),
    ]

    found = telemetry_metrics(pair_positions(live, backtest))

    assert (found.pairs_compared, found.pairs_state_diverged) == (2, 1)
    assert (found.pairs_unmatched_bt, found.pairs_missing_telemetry) == (1, 1)
    assert found.spreads["position_im"].maximum == Decimal("0.5")
    assert found.spreads["position_im"].mean == Decimal("0.375")
    assert found.robust["position_im"].median == Decimal("0.375")
    assert found.spreads["cum_realised_usdt"].count == 1
    assert found.final_deltas["cum_realised_pnl"] == 0


def test_final_deltas_add_the_last_known_one_of_each_leg(state: MakeState) -> None:
    live = [state(0), state(20), state(40, cum_realised_pnl=None), state(0, SHORT)]
    backtest = [
        state(0, cum_realised_pnl="5"),
        state(20, cum_realised_pnl="3"),
        state(40),
        state(0, SHORT, cum_realised_pnl="0"),
    ]

    found = telemetry_metrics(pair_positions(live, backtest))

    assert found.final_deltas["cum_realised_pnl"] == 2 - 1


def test_rows_are_empty_when_nothing_was_compared() -> None:
    rows = dict(TelemetryMetrics.rows_of(None))

    assert set(rows.values()) == {""}
    assert list(rows) == [name for name, _ in TelemetryMetrics.rows_of(telemetry_metrics([]))]
    assert len(rows) == 8 * 8 + 3 + 4
