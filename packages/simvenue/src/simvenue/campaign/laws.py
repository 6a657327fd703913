"""The laws that hold whatever goes wrong, and what says that one was broken."""

from enum import StrEnum

from gridcore.clock import Instant


class Law(StrEnum):
    """What a run is judged by. The value is what a report calls it."""

    ONE_ORDER_PER_LEVEL = "one_order_per_level"
    """At most one live order of ours per symbol, direction and level at the venue."""
    EXPOSURE_WITHIN_CAPS = "exposure_within_caps"
    """Open orders, placements in 60 s and value per direction stay within their caps."""
    MODES_OBEYED = "modes_obeyed"
    """No opening placement while a mode forbids it, none at all while halted."""
    WIRE_IDS_UNIQUE = "wire_ids_unique"
    """A wire id is sent again only after an answer that leaves it unused, for the same order."""
    BOOKS_AGREE = "books_agree"
    """Once quiet, the session believes what the venue holds, and no mode stands without cause."""
    LEDGER_BALANCES = "ledger_balances"
    """The ledger equals the wallet, entry by entry; each execution counts once."""
    GRID_STANDS = "grid_stands"
    """Once quiet, every order that is wanted rests or is denied for a reason that still holds."""
    CANCELS_BOUNDED = "cancels_bounded"
    """One cancel in flight per order, at most six in 60 s; closes wait for a fresh position."""
    DEADLINES_AHEAD = "deadlines_ahead"
    """A deadline that has fired lies in the past for good."""
    NEWEST_WINS = "newest_wins"
    """A mirrored position or wallet is never replaced by an older one."""
    SESSION_RUNS = "session_runs"
    """The session raises nothing."""


class LawBroken(Exception):
    """A law does not hold. `at` None: it was judged at the end of the run."""

    def __init__(self, law: Law, what: str, at: Instant | None = None) -> None:
        super().__init__(law, what, at)
        self.law = law
        self.what = what
        self.at = at

    def __str__(self) -> str:
        return f"{self.law.value}: {self.what}"
