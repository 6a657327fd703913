"""Running sums of what orders hold, kept order by order, against sums made anew."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.session.reservations import Reservations
from gridcore.sides import LONG, SHORT, DirectionType, closing_side, opening_side


def order(
    number: int, direction: DirectionType, opens: bool, price: int, steps: int
) -> TrackedOrder:
    return TrackedOrder(
        order_id=f"O{number}",
        direction=direction,
        side=opening_side(direction) if opens else closing_side(direction),
        price=price,
        symbol="BTCUSDT",
        strat_id="grid",
        client_order_id="0" * 16,
        wire_id=f"w{number}",
        qty=steps,
        leaves=steps,
        state=OrderState.OPEN,
        opens=opens,
        level=0,
        sent_at=Instant(0),
    )


def expect_sums(reserved: Reservations, orders: Sequence[TrackedOrder]) -> None:
    for index, direction in enumerate((LONG, SHORT)):
        mine = [one for one in orders if one.direction is direction]
        closes = [one for one in mine if not one.opens]
        assert reserved.covered[index] == sum(one.leaves for one in closes)
        assert reserved.open_value[index] == sum(
            int(one.price) * one.leaves for one in mine if one.opens
        )
        assert reserved.closes[index] == sorted(int(one.price) for one in closes)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([LONG, SHORT]),
            st.booleans(),
            st.integers(90, 110),
            st.integers(1, 20),
            st.lists(st.integers(0, 19), max_size=3),
            st.booleans(),
        ),
        max_size=15,
    )
)
def test_sums_equal_the_sums_over_live_orders_after_every_step(
    rows: list[tuple[DirectionType, bool, int, int, list[int], bool]],
) -> None:
    reserved, live = Reservations(), list[TrackedOrder]()
    for number, (direction, opens, price, steps, reductions, gone) in enumerate(rows):
        one = order(number, direction, opens, price, steps)
        reserved.add(one)
        live.append(one)
        expect_sums(reserved, live)
        for leaves in reductions:
            if leaves < one.leaves:
                reserved.reduce(one, leaves)
                expect_sums(reserved, live)
        if gone:
            reserved.remove(one)
            live.remove(one)
            expect_sums(reserved, live)
    for one in live:
        reserved.remove(one)
    expect_sums(reserved, [])


@pytest.mark.parametrize(
    ("index", "direction", "beyond", "expected"),
    [
        (0, LONG, 100, 108),
        (0, LONG, 108, None),
        (0, LONG, 109, None),
        (1, SHORT, 110, 101),
        (1, SHORT, 101, None),
    ],
)
def test_the_farthest_close_lies_above_for_longs_and_below_for_shorts(
    index: int, direction: DirectionType, beyond: int, expected: int | None
) -> None:
    reserved = Reservations()
    for number, price in enumerate((104, 108, 101)):
        reserved.add(order(number, direction, False, price, 1))

    assert reserved.farthest_close(index, beyond) == expected
    assert reserved.farthest_close(1 - index, beyond) is None


def test_cleared_reservations_hold_nothing() -> None:
    reserved = Reservations()
    reserved.add(order(1, LONG, True, 100, 3))
    reserved.add(order(2, LONG, False, 105, 2))
    reserved.held_for[0] = 104

    reserved.clear()

    expect_sums(reserved, [])
    assert reserved.held_for == [None, None]
