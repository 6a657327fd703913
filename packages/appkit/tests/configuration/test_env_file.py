from pathlib import Path

import pytest

from appkit.configuration.env_file import SIZE_MAX, read_env_file
from appkit.exits import UserError


def written(folder: Path, text: str) -> Path:
    file = folder / ".env"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_that_is_not_there_has_no_variables(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=plain", "plain"),
        ("export KEY = spaced out  ", "spaced out"),
        ("KEY='a # b'", "a # b"),
        ("KEY=\"say 'hi'\" # why", "say 'hi'"),
        ("KEY=half # a comment", "half"),
        ("KEY=pa#ss", "pa#ss"),
        ("KEY=a=b", "a=b"),
        ("KEY=", ""),
        ("KEY= # nothing", ""),
        ("KEY='unfinished", "'unfinished"),
    ],
)
def test_a_line_gives_its_value(tmp_path: Path, line: str, value: str) -> None:
    assert read_env_file(written(tmp_path, f"# why\n\n{line}\n")) == {"KEY": value}


def test_the_last_line_of_a_name_wins(tmp_path: Path) -> None:
    assert read_env_file(written(tmp_path, "A=1\nB=2\nA=3")) == {"A": "3", "B": "2"}


def test_a_line_that_is_none_is_named_by_its_number_and_not_repeated(tmp_path: Path) -> None:
    """A49."""
    with pytest.raises(UserError, match=r"line 2: expected NAME=VALUE") as caught:
        read_env_file(written(tmp_path, "A=1\nsecret without a name\n"))
    assert "secret without" not in caught.value.message


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"KEY=\xff")

    with pytest.raises(UserError, match="cannot read"):
        read_env_file(tmp_path / "bytes")
    with pytest.raises(UserError, match="larger than"):
        read_env_file(written(tmp_path, "A=" + "x" * SIZE_MAX))
