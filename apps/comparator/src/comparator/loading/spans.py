"""A stretch of time between two known instants; it knows no clock and no row."""

from dataclasses import dataclass

from gridcore.clock import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start`, which belongs to it, to `end`, which does not."""

    start: Instant
    end: Instant

    @property
    def length_us(self) -> int:
        """How long it is; an empty span has 0."""
        return max(self.end - self.start, 0)

    def __contains__(self, at: int) -> bool:
        """Whether an instant lies in it."""
        return self.start <= at < self.end

    def cut(self, other: "Span") -> "Span":
        """What both share; it may be empty."""
        return Span(start=max(self.start, other.start), end=min(self.end, other.end))


def holes_between(spans: list[Span], within: Span) -> list[Span]:
    """The parts of `within` that none of the spans covers, in order of time."""
    holes: list[Span] = []
    covered_to = within.start
    lasting = [span for span in spans if span.length_us]
    for span in sorted(lasting, key=lambda span: span.start):
        begin = min(span.start, within.end)
        if begin > covered_to:
            holes.append(Span(start=covered_to, end=begin))
        covered_to = max(covered_to, span.end)
    if covered_to < within.end:
        holes.append(Span(start=covered_to, end=within.end))
    return holes
