"""The audit: every execution is compared once it has settled, and what is missing becomes a gap."""

from hypothesis import given
from hypothesis import strategies as st

from event_saver.gaps.audit import Audit, AuditLimits, missing
from event_saver.gaps.plan import Stretch
from gridcore.clock import SECOND_US, Instant

LIMITS = AuditLimits(
    interval_us=600 * SECOND_US, overlap_us=60 * SECOND_US, settle_us=10 * SECOND_US
)


def at(second: float) -> Instant:
    return Instant(int((1_800_000_000 + second) * SECOND_US))


def test_an_audit_is_due_after_its_interval_and_leaves_out_what_may_be_on_its_way() -> None:
    audit = Audit(at(0), LIMITS)
    assert audit.next_deadline() == at(600)
    assert audit.due(at(599)) is None

    assert audit.due(at(600)) == Stretch(start=at(-60), end=at(590))


def test_the_next_audit_goes_on_where_the_last_ended_and_overlaps_it() -> None:
    audit = Audit(at(0), LIMITS)
    window = audit.due(at(600))
    assert window is not None

    audit.done(window, at(605))

    assert audit.passed == 1
    assert audit.due(at(1_204)) is None
    assert audit.due(at(1_205)) == Stretch(start=at(530), end=at(1_195))


def test_an_audit_that_failed_is_repeated_within_a_minute_over_the_same_beginning() -> None:
    audit = Audit(at(0), LIMITS)
    audit.due(at(600))

    audit.failed(at(601))

    assert audit.next_deadline() == at(661)
    assert audit.due(at(661)) == Stretch(start=at(-60), end=at(651))


def test_short_intervals_never_make_a_window_that_ends_before_it_begins() -> None:
    audit = Audit(at(0), AuditLimits(interval_us=SECOND_US, overlap_us=0, settle_us=9 * SECOND_US))

    assert audit.due(at(1)) == Stretch(start=at(0), end=at(0))


def test_all_stored_is_nothing_missing() -> None:
    assert missing({"a": at(1), "b": at(2)}, {"a", "b", "c"}) is None
    assert missing({}, set()) is None


@given(
    listed=st.dictionaries(st.text(max_size=3), st.integers(0, 1_000), max_size=20),
    stored=st.sets(st.text(max_size=3), max_size=20),
)
def test_the_stretch_holds_everything_that_is_missing_and_begins_and_ends_with_it(
    listed: dict[str, int], stored: set[str]
) -> None:
    found = missing({one: Instant(us) for one, us in listed.items()}, stored)

    gone = sorted(us for one, us in listed.items() if one not in stored)
    assert (found is None) is (not gone)
    if found is not None:
        assert (found.start, found.end) == (gone[0], gone[-1])


def test_a_window_that_is_found_wanting_is_looked_at_a_second_time_as_it_was() -> None:
    audit = Audit(at(0), AuditLimits(interval_us=600 * SECOND_US))
    window = audit.due(at(600))
    assert window is not None
    assert not audit.is_second_look

    audit.wanting(window, at(600))

    assert audit.is_second_look
    assert audit.due(at(659)) is None
    assert audit.due(at(660)) == window
    audit.done(window, at(660))
    assert (audit.passed, audit.is_second_look) == (1, False)


def test_a_second_look_that_fails_is_repeated() -> None:
    audit = Audit(at(0), AuditLimits(interval_us=600 * SECOND_US))
    window = audit.due(at(600))
    assert window is not None
    audit.wanting(window, at(600))

    audit.failed(at(660))

    assert audit.due(at(720)) == window
    assert audit.is_second_look
