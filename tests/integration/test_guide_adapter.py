"""The program in docs/guides/adapter.md does what the guide says, against a running simulator."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "adapter.md"
ADDRESS = "http://127.0.0.1:18080"
PATIENCE_S = 60


@pytest.fixture
def address() -> Iterator[str]:
    """A simulator of its own process, on a free port."""
    words = [sys.executable, "-m", "bybit_sim", "serve", "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["http"]
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def program() -> str:
    """The guide's one Python block."""
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.M)
    assert len(blocks) == 1
    return str(blocks[0])


def test_the_guides_program_places_an_order_sees_it_rest_and_cancels_it(
    address: str, tmp_path: Path
) -> None:
    source = program()
    assert ADDRESS in source
    script = tmp_path / "example.py"
    script.write_text(source.replace(ADDRESS, address), encoding="utf-8")

    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    said = re.sub(r"\d+", "N", run.stdout)
    assert (run.returncode, said) == (0, "guide-N is New\nguide-N is Cancelled\n"), run.stderr
