from hypothesis import given
from hypothesis import strategies as st

from comparator.loading.spans import Span, holes_between
from gridcore.clock import Instant

times = st.integers(0, 30)


def span(start: int, end: int) -> Span:
    return Span(start=Instant(start), end=Instant(end))


def test_the_start_belongs_to_a_span_and_the_end_does_not() -> None:
    assert [at for at in range(6) if at in span(2, 4)] == [2, 3]


def test_spans_that_share_nothing_cut_to_no_length() -> None:
    assert span(1, 3).cut(span(2, 9)) == span(2, 3)
    assert span(1, 3).cut(span(5, 9)).length_us == 0


@given(
    spans=st.lists(st.builds(span, times, times), max_size=6),
    within=st.builds(span, times, times),
)
def test_an_instant_is_in_a_span_or_in_a_hole(spans: list[Span], within: Span) -> None:
    holes = holes_between(spans, within)

    for at in range(within.start, within.end):
        is_covered = any(at in one for one in spans)
        assert sum(at in hole for hole in holes) == (0 if is_covered else 1)
    assert all(hole.length_us and hole.cut(within) == hole for hole in holes)
