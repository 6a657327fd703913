"""A simulator in a process of its own, for as long as a block lasts."""

import json
import urllib.request
from pathlib import Path

import pytest

from appkit.exits import RunFailed
from bench.wire.server import simulator


def test_it_answers_inside_the_block_and_is_gone_afterwards() -> None:
    with simulator("symbols: {BTCUSDT: {}}\n") as server:
        with urllib.request.urlopen(f"{server.http}/v5/market/time", timeout=5) as reply:
            assert json.load(reply)["retCode"] == 0
        process = server.process

    assert not Path(f"/proc/{process}").exists()


def test_a_configuration_that_it_refuses_is_told() -> None:
    with pytest.raises(RunFailed, match="unknown key"), simulator("nonsense: 1\n"):
        pass
