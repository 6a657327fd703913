"""What is on its way: due times and the order of sending decide which parcel comes first."""

from heapq import heappop, heappush

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from simvenue.campaign.parcels import Bound, Parcel


def parcel(due: int, sequence: int) -> Parcel:
    """A parcel without contents."""
    return Parcel(Instant(due), sequence, Bound.STREAM, 0, Instant(0), None, None, False, False)


@given(st.lists(st.integers(0, 3), max_size=20))
def test_parcels_arrive_by_due_time_and_at_equal_times_in_the_order_sent(dues: list[int]) -> None:
    heap: list[Parcel] = []
    for sequence, due in enumerate(dues):
        heappush(heap, parcel(due, sequence))

    arrived = [heappop(heap) for _ in dues]

    keys = [(one.due, one.sequence) for one in arrived]
    assert keys == sorted((due, sequence) for sequence, due in enumerate(dues))
