"""Reads `.env`: lines of NAME=VALUE; what is done with them is the program's.

Its errors name lines and never values, since such files hold secrets.
"""

import re
from pathlib import Path

from appkit.exits import UserError

SIZE_MAX = 64 * 1024
_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<inner>.*)(?P=quote)(?:\s+#.*)?")
_COMMENT = re.compile(r"(?:^|\s+)#.*")


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a file; none when there is no such file.

    A value may stand in quotes; outside of them ` #` begins a comment. Nothing is replaced in it.
    UserError for a line that is none of these.
    """
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(SIZE_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        # Without the cause, which may carry the file's bytes.
        raise UserError(f"cannot read {path}: {type(error).__name__}") from None
    if len(text) > SIZE_MAX:
        raise UserError(f"{path} is larger than {SIZE_MAX} characters: no file of variables")
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        parts = _LINE.fullmatch(stripped)
        if parts is None:
            raise UserError(f"{path}, line {number}: expected NAME=VALUE, a comment or nothing")
        found[parts["name"]] = _value(parts["value"])
    return found


def _value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return _COMMENT.sub("", text) if quoted is None else quoted["inner"]
