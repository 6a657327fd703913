"""Compiles gridcore and simvenue with mypyc into the folder that appkit.kernel looks for.

The sources stay as they are; a copy is compiled. Modules that only declare messages, and the two
that touch files or are used once, stay interpreted.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from appkit.kernel import compiled_folder, source_folders

INTERPRETED = {
    "gridcore": {
        "__init__",
        "clock",
        "config",
        "event_words",
        "events",
        "message",
        "persistence",
        "preview",
        "replies",
    },
    "simvenue": {
        "__init__",
        "messages",
        "amending",
        "answers",
        "records",
        "other_hands",
        "standing",
    },
}
NOT_TIMED = "campaign"
"""The folder of the fault campaign: no backtest runs it."""
INTERPRETED_SESSION = {
    "__init__",
    "codec",
    "effects",
    "forms",
    "replay",
    "setup",
    "strategy_memory",
}
LONGEST_S = 900


def modules_to_compile(folder: Path) -> list[Path]:
    """The modules of one package that are compiled, relative to the folder above it."""
    chosen = []
    for file in sorted(folder.rglob("*.py")):
        kept = INTERPRETED_SESSION if file.parent.name == "session" else INTERPRETED[folder.name]
        if file.stem not in kept and file.parent.name != NOT_TIMED:
            chosen.append(file.relative_to(folder.parent))
    return chosen


def compiler() -> str | None:
    """The C compiler that would be used; None when there is none."""
    return shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")


def compile_into(folders: list[Path], target: Path) -> None:
    """Compile copies of the packages; `target` appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="making-") as made:
        work = Path(made) / "kernel"
        work.mkdir()
        modules: list[str] = []
        for folder in folders:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(folder, work / folder.name, ignore=ignored)
            modules += [str(module) for module in modules_to_compile(folder)]
        environment = {
            **os.environ,
            "MYPYC_OPT_LEVEL": "2",
            "MYPYC_DEBUG_LEVEL": "0",
            "MYPYPATH": str(work),
        }
        command = [sys.executable, "-m", "mypyc", "--strict", *modules]
        done = subprocess.run(
            command,
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
        if done.returncode:
            raise SystemExit(f"mypyc failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        shutil.rmtree(work / "build", ignore_errors=True)
        (work / "complete").write_text("compiled by mypyc\n")
        work.rename(target)


def forget_others(target: Path) -> None:
    """Remove compiled kernels of other sources."""
    for other in target.parent.iterdir():
        if other != target and other.is_dir():
            shutil.rmtree(other, ignore_errors=True)


def main() -> int:
    """Compile if it can be done and has not been done."""
    target = compiled_folder()
    if target is None:
        print("compile: expected a checkout with the kernel's sources, found none")
        return 1
    if (target / "complete").is_file():
        print("compile: the compiled kernel is up to date")
        return 0
    if compiler() is None:
        print(
            "compile: no C compiler found; the kernel runs interpreted, at about half the speed "
            "(Debian, Ubuntu: apt-get install gcc python3-dev)"
        )
        return 0
    print("compile: compiling the kernel, about a minute", flush=True)
    compile_into(source_folders(), target)
    forget_others(target)
    print(f"compile: {target.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
