"""Cuts lines into fields: which bytes belong to which wanted column.

Knows delimiters and quotes; refuses to know numbers.
"""

from dataclasses import dataclass

import numpy as np

from tapes.compiled import Integers, compiled
from tapes.importing.lines import Bytes, Places, TextBlock

_QUOTE, _SPACE, _TAB = 34, 32, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """One wanted column: the text of row i is text[starts[i]:ends[i]], empty when it is missing."""

    text: Bytes
    starts: Places
    ends: Places

    def __len__(self) -> int:
        return len(self.starts)

    def field(self, row: int) -> str:
        """The text of a row, for a message."""
        raw = self.text[self.starts[row] : self.ends[row]].tobytes()
        return raw.decode("utf-8", errors="replace")


def split_line(line: str, delimiter: str) -> list[str]:
    """The fields of one line (a header), without quotes and outer spaces."""
    return [part.strip().strip('"').strip() for part in line.split(delimiter)]


def cut_fields(block: TextBlock, columns: list[int], delimiter: str) -> list[Fields]:
    """Cut a block of lines into the wanted columns, given by their places from 0.

    A line with fewer columns gives empty fields for those it lacks.
    """
    slots = np.full(max(columns, default=0) + 1, -1, np.int64)
    slots[columns] = np.arange(len(columns))
    places = np.zeros((2, len(columns), len(block.starts)), np.int64)
    find_fields(block.text, block.starts, block.ends, slots, ord(delimiter), places[0], places[1])
    return [
        Fields(text=block.text, starts=places[0, slot], ends=places[1, slot])
        for slot in range(len(columns))
    ]


@compiled
def find_fields(
    text: Bytes,
    line_starts: Places,
    line_ends: Places,
    slots: Places,
    delimiter: int,
    starts: Integers,
    ends: Integers,
) -> None:
    """Fill starts and ends (wanted columns x lines); slots maps a column's place to a row of them.

    A delimiter between double quotes does not divide; outer quotes and spaces are left out.
    """
    for line in range(len(line_starts)):
        place, column = line_starts[line], 0
        line_end = line_ends[line]
        while column < len(slots) and place <= line_end:
            first = place
            quoted = False
            while place < line_end and (quoted or text[place] != delimiter):
                if text[place] == _QUOTE:
                    quoted = not quoted
                place += 1
            slot = slots[column]
            if slot >= 0:
                last = place
                while first < last and (text[first] == _SPACE or text[first] == _TAB):
                    first += 1
                while first < last and (text[last - 1] == _SPACE or text[last - 1] == _TAB):
                    last -= 1
                if last - first >= 2 and text[first] == _QUOTE and text[last - 1] == _QUOTE:
                    first, last = first + 1, last - 1
                starts[slot, line], ends[slot, line] = first, last
            place += 1
            column += 1
