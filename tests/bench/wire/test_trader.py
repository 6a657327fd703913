"""The trading process of the load: what it says it did, and a refusal."""

import json

import pytest

from bench.wire import trader
from bench.wire.server import simulator

CONFIG = (
    "symbols: {BTCUSDT: {}}\n"
    "accounts: [{name: a, uid: 5, balance: 100000, keys: [{key: k, secret: s}]}]\n"
)


def test_it_places_and_cancels_at_its_rate_and_names_the_orders(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with simulator(CONFIG) as server:
        code = trader.entry([server.http, "k", "s", "BTCUSDT", "90000", "0.010", "8", "0.5"])

    said = json.loads(capsys.readouterr().out)
    assert code == 0
    assert said["orders"] == ["load-0", "load-1", "load-2", "load-3"]


def test_a_refusal_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    with simulator(CONFIG) as server:
        code = trader.entry([server.http, "k", "wrong", "BTCUSDT", "90000", "0.010", "8", "0.5"])

    assert code == 2
    assert "10004" in json.loads(capsys.readouterr().out)["refused"]
