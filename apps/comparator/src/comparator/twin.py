"""The twin of a live run: its journals handed to the same kernel again, effect by effect.

It gathers files and what came of each; how a file is replayed stands in appkit.journals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appkit.journals.judging import JournalVerdict, Verdict, files_below, judge
from appkit.journals.reader import opened
from appkit.progress import Progress, progress_bar
from gridcore.session.codec import Header, unfold
from gridcore.session.effects import Effects

_NO_EVENTS = (Header.__name__, Effects.__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Where live and twin part. `event` caused the effects of line `seq`; both as journal text.

    `live` and `twin` are the lines of the effects; "" where one side has none.
    """

    file: JournalVerdict
    seq: int
    event: str
    live: str
    twin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """What the replay of all files found; `parting` is the first difference of all."""

    files: tuple[JournalVerdict, ...]
    parting: Parting | None

    @property
    def events(self) -> int:
        """How many events were handed over."""
        return sum(file.events for file in self.files)

    @property
    def verdict(self) -> Verdict:
        """Different when one file is, empty when none has an event."""
        found = {file.verdict for file in self.files}
        for verdict in (Verdict.DIFFERENT, Verdict.IDENTICAL):
            if verdict in found:
                return verdict
        return Verdict.EMPTY

    @property
    def is_identical(self) -> bool:
        """Whether every effect is the same, and there were events."""
        return self.verdict is Verdict.IDENTICAL


def twin(paths: Sequence[Path], progress: Progress | None = None) -> Twin:
    """Replay journal files, and all of folders; UserError for none, and for one that is none."""
    if progress is None:
        with progress_bar(None, "twin", "events", quiet=True) as silent:
            return twin(paths, silent)
    files = tuple(judge(file, progress) for path in paths for file in files_below(path))
    first = next((file for file in files if file.difference is not None), None)
    return Twin(files=files, parting=None if first is None else _parting(first))


def _parting(file: JournalVerdict) -> Parting:
    difference = file.difference
    assert difference is not None
    return Parting(
        file=file,
        seq=difference.seq,
        event=_event_before(file.path, difference.seq),
        live=difference.expected or "",
        twin=difference.found or "",
    )


def _event_before(path: Path, seq: int) -> str:
    """The last event before a line: what caused the effects that part there."""
    event = ""
    with opened(path) as lines:
        for text in lines:
            line = unfold(text)
            if line.seq >= seq:
                break
            if line.kind not in _NO_EVENTS:
                event = line.text
    return event
