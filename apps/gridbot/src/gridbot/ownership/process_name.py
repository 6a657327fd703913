"""What names a process for all machines, and whether the process of a name has surely ended.

A number of a process means something only within one boot and one namespace: two containers may
share a host name and both have a process 1. Where /proc does not say, nobody is ever called gone.
"""

import os
import platform
from pathlib import Path

_PROC = Path("/proc")
_UNKNOWN = "-"
_PARTS = 6
_ENDED = frozenset({"Z", "X", "x"})
"""Killed and not reaped, or dead: what the system keeps of those is a row in its table."""


def process_name(run: str) -> str:
    """This process, in one life of it: HOST/BOOT/NAMESPACE/PID/STARTED/RUN."""
    pid = os.getpid()
    place = f"{platform.node()}/{_boot()}/{_namespace()}"
    return f"{place}/{pid}/{_begun(pid) or _UNKNOWN}/{run}"


def is_gone(name: str) -> bool:
    """Whether a name is that of a process which has surely ended, or of an earlier life of this."""
    parts = name.split("/", _PARTS - 1)
    if len(parts) != _PARTS:
        return False
    _, boot, namespace, pid, begun, _ = parts
    if _UNKNOWN in (boot, namespace, begun) or not (pid.isascii() and pid.isdecimal()):
        return False
    if (boot, namespace) != (_boot(), _namespace()):
        return False
    return int(pid) == os.getpid() or _begun(int(pid)) != begun


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return _UNKNOWN


def _namespace() -> str:
    try:
        return os.readlink(_PROC / "self/ns/pid")
    except OSError:
        return _UNKNOWN


def _begun(pid: int) -> str | None:
    """When a process that lives began, in ticks since the boot; None when there is none."""
    try:
        # The second field is the program's name, which may hold anything, in parentheses.
        fields = (_PROC / f"{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError, OverflowError):
        return None
    state, begun = fields[0].decode(), fields[19].decode()
    return None if state in _ENDED else begun
