"""Free ports are different, free, and not among those that the system lends out."""

import socket

import pytest

from comparator.closed_loop.ports import HIGHEST, HOST, LOWEST, NoFreePort, free_ports


def test_ports_are_different_free_and_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    assert all(LOWEST <= port <= HIGHEST < 32768 for port in ports)
    for port in ports:
        with socket.socket() as one:
            one.bind((HOST, port))


def test_more_ports_than_are_tried_are_refused() -> None:
    with pytest.raises(NoFreePort, match=r"expected 1001 free ports from 20000 to 29999, found"):
        free_ports(1001)
