import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from appkit.atomic import MARKER, atomic_text, staging_folder, write_bytes, write_text
from appkit.exits import UserError

FullDisk = Callable[[], AbstractContextManager[None]]


def everything_under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b.txt", "µ\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"\xc2\xb5\n"
    assert everything_under(tmp_path) == ["a", "a/b.txt"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_bytes(tmp_path / "x", b"1")
    (tmp_path / "usual").touch()
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_the_previous_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_text("old")
    with atomic_text(target) as file:
        file.write("new")
        file.flush()
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_a_failure_leaves_the_previous_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_text("old")

    def interrupted() -> None:
        with atomic_text(target) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "old"
    assert everything_under(tmp_path) == ["x"]


def test_a_full_disk_leaves_no_half_written_file(tmp_path: Path, full_disk: FullDisk) -> None:
    with full_disk(), pytest.raises(OSError, match="File too large"):
        write_bytes(tmp_path / "new" / "x", b"x" * 5000)
    assert everything_under(tmp_path) == []


def test_a_folder_appears_whole_and_marked(tmp_path: Path) -> None:
    target = tmp_path / "out" / "run"
    with staging_folder(target, "backtest") as folder:
        (folder / "trades.csv").write_text("1\n")
        assert not target.exists()
    assert everything_under(target) == sorted([MARKER, "trades.csv"])
    assert everything_under(tmp_path / "out") == ["run", f"run/{MARKER}", "run/trades.csv"]


def test_our_own_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for name in ("first.csv", "second.csv"):
        with staging_folder(tmp_path / "run", "backtest") as folder:
            (folder / name).touch()
    assert everything_under(tmp_path) == ["run", f"run/{MARKER}", "run/second.csv"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with staging_folder(tmp_path / "run", "backtest") as folder:
        (folder / "x").touch()
    assert (tmp_path / "run" / "x").exists()


def test_a_foreign_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="bears no mark of ours"), staging_folder(tmp_path, "tape"):
        pytest.fail("the work must not begin")
    assert everything_under(tmp_path) == ["thesis.txt"]


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with staging_folder(tmp_path / "x", "tape"):
        pass
    with (
        pytest.raises(UserError, match="it holds 'tape', not 'backtest'"),
        staging_folder(tmp_path / "x", "backtest"),
    ):
        pytest.fail("the work must not begin")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with (
        pytest.raises(UserError, match="a file of that name exists"),
        staging_folder(tmp_path / "x", "tape"),
    ):
        pytest.fail("the work must not begin")


def test_a_failure_leaves_the_previous_folder_as_it_was(
    tmp_path: Path, full_disk: FullDisk
) -> None:
    with staging_folder(tmp_path / "run", "backtest") as folder:
        (folder / "trades.csv").write_text("old")
    with (
        pytest.raises(OSError, match="File too large"),
        staging_folder(tmp_path / "run", "backtest") as folder,
        full_disk(),
    ):
        (folder / "equity.csv").write_text("x" * 5000)
    assert everything_under(tmp_path) == ["run", f"run/{MARKER}", "run/trades.csv"]


def test_folders_made_for_a_failed_result_are_removed_again(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="failed"),
        staging_folder(tmp_path / "a" / "b" / "run", "backtest"),
    ):
        raise RuntimeError("failed")
    assert everything_under(tmp_path) == []


def test_a_folder_that_becomes_foreign_during_the_work_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "run"

    def overtaken() -> None:
        with staging_folder(target, "backtest") as folder:
            (folder / "x").touch()
            target.mkdir()
            (target / "foreign").touch()

    with pytest.raises(UserError, match="bears no mark of ours"):
        overtaken()
    assert everything_under(tmp_path) == ["run", "run/foreign"]


def test_a_result_that_vanishes_before_it_is_named_leaves_the_previous_one(tmp_path: Path) -> None:
    with staging_folder(tmp_path / "run", "backtest") as folder:
        (folder / "trades.csv").write_text("old")

    def stolen() -> None:
        with staging_folder(tmp_path / "run", "backtest") as folder:
            os.rename(folder, tmp_path / "elsewhere")

    with pytest.raises(OSError, match="No such file"):
        stolen()
    assert (tmp_path / "run" / "trades.csv").read_text() == "old"
