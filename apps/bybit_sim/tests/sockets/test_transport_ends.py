import asyncio
from typing import Any

import pytest

from bybit_sim.sockets.transport_ends import end_of_file, reset


def outcome_for_the_peer(end: Any) -> Any:
    """What a client's read comes to when the server ends its connection like this."""

    async def story() -> Any:
        def serve(_: Any, writer: Any) -> Any:
            end(writer.transport)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await reader.read()
            finally:
                writer.transport.abort()

    return asyncio.run(story())


def test_a_reset_is_seen_as_one_by_the_peer() -> None:
    with pytest.raises(ConnectionResetError):
        outcome_for_the_peer(reset)


def test_an_end_of_file_says_nothing() -> None:
    assert outcome_for_the_peer(end_of_file) == b""


def test_a_connection_that_is_gone_already_is_no_matter() -> None:
    reset(None)
    end_of_file(None)
