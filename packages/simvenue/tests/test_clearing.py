"""Cash, fees, funding and truncation: every entry is an event and they add up (A-12, LS-44)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import (
    CashMoved,
    Event,
    Execution,
    FundingPaid,
    OrderUpdate,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Steps
from gridcore.pnl import fill_leg
from gridcore.session.effects import PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.messages import FillModel, LiquidationPolicy, SymbolSpec
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Placing = Callable[..., PlaceOrder]
Trading = Callable[..., list[Any]]

UNITS = {
    "BTCUSDT": (Decimal("0.1"), Decimal("0.001")),
    "ETHUSDT": (Decimal("0.01"), Decimal("0.01")),
}


def test_one_fill_is_told_in_the_order_execution_order_position_wallet(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000, 10), Instant(1))

    execution, order, position, wallet = trade(venue, 2, 499_999)

    assert (execution.price, execution.qty, execution.leaves, execution.closed) == (
        500_000,
        10,
        0,
        0,
    )
    assert (execution.fee, execution.is_maker, execution.evidence) == (
        Decimal("0.1"),
        True,
        "crossed",
    )
    assert (order.status, order.filled, order.leaves) == ("Filled", 10, 0)
    assert (position.direction, position.size, position.entry) == (LONG, 10, Decimal(50_000))
    assert position.mark == Decimal("49999.9")
    assert (wallet.balance, wallet.at) == (Decimal("9999.9"), 2)


def test_a_row_with_several_fills_tells_each_leg_and_the_wallet_once(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)
    venue.submit(place("s", 500_100, 10, side=SELL, direction=SHORT), Instant(1))
    trade(venue, 2, 500_101)
    trade(venue, 3, 500_000)
    venue.submit(place("l1", 499_900), Instant(3))
    venue.submit(place("c", 499_900, side=BUY, direction=SHORT), Instant(3))
    venue.submit(place("l2", 499_800), Instant(3))

    events = trade(venue, 4, 499_700)

    assert [type(event).__name__ for event in events] == (
        ["Execution", "OrderUpdate"] * 3 + ["PositionUpdate", "PositionUpdate", "WalletUpdate"]
    )
    assert [event.wire_id for event in events if isinstance(event, Execution)] == ["l1", "c", "l2"]
    assert [event.direction for event in events if isinstance(event, PositionUpdate)] == [
        LONG,
        SHORT,
    ]


def test_a_negative_maker_fee_is_a_rebate(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue(maker_fee=Decimal("-0.0001"))
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000, 10), Instant(1))

    trade(venue, 2, 499_999)

    assert venue.wallet == Decimal("10000.05")


def test_closes_that_a_deleveraged_leg_no_longer_covers_go_from_the_farthest_in(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_010)
    venue.submit(place("open", 500_000, 10), Instant(1))
    trade(venue, 2, 499_999)
    for name, price in (("near", 501_000), ("far", 503_000), ("middle", 502_000)):
        venue.submit(place(name, price, 3, side=SELL), Instant(3))

    events = venue.deleverage("BTCUSDT", LONG, Steps(6), Instant(4))

    cuts = [event for event in events if isinstance(event, OrderUpdate)]
    assert [(cut.wire_id, cut.status, cut.qty, cut.leaves, cut.reason) for cut in cuts] == [
        ("far", "Cancelled", 3, 0, "CancelByReduceOnly"),
        ("middle", "New", 1, 1, "CancelByReduceOnly"),
    ]
    assert [order.wire_id for order in venue.open_orders("BTCUSDT")] == ["near", "middle"]
    first = events[0]
    assert isinstance(first, Execution)
    assert (first.kind, first.closed, first.evidence) == ("AdlTrade", 6, None)
    assert venue.deleverage("BTCUSDT", SHORT, Steps(6), Instant(5)) == []


def test_closes_of_a_short_lie_below_the_market_so_the_lowest_and_newest_goes_first(
    make_venue: Venues, place: Placing, trade: Trading
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)
    venue.submit(place("open", 500_010, 10, side=SELL, direction=SHORT), Instant(1))
    trade(venue, 2, 500_011)
    for name, price, qty in (("near", 499_000, 4), ("far", 497_000, 3), ("newer", 497_000, 3)):
        venue.submit(place(name, price, qty, side=BUY, direction=SHORT), Instant(3))

    venue.deleverage("BTCUSDT", SHORT, Steps(3), Instant(4))

    assert [order.wire_id for order in venue.open_orders("BTCUSDT")] == ["near", "far"]


class Oracle:
    """Our own books: what the events say about the cash, leg by leg."""

    def __init__(self, balance: Decimal) -> None:
        self.cash = balance
        self.legs: dict[tuple[str, str], tuple[Decimal, Decimal | None]] = {}

    def take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Execution):
                tick, step = UNITS[event.symbol]
                key = (event.symbol, event.direction.value)
                size, entry = self.legs.get(key, (Decimal(0), None))
                assert isinstance(event.price, int)
                fill = fill_leg(
                    event.direction, size, entry, event.side, tick * event.price, step * event.qty
                )
                assert fill.closed == step * event.closed
                self.legs[key] = (fill.size, fill.entry)
                self.cash += fill.realised - event.fee
            elif isinstance(event, FundingPaid | CashMoved):
                self.cash += event.amount
            elif isinstance(event, PositionUpdate):
                size, entry = self.legs.get(
                    (event.symbol, event.direction.value), (Decimal(0), None)
                )
                assert (UNITS[event.symbol][1] * event.size, event.entry) == (size, entry)
            elif isinstance(event, WalletUpdate):
                assert event.balance == self.cash


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["place", "place", "cancel", "trade", "trade", "trade", "time"]),
        st.sampled_from(["BTCUSDT", "ETHUSDT"]),
        st.sampled_from([BUY, SELL]),
        st.sampled_from([LONG, SHORT]),
        st.integers(-60, 60),
        st.integers(1, 4_000),
        st.booleans(),
    ),
    max_size=60,
)


@given(steps=STEPS, model=st.sampled_from(["strict_cross", "touch", "last_cross", "queue"]))
def test_the_wallet_is_the_initial_balance_and_the_sum_of_all_entries_a_12(
    make_venue: Venues,
    make_spec: Callable[..., SymbolSpec],
    place: Placing,
    cancel: Callable[..., Any],
    trade: Trading,
    steps: list[tuple[Any, ...]],
    model: str,
) -> None:
    specs = [
        make_spec(symbol, leverage=Decimal(50), funding_rate=Decimal("0.0003")) for symbol in UNITS
    ]
    venue = make_venue(
        *specs,
        fill_model=FillModel(model),
        place_latency_us=10,
        liquidation_policy=LiquidationPolicy.CONTINUE,
    )
    oracle = Oracle(Decimal(10_000))
    now = 0
    for number, (kind, symbol, side, direction, offset, qty, taker) in enumerate(steps):
        now += 3_600_000_000 if kind == "time" else 7
        oracle.take(venue.advance(Instant(now)))
        price = 20_000 + offset
        if kind == "place":
            request = place(
                f"w{number}",
                price,
                qty,
                symbol=symbol,
                side=side,
                direction=direction,
                time_in_force=TimeInForce.GTC if taker else TimeInForce.POST_ONLY,
            )
            oracle.take(venue.submit(request, Instant(now)))
        elif kind == "cancel":
            oracle.take(venue.submit(cancel(f"O{qty % 20:08d}", symbol=symbol), Instant(now)))
        else:
            oracle.take(trade(venue, now, price, qty, 0, symbol))
    oracle.take(venue.close_all(Instant(now)))

    assert venue.wallet == oracle.cash
    assert venue.equity() == oracle.cash
    assert all(leg.size == 0 for symbol in UNITS for leg in venue.legs(symbol))
