"""Which ticker caused which placement, as the daemon's journals tell. It refuses to know times."""

from pathlib import Path

from appkit.journals.judging import files_below
from appkit.journals.reader import lines_from
from gridcore.events import Ticker
from gridcore.session.codec import decode_line
from gridcore.session.effects import Approved, Effects

MS_US = 1_000


def tickers_of_placements(folder: Path) -> dict[str, tuple[str, int]]:
    """Of every placement that a ticker caused, by its wire id, the ticker: symbol and time in ms.

    Effects stand right behind the event that caused them.
    """
    found: dict[str, tuple[str, int]] = {}
    for file in files_below(folder):
        cause: object = None
        for text in lines_from(file, 0):
            body = decode_line(text).body
            if not isinstance(body, Effects):
                cause = body
            elif isinstance(cause, Ticker):
                frame = (cause.symbol, cause.at // MS_US)
                for request in body.requests:
                    if isinstance(request, Approved):
                        found[request.request.wire_id] = frame
    return found
