import asyncio
from typing import Any

import pytest
from aiohttp import ClientConnectorError, ClientSession, web

from bybit_sim.sockets.listener import Listener


def test_a_shut_listener_refuses_and_comes_back_on_the_same_port() -> None:
    async def story() -> Any:
        async def hello(_: Any) -> Any:
            return web.Response(text="hello")

        app = web.Application()
        app.router.add_get("/", hello)
        runner = web.AppRunner(app)
        await runner.setup()
        listener = Listener(runner, 0)
        await listener.open()
        port, url = listener.port, f"http://127.0.0.1:{listener.port}/"
        async with ClientSession() as http:
            first = await (await http.get(url)).text()
            listener.shut()
            listener.shut()
            # The open connection stays; a second one is refused.
            kept = await (await http.get(url)).text()
            async with ClientSession() as other:
                with pytest.raises(ClientConnectorError):
                    await other.get(url)
                await listener.open()
                await listener.open()
                again = await (await other.get(url)).text()
        listener.shut()
        await runner.cleanup()
        return first, kept, again, listener.port == port

    assert asyncio.run(story()) == ("hello", "hello", "hello", True)
