from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from grid_db.factory import DatabaseFactory
from grid_db.models import (
    Base,
    FundingPayment,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    WalletSnapshot,
)
from grid_db.upsert import bulk_insert

Rows = dict[type[Base], dict[str, object]]
PRIVATE = [PrivateExecution, OrderState, PositionSnapshot, WalletSnapshot, FundingPayment]


@pytest.mark.parametrize("model", PRIVATE)
def test_a_time_of_1970_is_refused(
    filled: DatabaseFactory, sample_rows: Rows, model: type[Base]
) -> None:
    """L77: a moved field once stamped every wallet row 1970."""
    row = {**sample_rows[model], "exchange_ts": datetime(1970, 1, 1, tzinfo=UTC)}

    with (
        pytest.raises(StatementError, match="expected a time from 2010"),
        filled.get_session() as session,
    ):
        session.execute(sa.insert(model), [row])


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (PrivateExecution, {"exec_id": "2", "side": "buy"}),
        (PrivateExecution, {"exec_id": "2", "attribution": "guess"}),
        (PrivateExecution, {"exec_id": "2", "exec_price": None}),
        (OrderState, {"status": "Filled", "reduce_only": None}),
        (PositionSnapshot, {"fingerprint": "g", "source": "paper"}),
        (FundingPayment, {"exec_id": "2", "side": ""}),
    ],
)
def test_what_cannot_be_is_refused(
    filled: DatabaseFactory, sample_rows: Rows, model: type[Base], change: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError), filled.get_session() as session:
        session.execute(sa.insert(model), [{**sample_rows[model], **change}])


def test_two_changes_of_an_order_in_one_millisecond_are_both_kept(
    filled: DatabaseFactory, sample_rows: Rows
) -> None:
    row = sample_rows[OrderState]
    part = {**row, "status": "PartiallyFilled", "leaves_qty": Decimal("0.007")}
    more = {**part, "leaves_qty": Decimal("0.002")}

    with filled.get_session() as session:
        inserted = bulk_insert(session, OrderState, [row, part, more, part])

    assert inserted == [1, 2]


@pytest.mark.parametrize("model", [PositionSnapshot, WalletSnapshot])
def test_two_states_of_one_time_are_told_apart_by_what_was_received(
    filled: DatabaseFactory, sample_rows: Rows, model: type[Base]
) -> None:
    """W38: without a key, a repeated message was a second row."""
    row = sample_rows[model]

    with filled.get_session() as session:
        inserted = bulk_insert(session, model, [row, {**row, "fingerprint": "other"}])

    assert inserted == [1]


def test_an_amount_of_any_length_is_exact(filled: DatabaseFactory, sample_rows: Rows) -> None:
    amount = Decimal("-12345678901234567890.123456789012345678")
    row = {**sample_rows[FundingPayment], "exec_id": "2", "amount": amount}

    with filled.get_session() as session:
        session.execute(sa.insert(FundingPayment), [row])

    with filled.get_readonly_session() as session:
        found = session.scalar(
            sa.select(FundingPayment.amount).where(FundingPayment.exec_id == "2")
        )
    assert found == amount
