"""Partial fills: a fill model whose fills are cut by a seeded slice.

It knows quantities; it refuses to know why an order fills. What a row leaves of an order rests on
and fills by the same rule later.
"""

from random import Random

from gridcore.instrument import Price, Steps
from simvenue.book import Book
from simvenue.matching import Bounds, Fill, Matching


class SlicedMatching(Matching):
    """Another model's fills; `chance` per mille of them are cut to a part of the quantity."""

    __slots__ = ("chance", "cuts", "inner", "source")
    # Whether the model inside needs new bounds is not worth a question: always make them.
    bounds_follow_last = True

    def __init__(self, inner: Matching, source: Random, chance: int) -> None:
        self.inner = inner
        self.source = source
        self.chance = chance
        self.cuts = 0

    def queue_ahead(self) -> int:
        """The queue of the model inside."""
        return self.inner.queue_ahead()

    def on_trade(
        self, book: Book, previous: Price | None, price: Price, qty: int, side: int
    ) -> list[Fill]:
        """The fills of a trade, some of them cut."""
        return self._cut(self.inner.on_trade(book, previous, price, qty, side))

    def on_last(self, book: Book, previous: Price | None, last: Price) -> list[Fill]:
        """The fills of a last price, some of them cut."""
        return self._cut(self.inner.on_last(book, previous, last))

    def on_quotes(self, book: Book, bid: Price | None, ask: Price | None) -> list[Fill]:
        """The fills of the quotes, some of them cut."""
        return self._cut(self.inner.on_quotes(book, bid, ask))

    def bounds(self, book: Book, last: Price) -> Bounds:
        """The bounds of the model inside."""
        return self.inner.bounds(book, last)

    def quote_bounds(self, book: Book) -> Bounds:
        """The quote bounds of the model inside."""
        return self.inner.quote_bounds(book)

    def _cut(self, fills: list[Fill]) -> list[Fill]:
        cut: list[Fill] = []
        for order, qty, evidence in fills:
            if qty > 1 and self.source.randrange(1000) < self.chance:
                qty = Steps(self.source.randrange(1, qty))
                self.cuts += 1
            cut.append((order, qty, evidence))
        return cut
