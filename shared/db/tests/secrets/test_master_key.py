import base64
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_db.secrets.master_key import (
    FILE_VARIABLE,
    VARIABLE,
    MasterKey,
    MasterKeyError,
    from_environment,
    from_file,
)

SECRET = bytes(range(32))
TEXT = base64.b64encode(SECRET).decode()


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_read_back_from_either_base64_alphabet(secret: bytes) -> None:
    plain = MasterKey.parse(base64.b64encode(secret).decode(), "here")
    urlsafe = MasterKey.parse(base64.urlsafe_b64encode(secret).decode() + "\n", "here")

    assert plain.reveal() == urlsafe.reveal() == secret
    assert plain.key_id == urlsafe.key_id


@given(st.text(max_size=80))
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    """A49: a mistyped key must not end up in a log."""
    with pytest.raises(MasterKeyError) as refusal:
        MasterKey.parse(f"passphrase {text} passphrase", "GRIDBOT_MASTER_KEY")

    assert "GRIDBOT_MASTER_KEY: expected 32 random bytes as base64" in str(refusal.value)
    assert "passphrase" not in str(refusal.value)


def test_bytes_of_another_length_are_refused() -> None:
    with pytest.raises(MasterKeyError, match="found 31 bytes"):
        MasterKey(SECRET[:31])


def test_a_key_shows_only_its_id() -> None:
    """A49, W36."""
    key = MasterKey(SECRET)

    assert repr(key) == str(key) == "MasterKey(key_id='07c172701368e9ab')"


def test_a_key_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(MasterKey(SECRET))


def test_generated_keys_differ() -> None:
    assert MasterKey.generate().key_id != MasterKey.generate().key_id


def test_a_key_file_is_readable_by_its_owner_only_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "master.key"

    MasterKey(SECRET).write(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert from_file(path).reveal() == SECRET


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    MasterKey(SECRET).write(path)

    with pytest.raises(MasterKeyError, match="never overwritten"):
        MasterKey.generate().write(path)

    assert from_file(path).reveal() == SECRET


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    MasterKey(SECRET).write(path)
    os.chmod(path, 0o640)

    with pytest.raises(MasterKeyError, match=r"found mode 640; run chmod 600"):
        from_file(path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match=r"absent\.key: expected a master key file"):
        from_file(tmp_path / "absent.key")


def test_the_environment_gives_the_key_or_its_file(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    MasterKey(SECRET).write(path)

    assert from_environment({VARIABLE: TEXT}).reveal() == SECRET
    assert from_environment({FILE_VARIABLE: str(path)}).reveal() == SECRET


def test_two_master_keys_at_once_are_refused() -> None:
    with pytest.raises(MasterKeyError, match="found both; unset one"):
        from_environment({VARIABLE: TEXT, FILE_VARIABLE: "somewhere"})


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}])
def test_no_master_key_says_which_variables_give_one(environment: dict[str, str]) -> None:
    with pytest.raises(MasterKeyError, match=r"GRIDBOT_MASTER_KEY .*_FILE .*found neither"):
        from_environment(environment)
