"""One symbol as the venue holds it: the market last seen, the book, the legs and their margin.

It keeps values and caches; it refuses to decide anything.
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil
from random import Random

from gridcore.clock import Instant
from gridcore.instrument import Price
from gridcore.pnl import RiskTiers
from simvenue.book import BEYOND, Book
from simvenue.funding import boundary_after
from simvenue.legs import Pair
from simvenue.margin import EVERYWHERE, Interval, MarginTable
from simvenue.matching import Matching, matching_for
from simvenue.messages import SymbolSpec, VenueBand, VenueConfig
from simvenue.slices import SlicedMatching

ZERO = Decimal(0)


class Market:
    """State of one symbol.

    `zone`: marks between which the wallet cannot be liquidated because of this symbol. `band` and
    the four prices beside it hold until `expire`; an expired band calls every row important.
    """

    __slots__ = (
        "ask",
        "ask_low",
        "band",
        "bid",
        "bid_high",
        "book",
        "funding_rate",
        "has_trades",
        "initial",
        "instrument",
        "last",
        "maintenance",
        "maker_rate",
        "margins",
        "matching",
        "max_steps",
        "measured_mark",
        "min_steps",
        "min_value",
        "next_funding",
        "pair",
        "priced",
        "priced_last",
        "queue_ahead",
        "repeats",
        "spec",
        "step",
        "symbol",
        "taker_rate",
        "tick",
        "ticker_mark",
        "tiers",
        "trade_high",
        "trade_low",
        "unit",
        "unrealised",
        "zone",
    )

    def __init__(self, spec: SymbolSpec, config: VenueConfig, start: Instant) -> None:
        instrument = spec.instrument
        self.spec = spec
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.has_trades = spec.has_trades
        self.tick = instrument.tick_size
        self.step = instrument.qty_step
        self.unit = instrument.tick_size * instrument.qty_step
        self.min_steps: int = instrument.min_steps
        self.max_steps: int = instrument.max_steps
        self.min_value = ceil(Fraction(instrument.min_notional) / Fraction(self.unit))
        self.maker_rate = config.maker_fee
        self.taker_rate = config.taker_fee
        self.tiers: RiskTiers = spec.tiers
        self.margins = MarginTable(spec.tiers, spec.leverage)
        self.matching: Matching = matching_for(config.fill_model, spec, config.queue_ahead_factor)
        if config.partial_fills:
            source = Random(f"{config.partial_fills_seed} {self.symbol}")
            self.matching = SlicedMatching(self.matching, source, config.partial_fills)
        self.repeats = config.repeat_in_pushes
        self.queue_ahead = self.matching.queue_ahead()
        self.book = Book()
        self.pair = Pair()
        self.next_funding = boundary_after(start, spec.funding_interval_us)

        self.last: Price | None = None
        self.ticker_mark: Decimal | None = None
        self.bid: Price | None = None
        self.ask: Price | None = None
        self.funding_rate = spec.funding_rate

        self.priced_last: Price | None = None
        self.priced: Decimal | None = None
        self.measured_mark: Decimal | None = None
        self.unrealised = ZERO
        self.initial = ZERO
        self.maintenance = ZERO

        self.zone: Interval = EVERYWHERE
        self.band: VenueBand | None = None
        self.trade_low = BEYOND
        self.trade_high = BEYOND
        self.ask_low = BEYOND
        self.bid_high = 0

    def last_price(self) -> Decimal | None:
        """The last price in quote currency; None before the first."""
        last = self.last
        if last is None:
            return None
        if last != self.priced_last:
            self.priced_last = last
            self.priced = self.tick * last if isinstance(last, int) else self.instrument.price(last)
        return self.priced

    def mark(self) -> Decimal | None:
        """The mark price: the last price until a ticker has brought a mark."""
        return self.last_price() if self.ticker_mark is None else self.ticker_mark

    def see(
        self,
        last: Price,
        mark: Decimal | None,
        bid: Price | None,
        ask: Price | None,
        funding_rate: Decimal | None,
    ) -> None:
        """Take over a ticker; an absent quote is gone, an absent mark or rate stays as it was."""
        if last > 0 and not self.has_trades:
            self.last = last
        if mark is not None and mark > 0:
            self.ticker_mark = mark
        self.bid = bid if bid is not None and bid > 0 else None
        self.ask = ask if ask is not None and ask > 0 else None
        if funding_rate is not None:
            self.funding_rate = funding_rate

    def expire(self) -> None:
        """Forget the quiet band: the book, the legs or the source of the mark changed."""
        self.band = None
        self.trade_low = BEYOND

    def remeasure(self) -> None:
        """Forget the margins: the book or the legs changed."""
        self.measured_mark = None

    def measure(self) -> None:
        """Bring unrealised profit, initial and maintenance margin up to the mark and the book.

        While no mark is known legs count for nothing, resting opens as always.
        """
        mark = self.ticker_mark
        if mark is None:
            mark = self.last_price()
            if mark is None:
                mark = ZERO
        if mark == self.measured_mark:
            return
        self.measured_mark = mark
        pair = self.pair
        self.initial, self.maintenance = self.margins.charge(
            pair, mark, self.unit, self.book.opening_value
        )
        self.unrealised = pair.net * mark + pair.offset if mark else ZERO
