"""Whether a journal file replays: the same events on the same memory cause the same effects.

It needs no exchange and no configuration, only the setup beside the file.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from appkit.account_setup import SetupUnreadable, read_setup
from appkit.exits import UserError
from appkit.journals.files import COMPRESSED, PLAIN, is_journal, setup_path
from appkit.journals.reader import header_of, opened
from appkit.progress import Progress
from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.message import message
from gridcore.saved import SavedStateError
from gridcore.session.account import AccountSession
from gridcore.session.codec import TruncatedLine
from gridcore.session.effects import Effects
from gridcore.session.forms import JournalError
from gridcore.session.replay import Difference, replay


class Verdict(StrEnum):
    """What a replay found."""

    IDENTICAL = "identical"
    DIFFERENT = "different"
    EMPTY = "empty"
    """No event stands in the file: nothing to judge."""


@message
class JournalVerdict:
    """One file judged. `first_seq` and `first_at` are of its header, `last_at` of its last event.

    `ends_torn`: the file breaks off where its process died, after the last line that counts.
    """

    path: Path
    account_id: str
    config_hash: str
    code_version: str
    verdict: Verdict
    events: int
    first_seq: int
    first_at: Instant
    last_at: Instant | None
    ends_torn: bool
    difference: Difference | None


class _Counted:
    """A session that counts what it is handed."""

    def __init__(self, session: AccountSession, progress: Progress) -> None:
        self._session = session
        self._progress = progress
        self.events = 0
        self.last_at: Instant | None = None

    def restore(self, memory: Mapping[str, object]) -> None:
        self._session.restore(memory)

    def handle(self, event: Event, now: Instant) -> Effects:
        self.events += 1
        self.last_at = now
        self._progress.advance()
        return self._session.handle(event, now)


def judge(path: Path, progress: Progress) -> JournalVerdict:
    """Replay one file; UserError when it, or the setup beside it, cannot be read."""
    try:
        line, header = header_of(path)
        setup = read_setup(setup_path(path))
        session = _Counted(setup.session(), progress)
        difference, ends_torn = _replayed(path, session, setup.config_hash)
    except (JournalError, SetupUnreadable, SavedStateError) as error:
        raise UserError(
            f"{path} cannot be replayed: {error}",
            "a journal is replayed with the .setup.json that lies beside it, by the version of "
            "gridbot whose journal format it has",
        ) from error
    if difference is not None and difference.expected is None:
        # Its last event was written and what it caused was not: the process died in between.
        difference, ends_torn = None, True
    if difference is not None:
        verdict = Verdict.DIFFERENT
    else:
        verdict = Verdict.IDENTICAL if session.events else Verdict.EMPTY
    return JournalVerdict(
        path=path,
        account_id=setup.account_id,
        config_hash=header.config_hash,
        code_version=header.code_version,
        verdict=verdict,
        events=session.events,
        first_seq=line.seq,
        first_at=line.now,
        last_at=session.last_at,
        ends_torn=ends_torn,
        difference=difference,
    )


def files_below(path: Path) -> list[Path]:
    """A journal file itself, or all of a folder and those below it; UserError for none."""
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if is_journal(file)]
        if not found:
            raise UserError(
                f"expected journal files (*{PLAIN}, *{COMPRESSED}) below {path}, found none",
                "journals lie in DATA_FOLDER/accounts/NAME/journal",
            )
        return found
    if not path.is_file():
        raise UserError(f"expected a journal file or a folder, found nothing at {path}")
    return [path]


def _replayed(path: Path, session: _Counted, config_hash: str) -> tuple[Difference | None, bool]:
    """The first difference, and whether the file breaks off."""
    with opened(path) as lines:
        try:
            return replay(lines, session, config_hash=config_hash), False
        except TruncatedLine:
            return None, True
