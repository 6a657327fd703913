"""What a measurement asks of the simulator itself, over its admin endpoints."""

import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests

from bench.wire.server import Server

PATIENCE_S = 10
STEP_S = 0.02

Fault = Mapping[str, str | int]
"""A fault as `POST /sim/fault` takes it."""


def put_fault(server: Server, fault: Fault) -> None:
    """Puts a fault on the board, from now on."""
    _post(server, "fault", fault)


def cause_a_push(server: Server) -> None:
    """Moves a little cash, so that the private stream of the first account says something."""
    _post(server, "cash", {"account": "demo-1", "amount": "0.01"})


def await_refusal(server: Server) -> None:
    """Waits until no connection is accepted any more."""
    parts = urlsplit(server.http)
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        try:
            socket.create_connection((parts.hostname, parts.port), PATIENCE_S).close()
        except OSError:
            return
        time.sleep(STEP_S)
    raise TimeoutError(f"expected {server.http} to refuse within {PATIENCE_S} s, it accepts")


def _post(server: Server, what: str, body: Mapping[str, str | int]) -> None:
    answer = requests.post(f"{server.http}/sim/{what}", json=dict(body), timeout=PATIENCE_S)
    answer.raise_for_status()
