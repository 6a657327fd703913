"""Heads a group of processes and kills it, itself included, when its holder is gone.

The holder keeps the other end of stdin open; a holder that dies in any way lets go of it.
"""

import os
import signal
import sys

_NOT_FOR_US = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The holder decides how the others end; whoever else signals the group does not end its head."""


def main() -> None:
    """Wait until the holder lets go, then kill the whole group."""
    for number in _NOT_FOR_US:
        signal.signal(number, signal.SIG_IGN)
    os.write(sys.stdout.fileno(), b"holding\n")
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
