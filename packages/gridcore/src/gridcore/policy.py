"""What the engine asks of a side policy, and their words: holds, changes, limits, bands."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from gridcore.clock import Instant
from gridcore.events import Ticker
from gridcore.grid import Grid
from gridcore.instrument import Price
from gridcore.intents import CancelCause
from gridcore.message import message
from gridcore.saved import Saved
from gridcore.sides import BUY, LONG, SELL, SHORT
from gridcore.working import OpenOrder, WorkingBook

SIDES = (BUY, SELL)
DIRECTIONS = (LONG, SHORT)
BUY_INDEX = 0
SELL_INDEX = 1


class Hold(StrEnum):
    """Why a grid must not open: the strategy asks NO_OPEN until the hold is gone."""

    LAST_MARK_GAP = "last_mark_gap"
    OUT_OF_BOUNDS = "out_of_bounds"
    SPACING = "spacing"


class ChangeCause(StrEnum):
    """Why the levels changed."""

    BUILT = "built"
    REBUILT = "rebuilt"
    SHIFTED = "shifted"


@message
class LevelsChanged:
    """The grid has other levels from `at` on."""

    at: Instant
    cause: ChangeCause
    detail: str


class Candidate:
    """A level to fill now. Indices: direction 0 long, 1 short; side 0 Buy, 1 Sell.

    `level` is its position where the grid may change before the order is made; None: look it up.
    """

    __slots__ = ("direction", "level", "price", "side")

    def __init__(self, price: int, direction: int, side: int, level: int | None = None) -> None:
        self.price = price
        self.direction = direction
        self.side = side
        self.level = level


class Limits:
    """How far from the market places of one direction and side are denied: at `price` and beyond.

    None: nothing is denied. Scarce coverage or margin goes to the nearest level first, so a denial
    at one level denies every level farther away.
    """

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: list[list[int | None]] = [[None, None], [None, None]]

    def denies(self, direction: int, side: int, price: int) -> bool:
        """Whether a place at `price` lies at or beyond the limit."""
        limit = self.at[direction][side]
        if limit is None:
            return False
        return price <= limit if side == BUY_INDEX else price >= limit

    def deny_from(self, direction: int, side: int, price: int) -> None:
        """Deny `price` and everything farther from the market."""
        self.at[direction][side] = price

    def lift(self, direction: int, side: int) -> bool:
        """Deny nothing any more; whether something was denied."""
        denied = self.at[direction][side] is not None
        self.at[direction][side] = None
        return denied


NO_LIMITS = Limits()

PriceBand = tuple[int | None, int | None]
"""An open interval of last prices in ticks: strictly inside it nothing happens. None: unbounded."""


class SidePolicyRules(Protocol):
    """Grid and market -> levels to keep, orders to give up, levels to fill."""

    @property
    def grid(self) -> Grid:
        """The levels in force."""
        ...

    @property
    def hold(self) -> Hold | None:
        """Why the grid must not open at the moment."""
        ...

    @property
    def last(self) -> Price | None:
        """The last price seen."""
        ...

    def observe(self, ticker: Ticker, book: WorkingBook) -> list[LevelsChanged]:
        """Take a ticker: build, rebuild or shift the grid."""
        ...

    def fill(
        self, price: Price, at: Instant, sequence: int, book: WorkingBook
    ) -> list[LevelsChanged]:
        """Take a fill at the price of our own order."""
        ...

    def cancels(self, book: WorkingBook) -> list[tuple[OpenOrder, CancelCause]]:
        """Orders to give up now, those already being cancelled included."""
        ...

    def places(self, book: WorkingBook, limits: Limits) -> Iterable[Candidate]:
        """Levels to fill now, in the order in which scarce margin and coverage are given out."""
        ...

    def quiet_band(self, book: WorkingBook, limits: Limits) -> PriceBand | None:
        """Where a ticker changes nothing; None when every ticker matters."""
        ...

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        ...

    def restore(self, saved: Saved, book: WorkingBook) -> None:
        """The inverse of snapshot."""
        ...
