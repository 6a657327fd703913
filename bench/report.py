"""What the bench found, as the table that is printed and as bench.json; it measures nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.comparison import OURS, PEERS, TOLERANCE, Comparison
from bench.decoding import BULK, NAIVE, WAYS
from bench.memory import MIB, Peak
from bench.timing import Spread

MILLION = 1e6
FILLS_ASKED = (5_000, 12_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """One job over one tape."""

    spread: Spread
    ticks: int
    fills: int

    @property
    def ticks_per_s(self) -> float:
        """Of the median run."""
        return self.spread.rate(self.ticks)

    @property
    def us_per_fill(self) -> float:
        """All of the median run's time, spread over the fills."""
        return self.spread.median * MILLION / self.fills


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was measured; None and absent: skipped."""

    full: Speed | None = None
    scan: Speed | None = None
    comparison: Comparison | None = None
    comparison_ticks: int = 0
    peaks: dict[str, Peak] = field(default_factory=dict)
    decoding: dict[int, dict[str, Spread]] = field(default_factory=dict)
    """By trades to a frame, then by way."""
    decoded: int = 0
    """How many trades each run decoded."""


def as_json(found: Findings) -> dict[str, Any]:
    """The content of bench.json: rates in ticks/s, memory in MiB, None where it was skipped."""
    full, scan = found.full, found.scan
    rates = dict.fromkeys((OURS, *PEERS)) | _rates(found)
    return {
        "full_ticks_per_s": None if full is None else round(full.ticks_per_s),
        "us_per_fill": None if full is None else round(full.us_per_fill, 2),
        "fills": None if full is None else full.fills,
        "scan_ticks_per_s": None if scan is None else round(scan.ticks_per_s),
        "comparison": {name: None if rate is None else round(rate) for name, rate in rates.items()},
        "peak_mib": {
            name: round(found.peaks[name].beyond / MIB, 1) if name in found.peaks else None
            for name in ("5M", "50M")
        },
        "decode_trades_per_s": {
            str(each): {way: round(spread.rate(found.decoded)) for way, spread in spreads.items()}
            for each, spreads in found.decoding.items()
        }
        or None,
    }


def _rates(found: Findings) -> dict[str, float]:
    if found.comparison is None:
        return {}
    spreads = found.comparison.spreads
    return {name: spread.rate(found.comparison_ticks) for name, spread in spreads.items()}


def full_lines(speed: Speed) -> list[str]:
    """(a)"""
    rate, cost = speed.ticks_per_s / MILLION, speed.us_per_fill
    least, most = FILLS_ASKED
    asked = "as asked" if least <= speed.fills <= most else f"NOT the {least:,} to {most:,} asked"
    return [
        f"{rate:.1f} M ticks/s (target 8), {cost:.1f} us a fill",
        f"{speed.fills:,} fills, {asked}",
        speed.spread.text(),
    ]


def scan_lines(speed: Speed) -> list[str]:
    """(b)"""
    return [
        f"{speed.ticks_per_s / MILLION:.0f} M ticks/s (target 300), {speed.fills} fills",
        speed.spread.text(),
    ]


def comparison_lines(comparison: Comparison, ticks: int) -> list[str]:
    """(c): a line for each program, then how they compare."""
    lines = []
    for name, spread in comparison.spreads.items():
        did = comparison.did[name]
        lines.append(
            f"{name:12}{spread.rate(ticks) / MILLION:8,.1f} M ticks/s  {spread.text()}; "
            f"{did.buys} buys, {did.sells} sells, holds {did.position:g}, fees {did.fees:.2f}"
        )
    if comparison.missing is not None:
        return [*lines, f"the others are skipped: {comparison.missing}"]
    lines.append(_compared(comparison.spreads))
    verdict = "agree" if comparison.agrees else "DIFFER"
    lines.append(f"the fills of all {verdict} within {TOLERANCE:.0%}")
    return lines


def _compared(spreads: Mapping[str, Spread]) -> str:
    ours = spreads[OURS].median
    hft, plain = (spreads[name].median for name in PEERS)
    return (
        f"ours is {hft / ours:.2f} times as fast as hftbacktest (target 2) and needs "
        f"{ours / plain:.0f} times the numba loop, which keeps no books"
    )


def memory_lines(name: str, peak: Peak) -> list[str]:
    """(d)"""
    first, *rest = peak.text().splitlines()
    verdict = "within" if peak.beyond <= peak.allowed else "ABOVE"
    return [f"{name} trades: {first}", *rest, f"{verdict} the target"]


def decoding_lines(each: int, spreads: Mapping[str, Spread], trades: int) -> list[str]:
    """(e): a line for each way, and how many times the naive one it is."""
    plain = spreads[NAIVE].median
    lines = []
    for way in WAYS:
        spread = spreads[way]
        target = " (target 3)" if way == BULK else ""
        lines.append(
            f"{each:3} a frame  {way:16}{spread.rate(trades) / MILLION:6.2f} M trades/s, "
            f"{plain / spread.median:.1f} times{target}; {spread.text()}"
        )
    return lines
