"""The commands in the fenced blocks of README and guides, as a reader would type them.

It knows Markdown's fences and a shell's comments; what a command does it refuses to know.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SCRIPT = "sh"
"""The language of a block that is typed whole, from its first line to its last."""
COMMANDS = ("", SCRIPT)
"""Languages of blocks that hold commands; every other block names what it is."""
PROGRAMS = ".venv/bin/"
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block. `line` is that of its opening fence; `text` is without the indentation."""

    guide: str
    line: int
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line of a shell without its comment, and the block that it stands in."""

    block: Block
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for a message."""
        return f"{self.block.guide}, block of line {self.block.line}"


def guide_files(root: Path) -> list[Path]:
    """The README and every guide."""
    return [root / "README.md", *sorted((root / "docs" / "guides").glob("*.md"))]


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a file in their order; ValueError for one that is never closed."""
    found: list[Block] = []
    opened: tuple[int, str, str] | None = None
    inside: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is None:
            if fence:
                opened, inside = (number, fence["language"], fence["indent"]), []
        elif fence and not fence["language"]:
            text = "".join(f"{one.removeprefix(opened[2])}\n" for one in inside)
            found.append(Block(guide=path.name, line=opened[0], language=opened[1], text=text))
            opened = None
        else:
            inside.append(line)
    if opened is not None:
        raise ValueError(f"{path.name}: expected the block of line {opened[0]} to be closed")
    return found


def commands(block: Block) -> list[Command]:
    """The commands of a block; none of one that is in another language than a shell's."""
    if block.language not in COMMANDS:
        return []
    return [Command(block=block, text=text) for text in _lines(block.text)]


def all_commands(root: Path) -> list[Command]:
    """Every command of every guide."""
    return [
        command
        for path in guide_files(root)
        for block in blocks(path)
        for command in commands(block)
    ]


def script(path: Path) -> str:
    """The blocks of a guide that are typed whole, one after the other."""
    return "".join(block.text for block in blocks(path) if block.language == SCRIPT)


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        bare = _without_comment(line).strip()
        if bare:
            yield re.sub(r" +", " ", bare).replace(PROGRAMS, "")


def _without_comment(line: str) -> str:
    """A comment begins with # at the beginning of a word that is not quoted."""
    for match in re.finditer(r"(?:^|(?<=\s))#", line):
        try:
            shlex.split(line[: match.start()])
        except ValueError:
            continue  # inside of quotes
        return line[: match.start()]
    return line
