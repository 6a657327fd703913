"""What can be wrong with a configuration file, and how it is said; it finds no problem itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appkit.exits import UserError

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of the file to one value."""


def path_text(path: KeyPath) -> str:
    """`strategies[0].grid_step`; the file as a whole is `(top level)`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "(top level)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong at one place; `line` counts from 1, None where it is not known."""

    path: KeyPath
    line: int | None
    text: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{place}{path_text(self.path)}: {self.text}"


class ConfigurationRefused(UserError):
    """A configuration file with all its problems, one line each."""

    def __init__(self, file: Path, problems: Sequence[Problem], hint: str | None = None) -> None:
        self.file = file
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            message = f"{file}: {self.problems[0]}"
        else:
            lines = "".join(f"\n  {problem}" for problem in self.problems)
            message = f"{file}: {len(self.problems)} problems{lines}"
        super().__init__(message, hint)
