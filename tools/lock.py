"""Resolves every version anew and writes each one into pyproject.toml as an exact constraint."""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tools import pins

ROOT = Path(__file__).resolve().parent.parent
KEYS = ("constraint-dependencies", "build-constraint-dependencies")
ROUNDS = 5


class CannotLockError(Exception):
    """Names what was expected of pyproject.toml or of the resolution, and what was found."""


def with_constraints(pyproject_text: str, key: str, versions: Mapping[str, str]) -> str:
    """Replaces the list under `key` by exact constraints, one per line and sorted.

    Everything else in the text stays as it is. Raises CannotLockError unless the key is there once.
    """
    block = re.compile(rf"^{re.escape(key)} = \[[^\]]*\]$", re.MULTILINE)
    found = len(block.findall(pyproject_text))
    if found != 1:
        raise CannotLockError(f"expected one list named {key} in pyproject.toml, found {found}")
    lines = "".join(f'    "{name}=={versions[name]}",\n' for name in sorted(versions))
    listing = f"[\n{lines}]" if lines else "[]"
    return block.sub(lambda _: f"{key} = {listing}", pyproject_text)


def copy_projects(root: Path, target: Path) -> None:
    """Copies the pyproject.toml of the root and of every member: all that a resolution reads."""
    for folder in [root, *pins.member_folders(root)]:
        destination = target / folder.relative_to(root)
        destination.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "pyproject.toml", destination / "pyproject.toml")


def one_version_each(versions: Mapping[str, list[str]]) -> dict[str, str]:
    """Picks the oldest version where the resolution forked: the one that fits every Python."""
    return {name: min(found, key=_release) for name, found in versions.items()}


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def resolve(uv: Path, folder: Path) -> dict[str, str]:
    """Resolves the projects in `folder`, which carry no constraints, to one version per package."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    chosen: dict[str, str] = {}
    for _ in range(ROUNDS):
        (folder / "pyproject.toml").write_text(
            with_constraints(text, KEYS[0], chosen), encoding="utf-8"
        )
        (folder / "uv.lock").unlink(missing_ok=True)
        subprocess.run([str(uv), "lock", "--quiet"], cwd=folder, check=True)
        lock = tomllib.loads((folder / "uv.lock").read_text(encoding="utf-8"))
        resolved = pins.resolved_versions(lock)
        if resolved == {name: [version] for name, version in chosen.items()}:
            return chosen
        chosen = one_version_each(resolved)
    raise CannotLockError(f"expected a stable resolution within {ROUNDS} rounds, found none")


def relock(root: Path, uv: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Writes fresh constraints into the root's pyproject.toml; returns run-time and build pins.

    The file is replaced only after everything has resolved.
    """
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    bare = with_constraints(with_constraints(text, KEYS[0], {}), KEYS[1], {})
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_projects(root, folder)
        (folder / "pyproject.toml").write_text(bare, encoding="utf-8")
        build = pins.resolve_build(uv, pins.build_requirements(root))
        runtime = resolve(uv, folder)
    pinned = with_constraints(with_constraints(text, KEYS[0], runtime), KEYS[1], build)
    (root / "pyproject.toml").write_text(pinned, encoding="utf-8")
    return runtime, build


def entry(root: Path = ROOT) -> int:
    """Pins the workspace and refreshes uv.lock; 0 done, 2 when something did not resolve."""
    uv = root / ".bootstrap" / "bin" / "uv"
    try:
        runtime, build = relock(root, uv)
        subprocess.run([str(uv), "lock", "--quiet"], cwd=root, check=True)
    except (CannotLockError, subprocess.CalledProcessError) as failure:
        print(f"nothing was pinned: {failure}", file=sys.stderr)
        return 2
    print(f"pinned {len(runtime)} packages and {len(build)} for building")
    return 0


if __name__ == "__main__":
    sys.exit(entry())
