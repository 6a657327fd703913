"""What the workspace resolves to, and which versions are pinned: the facts behind lock and check.

Knows pyproject.toml and uv.lock. Does not know where packages come from; writes no address down.
"""

import re
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

EXACT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)$")
# What a back-end asks for only while it builds an editable member; no pyproject.toml names it.
ASKED_WHILE_BUILDING = {"hatchling": ["editables"]}


def canonical_name(name: str) -> str:
    """Writes a package's name the one way that compares equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def exact_pins(requirements: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Splits requirements into {name: version} of the exact ones and the texts of all others."""
    pins: dict[str, str] = {}
    inexact: list[str] = []
    for requirement in requirements:
        match = EXACT.match(requirement.strip())
        if match is None:
            inexact.append(requirement)
        else:
            pins[canonical_name(match[1])] = match[2]
    return pins, inexact


def uv_settings(root: Path) -> dict[str, Any]:
    """Reads the `[tool.uv]` table of the workspace's root."""
    document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    settings: dict[str, Any] = document["tool"]["uv"]
    return settings


def member_folders(root: Path) -> list[Path]:
    """Lists the folders of the workspace's members, sorted."""
    patterns = uv_settings(root)["workspace"]["members"]
    return sorted(folder.parent for p in patterns for folder in root.glob(f"{p}/pyproject.toml"))


def resolved_versions(lock: Mapping[str, Any]) -> dict[str, list[str]]:
    """Reads {name: versions} of every package in a parsed uv.lock that is not a member."""
    versions: dict[str, list[str]] = {}
    for package in lock.get("package", []):
        if "registry" in package["source"]:
            versions.setdefault(canonical_name(package["name"]), []).append(package["version"])
    return versions


def without_wheel(lock: Mapping[str, Any]) -> list[str]:
    """Names the packages that would be built here, with a build back-end that nobody pinned."""
    packages = (p for p in lock.get("package", []) if "registry" in p["source"])
    return sorted(p["name"] for p in packages if not p.get("wheels"))


def build_requirements(root: Path) -> list[str]:
    """Lists what the members' build back-ends ask for, also while they build."""
    wanted: set[str] = set()
    for folder in member_folders(root):
        document = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        wanted.update(document["build-system"]["requires"])
    for backend, extra in ASKED_WHILE_BUILDING.items():
        if any(requirement.startswith(backend) for requirement in wanted):
            wanted.update(extra)
    return sorted(wanted)


def resolve_build(
    uv: Path, requirements: Iterable[str], constraints: Iterable[str] = ()
) -> dict[str, str]:
    """Resolves build requirements apart from the workspace; {name: version}.

    Raises subprocess.CalledProcessError when uv finds no solution.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "constraints.txt").write_text("\n".join(constraints), encoding="utf-8")
        command = [str(uv), "--system-certs", "pip", "compile", "--quiet"]
        command += ["--universal", "--python-version", "3.11", "--constraints", "constraints.txt"]
        command += ["--no-header", "--no-annotate", "-"]
        text = "\n".join(requirements)
        run = subprocess.run(
            command, input=text, cwd=folder, check=True, stdout=subprocess.PIPE, text=True
        )
    lines = (line.split(";")[0].strip() for line in run.stdout.splitlines())
    pins, inexact = exact_pins(line for line in lines if line)
    assert not inexact, f"uv answered lines that are no exact versions: {inexact}"
    return pins
