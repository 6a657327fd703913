"""Quiet bands and liquidation zones: strictly inside, nothing happens (ARCHITECTURE 4)."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridcore.clock import HOUR_US, Instant
from gridcore.events import Event
from gridcore.instrument import Steps, Ticks
from gridcore.pnl import RiskTier, RiskTiers
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType
from simvenue.messages import FillModel, LiquidationPolicy, SymbolSpec, VenueBand
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Specs = Callable[..., SymbolSpec]
Placing = Callable[..., PlaceOrder]
Rows = Callable[..., list[Any]]

UNBOUNDED = VenueBand(
    trade_low=None, trade_high=None, mark_low=None, mark_high=None, bid_high=None, ask_low=None
)


def test_the_first_price_matters_whatever_it_is(make_venue: Venues, trade: Rows) -> None:
    venue = make_venue()

    before = venue.quiet_band("BTCUSDT")
    trade(venue, 1, 500_000)

    assert before.trade_high == 0
    assert venue.quiet_band("BTCUSDT").trade_high is None


def test_without_orders_and_legs_nothing_bounds_the_market(make_venue: Venues, trade: Rows) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)

    assert venue.quiet_band("BTCUSDT") == UNBOUNDED


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("strict_cross", (498_999, 501_001, None, None)),
        ("touch", (499_000, 501_000, None, None)),
        ("last_cross", (499_000, 501_000, None, None)),
        ("queue", (499_000, 501_000, None, None)),
        ("book_touch", (None, None, 501_000, 499_000)),
    ],
)
def test_resting_orders_bound_the_source_that_their_model_reads(
    make_venue: Venues,
    place: Placing,
    trade: Rows,
    model: str,
    expected: tuple[int | None, ...],
) -> None:
    venue = make_venue(fill_model=FillModel(model))
    trade(venue, 1, 500_000)
    venue.submit(place("b", 499_000), Instant(1))
    venue.submit(place("s", 501_000, side=SELL, direction=SHORT), Instant(1))

    band = venue.quiet_band("BTCUSDT")

    assert (band.trade_low, band.trade_high, band.bid_high, band.ask_low) == expected


def test_last_cross_needs_the_rows_that_arm_an_order_again(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue(fill_model=FillModel.LAST_CROSS)
    trade(venue, 1, 500_000)
    venue.submit(place("b", 500_000), Instant(1))

    at_the_price = venue.quiet_band("BTCUSDT")
    trade(venue, 2, 500_005)
    above = venue.quiet_band("BTCUSDT")

    assert (at_the_price.trade_low, at_the_price.trade_high) == (None, 500_001)
    assert (above.trade_low, above.trade_high) == (500_000, None)


def test_a_band_is_kept_until_something_changes_it(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)
    venue.submit(place("b", 499_000), Instant(1))
    band = venue.quiet_band("BTCUSDT")
    trade(venue, 2, 499_500)

    assert venue.quiet_band("BTCUSDT") is band
    venue.submit(place("c", 499_200), Instant(3))
    assert venue.quiet_band("BTCUSDT").trade_low == 499_199


def test_one_symbol_s_band_ends_one_tick_before_its_liquidation_price(
    make_venue: Venues, place: Placing, trade: Rows, ticker: Rows
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000, 1_900), Instant(1))
    trade(venue, 2, 499_999)

    following_trades = venue.quiet_band("BTCUSDT")
    ticker(venue, 3, 499_999, mark="50000")
    following_marks = venue.quiet_band("BTCUSDT")

    # Liquidation at 45,198.830...
    assert following_trades.trade_low == 451_989
    assert following_marks.trade_low is None
    assert following_marks.mark_low is not None
    assert Decimal("45198.93") < following_marks.mark_low < Decimal("45198.94")


# The law: rows strictly inside the band, skipped until something else happens, change nothing.


class Row(NamedTuple):
    """One market row of the tape."""

    kind: str
    symbol: str
    price: int
    mark: int
    qty: int
    side: int


class Wish(NamedTuple):
    """One placement, or a cancel of an earlier one when `qty` is 0."""

    symbol: str
    side: SideType
    direction: DirectionType
    price: int
    qty: int
    taker: bool


SYMBOLS = ("BTCUSDT", "ETHUSDT")


def random_story(seed: int, length: int) -> list[Row | Wish | str]:
    """Two wandering prices with jumps, and between the rows orders near them."""
    dice = Random(seed)
    prices = dict.fromkeys(SYMBOLS, 2_000)
    story: list[Row | Wish | str] = [Row("trade", symbol, 2_000, 0, 1, 0) for symbol in SYMBOLS]
    for _ in range(length):
        symbol = dice.choice(SYMBOLS)
        roll = dice.random()
        if roll < 0.75:
            jump = dice.random() < 0.01
            prices[symbol] += dice.randint(-90, 90) if jump else dice.randint(-4, 4)
            prices[symbol] = max(prices[symbol], 200)
            kind = dice.choice(("trade", "trade", "ticker"))
            story.append(
                Row(
                    kind,
                    symbol,
                    prices[symbol],
                    dice.randint(-4, 4),
                    dice.randint(1, 30),
                    dice.randint(-1, 1),
                )
            )
        elif roll < 0.99:
            side = dice.choice((BUY, SELL))
            away = dice.randint(-1, 9)
            price = prices[symbol] - away if side is BUY else prices[symbol] + away
            qty = dice.choice((0, dice.randint(30, 400), dice.randint(30, 400)))
            direction = dice.choice((LONG, SHORT))
            story.append(Wish(symbol, side, direction, price, qty, dice.random() < 0.3))
        else:
            story.append("later")
    return story


NARROW_TIERS = RiskTiers(
    tiers=(
        RiskTier(
            max_value=Decimal(60),
            maintenance_rate=Decimal("0.005"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.01"),
        ),
        RiskTier(
            max_value=Decimal(150),
            maintenance_rate=Decimal("0.03"),
            deduction=Decimal("1.5"),
            initial_rate=Decimal("0.02"),
        ),
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.06"),
            deduction=Decimal(6),
            initial_rate=Decimal("0.1"),
        ),
    )
)


class Skipping:
    """A venue that is not shown the rows strictly inside its bands, and what it owes of them."""

    def __init__(self, venue: SimVenue, *, marks: bool, quotes: bool) -> None:
        self.venue = venue
        self.marks = marks
        self.quotes = quotes
        self.owed: dict[tuple[str, str], tuple[int, Row]] = {}

    def deliver(self, row: Row, at: int) -> list[Event]:
        if row.kind == "trade":
            return self.venue.on_trade(
                row.symbol, Instant(at), Ticks(row.price), Steps(row.qty), row.side
            )
        tick = Decimal("0.1") if row.symbol == "BTCUSDT" else Decimal("0.01")
        return self.venue.on_ticker(
            row.symbol,
            Instant(at),
            row.price,
            tick * (row.price + row.mark) if self.marks else None,
            row.price - 1 if self.quotes else None,
            row.price + 1 if self.quotes else None,
            None,
        )

    def is_quiet(self, row: Row, *, has_trades: bool) -> bool:
        band = self.venue.quiet_band(row.symbol)
        low, high = band.trade_low or 0, band.trade_high
        price_is_quiet = low < row.price and (high is None or row.price < high)
        if row.kind == "trade":
            return price_is_quiet
        tick = Decimal("0.1") if row.symbol == "BTCUSDT" else Decimal("0.01")
        mark = tick * (row.price + row.mark)
        return (
            (has_trades or price_is_quiet)
            and (not self.marks or (band.mark_low or 0) < mark)
            and (not self.marks or band.mark_high is None or mark < band.mark_high)
            and (not self.quotes or band.bid_high is None or row.price - 1 < band.bid_high)
            and (not self.quotes or row.price + 1 > (band.ask_low or 0))
        )

    def is_solvent(self) -> bool:
        exposed = any(leg.size for symbol in SYMBOLS for leg in self.venue.legs(symbol))
        return not exposed or self.venue.equity() > self.venue.maintenance_margin()

    def settle_debts(self) -> None:
        for at, row in sorted(self.owed.values()):
            assert self.deliver(row, at) == []
        self.owed.clear()


@pytest.mark.untraced
@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    model=st.sampled_from(list(FillModel)),
    has_trades=st.booleans(),
    marks=st.booleans(),
    quotes=st.booleans(),
    latency=st.sampled_from([0, 25]),
    balance=st.sampled_from([6, 15, 40, 1000]),
    policy=st.sampled_from(list(LiquidationPolicy)),
)
def test_rows_strictly_inside_the_bands_may_be_skipped(
    make_venue: Venues,
    make_spec: Specs,
    place: Placing,
    cancel: Callable[..., Any],
    seed: int,
    model: FillModel,
    has_trades: bool,
    marks: bool,
    quotes: bool,
    latency: int,
    balance: int,
    policy: LiquidationPolicy,
) -> None:
    def build() -> SimVenue:
        specs = [
            make_spec(
                symbol,
                tiers=NARROW_TIERS,
                leverage=Decimal(50),
                funding_rate=Decimal("0.002"),
                has_trades=has_trades,
                typical_trade=Steps(5),
            )
            for symbol in SYMBOLS
        ]
        return make_venue(
            *specs,
            initial_balance=Decimal(balance),
            fill_model=model,
            place_latency_us=latency,
            cancel_latency_us=2 * latency,
            liquidation_policy=policy,
        )

    whole = Skipping(build(), marks=marks, quotes=quotes)
    skipping = Skipping(build(), marks=marks, quotes=quotes)
    now = 0
    for number, step in enumerate(random_story(seed, 600)):
        assert whole.is_solvent(), "a liquidation was missed"
        now += 8 * HOUR_US if step == "later" else 10
        due = skipping.venue.next_deadline()
        if due is not None and due <= now:
            skipping.settle_debts()
        assert skipping.venue.advance(Instant(now)) == whole.venue.advance(Instant(now))
        if isinstance(step, Row):
            row = step if has_trades else step._replace(kind="ticker")
            if skipping.is_quiet(row, has_trades=has_trades):
                assert whole.deliver(row, now) == []
                skipping.owed[row.symbol, row.kind] = (now, row)
                continue
            skipping.settle_debts()
            assert skipping.deliver(row, now) == whole.deliver(row, now)
        elif isinstance(step, Wish):
            skipping.settle_debts()
            if step.qty:
                terms = TimeInForce.GTC if step.taker else TimeInForce.POST_ONLY
                request: Any = place(
                    f"w{number}",
                    step.price,
                    step.qty,
                    symbol=step.symbol,
                    side=step.side,
                    direction=step.direction,
                    time_in_force=terms,
                )
            else:
                request = cancel("", wire_id=f"w{number - step.price % 30}", symbol=step.symbol)
            replies = skipping.venue.submit(request, Instant(now))
            assert replies == whole.venue.submit(request, Instant(now))
    skipping.settle_debts()

    assert skipping.venue.snapshot() == whole.venue.snapshot()
    assert skipping.venue.equity() == whole.venue.equity()


@settings(max_examples=300)
@given(
    legs=st.lists(
        st.tuples(st.sampled_from([LONG, SHORT]), st.booleans(), st.integers(100, 4_000)),
        min_size=1,
        max_size=5,
    ),
    places=st.tuples(st.integers(1, 999), st.integers(1, 999)),
    balance=st.integers(30, 500),
)
def test_no_combination_of_marks_strictly_inside_all_bands_liquidates(
    make_venue: Venues,
    make_spec: Specs,
    place: Placing,
    trade: Rows,
    ticker: Rows,
    legs: list[tuple[Any, bool, int]],
    places: tuple[int, int],
    balance: int,
) -> None:
    symbols = {"BTCUSDT": Decimal("0.1"), "ETHUSDT": Decimal("0.01")}
    venue = make_venue(
        *[make_spec(symbol, tiers=NARROW_TIERS, leverage=Decimal(50)) for symbol in symbols],
        initial_balance=Decimal(balance),
    )
    for symbol, tick in symbols.items():
        ticker(venue, 1, 2_000, mark=str(tick * 2_000), symbol=symbol)
    for number, (direction, on_btc, qty) in enumerate(legs):
        symbol = "BTCUSDT" if on_btc else "ETHUSDT"
        side, price = (BUY, 2_001) if direction is LONG else (SELL, 1_999)
        request = place(
            f"w{number}",
            price,
            qty if on_btc else qty // 10,
            symbol=symbol,
            side=side,
            direction=direction,
            time_in_force=TimeInForce.GTC,
        )
        venue.submit(request, Instant(2))
    assume(not venue.stopped)

    bands = {symbol: venue.quiet_band(symbol) for symbol in symbols}
    for (symbol, tick), part in zip(symbols.items(), places, strict=True):
        low = bands[symbol].mark_low or Decimal(0)
        high = bands[symbol].mark_high or tick * 20_000
        mark = low + (high - low) * part / 1000
        assert ticker(venue, 3, 2_000, mark=str(mark), symbol=symbol) == []

    open_legs = [leg for symbol in symbols for leg in venue.legs(symbol) if leg.size]
    assert not open_legs or venue.equity() > venue.maintenance_margin()
