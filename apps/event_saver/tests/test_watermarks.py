"""The settling surface: handled means committed, and nothing older is under way."""

from hypothesis import given
from hypothesis import strategies as st

from event_saver.watermarks import Settling, Watermark, settling
from gridcore.clock import Instant


def at(*moments: int) -> list[Instant]:
    return [Instant(moment) for moment in moments]


def test_nothing_is_handled_before_anything_came() -> None:
    assert settling([Watermark()]) == Settling(handled_through_us=0, in_flight=0)
    assert settling([]) == Settling(handled_through_us=0, in_flight=0)


def test_what_came_is_handled_when_it_is_committed() -> None:
    trades = Watermark()
    trades.arrived(at(10, 20))
    assert settling([trades]) == Settling(handled_through_us=0, in_flight=2)

    trades.left(2)

    assert settling([trades]) == Settling(handled_through_us=20, in_flight=0)


def test_part_of_what_came_together_is_not_all_of_it() -> None:
    trades = Watermark()
    trades.arrived(at(5))
    trades.arrived(at(10, 10))

    trades.left(2)

    assert settling([trades]) == Settling(handled_through_us=5, in_flight=1)


def test_one_stream_that_lags_holds_the_whole_back() -> None:
    trades, orders = Watermark(), Watermark()
    trades.arrived(at(10, 30))
    orders.arrived(at(20))

    trades.left(2)

    assert settling([trades, orders]) == Settling(handled_through_us=19, in_flight=1)


def test_a_message_without_rows_counts_as_handled() -> None:
    trades = Watermark()
    trades.seen(Instant(40))

    assert settling([trades]) == Settling(handled_through_us=40, in_flight=0)
    assert trades.newest == 40


def test_reordered_messages_hold_back_until_the_older_is_committed() -> None:
    trades = Watermark()
    trades.arrived(at(30))
    trades.arrived(at(10))
    trades.left(1)
    assert settling([trades]) == Settling(handled_through_us=9, in_flight=1)

    trades.left(1)

    assert settling([trades]) == Settling(handled_through_us=30, in_flight=0)


def test_dropped_items_are_not_confused_with_those_being_written() -> None:
    trades = Watermark()
    trades.arrived(at(10))
    trades.arrived(at(20, 21))

    trades.left(1, behind=1)
    assert settling([trades]) == Settling(handled_through_us=0, in_flight=2)
    trades.left(1)

    assert settling([trades]) == Settling(handled_through_us=10, in_flight=1)


def test_what_still_waits_says_how_far_everything_is_written() -> None:
    trades = Watermark()
    assert trades.written_through(Instant(99))
    trades.arrived(at(10, 11))

    assert trades.written_through(Instant(9))
    assert not trades.written_through(Instant(10))

    trades.left(2)
    assert trades.written_through(Instant(10))


@given(
    arrivals=st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=4), max_size=12),
    leaves=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), max_size=12),
)
def test_nothing_up_to_the_watermark_is_ever_under_way(
    arrivals: list[list[int]], leaves: list[tuple[int, int]]
) -> None:
    trades = Watermark()
    pending = list[int]()
    for number in range(max(len(arrivals), len(leaves))):
        if number < len(arrivals):
            trades.arrived(at(*arrivals[number]))
            pending.extend(arrivals[number])
        if number < len(leaves):
            behind = min(leaves[number][1], len(pending))
            count = min(leaves[number][0], len(pending) - behind)
            trades.left(count, behind=behind)
            del pending[behind : behind + count]

        found = settling([trades])

        assert found.in_flight == len(pending)
        assert all(moment > found.handled_through_us for moment in pending)
