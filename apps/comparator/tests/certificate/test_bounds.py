"""The measured bounds of latency and queue."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from apps.comparator.tests.told import Tables, Told
from comparator.certificate.bounds import SAMPLES_MAX, Allowances, measured_bounds, percentile_999
from comparator.certificate.evidence import Ending
from comparator.fills import FillTable


def all_of(fills: FillTable) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.arange(len(fills), dtype=np.int64)


def test_the_percentile_is_a_measured_value() -> None:
    assert percentile_999(list(range(1, 1001))) == 999
    assert percentile_999(list(range(1, 2001))) == 1998
    assert percentile_999([7]) == 7
    assert percentile_999([]) is None


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50), st.randoms())
def test_the_percentile_does_not_depend_on_the_order(values: list[int], random: object) -> None:
    assert percentile_999(values) == percentile_999(sorted(values))
    assert percentile_999(values) in values


def test_latency_is_the_percentile_of_what_was_measured(live: Tables, told: Told) -> None:
    told.latencies = [1_000] * 998 + [2_000, 9_000]

    found = measured_bounds(live(), all_of(live()), [], told, Allowances())

    assert (found.latency_us, found.latency_samples) == (2_000, 1000)


def test_a_retried_request_is_no_latency(live: Tables, told: Told) -> None:
    told.latencies = [1_000, 30_000_000]

    found = measured_bounds(live(), all_of(live()), [], told, Allowances())

    assert found.latency_us == 2_000_000


def test_without_a_measurement_the_queue_is_the_typical_trade(live: Tables, told: Told) -> None:
    allowed = Allowances(queue_ahead_factor=Decimal("1.5"))

    found = measured_bounds(live(), all_of(live()), ["BTCUSDT"], told, allowed)

    assert found.queue == {"BTCUSDT": Decimal("4.5")}
    assert found.queue_samples == {"BTCUSDT": 0}


def test_without_trades_nothing_may_stand_in_the_queue(live: Tables, told: Told) -> None:
    told.typical = None

    found = measured_bounds(live(), all_of(live()), ["BTCUSDT"], told, Allowances())

    assert found.queue == {"BTCUSDT": Decimal(0)}


def test_the_queue_is_measured_where_the_market_did_not_trade_through(
    live: Tables, told: Told
) -> None:
    """An order for 2 that filled when 9 had traded had 7 in front of it."""
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(9, "100", "9")
    told.place("b", 15, 20, Ending.FILLED)
    told.trade(19, "100", "50")
    told.trade(20, "99")
    fills = live(("a", 10), ("b", 20))

    found = measured_bounds(fills, all_of(fills), ["BTCUSDT"], told, Allowances())

    assert found.queue == {"BTCUSDT": Decimal(7)}
    assert found.queue_samples == {"BTCUSDT": 1}


def test_only_matched_fills_measure(live: Tables, told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(9, "100", "9")
    fills = live(("a", 10))

    found = measured_bounds(fills, np.empty(0, np.int64), ["BTCUSDT"], told, Allowances())

    assert found.queue == {"BTCUSDT": Decimal(3)}


def test_many_fills_are_measured_by_a_sample(live: Tables, told: Told) -> None:
    told.place("a", 0, 10, Ending.FILLED)
    told.trade(0, "100", "9")
    fills = live(*(("a", n / 10) for n in range(SAMPLES_MAX + 5)))

    found = measured_bounds(fills, all_of(fills), ["BTCUSDT"], told, Allowances())

    assert found.queue_samples == {"BTCUSDT": SAMPLES_MAX}
