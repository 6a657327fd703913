"""The market's motion, compiled and as plain Python."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tapes.synth import steps

START_US = 1_767_571_200_000_000


def walk(kernel: Callable[..., Any], rows: int, end_us: int, interval_us: int) -> dict[str, Any]:
    random = np.random.default_rng(5)
    parameters = np.zeros(steps.PARAMETERS)
    parameters[steps.P_WAIT_US] = 100_000.0
    parameters[steps.P_SAME_TIME] = 0.2
    parameters[steps.P_VARIANCE] = 1e-13
    parameters[steps.P_REGIME] = 1e-6
    parameters[steps.P_JUMP] = 1e-7
    parameters[steps.P_JUMP_SIZE] = 0.01
    parameters[steps.P_GAP] = 1e-7
    parameters[steps.P_GAP_US] = 1e8
    parameters[steps.P_SPREAD] = 2.0
    parameters[steps.P_SIZE] = 10.0
    parameters[steps.P_SIZE_SPREAD] = 1.0
    parameters[steps.P_FUNDING] = 10_000.0
    parameters[steps.P_TICK] = 0.1
    floats, whole = np.full(2, np.log(100.0)), np.zeros(7, np.int64)
    whole[steps.I_TIME], whole[steps.I_REGIME], whole[steps.I_SIDE] = START_US, 1, 1
    whole[steps.I_FUNDING_PERIOD] = -1
    trades = np.zeros((5, rows), np.int64)
    tickers, gaps = np.zeros((7, rows), np.int64), np.zeros((rows, 2), np.int64)
    counts = kernel(
        parameters,
        np.ones(24),
        np.ones((steps.REGIMES, 3)),
        random.exponential(size=rows),
        random.random((rows, steps.UNIFORMS)),
        random.standard_normal((rows, steps.NORMALS)),
        end_us,
        interval_us,
        floats,
        whole,
        trades,
        tickers,
        gaps,
    )
    return {"counts": counts, "trades": trades, "tickers": tickers, "gaps": gaps}


def test_both_forms_of_the_loop_walk_the_same_market(variant: Callable[[Any], Any]) -> None:
    found = walk(variant(steps.walk_market), 2000, 2**62, 1_000_000)
    compiled = walk(steps.walk_market, 2000, 2**62, 1_000_000)

    assert found["counts"] == compiled["counts"]
    for name in ("trades", "tickers", "gaps"):
        # The last bit of an exponential may differ between the two; one tick is all it moves.
        assert np.abs(found[name] - compiled[name]).max() <= 1


def test_rows_of_both_sets_share_one_sequence(variant: Callable[[Any], Any]) -> None:
    found = walk(variant(steps.walk_market), 500, 2**62, 1_000_000)

    trades, tickers, _ = found["counts"]
    seqs = [*found["trades"][4, :trades], *found["tickers"][1, :tickers]]
    assert sorted(seqs) == list(range(trades + tickers))


def test_the_walk_ends_at_its_time(variant: Callable[[Any], Any]) -> None:
    end_us = START_US + 5_000_000

    found = walk(variant(steps.walk_market), 2000, end_us, 0)

    trades, tickers, _ = found["counts"]
    assert 0 < trades < 2000
    assert tickers == 0
    assert found["trades"][0, trades - 1] < end_us
