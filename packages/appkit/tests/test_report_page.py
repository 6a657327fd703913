import re
from decimal import Decimal
from enum import Enum
from html.parser import HTMLParser

import pytest

from appkit.report_page import Card, ReportPage, Tone


class Drawing:
    """A figure as the page sees it: anything that can write itself as plotly's JSON."""

    def __init__(self, title: str = "") -> None:
        self._title = title

    def to_json(self) -> str:
        return (
            '{"data": [{"type": "bar", "y": [1, 2], "name": "' + self._title + '"}], '
            '"layout": {"template": {"layout": {"a": 1}}, "yaxis": {"title": {"text": "USDT"}}}}'
        )


class Outline(HTMLParser):
    """The elements of a page and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("script", "style"):
            self.text += data + "|"

    def attributes(self, tag: str, name: str) -> list[str | None]:
        return [attributes[name] for found, attributes in self.elements if name in attributes]


class Side(Enum):
    BUY = "Buy"


HOSTILE = "</script><script>alert(1)</script>"


def test_every_element_is_closed_and_hostile_text_stays_text() -> None:
    page = ReportPage(HOSTILE, HOSTILE, HOSTILE)
    page.add_summary([Card(label=HOSTILE, value=HOSTILE, remark=HOSTILE, tone=Tone.BAD)])
    page.add_note(HOSTILE)
    page.add_table(HOSTILE, [HOSTILE], [[HOSTILE]], whole_in=HOSTILE)
    page.add_figure(HOSTILE, Drawing(HOSTILE), remark=HOSTILE)
    outline = Outline(page.render())
    scripts = [attributes for tag, attributes in outline.elements if tag == "script"]
    assert len(scripts) == 4
    assert outline.text.count("alert(1)") >= 10


def test_plotly_is_embedded_once_however_many_figures_there_are() -> None:
    page = ReportPage("r")
    page.add_figure("one", Drawing())
    page.add_figure("two", Drawing())
    text = page.render()
    assert len(re.findall(r"\* plotly\.js v", text)) == 1
    assert [f'id="figure-{n}"' in text for n in (1, 2, 3)] == [True, True, False]


def test_a_page_without_figures_carries_no_script() -> None:
    page = ReportPage("r")
    page.add_note("nothing was traded")
    assert "<script" not in page.render()


def test_the_page_refuses_to_load_anything_from_anywhere() -> None:
    page = ReportPage("r")
    page.add_figure("one", Drawing())
    outline = Outline(page.render())
    loaded = [(tag, a) for tag, a in outline.elements if "src" in a or tag == "link"]
    assert loaded == []
    policies = [a["content"] for tag, a in outline.elements if "http-equiv" in a]
    assert str(policies[0]).startswith("default-src 'none'")


def test_a_figure_loses_the_template_that_would_fix_its_colours() -> None:
    page = ReportPage("r")
    page.add_figure("one", Drawing(), height_px=300)
    assert '"layout": {"yaxis": {"title": {"text": "USDT"}}, "height": 300}' in page.render()


def test_every_table_and_figure_is_in_the_contents_under_its_own_anchor() -> None:
    page = ReportPage("r")
    page.add_table("Trades & fees", ["a"], [])
    page.add_table("Trades & fees", ["a"], [])
    page.add_figure("Figure 1", Drawing())
    page.add_table("µ", ["a"], [])
    outline = Outline(page.render())
    links = [str(a["href"]) for tag, a in outline.elements if tag == "a"]
    ids = [a["id"] for tag, a in outline.elements if "id" in a]
    assert links == [
        "#trades-fees",
        "#trades-fees-section-2",
        "#figure-1-section-2",
        "#section",
    ]
    assert len(set(ids)) == len(ids)
    assert {link[1:] for link in links} <= set(ids)


def test_columns_of_numbers_are_set_right_and_others_are_not() -> None:
    page = ReportPage("r")
    rows = [
        ["t", Decimal("1234.50"), "1.25 %", None, Side.BUY, True, "x" * 50],
        ["5", 7, "-3 %", 0.5, Side.BUY, False, "y"],
    ]
    page.add_table("T", ["name", "price", "share", "ratio", "side", "open", "text"], rows)
    outline = Outline(page.render())
    heads = [attributes.get("class") for tag, attributes in outline.elements if tag == "th"]
    assert heads == [None, "number", "number", "number", None, None, "text"]
    assert "t|1,234.5|1.25 %|-|Buy|yes|" in outline.text


def test_a_long_table_is_cut_and_says_so() -> None:
    page = ReportPage("r")
    page.add_table("T", ["n"], [[n] for n in range(1200)], rows_max=10, whole_in="trades.csv")
    page.add_table("U", ["n"], [[n] for n in range(11)], rows_max=10)
    text = page.render()
    assert "The first 10 of 1,200 rows; trades.csv holds them all." in text
    assert "The first 10 of 11 rows." in text
    assert text.count("<td") == 20


def test_an_empty_table_says_none() -> None:
    page = ReportPage("r")
    page.add_table("T", ["a", "b"], [])
    assert '<td class="empty" colspan="2">none</td>' in page.render()


def test_a_row_that_does_not_fit_its_columns_is_a_defect() -> None:
    with pytest.raises(AssertionError, match="2 cells for 1 columns"):
        ReportPage("r").add_table("T", ["a"], [[1, 2]])


def test_the_same_content_gives_the_same_page() -> None:
    def page() -> str:
        made = ReportPage("r", "s", "f")
        made.add_summary([Card(label="Net", value="1", tone=Tone.GOOD)])
        made.add_note("careful", warning=True)
        made.add_figure("F", Drawing())
        return made.render()

    assert page() == page()
