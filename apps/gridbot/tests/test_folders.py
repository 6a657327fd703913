"""New folders survive a loss of power."""

from pathlib import Path

from gridbot.folders import durable_folder, sync_folder


def test_every_folder_that_is_made_is_made_durable_in_the_one_above_it(tmp_path: Path) -> None:
    synced: list[Path] = []

    durable_folder(tmp_path / "home" / "accounts" / "main", synced.append)

    assert (tmp_path / "home" / "accounts" / "main").is_dir()
    assert synced == [tmp_path, tmp_path / "home", tmp_path / "home" / "accounts"]


def test_what_stands_already_is_left_as_it_is(tmp_path: Path) -> None:
    synced: list[Path] = []

    durable_folder(tmp_path, synced.append)

    assert synced == []


def test_the_disk_takes_it(tmp_path: Path) -> None:
    durable_folder(tmp_path / "new" / "newer")
    sync_folder(tmp_path)

    assert (tmp_path / "new" / "newer").is_dir()
