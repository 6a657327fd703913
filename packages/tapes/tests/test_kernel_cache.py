"""Compiled code is never older than the sources it was made of."""

from pathlib import Path

from numba import config

from tapes.kernel_cache import kept_in, prepare_folder, sources_digest, usual_places


def test_the_digest_changes_when_any_source_of_the_package_changes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "deep" / "b.py").write_text("y = 1")
    before = sources_digest(tmp_path)

    (tmp_path / "deep" / "b.py").write_text("y = 2")

    assert sources_digest(tmp_path) != before


def test_a_new_folder_replaces_that_of_earlier_sources(tmp_path: Path) -> None:
    old = prepare_folder([tmp_path], "old")
    new = prepare_folder([tmp_path], "new")

    assert old == tmp_path / "kernels-old"
    assert [path.name for path in tmp_path.iterdir()] == ["kernels-new"]
    assert prepare_folder([tmp_path], "new") == new


def test_the_next_place_is_used_where_the_first_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    impossible = tmp_path / "file" / "below"

    assert prepare_folder([impossible, tmp_path], "x") == tmp_path / "kernels-x"
    assert prepare_folder([impossible], "x") is None


def test_the_setting_of_numba_is_as_before_after_the_block(tmp_path: Path) -> None:
    before = vars(config)["CACHE_DIR"]

    with kept_in(tmp_path) as keeps:
        inside = vars(config)["CACHE_DIR"]

    assert (keeps, inside) == (True, str(tmp_path))
    assert vars(config)["CACHE_DIR"] == before
    with kept_in(None) as keeps:
        assert not keeps


def test_the_environment_wins_over_the_usual_places(tmp_path: Path) -> None:
    assert usual_places(tmp_path, "/somewhere") == [Path("/somewhere")]
    assert usual_places(tmp_path, "")[0] == tmp_path / "__pycache__"
