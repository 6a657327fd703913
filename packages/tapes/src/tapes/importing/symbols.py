"""Finds the symbol that a source file itself names.

Knows the symbol column; refuses to read a symbol out of a file's name.
"""

from pathlib import Path

from tapes.importing.layouts import BarLayout, ColumnOptions, settle_layout
from tapes.importing.sources import open_source


def symbol_in(path: Path, columns: ColumnOptions) -> str | None:
    """The symbol in the first row of a file of trades; None when it has no such column or no row.

    TapeError when the file cannot be read or its columns are not known.
    """
    source = open_source(path, columns.delimiter)
    layout = settle_layout(source.header, columns, source.name)
    if isinstance(layout, BarLayout) or layout.symbol is None:
        return None
    for batch in source.batches([layout.symbol]):
        if len(batch):
            return batch.fields[layout.symbol].field(0) or None
    return None
