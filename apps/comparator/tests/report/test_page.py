"""The page: everything that was asked for is on it, and nothing is loaded from elsewhere."""

import re

from apps.comparator.tests.told import MakeComparison, MakeFill
from comparator.report.comparison import Comparison
from comparator.report.page import render_page


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_the_page_has_every_section(comparison: Comparison) -> None:
    assert headings(render_page(comparison)) == [
        "Verdict",
        "Price with both sets of fills",
        "Divergences by class",
        "Where every fill is",
        "Equity of both sides",
        "Level by level, those that diverge most first",
        "Fill models, the best first",
        "Divergences, the unexplained first",
        "Figures",
        "Certificate",
    ]


def test_a_comparison_of_equal_fills_has_no_picture_of_divergences(
    compare: MakeComparison,
) -> None:
    page = render_page(compare())

    assert "Divergences by class" not in headings(page)
    assert "Equity of both sides" not in headings(page)
    assert "Fill models, the best first" not in headings(page)


def test_every_symbol_has_its_own_price(compare: MakeComparison, make_fill: MakeFill) -> None:
    eth = make_fill("e", 5, symbol="ETHUSDT")

    found = headings(render_page(compare([("a", 10), eth], [("a", 10), eth])))

    assert [one for one in found if one.startswith("Price")] == [
        "Price with both sets of fills: BTCUSDT",
        "Price with both sets of fills: ETHUSDT",
    ]


def test_what_speaks_against_it_is_told_before_the_tables(comparison: Comparison) -> None:
    page = render_page(comparison)

    assert "FAIL, unexplained: 1 unexplained, the first: e on BTCUSDT" in page
    assert page.index("FAIL, unexplained") < page.index("<h2>Verdict</h2>")


def test_the_unexplained_come_first_with_the_nearest_reason(comparison: Comparison) -> None:
    page = render_page(comparison)
    table = page[page.index("<h2>Divergences, the unexplained first</h2>") :]

    rows = re.findall(r"<tr><td>(\w[\w ,]*)</td>", table)

    assert rows[:3] == ["unexplained, backtest alone", "queue, live alone", "data gap, live alone"]
    assert "explains; no order of this id is known to have stood in the queue" in table


def test_nothing_is_loaded_from_elsewhere_and_texts_are_no_markup(
    compare: MakeComparison, make_fill: MakeFill
) -> None:
    hostile = make_fill("<script>alert(1)</script>", 10, strat_id=None)

    page = render_page(compare([hostile], []))

    assert "<script>alert(1)" not in page
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page)


def test_the_certificate_is_named_with_its_links(comparison: Comparison) -> None:
    page = render_page(comparison)

    assert comparison.record.sha256 in page
    assert "c0ffee" in page
    assert "7a9e" in page
