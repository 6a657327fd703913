"""Whether every journal of a run replays. It refuses to know what is in them."""

from pathlib import Path

from appkit.journals.judging import Verdict, files_below, judge
from appkit.progress import progress_bar


def differing(folder: Path) -> tuple[int, list[str]]:
    """How many events stand in the journals below a folder, and which journals do not replay."""
    with progress_bar(None, "replay", "events", quiet=True) as progress:
        found = [judge(file, progress) for file in files_below(folder)]
    bad = [f"{one.path.name}: {one.difference}" for one in found if _differs(one.verdict)]
    return sum(one.events for one in found), bad


def _differs(verdict: Verdict) -> bool:
    return verdict is Verdict.DIFFERENT
