from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from backtest.export import Finished
from backtest.metrics import compute_results
from backtest.outcome import LiquidationOutcome
from backtest.report import BARS_NOTE, render_report
from gridcore.clock import Instant


class Outside(HTMLParser):
    """Collects everything that a browser would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "srcset") or (tag == "link" and name == "href"):
                self.fetched.append(f"{tag} {value}")


def with_outcome(finished: Finished, **changes: Any) -> Finished:
    outcome = replace(finished.results.outcome, **changes)
    return replace(finished, results=compute_results(outcome))


def test_a_report_opens_offline_and_shows_every_part(finished: Finished) -> None:
    page = render_report({"": finished}, "Backtest: sc_1")

    parser = Outside()
    parser.feed(page)
    assert parser.fetched == []
    for heading in (
        "Equity and drawdown",
        "Price with fills",
        "Grid levels over time",
        "Position",
        "Profit per level",
        "Account",
        "Risk",
        "Trades",
        "Grid",
        "Books",
        "Orders that were not placed",
        "Positions at the end",
        "Run manifest",
    ):
        assert f"<h2>{heading}</h2>" in page
    assert "4.42" in page
    assert finished.manifest.configuration_hash in page


def test_a_report_says_when_bars_were_used_and_shows_both_orders(finished: Finished) -> None:
    worse = with_outcome(finished, denials={"max_margin": 3})

    page = render_report({"high_first": finished, "low_first": worse}, "bars")

    assert BARS_NOTE.split(",")[0] in page
    assert "<h2>Both orders of the bars</h2>" in page
    assert "The pictures show" in page


def test_a_report_over_trades_says_nothing_of_bars(finished: Finished) -> None:
    assert "minute bars" not in render_report({"": finished}, "trades")


def test_denials_and_refusals_are_listed_by_how_often_they_came(finished: Finished) -> None:
    denied = with_outcome(
        finished, denials={"max_margin": 3, "coverage": 40}, orders_rejected={"110007": 7}
    )

    page = render_report({"": denied}, "denied")

    first, second, third = (page.index(text) for text in ("coverage", "110007", "max_margin</td>"))
    assert first < second < third


def test_a_liquidation_is_a_notice_at_the_top_and_a_table(finished: Finished) -> None:
    one = LiquidationOutcome(
        at=Instant(1_767_229_260_000_000), equity=Decimal(12), maintenance_margin=Decimal(15)
    )

    page = render_report({"": with_outcome(finished, liquidations=[one])}, "liquidated")

    assert "Liquidated at 2026-01-01 01:01:00 UTC: equity 12.00 was below" in page
    assert "<h2>Liquidations</h2>" in page


def test_warnings_and_names_are_text_and_never_markup(finished: Finished) -> None:
    manifest = replace(finished.manifest, warnings=("<script>alert(1)</script>",))

    page = render_report({"": replace(finished, manifest=manifest)}, "<b>title</b>")

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>title" not in page


def test_alerts_are_listed(finished: Finished) -> None:
    page = render_report({"": with_outcome(finished, alerts=["emergency direction=long"])}, "alert")

    assert "emergency direction=long" in page
