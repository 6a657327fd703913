from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from grid_db import models, records
from grid_db.words import Environment

RECORDS = [
    value
    for value in vars(records).values()
    if isinstance(value, type) and is_dataclass(value) and value.__module__ == records.__name__
]


def test_there_is_a_record_for_each_table() -> None:
    assert len(RECORDS) == 16


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_no_record_holds_a_float_or_a_secret(record: type) -> None:
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


def test_a_received_text_has_one_fingerprint() -> None:
    """The first 32 digits of the SHA-256 of its UTF-8."""
    assert records.fingerprint('{"size":"0"}') == "65227e920c024f2cd4d7df103735692e"
    assert records.fingerprint('{"size":"1"}') != "65227e920c024f2cd4d7df103735692e"


@pytest.mark.parametrize(
    ("record", "model"),
    [
        (records.User, models.User),
        (records.Account, models.BybitAccount),
        (records.Strategy, models.Strategy),
        (records.Run, models.Run),
        (records.PublicTrade, models.PublicTrade),
        (records.TickerSnapshot, models.TickerSnapshot),
        (records.PrivateExecution, models.PrivateExecution),
        (records.OrderState, models.OrderState),
        (records.PositionSnapshot, models.PositionSnapshot),
        (records.WalletSnapshot, models.WalletSnapshot),
        (records.FundingPayment, models.FundingPayment),
        (records.GridState, models.GridStateSnapshot),
        (records.Gap, models.Gap),
        (records.DeadLetter, models.DeadLetter),
        (records.Lease, models.Lease),
    ],
)
def test_a_record_has_every_column_of_its_table(record: type, model: type[models.Base]) -> None:
    """What the table keeps for itself: the order of rows, and when a row was written."""
    own = {"id", "created_at", "updated_at"}
    names = {field.name for field in fields(record)}

    assert names - own == set(model.__table__.columns.keys()) - own
