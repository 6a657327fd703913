"""Figures in fractions, beside numbers worked out by hand."""

from fractions import Fraction

from bbu_reference.comparator_figures import mean, median, pearson, robust, root, share, total
from bbu_reference.comparator_rules import TWO_MEDIANS

VALUES = [Fraction(number, 10) for number in (1, 2, 5, 9)]


def test_the_median_averages_the_middle_two() -> None:
    assert median(VALUES) == Fraction(35, 100)
    assert median(VALUES[:3]) == Fraction(2, 10)
    assert median([]) == mean([]) == total([]) == share(1, 0) == 0


def test_robust_figures_by_either_median() -> None:
    right, recorded = robust("f", VALUES, ()), robust("f", VALUES, (TWO_MEDIANS,))

    assert right["f_median_abs_delta"] == Fraction(35, 100)
    assert recorded["f_median_abs_delta"] == Fraction(5, 10)
    assert right["f_spike_intensity"] == Fraction(55, 100)
    assert right["f_p95_abs_delta"] == Fraction(9, 10)
    assert right["f_spike_count_30c"] == 2
    assert set(robust("f", [], ()).values()) == {0}


def test_the_deviation_is_a_root() -> None:
    assert robust("f", [Fraction(1), Fraction(3)], ())["f_std_abs_delta"] == 1
    assert abs(root(Fraction(2)) ** 2 - 2) < Fraction(1, 10**50)


def test_correlation_of_lines_and_of_what_does_not_vary() -> None:
    line = [Fraction(number) for number in range(4)]

    assert abs(pearson(line, [-2 * value for value in line]) + 1) < Fraction(1, 10**50)
    assert pearson(line, [Fraction(7)] * 4) == pearson([Fraction(1)], [Fraction(2)]) == 0
