"""The wire between daemon and simulator: it changes nothing, and knows when what passed."""

import socket
import threading
import time

from bench.gridbot.tap import Passed, Tap

FRAME = (
    b'{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","lastPrice":"5"},'
    b'"cs":3,"ts":1700000000123}'
)
REQUEST = b'POST /v5/order/create HTTP/1.1\r\n\r\n{"orderLinkId": "0123456789abcdef-1", "qty": "1"}'


def test_a_byte_has_the_time_of_the_part_that_brought_it() -> None:
    passed = Passed()
    passed.note(b"abc", 10)
    passed.note(b"de", 20)

    assert passed.content == b"abcde"
    assert [passed.at_ns(offset) for offset in range(5)] == [10, 10, 10, 20, 20]


def test_frames_and_placements_are_found_with_their_times() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def exchange() -> None:
        line, _ = listener.accept()
        with line:
            line.sendall(b"\x81\x7e\x00\x7c" + FRAME)
            content = b""
            while len(content) < len(REQUEST):
                content += line.recv(4096)
            heard.append(content)

    serving = threading.Thread(target=exchange)
    serving.start()
    tap = Tap(f"http://127.0.0.1:{listener.getsockname()[1]}")
    began = time.monotonic_ns()
    with tap.forwarding():
        port = int(tap.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as daemon:
            told = b""
            while not told.endswith(FRAME):
                told += daemon.recv(4096)
            daemon.sendall(REQUEST)
            serving.join(60)
    listener.close()

    (frame,), (placed,) = tap.tickers().items(), tap.placed().items()
    assert heard == [REQUEST]
    assert frame[0] == ("BTCUSDT", 1700000000123)
    assert placed[0] == "0123456789abcdef-1"
    assert began <= frame[1] <= placed[1] <= time.monotonic_ns()
