"""Which code is running: the package's version and, in a checkout, its commit."""

import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

GIT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeVersion:
    """The version of a package; commit and changes are None where they cannot be known."""

    package: str
    version: str | None
    commit: str | None
    modified: bool | None

    def __str__(self) -> str:
        if self.version is None and self.commit is None:
            return f"{self.package} unknown"
        commit = f"+{self.commit[:12]}" if self.commit is not None else ""
        modified = " (modified)" if self.modified else ""
        return f"{self.package} {self.version or 'unknown'}{commit}{modified}"


def code_version(package: str, source: Path) -> CodeVersion:
    """The version of the installed `package` whose source file or folder is `source`.

    An installed copy under site-packages has no commit, even when its environment happens to lie
    inside some other checkout.
    """
    folder = source if source.is_dir() else source.parent
    in_checkout = "site-packages" not in folder.parts
    commit = _git(folder, "rev-parse", "HEAD") if in_checkout else None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    return CodeVersion(
        package=package,
        version=_installed(package),
        commit=commit or None,
        modified=None if status is None else bool(status),
    )


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
