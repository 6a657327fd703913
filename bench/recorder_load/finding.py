"""What a run found, and whether it is good. It measures nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.recorder_load.samples import Sample, percentile

RATE_MIN = 1_000
"""Public trades a second."""
DELAY_S_MAX = 2.0
GROWTH_MAX = 0.05
MIB = 1 << 20
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A run. `samples`: from the warm-up's end to the run's; `delay_s`: the bound that holds 99 of
    100 trades of the whole run; `wrong`: rows that differ from what was told; `gaps` but those of
    the start; `exit_code` is the recorder's."""

    seconds: float
    told: int
    kept: int
    wrong: int
    letters: int
    gaps: int
    delay_s: float
    samples: Sequence[Sample]
    exit_code: int

    @property
    def growth(self) -> float:
        """How much memory grew after the warm-up, as a fraction."""
        return self.samples[-1].memory / self.samples[0].memory - 1

    @property
    def processor(self) -> float:
        """The share of one processor that the recorder took after the warm-up."""
        first, last = self.samples[0], self.samples[-1]
        return (last.processor_s - first.processor_s) / (last.at_s - first.at_s)

    def good(self) -> bool:
        """Whether every target is met."""
        return (
            self.told >= RATE_MIN * self.seconds
            and self.kept == self.told
            and not (self.wrong or self.letters or self.gaps or self.exit_code)
            and self.delay_s <= DELAY_S_MAX
            and self.growth < GROWTH_MAX
        )

    def text(self) -> str:
        """The findings, each with its target."""
        first, last = self.samples[0], self.samples[-1]
        return (
            f"{self.seconds:.0f} s: {self.told:,} public trades told, "
            f"{self.told / self.seconds:,.0f} a second (at least {RATE_MIN:,})\n"
            f"{self.kept:,} kept, {self.wrong} of them wrong; {self.letters} dead letters, "
            f"{self.gaps} gaps; the recorder ended with {self.exit_code}\n"
            f"from receipt to commit: 99 of 100 trades within {self.delay_s:g} s "
            f"(at most {DELAY_S_MAX:g})\n"
            f"memory: {first.memory / MIB:.1f} MiB after the warm-up, {last.memory / MIB:.1f} MiB "
            f"at the end: {self.growth:+.1%} (under {GROWTH_MAX:.0%}), at most "
            f"{max(one.memory for one in self.samples) / MIB:.1f} MiB\n"
            f"processor: {self.processor:.0%} of one\n"
        )


def line_of(began_s: float, before: Sample, now: Sample) -> str:
    """What happened between two samples, in one line."""
    seconds = now.at_s - before.at_s
    new = {bound: count - before.within.get(bound, 0) for bound, count in now.within.items()}
    return (
        f"minute {(now.at_s - began_s) / MINUTE_S:4.1f}: "
        f"{(now.written - before.written) / seconds:7,.0f} trades/s, 99 % within "
        f"{percentile(new, 0.99):g} s, {now.memory / MIB:.1f} MiB, "
        f"{(now.processor_s - before.processor_s) / seconds:.0%} of a processor"
    )
