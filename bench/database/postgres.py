"""A PostgreSQL server of its own: a new cluster on a free port, gone afterwards.

Knows initdb and pg_ctl, and that root may not run a server; refuses to know tables.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
USER = "bench"
START_S = 60


class NoPostgres(Exception):
    """No PostgreSQL here, or it does not start; the text says how to mend it."""


def postgres_programs(path: str | None = None, debian: Path = DEBIAN_PROGRAMS) -> Path:
    """The folder of initdb and pg_ctl: on PATH (`path` instead, if given), or where Debian puts
    them, the newest. NoPostgres when there is none."""
    found = shutil.which("initdb", path=path)
    if found is not None:
        return Path(found).resolve().parent
    versions = [folder for folder in debian.glob("*/bin") if (folder / "initdb").is_file()]
    if not versions:
        raise NoPostgres(
            "expected initdb and pg_ctl of PostgreSQL on PATH, found neither "
            "(Debian: apt-get install postgresql)"
        )
    return max(versions, key=lambda folder: _version(folder.parent.name))


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a new server's empty database, with the server's own default settings.

    It listens on 127.0.0.1 only and is run by an unprivileged user. NoPostgres when it cannot be.
    """
    programs = postgres_programs()
    who = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        served, port = folder / "served", free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        control = [str(programs / "pg_ctl"), "-D", str(served), "-w", "-t", str(START_S)]
        initdb = [str(programs / "initdb"), "-D", str(served), "-U", USER, "-E", "UTF8"]
        _run([*initdb, "--auth=trust"], who)
        _run([*control, "-l", str(folder / "log"), "-o", options, "start"], who)
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], who)
    finally:
        shutil.rmtree(folder)


def unprivileged() -> dict[str, Any]:
    """How to start a process that may serve a database: as nobody, where we are root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _run(command: list[str], who: dict[str, Any]) -> None:
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    # Output to a file, not a pipe: the server keeps what pg_ctl was started with.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command, check=False, env=environment, cwd="/", stdout=output, stderr=output, **who
        )
        if done.returncode != 0:
            output.seek(0)
            lines = output.read().decode(errors="replace").strip().splitlines() or ["no message"]
            raise NoPostgres(f"{Path(command[0]).name} failed: {lines[-1]}")


def _version(text: str) -> int:
    return int(text) if text.isdigit() else 0
