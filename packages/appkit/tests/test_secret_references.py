"""Secrets are named by where they are kept, and never told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.configuration import ConfigurationRefused, StrictModel, parse
from appkit.exits import UserError
from appkit.secret_references import (
    Place,
    Reference,
    SecretReference,
    reference,
    reference_beside,
    secret_of,
)


class Account(StrictModel):
    api_key: SecretReference


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("env:KEY", Reference(Place.ENVIRONMENT, "KEY")),
        ("file: secrets/key ", Reference(Place.FILE, "secrets/key")),
        ("db:main", Reference(Place.DATABASE, "main")),
        ("file:C:/key", Reference(Place.FILE, "C:/key")),
    ],
)
def test_a_reference_is_a_place_and_a_name(text: str, found: Reference) -> None:
    assert reference(text) == found


@given(st.text().filter(lambda text: text.partition(":")[0] not in set(Place)))
def test_a_secret_that_stands_in_the_configuration_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(ValueError, match="expected env:NAME, file:PATH or db:ACCOUNT: a secret"):
        reference(text)


@pytest.mark.parametrize("text", ["env:", "file: ", "db", ""])
def test_a_reference_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected env:NAME"):
        reference(text)


def test_a_configuration_names_the_key_and_not_the_secret_a49() -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        parse(Account, "api_key: s3cret-of-mine\n", Path("one.yaml"), environment={})

    assert "api_key: expected env:NAME, file:PATH or db:ACCOUNT" in str(refused.value)
    assert "s3cret-of-mine" not in str(refused.value)
    assert parse(Account, "api_key: env:KEY", Path("one.yaml"), environment={}) == Account(
        api_key="env:KEY"
    )


def test_a_secret_comes_from_its_variable_its_file_or_the_database(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("of the file\n")

    assert secret_of("env:KEY", {"KEY": "of the variable"}) == "of the variable"
    assert secret_of(f"file:{path}", {}) == "of the file"
    assert secret_of("db:main", {}, lambda account: f"of {account}") == "of main"


def test_a_file_lies_beside_the_configuration_that_names_it() -> None:
    beside = Path("/somewhere/conf/one.yaml")

    assert reference_beside(beside, "file:keys/one") == "file:/somewhere/conf/keys/one"
    assert reference_beside(beside, "file:/keys/one") == "file:/keys/one"
    assert reference_beside(beside, "env:KEY") == "env:KEY"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("env:KEY", "expected a secret in the environment variable KEY, found none"),
        ("file:nowhere", "cannot read the secret in nowhere: No such file or directory"),
        ("db:main", "db:main: expected env:NAME or file:PATH: no database is used"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        secret_of(text, {"KEY": " "})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b" \n", "expected a secret, found nothing"),
        (b"\xff\xfehidden", "expected a secret as UTF-8 text, found other bytes"),
        (b"x" * 70_000, "expected a secret, found more than 65536 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)

    with pytest.raises(UserError, match=told) as refused:
        secret_of(f"file:{path}", {})

    assert "hidden" not in str(refused.value)
