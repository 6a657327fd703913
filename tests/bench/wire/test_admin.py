"""What a measurement asks of the simulator itself."""

from collections.abc import Iterator

import pytest
import requests

from bench.wire.admin import await_refusal, cause_a_push, put_fault
from bench.wire.server import Server, simulator


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A simulator with its built-in accounts."""
    with simulator("seed: 1\n") as running:
        yield running


def test_a_fault_is_on_the_board_afterwards(server: Server) -> None:
    put_fault(server, {"kind": "frame_delayed", "target": "nothing", "amount": 5})

    board = requests.get(f"{server.http}/sim/faults", timeout=10).json()["faults"]
    assert board[0]["kind"] == "frame_delayed"


def test_a_fault_that_makes_no_sense_is_an_error(server: Server) -> None:
    with pytest.raises(requests.HTTPError):
        put_fault(server, {"kind": "refusing"})


def test_a_push_changes_the_wallet(server: Server) -> None:
    cause_a_push(server)


def test_a_refusal_is_waited_for(server: Server) -> None:
    put_fault(server, {"kind": "refusing", "for_ms": 300})

    await_refusal(server)

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.http}/v5/market/time", timeout=10)
