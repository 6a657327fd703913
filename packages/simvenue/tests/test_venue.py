"""Stories of the whole venue: placement, cancel, latency, funding and wind-down."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from gridcore.clock import HOUR_US, Instant
from gridcore.events import (
    CancelAccepted,
    CancelRejected,
    Event,
    Execution,
    FundingPaid,
    OrderUpdate,
    PlaceAccepted,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Steps
from gridcore.session.effects import CancelOrder, PlaceOrder, TimeInForce
from gridcore.sides import BUY, LONG, SELL, SHORT
from simvenue.messages import FillModel, FundingPrice, LegState, SymbolSpec
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Specs = Callable[..., SymbolSpec]
Placing = Callable[..., PlaceOrder]
Cancelling = Callable[..., CancelOrder]
Rows = Callable[..., list[Any]]
EIGHT_HOURS = 8 * HOUR_US


def names(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_an_accepted_placement_is_answered_and_then_told_as_new(
    make_venue: Venues, place: Placing
) -> None:
    venue = make_venue()

    accepted, update = venue.submit(place("a", 500_000, 10), Instant(5))

    assert accepted == PlaceAccepted(
        symbol="BTCUSDT", at=Instant(5), wire_id="a", order_id="O00000001"
    )
    assert isinstance(update, OrderUpdate)
    assert (update.status, update.qty, update.leaves, update.filled) == ("New", 10, 10, 0)
    assert venue.open_orders("BTCUSDT") == [update]


def test_the_touch_rule_of_sc_4(make_venue: Venues, place: Placing, trade: Rows) -> None:
    venue = make_venue()
    trade(venue, 1, 1_000_000)
    venue.submit(place("a", 998_000, 11), Instant(1))

    at_the_limit = trade(venue, 2, 998_000)
    below_it = trade(venue, 3, 997_999)

    assert at_the_limit == []
    assert [(e.at, e.price) for e in below_it if isinstance(e, Execution)] == [(3, 998_000)]


def test_an_order_fills_at_the_next_row_first_b_6(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_000)

    assert names(venue.submit(place("a", 500_000), Instant(1))) == ["PlaceAccepted", "OrderUpdate"]


@pytest.mark.parametrize("price", [0, -5])
def test_a_price_that_is_not_positive_never_fills_f_0(
    make_venue: Venues, place: Placing, trade: Rows, ticker: Rows, make_spec: Specs, price: int
) -> None:
    venue = make_venue()
    venue.submit(place("a", 500_000), Instant(1))
    by_ticker = make_venue(make_spec(has_trades=False))
    by_ticker.submit(place("a", 500_000), Instant(1))

    assert trade(venue, 2, price) == []
    assert ticker(by_ticker, 2, price) == []


def test_a_post_only_order_that_would_take_is_accepted_and_cancelled(
    make_venue: Venues, place: Placing, ticker: Rows
) -> None:
    venue = make_venue()
    ticker(venue, 1, 500_000, bid=499_999, ask=500_001)

    accepted, update = venue.submit(place("a", 500_001), Instant(2))

    assert isinstance(accepted, PlaceAccepted)
    assert isinstance(update, OrderUpdate)
    assert (update.status, update.reason, update.leaves) == (
        "Cancelled",
        "EC_PostOnlyWillTakeLiquidity",
        0,
    )
    assert venue.open_orders("BTCUSDT") == []


def test_a_gtc_order_that_crosses_takes_the_quote_with_the_taker_fee(
    make_venue: Venues, place: Placing, ticker: Rows
) -> None:
    venue = make_venue()
    ticker(venue, 1, 500_000, bid=499_999, ask=500_001)
    request = place("a", 500_100, 10, time_in_force=TimeInForce.GTC)

    events = venue.submit(request, Instant(2))

    assert names(events) == [
        "PlaceAccepted",
        "OrderUpdate",
        "Execution",
        "OrderUpdate",
        "PositionUpdate",
        "WalletUpdate",
    ]
    execution = events[2]
    assert isinstance(execution, Execution)
    assert (execution.price, execution.is_maker, execution.evidence) == (500_001, False, "taker")
    assert execution.fee == Decimal("0.27500055")
    assert venue.legs("BTCUSDT")[0] == LegState(
        direction=LONG, size=Steps(10), entry=Decimal("50000.1")
    )


def test_an_off_tick_quote_is_taken_at_its_exact_price(make_venue: Venues, place: Placing) -> None:
    venue = make_venue()
    venue.on_ticker("BTCUSDT", Instant(1), 500_000, None, None, Fraction(1_000_001, 2), None)
    request = place("a", 500_100, 10, time_in_force=TimeInForce.GTC)

    venue.submit(request, Instant(2))

    assert venue.legs("BTCUSDT")[0].entry == Decimal("50000.05")


def test_a_cancel_is_accepted_and_then_told(
    make_venue: Venues, place: Placing, cancel: Cancelling
) -> None:
    venue = make_venue()
    venue.submit(place("a", 500_000), Instant(1))

    accepted, update = venue.submit(cancel("O00000001"), Instant(2))

    assert accepted == CancelAccepted(symbol="BTCUSDT", at=Instant(2), order_id="O00000001")
    assert isinstance(update, OrderUpdate)
    assert (update.status, update.reason) == ("Cancelled", "EC_PerCancelRequest")
    assert venue.open_orders("BTCUSDT") == []


@pytest.mark.parametrize(("order_id", "symbol"), [("O00000009", "BTCUSDT"), ("O1", "DOGEUSDT")])
def test_a_cancel_of_an_order_that_is_gone_is_refused_110001(
    make_venue: Venues, cancel: Cancelling, order_id: str, symbol: str
) -> None:
    events = make_venue().submit(cancel(order_id, symbol=symbol), Instant(2))

    assert [(type(e), getattr(e, "code", 0)) for e in events] == [(CancelRejected, 110001)]


def test_a_cancel_by_wire_id_finds_an_order_whose_id_is_not_known_yet(
    make_venue: Venues, place: Placing, cancel: Cancelling
) -> None:
    venue = make_venue()
    venue.submit(place("a", 500_000), Instant(1))

    events = venue.submit(cancel("", wire_id="a"), Instant(2))

    assert events[0] == CancelAccepted(symbol="BTCUSDT", at=Instant(2), order_id="O00000001")


def test_with_latency_a_placement_acts_at_its_due_time_18_2(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue(place_latency_us=80, funding_enabled=False)
    trade(venue, 1, 500_010)

    at_once = venue.submit(place("a", 500_000), Instant(100))
    deadline = venue.next_deadline()
    missed = trade(venue, 150, 499_000)
    early = venue.advance(Instant(179))
    arrived = venue.advance(Instant(200))

    assert (at_once, deadline, missed, early) == ([], 180, [], [])
    assert [event.at for event in arrived if isinstance(event, PlaceAccepted)] == [180]
    assert venue.next_deadline() is None


def test_a_fill_may_hit_an_order_whose_cancel_is_under_way_18_2(
    make_venue: Venues, place: Placing, cancel: Cancelling, trade: Rows
) -> None:
    venue = make_venue(cancel_latency_us=50)
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000), Instant(1))
    venue.submit(cancel("O00000001"), Instant(10))

    filled = trade(venue, 40, 499_999)
    answer = venue.advance(Instant(60))

    assert isinstance(filled[0], Execution)
    assert [(type(e), e.at) for e in answer] == [(CancelRejected, 60)]  # type: ignore[union-attr]


def test_requests_due_together_act_in_the_order_sent_after_the_funding(
    make_venue: Venues, make_spec: Specs, place: Placing, cancel: Cancelling, trade: Rows
) -> None:
    venue = make_venue(
        make_spec(funding_rate=Decimal("0.0001")), place_latency_us=10, cancel_latency_us=10
    )
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000), Instant(1))
    venue.advance(Instant(11))
    trade(venue, 12, 499_999)
    trade(venue, 13, 500_010)
    sent = Instant(EIGHT_HOURS - 10)
    venue.submit(place("b", 400_000), sent)
    venue.submit(cancel("", wire_id="b"), sent)

    events = venue.advance(Instant(EIGHT_HOURS))

    assert names(events) == [
        "FundingPaid",
        "PositionUpdate",
        "WalletUpdate",
        "PlaceAccepted",
        "OrderUpdate",
        "CancelAccepted",
        "OrderUpdate",
    ]


# Tickers


def test_a_tape_with_trades_does_not_match_the_last_price_of_tickers(
    make_venue: Venues, make_spec: Specs, place: Placing, ticker: Rows
) -> None:
    with_trades, without = make_venue(), make_venue(make_spec(has_trades=False))
    for venue in (with_trades, without):
        ticker(venue, 1, 500_010)
        venue.submit(place("a", 500_000), Instant(1))

    assert ticker(with_trades, 2, 499_999) == []
    assert names(ticker(without, 2, 499_999))[0] == "Execution"


@pytest.mark.parametrize("model", ["last_cross", "queue"])
def test_sticky_tickers_never_fire_last_cross_f_4(
    make_venue: Venues, make_spec: Specs, place: Placing, ticker: Rows, model: str
) -> None:
    venue = make_venue(make_spec(has_trades=False), fill_model=FillModel(model))
    venue.submit(place("a", 500_000), Instant(1))

    first = ticker(venue, 2, 499_990)
    sticky = ticker(venue, 3, 499_990)
    above = ticker(venue, 4, 500_001)
    crossed = ticker(venue, 5, 500_000)

    assert (first, sticky, above) == ([], [], [])
    assert crossed[0].evidence == "passed"


def test_book_touch_needs_the_quote_of_the_row_itself_ls_60(
    make_venue: Venues, place: Placing, trade: Rows, ticker: Rows
) -> None:
    venue = make_venue(fill_model=FillModel.BOOK_TOUCH)
    ticker(venue, 1, 500_010, bid=500_005, ask=500_015)
    venue.submit(place("a", 500_000), Instant(1))
    venue.submit(place("s", 500_020, side=SELL, direction=SHORT), Instant(1))

    no_quotes = ticker(venue, 2, 499_990)
    zero_quotes = ticker(venue, 3, 499_990, bid=0, ask=0)
    by_trade = trade(venue, 4, 499_000)
    touched = ticker(venue, 5, 499_990, bid=499_980, ask=500_000)

    assert (no_quotes, zero_quotes, by_trade) == ([], [], [])
    assert (touched[0].wire_id, touched[0].evidence) == ("a", "book")


def test_a_queued_order_fills_in_parts_and_says_what_it_leaves(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows
) -> None:
    venue = make_venue(make_spec(typical_trade=Steps(4)), fill_model=FillModel.QUEUE)
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000, 10), Instant(1))

    waiting = trade(venue, 2, 500_000, 4, -1)
    part = trade(venue, 3, 500_000, 3, -1)
    rest = trade(venue, 4, 499_999, 1, -1)

    assert waiting == []
    assert [(e.status, e.filled, e.leaves) for e in part + rest if isinstance(e, OrderUpdate)] == [
        ("PartiallyFilled", 3, 7),
        ("Filled", 10, 0),
    ]
    assert [(e.qty, e.evidence) for e in part + rest if isinstance(e, Execution)] == [
        (3, "queue"),
        (7, "crossed"),
    ]


# Funding


def funded(
    make_venue: Venues, spec: SymbolSpec, place: Placing, trade: Rows, **changes: Any
) -> SimVenue:
    """0.1 coins long and 0.04 short, both at 50,000, held from time 4 on."""
    venue = make_venue(spec, **changes)
    trade(venue, 1, 500_000)
    venue.submit(place("l", 500_000, 100), Instant(1))
    trade(venue, 2, 499_999)
    trade(venue, 3, 500_000)
    venue.submit(place("s", 500_000, 40, side=SELL, direction=SHORT), Instant(3))
    trade(venue, 4, 500_001)
    trade(venue, 5, 500_000)
    return venue


def amounts(events: list[Event]) -> list[tuple[int, str, Decimal]]:
    return [(e.at, e.direction.value, e.amount) for e in events if isinstance(e, FundingPaid)]


def test_a_long_pays_and_a_short_receives_a_positive_rate_ls_44(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows
) -> None:
    spec = make_spec(funding_rate=Decimal("0.0001"))
    venue = funded(make_venue, spec, place, trade)
    before = venue.wallet

    events = venue.advance(Instant(EIGHT_HOURS))

    assert amounts(events) == [
        (EIGHT_HOURS, "long", Decimal("-0.5")),
        (EIGHT_HOURS, "short", Decimal("0.2")),
    ]
    assert names(events)[2:] == ["PositionUpdate", "PositionUpdate", "WalletUpdate"]
    assert venue.wallet == before - Decimal("0.3")


def test_every_boundary_of_a_gap_is_settled_once_s_1(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows
) -> None:
    venue = funded(make_venue, make_spec(funding_rate=Decimal("0.0001")), place, trade)

    before_it = venue.advance(Instant(EIGHT_HOURS - 1))
    over_three = venue.advance(Instant(3 * EIGHT_HOURS + 1))
    again = venue.advance(Instant(3 * EIGHT_HOURS + 1))

    assert before_it == []
    assert [at for at, direction, _ in amounts(over_three) if direction == "long"] == [
        EIGHT_HOURS,
        2 * EIGHT_HOURS,
        3 * EIGHT_HOURS,
    ]
    assert again == []


def test_a_leg_opened_at_the_boundary_does_not_pay_it_s_1(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows
) -> None:
    venue = make_venue(make_spec(funding_rate=Decimal("0.0001")))
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000), Instant(1))

    at_the_boundary = venue.advance(Instant(EIGHT_HOURS))
    trade(venue, EIGHT_HOURS, 499_999)
    next_boundary = venue.advance(Instant(2 * EIGHT_HOURS))

    assert at_the_boundary == []
    assert len(amounts(next_boundary)) == 1


def test_a_run_that_starts_inside_the_hour_does_not_pay_the_boundary_before_s_1(
    make_spec: Specs, make_config: Callable[..., Any]
) -> None:
    start = Instant(EIGHT_HOURS + HOUR_US // 2)

    venue = SimVenue(make_config(), [make_spec(funding_interval_us=HOUR_US)], start)

    assert venue.next_deadline() == EIGHT_HOURS + HOUR_US


def test_the_recorded_rate_and_the_configured_price_are_used(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows, ticker: Rows
) -> None:
    def settle(price: FundingPrice) -> FundingPaid:
        spec = make_spec(funding_rate=Decimal("0.0001"))
        venue = funded(make_venue, spec, place, trade, funding_price=price)
        ticker(venue, 6, 500_000, mark="51000", rate="-0.0002")
        paid = venue.advance(Instant(EIGHT_HOURS))[0]
        assert isinstance(paid, FundingPaid)
        return paid

    by_mark, by_last = settle(FundingPrice.MARK), settle(FundingPrice.LAST)

    assert (by_mark.rate, by_mark.price, by_mark.amount) == (
        Decimal("-0.0002"),
        Decimal(51_000),
        Decimal("1.02"),
    )
    assert (by_last.price, by_last.amount) == (Decimal(50_000), Decimal(1))


def test_without_any_rate_or_switched_off_nothing_is_paid(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows
) -> None:
    no_rate = funded(make_venue, make_spec(), place, trade)
    off = funded(
        make_venue,
        make_spec(funding_rate=Decimal("0.0001")),
        place,
        trade,
        funding_enabled=False,
    )

    assert no_rate.advance(Instant(EIGHT_HOURS)) == []
    assert off.advance(Instant(EIGHT_HOURS)) == []
    assert off.next_deadline() is None


def test_symbols_have_their_own_funding_intervals(make_venue: Venues, make_spec: Specs) -> None:
    venue = make_venue(make_spec(), make_spec("ETHUSDT", funding_interval_us=HOUR_US))

    deadlines = []
    for hour in range(1, 9):
        deadlines.append(venue.next_deadline())
        venue.advance(Instant(hour * HOUR_US))

    assert deadlines == [hour * HOUR_US for hour in range(1, 9)]
    assert venue.next_deadline() == 9 * HOUR_US


# Views and wind-down


def test_winding_down_cancels_orders_and_closes_legs_at_the_last_price_as_taker_b_11(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows
) -> None:
    venue = funded(make_venue, make_spec(), place, trade)
    venue.submit(place("resting", 400_000), Instant(5))
    trade(venue, 6, 510_000)

    events = venue.close_all(Instant(7))

    assert names(events) == [
        "OrderUpdate",
        "Execution",
        "Execution",
        "PositionUpdate",
        "PositionUpdate",
        "WalletUpdate",
    ]
    closes = [event for event in events if isinstance(event, Execution)]
    assert [(e.wire_id, e.side, e.price, e.closed, e.fee) for e in closes] == [
        ("wind_down_long", SELL, 510_000, 100, Decimal("2.805")),
        ("wind_down_short", BUY, 510_000, 40, Decimal("1.122")),
    ]
    # 0.1 * 1,000 - 0.04 * 1,000 - fees 1.0 + 0.4 (maker) + 3.927 (taker)
    assert venue.wallet == Decimal("10054.673")
    assert venue.equity() == venue.wallet
    assert venue.close_all(Instant(8)) == []


def test_the_wallet_of_a_wind_down_never_ends_below_zero(
    make_venue: Venues, place: Placing, trade: Rows, ticker: Rows
) -> None:
    venue = make_venue()
    trade(venue, 1, 500_010)
    venue.submit(place("a", 500_000, 1_900), Instant(1))
    trade(venue, 2, 499_999)
    ticker(venue, 3, 499_999, mark="50000")
    trade(venue, 4, 400_000)

    events = venue.close_all(Instant(5))

    assert "CashMoved" in names(events)
    assert venue.wallet == 0


def test_the_views_agree_with_what_the_events_said(
    make_venue: Venues, make_spec: Specs, place: Placing, trade: Rows
) -> None:
    venue = funded(make_venue, make_spec(), place, trade)

    long, short = venue.legs("BTCUSDT")
    updates = venue.position_updates("BTCUSDT", Instant(9))

    assert (long.size, short.size) == (100, 40)
    assert [u.size for u in updates if isinstance(u, PositionUpdate)] == [100, 40]
    assert venue.mark("BTCUSDT") == Decimal(50_000)
    assert venue.maintenance_margin() == Decimal(70)
    assert venue.initial_margin() == Decimal(700)
    assert venue.equity() == venue.wallet == Decimal("9998.6")
    assert isinstance(venue.wallet_update(Instant(9)), WalletUpdate)
    assert not venue.stopped
