"""Says whether every resolved package has an exact constraint in the root pyproject.toml."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools import pins

ROOT = Path(__file__).resolve().parent.parent
REMEDY = "run `make lock` and commit pyproject.toml"


def unpinned(
    resolved: Mapping[str, Sequence[str]], constraints: Sequence[str], key: str
) -> list[str]:
    """Compares resolved versions with the constraints under `key`; one sentence per difference."""
    pinned, inexact = pins.exact_pins(constraints)
    faults = [f"{key}: expected name==version, found {text!r}" for text in inexact]
    for name, versions in sorted(resolved.items()):
        expected = pinned.get(name)
        if expected is None:
            faults.append(f"{key}: {name} {'/'.join(versions)} is resolved without a constraint")
        elif list(versions) != [expected]:
            faults.append(f"{key}: {name} is pinned to {expected}, found {'/'.join(versions)}")
    faults += [
        f"{key}: {name} is pinned, nothing needs it" for name in sorted(set(pinned) - set(resolved))
    ]
    return faults


def loose_requirements(text: str) -> list[str]:
    """Finds the lines of a requirements file that do not name one exact version."""
    lines = (re.split(r"\s#|^#", line)[0].strip() for line in text.splitlines())
    requirements = [line.split(";")[0].strip() for line in lines if line]
    return pins.exact_pins(requirements)[1]


def constraint_faults(root: Path, uv: Path) -> list[str]:
    """Collects everything in the tree that could resolve to another version tomorrow."""
    lock_file = root / "uv.lock"
    if not lock_file.exists():
        return ["expected uv.lock in the root, found none: run `make setup`"]
    lock = tomllib.loads(lock_file.read_text(encoding="utf-8"))
    settings = pins.uv_settings(root)
    faults = unpinned(
        pins.resolved_versions(lock),
        settings.get("constraint-dependencies", []),
        "constraint-dependencies",
    )
    faults += [
        f"uv.lock: {name} has no wheel, its build back-end would be unpinned"
        for name in pins.without_wheel(lock)
    ]
    build_pins = settings.get("build-constraint-dependencies", [])
    needed = pins.resolve_build(uv, pins.build_requirements(root), build_pins)
    faults += unpinned(
        {name: [version] for name, version in needed.items()},
        build_pins,
        "build-constraint-dependencies",
    )
    for file in sorted(root.glob("[!.]*/**/*requirements*.txt")):
        faults += [
            f"{file.relative_to(root)}: expected name==version, found {line!r}"
            for line in loose_requirements(file.read_text(encoding="utf-8"))
        ]
    return faults


def entry(root: Path = ROOT) -> int:
    """Prints the faults; 0 when there is none, 3 when there are, 2 when uv could not answer."""
    try:
        faults = constraint_faults(root, root / ".bootstrap" / "bin" / "uv")
    except subprocess.CalledProcessError as failure:
        print(f"uv could not resolve the build back-ends: {failure}", file=sys.stderr)
        return 2
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        print(f"{len(faults)} versions are not pinned: {REMEDY}", file=sys.stderr)
        return 3
    print("every resolved package has an exact constraint")
    return 0


if __name__ == "__main__":
    sys.exit(entry())
