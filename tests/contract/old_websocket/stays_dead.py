"""Plain pybit on websocket-client 1.8.0 meets a close frame (bybit.md C.4): what becomes of it.

It runs in an environment of its own (requirements.txt beside it) and prints one JSON line.

Usage: stays_dead.py HTTP_URL SOCKET_URL
"""

import json
import sys
import time
import urllib.request

import pybit.unified_trading
import websocket
from pybit.unified_trading import WebSocket

SYMBOL = "BTCUSDT"
WATCH_S = 2.0
"""Enough: the thread is dead by then, and nothing but it could come back."""


def main(arguments: list[str]) -> int:
    http, sockets = arguments
    pybit.unified_trading.PUBLIC_WSS = f"{sockets}/v5/public/{{CHANNEL_TYPE}}"
    frames: list[float] = []
    socket = WebSocket(channel_type="linear", testnet=False)
    socket.ticker_stream(symbol=SYMBOL, callback=lambda _: frames.append(time.monotonic()))
    limit = time.monotonic() + 10
    while not frames and time.monotonic() < limit:
        time.sleep(0.05)
    before = len(frames)
    fault = {"kind": "socket_closed", "target": "public", "amount": 1000, "for_ms": 400}
    request = urllib.request.Request(
        f"{http}/sim/fault",
        data=json.dumps(fault).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    urllib.request.urlopen(request, timeout=10).read()
    time.sleep(1.0)
    settled = len(frames)
    time.sleep(WATCH_S)
    print(
        json.dumps(
            {
                "version": websocket.__version__,
                "before": before,
                "after": len(frames) - settled,
                "connected": bool(socket.is_connected()),
                "exited": bool(socket.exited),
                "thread_alive": socket.wst.is_alive(),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
