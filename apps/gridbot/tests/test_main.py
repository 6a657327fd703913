import subprocess
import sys
from pathlib import Path


def test_the_old_way_to_start_is_the_command_run(tmp_path: Path) -> None:
    """live.md 4.24: `python -m gridbot.main --config PATH`, exit 1 for a wrong configuration."""
    missing = tmp_path / "missing.yaml"
    words = [sys.executable, "-m", "gridbot.main", "--config", str(missing)]

    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert f"the configuration file {missing} (from --config) does not exist" in ended.stderr
