import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appkit.exits import UserError
from backtest.export import Finished, results_folder, write_run

FILES = {
    ".written-by-gridbot",
    "equity.csv",
    "grid.csv",
    "ledger.csv",
    "levels.csv",
    "manifest.json",
    "metrics.csv",
    "metrics.json",
    "report.html",
    "trades.csv",
}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_run_is_written_with_all_its_files(tmp_path: Path, finished: Finished) -> None:
    with results_folder(tmp_path / "out") as staging:
        write_run(staging, {"": finished}, "<html>")

    assert names(tmp_path / "out") == FILES
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["metrics"]["fees"] == "1.87860088"
    assert metrics["identity"]["cycles"] == "8.1956"


def test_each_order_of_a_bracket_has_its_own_folder(tmp_path: Path, finished: Finished) -> None:
    with results_folder(tmp_path / "out") as staging:
        write_run(staging, {"high_first": finished, "low_first": finished}, None)

    assert names(tmp_path / "out") == {".written-by-gridbot", "high_first", "low_first"}
    assert "trades.csv" in names(tmp_path / "out" / "low_first")


def test_results_of_an_earlier_run_are_replaced(tmp_path: Path, finished: Finished) -> None:
    for report in ("<first>", None):
        with results_folder(tmp_path / "out") as staging:
            write_run(staging, {"": finished}, report)

    assert names(tmp_path / "out") == FILES - {"report.html"}


def test_a_folder_with_other_content_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years", encoding="utf-8")

    with pytest.raises(UserError, match="not empty"), results_folder(tmp_path):
        pytest.fail("the block must not run")


def test_a_failure_leaves_earlier_results_and_nothing_else(
    tmp_path: Path, finished: Finished
) -> None:
    with results_folder(tmp_path / "out") as staging:
        write_run(staging, {"": finished}, "<first>")

    with pytest.raises(FileNotFoundError):
        write_badly(tmp_path / "out", finished)

    assert names(tmp_path) - {"tape", "backtest.yaml"} == {"out"}
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == "<first>"


def write_badly(folder: Path, finished: Finished) -> None:
    with results_folder(folder) as staging:
        (staging / "report.html").write_text("<second>", encoding="utf-8")
        write_run(staging, {"missing/inner": finished}, None)


WRITER = """
import sys
from pathlib import Path
from appkit.exits import run_command
from backtest.export import results_folder

def command(argv):
    with results_folder(Path(argv[0])) as staging:
        (staging / "trades.csv").write_text("x" * 1_000_000)
    return 0

sys.exit(run_command(command, sys.argv[1:]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_is_told_with_exit_2_and_leaves_nothing_behind(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this machine allows no mounts")
    try:
        done = subprocess.run(
            [sys.executable, "-c", WRITER, str(small / "out")],
            capture_output=True,
            text=True,
            check=False,
        )
        left = names(small)
    finally:
        subprocess.run(["umount", str(small)], check=True)

    assert done.returncode == 2
    assert "error: no space left on the disk" in done.stderr
    assert "hint: free some space" in done.stderr
    assert left == set()


def test_a_file_that_may_not_grow_is_told_with_exit_2_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))

    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )

    assert done.returncode == 2
    assert "error: the operating system refused: File too large" in done.stderr
    assert names(tmp_path) == set()
