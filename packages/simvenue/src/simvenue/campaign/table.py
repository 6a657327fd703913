"""The tables that a campaign ends with, as text. It refuses to know where they are printed."""

from collections.abc import Iterable, Mapping

from simvenue.campaign.tally import EVERY_FAULT, EVERY_REASON, EVERY_ROW, Failure, Tally

NEVER = "never reached"


def report(tally: Tally) -> str:
    """Everything a reader wants to know of a campaign: a line in front, tables, the failures."""
    parts = [headline(tally), _faults(tally)]
    parts.append(_reached("order table", tally.rows, EVERY_ROW))
    parts.append(_reached("denials", tally.denials, EVERY_REASON))
    parts.append(_reached("modes asked for", tally.causes, sorted(tally.causes)))
    parts.append(failures(tally.failures))
    return "\n\n".join(parts)


def headline(tally: Tally) -> str:
    """Seeds, events, seconds, speed, restarts and failures in one line."""
    return (
        f"{tally.seed_count():,} seeds, {tally.events:,} events in {seconds(tally)} s "
        f"({events_per_second(tally):,} events/s), {tally.restarts:,} restarts, "
        f"{len(tally.failures):,} failed"
    )


def seconds(tally: Tally) -> str:
    """Wall time with one digit after the point."""
    tenths = tally.microseconds // 100_000
    return f"{tenths // 10:,}.{tenths % 10}"


def events_per_second(tally: Tally) -> int:
    """Events over wall time; 0 when no time was measured."""
    return tally.events * 1_000_000 // tally.microseconds if tally.microseconds else 0


def failures(failed: Iterable[Failure]) -> str:
    """Each failing seed: the law, the command that replays it, the shrunk faults."""
    blocks = []
    for failure in failed:
        lines = [f"seed {failure.seed} broke {failure.law}: {failure.what}"]
        lines.append(f"  replay: {replay_command(failure)}")
        lines.append(f"  faults that are enough ({len(failure.faults)}):")
        lines += [f"    {fault}" for fault in failure.faults]
        blocks.append("\n".join(lines))
    return "\n".join(blocks) if blocks else "every law held"


def replay_command(failure: Failure) -> str:
    """The command that plays a failing seed again, with the faults that are enough."""
    faults = ", ".join(failure.faults)
    return f"python -m simvenue.campaign --replay {failure.seed} --faults '[{faults}]'"


def _faults(tally: Tally) -> str:
    lines = [f"{'fault':<24}{'injected':>12}{'survived runs':>16}"]
    for name in EVERY_FAULT:
        count = tally.faults.get(name, 0)
        mark = "" if count else f"  {NEVER}"
        lines.append(f"{name:<24}{count:>12,}{tally.survived.get(name, 0):>16,}{mark}")
    return "\n".join(lines)


def _reached(title: str, counts: Mapping[str, int], names: Iterable[str]) -> str:
    lines = [f"{title:<36}{'times':>12}"]
    for name in names:
        count = counts.get(name, 0)
        lines.append(f"{name:<36}{count:>12,}{'' if count else f'  {NEVER}'}")
    return "\n".join(lines)
