from decimal import Decimal

import pytest

from comparator.loading.spans import Span
from comparator.quality import Finding, FindingKind, Quality, Severity
from comparator.quality.findings import covered_us, share
from gridcore.clock import Instant


def span(start: int, end: int) -> Span:
    return Span(start=Instant(start), end=Instant(end))


@pytest.mark.parametrize(
    ("bad", "of", "sound"), [(0, 4, "1"), (1, 4, "0.75"), (4, 4, "0"), (9, 4, "0"), (0, 0, "1")]
)
def test_the_sound_share_is_what_is_not_bad(bad: int, of: int, sound: str) -> None:
    assert share(bad, of) == Decimal(sound)


def test_time_that_two_spans_share_is_counted_once() -> None:
    spans = [span(-5, 2), span(4, 8), span(6, 9), span(20, 30)]

    assert covered_us(spans, span(0, 10)) == 2 + 5


def test_a_recording_is_enough_when_nothing_speaks_against_it() -> None:
    finding = Finding(
        kind=FindingKind.QUIET, severity=Severity.TOLD, symbol="BTCUSDT", count=1, text="quiet"
    )

    sound = Quality(score=Decimal(1), parts={}, findings=(finding,), reasons=())
    stale = Quality(score=Decimal(1), parts={}, findings=(), reasons=("stale",))

    assert (sound.enough, stale.enough) == (True, False)
