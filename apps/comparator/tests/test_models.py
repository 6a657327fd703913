"""Which fill model explains a recording best, and its error (18.1)."""

from decimal import Decimal

from apps.comparator.tests.told import MakeFill, Tables
from comparator.fills import FillTable
from comparator.matching import CAP_US, align
from comparator.models import ModelFit, best_fit, fit_of, ranked

FIVE_MINUTES = 300_000_000


def fit(name: str, mine: FillTable, theirs: FillTable) -> ModelFit:
    return fit_of(name, mine, theirs, align(mine, theirs))


def test_the_error_is_the_mean_distance_in_time(live: Tables, backtest: Tables) -> None:
    found = fit("touch", live(("a", 10), ("b", 20)), backtest(("a", 13), ("b", 19)))

    assert (found.both, found.live_only, found.backtest_only) == (2, 0, 0)
    assert found.error_us == 2_000_000


def test_a_fill_alone_counts_with_the_cap(live: Tables, backtest: Tables) -> None:
    found = fit("touch", live(("a", 10)), backtest(("a", 10), ("b", 19)))

    assert (found.both, found.live_only, found.backtest_only) == (1, 0, 1)
    assert found.error_us == FIVE_MINUTES == CAP_US // 2


def test_pairs_of_other_quantities_have_an_error_of_their_own(
    live: Tables, backtest: Tables, make_fill: MakeFill
) -> None:
    found = fit(
        "touch", live(("a", 10), ("b", 10)), backtest(make_fill("a", 10, qty="1"), ("b", 10))
    )

    assert found.qty_error == Decimal("0.5")


def test_the_model_nearest_in_time_is_the_best(live: Tables, backtest: Tables) -> None:
    mine = live(("a", 10), ("b", 20))
    models = {
        "strict_cross": backtest(("a", 12), ("b", 25)),
        "queue": backtest(("a", 10), ("b", 21)),
        "touch": backtest(("a", 9), ("b", 19), ("c", 5)),
    }

    fits = [fit(name, mine, theirs) for name, theirs in models.items()]

    assert [one.name for one in ranked(fits)] == ["queue", "strict_cross", "touch"]
    assert best_fit(fits) == ranked(fits)[0]


def test_models_that_fit_alike_are_ranked_by_name(live: Tables, backtest: Tables) -> None:
    mine, theirs = live(("a", 10)), backtest(("a", 10))

    assert [one.name for one in ranked([fit("b", mine, theirs), fit("a", mine, theirs)])] == [
        "a",
        "b",
    ]


def test_without_models_none_is_the_best(live: Tables, backtest: Tables) -> None:
    assert best_fit([]) is None
    assert fit("none", live(), backtest()).error_us == 0
