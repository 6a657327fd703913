"""The market beyond a live order: one question per crossing, and none where no order is passed."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.saved import Saved
from gridcore.session.crossing import Crossing
from gridcore.session.effects import AskSnapshot, Effects, SnapshotKind
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.sides import BUY, LONG, SELL, SideType

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Asks = Callable[[Effects], list[AskSnapshot]]
Orders = list[tuple[SideType, int]]

ORDERS = st.lists(st.tuples(st.sampled_from([BUY, SELL]), st.integers(90, 110)), max_size=6)


def at(second: float) -> Instant:
    return Instant(int(second * SECOND_US))


def order_at(side: SideType, price: int) -> TrackedOrder:
    return TrackedOrder(
        order_id="O",
        direction=LONG,
        side=side,
        price=price,
        symbol=BTC,
        strat_id="grid",
        client_order_id="0" * 16,
        wire_id="w",
        qty=10,
        leaves=10,
        state=OrderState.OPEN,
        opens=side is BUY,
        level=0,
        sent_at=Instant(0),
    )


def crossing_of(*orders: tuple[SideType, int]) -> Crossing:
    crossing = Crossing()
    for side, price in orders:
        crossing.add(order_at(side, price))
    return crossing


# -- when the market is beyond ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "beyond"), [(100, False), (95, False), (94, True), (105, False), (106, True)]
)
def test_a_price_on_an_order_is_not_beyond_it_one_tick_further_is(last: int, beyond: bool) -> None:
    crossing = crossing_of((BUY, 95), (BUY, 90), (SELL, 105), (SELL, 110))

    assert crossing.observe(last, at(0)) is beyond

    assert crossing.since == (at(0) if beyond else None)


def test_without_orders_no_price_is_beyond_anything() -> None:
    crossing = crossing_of()

    assert not crossing.observe(1, at(0))

    assert crossing.band() == (None, None)
    assert crossing.next_deadline() is None


def test_a_crossing_keeps_its_age_until_the_market_comes_back() -> None:
    crossing = crossing_of((BUY, 95))

    changes = [crossing.observe(last, at(second)) for second, last in enumerate((94, 93, 94, 95))]

    assert changes == [True, False, False, True]
    assert crossing.since is None


def test_the_question_is_due_after_2_s_and_once_per_crossing() -> None:
    crossing = crossing_of((SELL, 105))
    crossing.observe(106, at(10))
    assert crossing.next_deadline() == at(12)

    due = [crossing.due(at(second)) for second in (11.999999, 12, 12, 60)]

    assert due == [False, True, False, False]
    assert crossing.next_deadline() is None


def test_the_next_crossing_asks_again() -> None:
    crossing = crossing_of((SELL, 105))
    crossing.observe(106, at(10))
    crossing.due(at(12))

    crossing.observe(105, at(13))
    crossing.observe(107, at(20))

    assert crossing.next_deadline() == at(22)
    assert crossing.due(at(22))


def test_a_crossing_that_ends_before_2_s_asks_nothing() -> None:
    crossing = crossing_of((SELL, 105))
    crossing.observe(106, at(10))

    crossing.observe(105, at(11))

    assert not crossing.due(at(12))


def test_an_order_that_is_gone_is_crossed_no_more_and_one_of_its_twins_stays() -> None:
    twins = [order_at(BUY, 95), order_at(BUY, 95)]
    crossing = Crossing()
    for order in twins:
        crossing.add(order)

    crossing.remove(twins[0])
    assert crossing.observe(94, at(0))
    crossing.remove(twins[1])

    assert crossing.observe(94, at(1)), "it ends with the last order that it was about"
    assert crossing.since is None


def test_cleared_it_knows_no_order() -> None:
    crossing = crossing_of((BUY, 95), (SELL, 105))

    crossing.clear()

    assert crossing.band() == (None, None)


# -- laws -------------------------------------------------------------------------------------


@given(ORDERS, st.integers(85, 115), st.integers(85, 115))
def test_a_price_inside_the_band_changes_nothing(orders: Orders, first: int, last: int) -> None:
    crossing = crossing_of(*orders)
    crossing.observe(first, at(0))
    before = crossing.snapshot(), crossing.next_deadline()
    band = crossing.band()
    if band is None:
        assert crossing.since == at(0), "during a crossing every price may end it"
        return
    low, high = band
    inside = (low is None or last > low) and (high is None or last < high)

    changed = crossing.observe(last, at(1))

    assert changed is not inside, "the band is as wide as it can be"
    if inside:
        assert (crossing.snapshot(), crossing.next_deadline()) == before


@given(ORDERS, st.lists(st.integers(85, 115), max_size=8), st.booleans())
def test_snapshot_and_restore_are_inverses(orders: Orders, lasts: list[int], asked: bool) -> None:
    crossing = crossing_of(*orders)
    for second, last in enumerate(lasts):
        crossing.observe(last, at(second))
    if asked:
        crossing.due(at(60))
    saved = json.loads(json.dumps(crossing.snapshot()))

    other = crossing_of(*orders)
    other.restore(Saved(saved))

    assert other.snapshot() == crossing.snapshot()
    assert other.band() == crossing.band()
    assert other.next_deadline() == crossing.next_deadline()


# -- in a session -----------------------------------------------------------------------------


def crossing_questions(run: "Run", asks: Asks) -> list[tuple[SnapshotKind, Instant]]:
    return [
        (ask.kind, now)
        for _, now, effects in run.handled
        for ask in asks(effects)
        if ask.reason == "the market is beyond an order that did not fill"
    ]


def test_one_snapshot_per_crossing_after_2_s_without_an_execution(
    started: Runs, asks: Asks
) -> None:
    run = started()
    run.tick(10_000)
    run.tick(9_899)
    crossed_at = run.now

    for _ in range(50):
        run.tick(9_899)

    assert crossing_questions(run, asks) == [
        (SnapshotKind.ORDERS, crossed_at + 2 * SECOND_US),
        (SnapshotKind.EXECUTIONS, crossed_at + 2 * SECOND_US),
    ]


def test_a_fill_within_2_s_needs_no_snapshot(started: Runs, asks: Asks) -> None:
    run = started()
    run.tick(10_000)
    run.tick(9_899)
    run.fill(LONG, BUY, 9_900)

    for _ in range(50):
        run.tick(9_899)

    assert crossing_questions(run, asks) == []
