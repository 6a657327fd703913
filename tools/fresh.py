"""Plays a newcomer: clones HEAD into a new folder and runs the two commands, with an empty HOME.

Runs on the system's Python. Only variables that say how to reach the network are handed on.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (("make", "demo"), ("make", "test"))
LAST_LINES = 15
NETWORK = re.compile(
    r"^(https?_proxy|no_proxy|ssl_cert_(file|dir)|(pip|uv)_.*index.*)$", re.IGNORECASE
)


def newcomer_environment(outer: Mapping[str, str], home: Path) -> dict[str, str]:
    """Keeps PATH and the way to the network; everything else of the outer environment is gone."""
    kept = {name: value for name, value in outer.items() if NETWORK.match(name)}
    return kept | {"PATH": outer["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def run_shown(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Runs a command, prints its last lines and how long it took; returns its exit code."""
    began = time.monotonic()
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        assert run.stdout is not None
        last.extend(run.stdout)
    print(f"== {' '.join(command)}: exit {run.returncode}, {time.monotonic() - began:.0f} s")
    print("".join(last), flush=True)
    return run.returncode


def fresh(source: Path, commands: Sequence[Sequence[str]], outer: Mapping[str, str]) -> int:
    """Clones the committed state of `source` and runs the commands; 0 when all passed, else 2."""
    with tempfile.TemporaryDirectory(prefix="fresh-") as temporary:
        home, clone = Path(temporary) / "home", Path(temporary) / "clone"
        home.mkdir()
        git = ["git", "clone", "--quiet", "--no-hardlinks", str(source), str(clone)]
        if subprocess.run(git, check=False).returncode != 0:
            print(f"expected a repository with a commit in {source}", file=sys.stderr)
            return 2
        environment = newcomer_environment(outer, home)
        for command in commands:
            if run_shown(command, clone, environment) != 0:
                return 2
    return 0


if __name__ == "__main__":
    sys.exit(fresh(ROOT, COMMANDS, os.environ))
