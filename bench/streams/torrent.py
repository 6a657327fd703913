"""A stream server that sends numbered frames at a steady pace, as a process of its own.

Public: publicTrade frames of one trade each; private: execution frames of one row each. Each row
says its number and when it left, in microseconds of the machine's wall clock.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable

from aiohttp import WSMsgType, web

BEAT_S = 0.005
ROW = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "orderId": "9aac161b-8ed6-450d-9cab-c5cc67c21784",
    "orderLinkId": "0123456789abcdef-mabcdefghij",
    "side": "Buy",
    "orderPrice": "54123.40",
    "orderQty": "0.010",
    "leavesQty": "0",
    "createType": "CreateByUser",
    "orderType": "Limit",
    "stopOrderType": "UNKNOWN",
    "execFee": "0.10824680",
    "execPrice": "54123.40",
    "execQty": "0.010",
    "execType": "Trade",
    "execValue": "541.234",
    "feeCurrency": "",
    "isMaker": True,
    "feeRate": "0.0002",
    "markPrice": "54123.4",
    "indexPrice": "54123.4",
    "closedSize": "0",
    "execPnl": "0",
    "positionIdx": 1,
}


def trade_frame(number: int, now_us: int) -> str:
    """One publicTrade frame; `i` says the number."""
    row = (
        f'{{"T":{now_us // 1000},"s":"BTCUSDT","S":"Buy","v":"0.001","p":"54123.40",'
        f'"L":"PlusTick","i":"{number}-{now_us}","BT":false,"RPI":false,"seq":{number}}}'
    )
    ts = now_us // 1000
    return f'{{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":{ts},"data":[{row}]}}'


def execution_frame(number: int, now_us: int) -> str:
    """One execution frame; `execId` says the number."""
    row = {**ROW, "execId": f"{number}-{now_us}", "execTime": str(now_us // 1000), "seq": number}
    frame = {"id": str(number), "topic": "execution", "creationTime": now_us // 1000, "data": [row]}
    return json.dumps(frame, separators=(",", ":"))


async def _pour(
    line: web.WebSocketResponse, build: Callable[[int, int], str], rate: int, count: int
) -> None:
    begun = time.monotonic()
    number = 0
    while number < count:
        due = min(count, int((time.monotonic() - begun) * rate))
        while number < due:
            await line.send_str(build(number, time.time_ns() // 1000))
            number += 1
        await asyncio.sleep(BEAT_S)


def _serve(
    build: Callable[[int, int], str], rate: int, count: int
) -> Callable[[web.Request], "asyncio.Future[web.WebSocketResponse]"]:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        pouring: set[asyncio.Task[None]] = set()
        async for frame in line:
            if frame.type is not WSMsgType.TEXT:
                continue
            words = json.loads(frame.data)
            if words["op"] == "ping":
                await line.send_json({"success": True, "ret_msg": "pong", "op": "ping"})
                continue
            answer = {"success": True, "ret_msg": "", "op": words["op"]}
            await line.send_json({**answer, "req_id": words.get("req_id", "")})
            if words["op"] == "subscribe":
                pouring.add(asyncio.create_task(_pour(line, build, rate, count)))
        for task in pouring:
            task.cancel()
        return line

    return serve  # type: ignore[return-value]


async def entry(public_rate: int, private_rate: int, seconds: int) -> None:
    """Serves until the standard input ends; prints its port."""
    application = web.Application()
    public = _serve(trade_frame, public_rate, public_rate * seconds)
    private = _serve(execution_frame, private_rate, private_rate * seconds)
    application.router.add_get("/v5/public/linear", public)
    application.router.add_get("/v5/private", private)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(entry(*(int(text) for text in sys.argv[1:4])))
