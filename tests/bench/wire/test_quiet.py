"""A quiet stream: a short run against a real simulator, and what counts as good."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.wire import quiet
from bench.wire.quiet import Quiet

GOOD = Quiet(wanted=1_100, pongs=1_101, connections=1, outages=0, frames=0, lateness_us=(5, 70))


def test_a_short_run_records_its_pongs(tmp_path: Path) -> None:
    file = tmp_path / "pongs.json"

    found = quiet.measure(10, file)

    assert found.good(), found.text()
    assert len(json.loads(file.read_text())["lateness_us"]) == len(found.lateness_us) >= 5


def test_the_latest_pong_is_told() -> None:
    assert "70 us late" in GOOD.text()
    assert GOOD.good()


@pytest.mark.parametrize("changes", [{"pongs": 1_099}, {"connections": 2}, {"outages": 1}])
def test_a_reconnect_or_a_missing_pong_is_not_good(changes: dict[str, int]) -> None:
    assert not replace(GOOD, **changes).good()  # type: ignore[arg-type]
