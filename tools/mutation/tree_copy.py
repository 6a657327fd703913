"""A copy of the tree in which code may be broken, and the commands that run in it.

Knows how to make Python import the copy instead of what is installed. The tree itself it only
reads.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from appkit.kernel import INTERPRETED_VARIABLE, KernelKind
from tools import layout

KERNEL_FOLDERS = ("packages/gridcore", "packages/simvenue")
# A counterexample need not be small to be noticed, and the search must be the same every time.
CONFTEST_ADDITION = """

from hypothesis import Phase

settings.register_profile(
    "broken on purpose",
    settings.get_profile("tree"),
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("broken on purpose")
"""
ORIGINS = (
    "import importlib.util as u, sys\n"
    "print(*(s.origin if (s := u.find_spec(n)) else '' for n in sys.argv[1:]), sep='\\n')"
)
MEMORY_LIMIT_KIB = 4_000_000
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a command ended; `exit_code` is None when it was stopped at its limit."""

    exit_code: int | None
    output: str
    seconds: float


class Stopped(Exception):
    """The whole run ends now; what the command would have said stays unknown."""


class TreeCopy:
    """One copy, used by one thread at a time."""

    __slots__ = ("root",)

    def __init__(self, source: Path, target: Path) -> None:
        """Copies the files that git keeps or would keep."""
        self.root = target
        for name in layout.tracked_files(source):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
        with (target / "conftest.py").open("a", encoding="utf-8") as conftest:
            conftest.write(CONFTEST_ADDITION)

    def source_folders(self) -> list[Path]:
        """The members' source folders."""
        return sorted(p for p in self.root.glob("*/*/src") if p.is_dir())

    def environment(self) -> dict[str, str]:
        """What makes a command in the copy import the copy, in its interpreted form."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        places = [str(folder) for folder in self.source_folders()]
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join(places),
            INTERPRETED_VARIABLE: KernelKind.INTERPRETED.value,
            "PYTHONHASHSEED": "0",
        }

    def imported_from_elsewhere(self) -> list[str]:
        """Names the members that a command in the copy would import from somewhere else."""
        packages = {
            p.parent.name: p for f in self.source_folders() for p in f.glob("*/__init__.py")
        }
        run = subprocess.run(
            [sys.executable, "-c", ORIGINS, *packages],
            cwd=self.root,
            env=self.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        found = zip(packages.items(), run.stdout.splitlines(), strict=True)
        return [
            f"{name}: expected it from {file}, found {origin or 'nothing'}"
            for (name, file), origin in found
            if Path(origin) != file
        ]

    def kernel_digest(self) -> str:
        """Names the state of what is broken here and of what should notice."""
        digest = hashlib.sha256()
        files = [p for folder in KERNEL_FOLDERS for p in (self.root / folder).rglob("*.py")]
        for path in sorted([*files, self.root / "conftest.py", self.root / "pyproject.toml"]):
            digest.update(path.relative_to(self.root).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
        return digest.hexdigest()[:16]

    @contextlib.contextmanager
    def changed(self, name: Path, text: str) -> Iterator[None]:
        """Gives one file another text for a while; afterwards it is as it was."""
        path = self.root / name
        original = path.read_bytes()
        try:
            _write(path, text.encode())
            yield
        finally:
            _write(path, original)

    def run(self, command: Sequence[str], limit_s: float, stop: Event) -> Finished:
        """Runs a command in the copy, with everything it starts, for at most `limit_s`.

        Raises Stopped when `stop` is set before the command ends.
        """
        limited = ["sh", "-c", f'ulimit -v {MEMORY_LIMIT_KIB}; exec "$@"', "sh", *command]
        began = time.monotonic()
        with subprocess.Popen(
            limited,
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as run:
            with ExitStack() as when_it_fails:
                when_it_fails.callback(_kill, run)
                output = _output(run, began + limit_s, stop)
                when_it_fails.pop_all()
            exit_code = None if output is None else run.returncode
            if output is None:
                _kill(run)
                output, _ = run.communicate()
        return Finished(
            exit_code=exit_code,
            output=output.decode("utf-8", errors="replace"),
            seconds=time.monotonic() - began,
        )


def _output(run: subprocess.Popen[bytes], until: float, stop: Event) -> bytes | None:
    """What the command said when it ended; None when its time is over."""
    while not stop.is_set():
        try:
            return run.communicate(timeout=LOOK_EVERY_S)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() >= until:
                return None
    raise Stopped


def _kill(run: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)


def _write(path: Path, content: bytes) -> None:
    """Bytecode is told apart by whole seconds and size only, so the old one goes at once."""
    path.write_bytes(content)
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
