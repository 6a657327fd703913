"""The scan index: what a run over millions of rows costs when almost none of them matters."""

from tapes.scan.equity import EquityLine, EquityTrack, Fall, sample_equity
from tapes.scan.index import NO_HIGH, NO_LOW, ScanIndex, Stats
from tapes.scan.search import first_at_or_after, first_key_at_or_after
from tapes.scan.segments import add_segments
from tapes.scan.storing import load_or_build
from tapes.scan.walk import EquityFeed, equity_walk
from tapes.scan.warm import warm_up

__all__ = [
    "NO_HIGH",
    "NO_LOW",
    "EquityFeed",
    "EquityLine",
    "EquityTrack",
    "Fall",
    "ScanIndex",
    "Stats",
    "add_segments",
    "equity_walk",
    "first_at_or_after",
    "first_key_at_or_after",
    "load_or_build",
    "sample_equity",
    "warm_up",
]
