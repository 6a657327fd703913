"""The two consumers that a measurement watches."""

import gc
import time
from collections.abc import Iterator

import pytest

from bench.wire.server import simulator
from bench.wire.watching import Guarded, Plain

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

PATIENCE_S = 20


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Lets the sockets that websocket-client forgets be warned of here, where it is ignored."""
    yield
    gc.collect()


def test_both_hear_the_same_stream_and_the_client_ends_when_told() -> None:
    with simulator("seed: 1\n") as server:
        plain, guarded = Plain(server, fails=False), Guarded(server, fails=False)
        plain.start("tickers.BTCUSDT")
        guarded.start("tickers.BTCUSDT")

        limit = time.monotonic() + PATIENCE_S
        while not (plain.heard_at and guarded.heard_at) and time.monotonic() < limit:
            time.sleep(0.02)

        assert plain.heard_since(0) is not None
        assert guarded.heard_at
        assert guarded.close() < 5
        plain.close()
    assert guarded.outages == []
