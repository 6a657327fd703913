"""Ports of this machine on which nobody listens; it refuses to know who will."""

import random
import socket
from contextlib import ExitStack

HOST = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 29_999
"""Below the ports that systems lend to outgoing connections: one of those could take ours before
its program listens."""
_TRIES = 1000


class NoFreePort(OSError):
    """Every port that was tried is taken."""


def free_ports(count: int) -> tuple[int, ...]:
    """So many different ports of 127.0.0.1 that were free just now; NoFreePort when there are none.

    Drawn at random, so that two that ask at the same time hardly ever get the same.
    """
    found: list[int] = []
    draw = random.SystemRandom()
    with ExitStack() as held:
        for _ in range(_TRIES):
            if len(found) == count:
                return tuple(found)
            one = held.enter_context(socket.socket())
            port = draw.randint(LOWEST, HIGHEST)
            if _binds(one, port):
                found.append(port)
    raise NoFreePort(f"expected {count} free ports from {LOWEST} to {HIGHEST}, found {len(found)}")


def _binds(one: socket.socket, port: int) -> bool:
    try:
        one.bind((HOST, port))
    except OSError:
        return False
    return True
