from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from grid_db import records
from grid_db.words import Environment

RECORDS = [
    value
    for value in vars(records).values()
    if isinstance(value, type) and is_dataclass(value) and value.__module__ == records.__name__
]


def test_there_is_a_record_for_each_table() -> None:
    assert len(RECORDS) == 16


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_no_record_can_hold_a_float_or_a_secret(record: type) -> None:
    """W36: what is returned can be printed; floats never carry money."""
    for field in fields(record):
        assert "float" not in str(field.type)
        assert "secret" not in field.name


def test_a_record_cannot_be_changed() -> None:
    account = records.Account(
        account_id="a", user_id="u", account_name="main", environment=Environment.SIM
    )

    with pytest.raises(FrozenInstanceError):
        account.user_id = "another"  # type: ignore[misc]


def test_a_row_has_the_same_fingerprint_whenever_it_is_received() -> None:
    """The SHA-256 of the text, cut to 32 digits; a changed row has another one."""
    row = '{"size":"0"}'

    assert records.fingerprint(row) == "65227e920c024f2cd4d7df103735692e"
    assert records.fingerprint('{"size":"1"}') != records.fingerprint(row)
