import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseSettings

Run = Callable[..., int]
Written = Callable[..., Path]
Start = Callable[..., str]
Capture = pytest.CaptureFixture[str]


def healths(text: str) -> Mapping[str, Mapping[str, str]]:
    """The health of every subject, by the part that it stands in."""
    found: Mapping[str, list[dict[str, Any]]] = json.loads(text)
    return {
        part: {one["subject"]: one["health"] for one in subjects}
        for part, subjects in found.items()
    }


def test_everything_is_looked_at_and_well(
    run: Run, written: Written, simulator: Start, tmp_path: Path, capsys: Capture
) -> None:
    url = simulator()
    schema.upgrade(DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{tmp_path}/bot.db")))

    code = run("doctor", "--config", written(url), "--json")

    found = healths(capsys.readouterr().out)
    assert code == 0
    account = found[f"account main at {url}"]
    assert set(account) == {
        "clock",
        "key",
        "key's expiry",
        "key's address",
        "margin mode",
        "wallet",
        "BTCUSDT instrument",
        "BTCUSDT account",
        "grid ladder",
    }
    assert set(found["this machine"]) == {"database", "data folder", "disk", "surface"}
    assert "ill" not in {*account.values(), *found["this machine"].values()}


def test_what_is_ill_ends_with_3_and_names_its_remedy(
    run: Run, written: Written, simulator: Start, capsys: Capture
) -> None:
    keys = [{"key": "demo-key-1", "secret": "demo-secret-1", "read_only": True}]
    account = {"name": "poor", "uid": 1, "keys": keys, "hedge_mode": False, "balance": 0}

    code = run("doctor", "--config", written(simulator(accounts=[account])))

    out = capsys.readouterr().out
    assert code == 3
    for words in (
        "the key may only read",
        "-> transfer USDT to the unified account",
        "switch it to hedge mode",
        "grid-db upgrade",
    ):
        assert words in out.replace("\n", " ")


def test_an_exchange_that_is_not_there_is_told_once(
    run: Run, written: Written, capsys: Capture
) -> None:
    code = run("doctor", "--config", written("http://127.0.0.1:9"), "--json")

    found = healths(capsys.readouterr().out)
    assert code == 3
    assert found["account main at http://127.0.0.1:9"] == {"connection": "ill"}


def test_a_secret_that_is_missing_is_named_by_its_reference(
    run: Run, written: Written, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A49."""
    file = written()
    monkeypatch.delenv("BOT_SECRET")

    assert run("doctor", "--config", file) == 3
    out = capsys.readouterr().out
    assert "BOT_SECRET" in out
    assert "demo-key-1" not in out
