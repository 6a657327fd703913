"""One self-contained HTML page that opens offline: cards, tables, figures, notes.

It knows how a report looks and nothing of what it reports.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from html import escape
from importlib.resources import files
from itertools import islice
from typing import Protocol

from plotly.offline import get_plotlyjs

from appkit.decimals import parse_decimal
from appkit.output import number_text

ROWS_MAX = 500
"""Rows of a table that the page shows, unless asked for more; files hold the rest."""

FIGURE_HEIGHT_PX = 420

COLOURWAY = ("#3f78dd", "#d9772e", "#2a9d78", "#cc4b62", "#8d6cc4", "#a98f1d", "#4aa3b8")
"""Colours of traces that read well on the light and on the dark page, in order of use."""

# Nothing may be loaded from anywhere; figures drawn with WebGL compile their shaders' code.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "img-src data: blob:; font-src data:"
)


class Tone(Enum):
    """Whether a value is good news."""

    NEUTRAL = ""
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One number of the summary: what it is, the number as text, and a remark below it."""

    label: str
    value: str
    remark: str = ""
    tone: Tone = Tone.NEUTRAL


class Figure(Protocol):
    """A plotly figure."""

    def to_json(self) -> str:
        """The figure as JSON text with `data` and `layout`."""


class ReportPage:
    """Collects sections in the order they are added, and renders them as one HTML text."""

    def __init__(self, title: str, subtitle: str = "", footer: str = "") -> None:
        self._title, self._subtitle, self._footer = title, subtitle, footer
        self._sections: list[str] = []
        self._contents: list[tuple[str, str]] = []
        self._figure_count = 0

    def add_summary(self, cards: Iterable[Card]) -> None:
        """A row of cards with the numbers that matter most."""
        shown = "".join(_card(card) for card in cards)
        self._sections.append(f'<section class="notes"><dl class="cards">{shown}</dl></section>')

    def add_note(self, text: str, *, warning: bool = False) -> None:
        """A paragraph that the reader must not miss."""
        tone = "note warning" if warning else "note"
        block = f'<section class="notes"><p class="{tone}">{escape(text)}</p></section>'
        self._sections.append(block)

    def add_table(
        self,
        title: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        rows_max: int = ROWS_MAX,
        whole_in: str | None = None,
    ) -> None:
        """A table; a column with nothing but numbers is set right.

        At most `rows_max` rows are shown, with a note that says so and names `whole_in`, the file
        that holds them all.
        """
        shown = [[_cell(value) for value in row] for row in islice(rows, rows_max)]
        for row in shown:
            assert len(row) == len(columns), f"{title}: {len(row)} cells for {len(columns)} columns"
        classes = [_column_class([row[i] for row in shown]) for i in range(len(columns))]
        body = "".join(_row("td", row, classes) for row in shown) or _empty_row(len(columns))
        table = (
            f'<div class="table"><table><thead>{_row("th", columns, classes)}</thead>'
            f"<tbody>{body}</tbody></table></div>"
        )
        remark = ""
        if len(rows) > len(shown):
            remark = f"The first {len(shown):,} of {len(rows):,} rows"
            remark += f"; {whole_in} holds them all." if whole_in is not None else "."
        self._add(title, table + _remark(remark))

    def add_figure(
        self, title: str, figure: Figure, *, remark: str = "", height_px: int = FIGURE_HEIGHT_PX
    ) -> None:
        """A plotly figure; colours it does not set follow the reader's light or dark page."""
        content = json.loads(figure.to_json())
        layout = {**content.get("layout", {}), "height": height_px}
        layout.pop("template", None)
        # "</" would end the script element, whatever the JSON around it says.
        text = json.dumps({"data": content["data"], "layout": layout}).replace("</", "<\\/")
        self._figure_count += 1
        name = f"figure-{self._figure_count}"
        block = (
            f'<div class="figure" id="{name}" role="img" aria-label="{escape(title)}" '
            f'style="min-height:{height_px}px"></div>'
            f'<script type="application/json" id="{name}-json">{text}</script>'
        )
        self._add(title, block + _remark(remark))

    def render(self) -> str:
        """The whole page as HTML text; plotly.js is in it once, or not at all without figures."""
        links = "".join(f'<li><a href="#{a}">{escape(t)}</a></li>' for a, t in self._contents)
        subtitle = f'<p class="subtitle">{escape(self._subtitle)}</p>' if self._subtitle else ""
        footer = f"<footer>{escape(self._footer)}</footer>" if self._footer else ""
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self._title)}</title><style>{_asset('report.css')}</style></head>\n"
            f'<body><div class="page"><header><h1>{escape(self._title)}</h1>{subtitle}</header>\n'
            f'<nav aria-label="Contents"><ol>{links}</ol></nav>\n<main>'
            + "\n".join(self._sections)
            + f"</main>\n{footer}</div>{self._scripts()}</body></html>\n"
        )

    def _add(self, title: str, block: str) -> None:
        anchor = _anchor(title, {taken for taken, _ in self._contents})
        self._contents.append((anchor, title))
        self._sections.append(f'<section id="{anchor}"><h2>{escape(title)}</h2>{block}</section>')

    def _scripts(self) -> str:
        if not self._figure_count:
            return ""
        colourway = json.dumps(COLOURWAY)
        return (
            f'<script type="application/json" id="colourway">{colourway}</script>'
            f"<script>{get_plotlyjs()}</script><script>{_asset('report.js')}</script>"
        )


def _asset(name: str) -> str:
    return (files("appkit") / "assets" / name).read_text(encoding="utf-8")


def _card(card: Card) -> str:
    remark = f'<dd class="remark">{escape(card.remark)}</dd>' if card.remark else ""
    tone = f" {card.tone.value}" if card.tone is not Tone.NEUTRAL else ""
    return (
        f'<div class="card"><dt>{escape(card.label)}</dt>'
        f'<dd class="value{tone}">{escape(card.value)}</dd>{remark}</div>'
    )


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case Enum():
            return str(value.value)
        case bool():
            return "yes" if value else "no"
        case Decimal() | int() | float():
            return number_text(value)
        case _:
            return str(value)


def _column_class(cells: Sequence[str]) -> str:
    given = [cell for cell in cells if cell not in ("", "-")]
    if given and all(_is_number(cell) for cell in given):
        return "number"
    # Times and short words stay on one line; only running text may be broken.
    return "text" if any(len(cell) > 40 for cell in given) else ""


def _is_number(cell: str) -> bool:
    bare = cell.removesuffix("%").strip().replace(",", "").replace("∞", "0").lstrip("+")
    return parse_decimal(bare) is not None


def _row(element: str, cells: Sequence[str], classes: Sequence[str]) -> str:
    shown = "".join(
        f'<{element} class="{kind}">{escape(cell)}</{element}>'
        if kind
        else f"<{element}>{escape(cell)}</{element}>"
        for cell, kind in zip(cells, classes, strict=True)
    )
    return f"<tr>{shown}</tr>"


def _empty_row(width: int) -> str:
    return f'<tr><td class="empty" colspan="{width}">none</td></tr>'


def _remark(text: str) -> str:
    return f'<p class="remark-below">{escape(text)}</p>' if text else ""


def _anchor(title: str, taken: set[str]) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"
    anchor, number = word, 2
    while anchor in taken or re.fullmatch(r"figure-\d+(-json)?|colourway", anchor):
        anchor, number = f"{word}-section-{number}", number + 1
    return anchor
