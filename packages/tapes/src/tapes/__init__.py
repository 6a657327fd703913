"""Recorded markets as integer columns: format, import, synthesis and the scan index.

Knows prices as ticks and sizes as steps; refuses to know orders, positions and money.
"""

from tapes.columns import UNKNOWN, TickerColumns, TickerRow, TradeColumns
from tapes.errors import TapeError, TapeNotWritten
from tapes.manifest import BarOrder, Gap, Manifest, TapeHeader
from tapes.tape import Tape
from tapes.writing import TapeWriter

__all__ = [
    "UNKNOWN",
    "BarOrder",
    "Gap",
    "Manifest",
    "Tape",
    "TapeError",
    "TapeHeader",
    "TapeNotWritten",
    "TapeWriter",
    "TickerColumns",
    "TickerRow",
    "TradeColumns",
]
