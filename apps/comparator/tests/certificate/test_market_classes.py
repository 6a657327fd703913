"""Queue, latency and partial fills, each where its test passes and where it fails (18.1, 18.2)."""

from decimal import Decimal

from apps.comparator.tests.told import Certify, MakeFill, One, Told
from comparator.certificate.classes import FillClass
from comparator.certificate.evidence import Ending
from comparator.certificate.judging import Divergence
from gridcore.clock import SECOND_US
from gridcore.sides import BUY, SELL

QUEUE, LATENCY, PARTIAL = FillClass.QUEUE, FillClass.LATENCY, FillClass.PARTIAL_FILL
UNEXPLAINED = FillClass.UNEXPLAINED


def refusal(found: Divergence, kind: FillClass) -> str:
    return dict(found.refused)[kind]


# -- queue -------------------------------------------------------------------------------------


def test_a_live_fill_whose_price_was_touched_and_not_traded_through_is_queue(
    one: One, told: Told
) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100", "4")

    found = one([("a", 10)])

    assert found.kind is QUEUE
    assert dict(found.facts)["traded_at_price"] == Decimal(4)
    assert dict(found.facts)["queue_bound"] == Decimal(3)


def test_a_live_fill_whose_price_was_traded_through_is_not_queue(one: One, told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100")
    told.trade(9, "99.9")

    found = one([("a", 10)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, QUEUE) == "the market traded 1 through 100"


def test_more_volume_than_queue_and_order_is_not_queue(one: One, told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100", "5")
    told.trade(10, "100", "0.1")

    found = one([("a", 10)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, QUEUE) == "5.1 traded at 100, more than the 5 of queue and order"


def test_trades_before_the_placement_do_not_count(one: One, told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(4, "99")
    told.trade(4, "100", "90")
    told.trade(10, "100")

    assert one([("a", 10)]).kind is QUEUE


def test_takers_on_the_orders_own_side_take_nothing_from_its_queue(one: One, told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(9, "100", "90", BUY)
    told.trade(10, "100")

    assert one([("a", 10)]).kind is QUEUE


def test_a_price_that_was_not_touched_is_not_queue(one: One, told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100.1")

    found = one([("a", 10)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, QUEUE) == "nothing was traded at 100"


def test_a_sell_is_traded_through_from_below(one: One, told: Told, make_fill: MakeFill) -> None:
    told.place("a", 5, 10, Ending.FILLED, side=SELL)
    told.trade(10, "100", "1", BUY)
    told.trade(10, "99")
    fill = make_fill("a", 10, side=SELL)

    assert one([fill]).kind is QUEUE
    told.trade(8, "101")
    assert one([fill]).kind is UNEXPLAINED


def test_a_backtest_fill_while_the_live_order_waits_in_the_queue_is_queue(
    one: One, told: Told
) -> None:
    told.place("a", 5)
    told.trade(10, "100", "4")

    assert one([], [("a", 10)]).kind is QUEUE


def test_a_backtest_fill_beyond_the_volume_that_must_have_served_the_live_order_is_not(
    one: One, told: Told
) -> None:
    told.place("a", 5)
    told.trade(10, "100", "6")

    assert one([], [("a", 10)]).kind is UNEXPLAINED


def test_a_backtest_fill_long_after_the_queue_served_the_live_order_is_queue(
    certified: Certify, told: Told
) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100", "2")
    told.trade(1000, "99")

    found = certified([("a", 10)], [("a", 1000)])

    assert [each.kind for each in found.divergences] == [QUEUE, QUEUE]


def test_a_second_backtest_fill_after_a_matched_one_is_not_queue(
    certified: Certify, told: Told
) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100", "2")

    found = certified([("a", 10)], [("a", 10), ("a", 1000)])

    assert [each.kind for each in found.divergences] == [UNEXPLAINED]


def test_a_pair_apart_in_time_is_queue_until_the_market_trades_through(
    one: One, told: Told
) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100", "2")
    told.trade(40, "99.9")

    assert one([("a", 10)], [("a", 40)]).kind is QUEUE
    told.trade(30, "99.9")
    assert one([("a", 10)], [("a", 40)]).kind is UNEXPLAINED


def test_an_order_whose_placement_was_not_recorded_is_not_queue(one: One, told: Told) -> None:
    told.place("a", None, 10, Ending.FILLED)
    told.trade(10, "100")

    found = one([("a", 10)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, QUEUE) == "when order order-a was placed was not recorded"


# -- latency -----------------------------------------------------------------------------------


def test_a_pair_apart_by_no_more_than_the_measured_latency_is_latency(one: One, told: Told) -> None:
    told.latencies = [80_000] * 999 + [90_000]

    found = one([("a", 10)], [("a", 10.08)])

    assert found.kind is LATENCY
    assert found.facts == (("distance_us", 80_000), ("latency_bound_us", 80_000))


def test_a_pair_apart_by_more_is_not(one: One, told: Told) -> None:
    told.latencies = [80_000]

    found = one([("a", 10)], [("a", 10.080001)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, LATENCY).startswith("the two are apart by 80001 us")


def test_without_a_measured_latency_none_explains_anything(one: One) -> None:
    found = one([("a", 10)], [("a", 10.01)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, LATENCY) == "no latency was measured"


def test_a_live_fill_just_after_its_placement_is_latency(one: One, told: Told) -> None:
    told.latencies = [SECOND_US]
    told.place("a", 9, 10, Ending.FILLED)
    told.trade(10, "99")

    assert one([("a", 10)]).kind is LATENCY


def test_a_live_fill_long_after_its_placement_is_not(one: One, told: Told) -> None:
    told.latencies = [SECOND_US]
    told.place("a", 8.9, 10, Ending.FILLED)
    told.trade(10, "99")

    assert one([("a", 10)]).kind is UNEXPLAINED


def test_a_backtest_fill_just_before_the_live_order_came_is_latency(one: One, told: Told) -> None:
    told.latencies = [SECOND_US]
    told.place("a", 11)
    told.trade(10, "99")

    assert one([], [("a", 10)]).kind is LATENCY
    assert one([], [("a", 9.9)]).kind is UNEXPLAINED


def test_a_backtest_fill_just_after_the_live_order_was_cancelled_is_latency(
    one: One, told: Told
) -> None:
    told.latencies = [SECOND_US]
    told.place("a", 5, 9, Ending.CANCELLED)
    told.trade(9.5, "99")

    assert one([], [("a", 10)]).kind is LATENCY
    assert one([], [("a", 10.1)]).kind is UNEXPLAINED


def test_an_order_that_rested_through_it_all_is_no_latency(one: One, told: Told) -> None:
    told.latencies = [SECOND_US]
    told.place("a", 9.9)
    told.trade(10, "99")

    found = one([], [("a", 10)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, LATENCY) == "no order of this id was placed or cancelled near it"


# -- partial fills -----------------------------------------------------------------------------


def test_a_pair_of_which_live_filled_a_part_is_a_partial_fill(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    told.place("a", 5, 20, Ending.CANCELLED, filled=Decimal("1.5"))

    found = one([make_fill("a", 10, qty="1.5", fee=Decimal("0.03"))], [("a", 10)])

    assert found.kind is PARTIAL
    assert dict(found.facts)["order_qty"] == Decimal(2)


def test_a_recorded_order_that_was_filled_whole_is_none(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    told.place("a", 5, 10, Ending.FILLED, qty=Decimal(2), filled=Decimal("1.5"))

    found = one([make_fill("a", 10, qty="1.5", fee=Decimal("0.03"))], [("a", 10)])

    assert found.kind is UNEXPLAINED
    assert refusal(found, PARTIAL) == "the recorded order was filled whole"


def test_a_changed_quantity_contradicts_the_recorded_order(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    """A-14: change qty."""
    told.place("a", 5, 10, Ending.FILLED)

    found = one([make_fill("a", 10, qty="1.5", fee=Decimal("0.03"))], [("a", 10)])

    assert found.kind is UNEXPLAINED
    assert found.text == "its order was recorded as filled with 2, the fill has 1.5"


def test_a_larger_order_in_the_backtest_is_no_partial_fill(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    told.place("a", 5, 10, Ending.FILLED)

    found = one([("a", 10)], [make_fill("a", 10, qty="3", fee=Decimal("0.06"))])

    assert found.kind is UNEXPLAINED
    assert refusal(found, PARTIAL) == "more was filled than the order's 2"


def test_one_order_there_that_was_two_here_is_a_partial_fill_of_all(
    certified: Certify, told: Told, make_fill: MakeFill
) -> None:
    halves = [
        make_fill("a", 10 + n, qty="1", fee=Decimal("0.02"), order_id=f"half-{n}") for n in range(2)
    ]

    found = certified(halves, [("a", 10)])

    assert [each.kind for each in found.divergences] == [PARTIAL, PARTIAL]
    assert found.unexplained_count == 0


def test_parts_that_do_not_add_up_are_none(
    certified: Certify, told: Told, make_fill: MakeFill
) -> None:
    parts = [
        make_fill("a", 10, qty="1", fee=Decimal("0.02"), order_id="part-1"),
        make_fill("a", 11, qty="0.9", fee=Decimal("0.018"), order_id="part-2"),
    ]

    found = certified(parts, [("a", 10)])

    assert [each.kind for each in found.divergences] == [UNEXPLAINED, UNEXPLAINED]


def test_a_partial_fill_at_another_time_needs_an_explanation_of_the_time_too(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    told.place("a", 5, 20, Ending.CANCELLED, filled=Decimal("1.5"))
    part = make_fill("a", 10, qty="1.5", fee=Decimal("0.03"))

    assert one([part], [("a", 11)]).kind is UNEXPLAINED
    told.latencies = [SECOND_US]
    assert one([part], [("a", 11)]).kind is LATENCY
