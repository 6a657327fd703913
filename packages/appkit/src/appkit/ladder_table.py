"""The ladder of a grid at a price, as people read it; what it holds is the kernel's preview."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appkit.output import key_value_table, number_text
from gridcore.preview import Preview, SideTotal, Spread
from gridcore.sizing import SizeFlag


class Noted(Protocol):
    """Something to know of a grid; `blocking`: it cannot work as it stands."""

    @property
    def blocking(self) -> bool: ...

    @property
    def text(self) -> str: ...


def print_ladder(
    out: Console, name: str, found: Preview, facts: Sequence[tuple[str, str]] = ()
) -> None:
    """Draw levels, what follows from them, and then `facts`; nothing where no level is possible.

    `name` is what the title calls the grid.
    """
    if found.rows:
        out.print(_ladder_table(f"{name} at {number_text(found.price)}", found))
        out.print(key_value_table("", [*_facts(found), *facts]))


def print_findings(out: Console, findings: Iterable[Noted]) -> None:
    """One line for each finding; those that block stand out."""
    for finding in findings:
        word = "impossible" if finding.blocking else "note"
        style = "bold red" if finding.blocking else ""
        out.print(Text(f"{word}: {finding.text}", style=style), soft_wrap=True)


def _ladder_table(title: str, found: Preview) -> Table:
    table = Table(title=Text(title, style="bold"), title_justify="left", box=None)
    for name in ("level", "price", "side", "qty", "notional", ""):
        table.add_column(name, justify="left" if name in ("side", "") else "right")
    for row in reversed(found.rows):
        flag = "" if row.flag in (None, SizeFlag.AS_ASKED) else str(row.flag.value)
        cells = (
            str(row.level),
            number_text(row.price),
            row.side.value,
            number_text(row.qty) if row.qty else "-",
            number_text(row.notional, 2) if row.qty else "-",
            flag,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _facts(found: Preview) -> list[tuple[str, str]]:
    rows = [
        ("spacing in ticks (least / median / most)", _spread(found.spacing_ticks, 0)),
        ("spacing in % (least / median / most)", _spread(found.spacing_pct, 4)),
        ("to the lowest level", f"{number_text(found.down_pct, 2)} %"),
        ("to the highest level", f"{number_text(found.up_pct, 2)} %"),
    ]
    for name, total in (
        ("all buys filled, long", found.long),
        ("all sells filled, short", found.short),
    ):
        if total is not None:
            rows.append((name, _total(total)))
    return rows


def _spread(spread: Spread | None, places: int) -> str:
    if spread is None:
        return "-"
    return " / ".join(
        number_text(value, places) for value in (spread.least, spread.median, spread.most)
    )


def _total(total: SideTotal) -> str:
    if total.entry is None:
        return "no order"
    liquidation = total.liquidation
    where = f"{liquidation:,.8g}" if isinstance(liquidation, Decimal) else "none"
    return (
        f"{total.orders} orders, {number_text(total.qty)} at {total.entry:,.8g}, notional "
        f"{number_text(total.notional, 2)}, margin {number_text(total.margin, 2)}, "
        f"liquidation {where}"
    )
