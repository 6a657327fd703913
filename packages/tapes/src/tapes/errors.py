"""What can be wrong with a tape or with the material for one.

Knows how to say it (expected, found, how to mend); refuses to know exit codes and terminals.
"""


class TapeError(Exception):
    """A tape cannot be read or made: what failed, what was expected, what was found, the remedy."""

    def __init__(self, what: str, *, expected: str, found: str, mend: str) -> None:
        super().__init__(f"{what}: expected {expected}, found {found}. {mend}")
        self.what = what
        self.expected = expected
        self.found = found
        self.mend = mend


class TapeNotWritten(TapeError):
    """The operating system refused to write: the request was good, the disk was not."""


def disk_error(what: str, error: OSError) -> TapeNotWritten:
    """Turn the operating system's refusal to write (disk full, no permission) into an error."""
    return TapeNotWritten(
        what,
        expected="a folder that can be written and has room",
        found=f"{error.strerror or type(error).__name__}",
        mend="Free some space or choose another place; nothing half-written was left behind.",
    )
