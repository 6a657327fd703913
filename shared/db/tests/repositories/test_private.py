from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.records import OrderState
from grid_db.repositories import NotOwned
from grid_db.words import Attribution
from gridcore.sides import SideType

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant


def test_an_execution_comes_back_as_it_was_given(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    executions = repositories.for_user(session, alice.user.user_id).executions
    given = alice.execution(
        "e1",
        order_link_id="0123456789abcdef-1a2b",
        exec_fee=Decimal("-0.000012345678901234567890"),
        raw_json='{"execId": "e1",  "isMaker":true}',
        position_idx=None,
        strat_id=None,
        attribution=Attribution.NONE,
    )

    assert executions.record([given]) == [0]

    assert executions.by_run_range(alice.run.run_id, make.at(1), make.at(1)) == [given]


@drawn(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    fee=st.decimals(allow_nan=False, allow_infinity=False, places=None),
    instant=st.integers(1_262_304_000_000_000, 4_102_444_799_999_999),
    offset_minutes=st.integers(-720, 840),
)
def test_times_and_money_come_back_equal_whatever_the_host_says(
    session: Session, alice: "Tenant", fee: Decimal, instant: int, offset_minutes: int
) -> None:
    """L97: microseconds and any number of digits, on both dialects; times in UTC."""
    executions = repositories.for_user(session, alice.user.user_id).executions
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    shown = moment.astimezone(timezone(timedelta(minutes=offset_minutes)))
    key = f"{fee} {shown}"

    executions.record([alice.execution(key, order_id=key, exec_fee=fee, exchange_ts=shown)])

    [found] = executions.by_order(alice.account.account_id, key)
    assert found.exec_fee == fee
    assert found.exchange_ts == moment
    assert found.exchange_ts.utcoffset() == timedelta(0)


def test_an_execution_told_three_times_is_stored_once(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """A15: twice in one batch, once more in the next."""
    executions = repositories.for_user(session, alice.user.user_id).executions
    first, second = alice.execution("e1"), alice.execution("e2")

    assert executions.record([first, first, second]) == [0, 2]
    assert executions.record([second, first]) == []

    assert executions.by_account_range(alice.account.account_id, make.at(0), make.at(9)) == [
        first,
        second,
    ]


def test_what_one_source_does_not_know_the_other_adds_later(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """live.md 3.7: a row filled from a listing first must not hide what the stream knows."""
    executions = repositories.for_user(session, alice.user.user_id).executions
    listed = alice.execution(
        "e1",
        attribution=Attribution.NONE,
        position_idx=None,
        strat_id=None,
        closed_pnl=None,
        is_maker=None,
        exec_fee=Decimal("0.5"),
    )
    streamed = alice.execution(
        "e1", closed_pnl=Decimal("1.25"), is_maker=True, exec_fee=Decimal("0.7")
    )

    executions.record([listed])
    assert executions.record([streamed]) == []

    [found] = executions.by_run_range(alice.run.run_id, make.at(0), make.at(9))
    assert found == replace(streamed, exec_fee=Decimal("0.5"))


def test_what_is_known_is_never_unlearned(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    executions = repositories.for_user(session, alice.user.user_id).executions
    streamed = alice.execution("e1", closed_pnl=Decimal("1.25"))

    executions.record([streamed])
    executions.record([replace(streamed, closed_pnl=None, attribution=Attribution.NONE)])

    assert executions.by_order(alice.account.account_id, "order 1") == [streamed]


def test_executions_of_one_time_are_ordered_by_their_ids(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    executions = repositories.for_user(session, alice.user.user_id).executions
    executions.record([alice.execution("b", 2), alice.execution("a", 2), alice.execution("c", 1)])

    found = executions.by_run_range(alice.run.run_id, make.at(0), make.at(2))

    assert [row.exec_id for row in found] == ["c", "a", "b"]


def test_both_ends_of_a_range_belong_to_it(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    executions = repositories.for_user(session, alice.user.user_id).executions
    executions.record([alice.execution(str(second), second) for second in range(1, 6)])

    found = executions.by_run_range(alice.run.run_id, make.at(2), make.at(4))

    assert [row.exec_id for row in found] == ["2", "3", "4"]


def test_the_newest_execution_is_told_of_an_account_and_of_a_symbol(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    executions = repositories.for_user(session, alice.user.user_id).executions
    executions.record([alice.execution("1", 5), alice.execution("2", 8, symbol="SOLUSDT")])
    account_id = alice.account.account_id

    assert executions.last_ts(account_id) == make.at(8)
    assert executions.last_ts(account_id, "LTCUSDT") == make.at(5)
    assert executions.last_ts(account_id, "XRPUSDT") is None


def test_the_audit_learns_which_executions_are_stored(session: Session, alice: "Tenant") -> None:
    """1,200 ids: more than one statement may hold on every dialect."""
    executions = repositories.for_user(session, alice.user.user_id).executions
    executions.record([alice.execution(str(number)) for number in range(0, 1200, 3)])

    known = executions.known(alice.account.account_id, (str(number) for number in range(1200)))

    assert known == {str(number) for number in range(0, 1200, 3)}


def test_executions_are_found_by_their_wire_id(session: Session, alice: "Tenant") -> None:
    executions = repositories.for_user(session, alice.user.user_id).executions
    wanted = alice.execution("e1", order_link_id="0123456789abcdef-1")
    executions.record([wanted, alice.execution("e2", order_link_id="0123456789abcdef-2")])

    assert executions.by_order_link_id(alice.run.run_id, "0123456789abcdef-1") == [wanted]


def test_a_row_of_another_users_run_or_account_stores_nothing(
    session: Session, alice: "Tenant", bob: "Tenant", make: "Makers"
) -> None:
    executions = repositories.for_user(session, alice.user.user_id).executions
    mine = alice.execution("e1")

    with pytest.raises(NotOwned, match=f"account {bob.account.account_id}"):
        executions.record([mine, bob.execution("e2")])
    with pytest.raises(NotOwned, match=f"run {bob.run.run_id}"):
        executions.record([mine, alice.execution("e2", run_id=bob.run.run_id)])

    assert executions.by_order(alice.account.account_id, "order 1") == []


def test_a_time_of_1970_is_refused(session: Session, alice: "Tenant") -> None:
    """L77."""
    executions = repositories.for_user(session, alice.user.user_id).executions
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    with pytest.raises(StatementError, match="expected a time from 2010 to 2099"):
        executions.record([alice.execution("e1", exchange_ts=epoch)])


def _life(alice: "Tenant") -> list[OrderState]:
    """One order: new, filled in two parts within one millisecond, then cancelled."""
    return [
        alice.order("o", 1),
        alice.order("o", 2, status="PartiallyFilled", leaves_qty=Decimal(9)),
        alice.order("o", 2, status="PartiallyFilled", leaves_qty=Decimal("8.5")),
        alice.order("o", 3, status="Cancelled", leaves_qty=Decimal(0)),
    ]


@pytest.mark.parametrize("arrival", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_the_log_of_an_order_is_the_same_however_its_frames_were_shuffled(
    session: Session, alice: "Tenant", arrival: tuple[int, ...]
) -> None:
    """Duplicated and reordered frames: no state is lost and none overwrites another."""
    orders = repositories.for_user(session, alice.user.user_id).orders
    life = _life(alice)

    for step in (*arrival, *arrival):
        orders.record([life[step]])

    assert orders.of_order(alice.account.account_id, "o") == life


@pytest.mark.parametrize(
    ("seconds", "left"), [(0.5, None), (1, "10"), (2, "8.5"), (2.9, "8.5"), (3, None)]
)
def test_an_order_is_active_as_its_latest_state_says(
    session: Session, alice: "Tenant", make: "Makers", seconds: float, left: str | None
) -> None:
    orders = repositories.for_user(session, alice.user.user_id).orders
    orders.record(list(reversed(_life(alice))))

    found = orders.active_at(
        alice.run.run_id, alice.account.account_id, "LTCUSDT", make.at(seconds)
    )

    assert [state.leaves_qty for state in found] == ([] if left is None else [Decimal(left)])


def test_an_order_that_filled_within_one_millisecond_is_not_active(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """Both states have one time; the row of the last one may have come first."""
    orders = repositories.for_user(session, alice.user.user_id).orders
    filled = alice.order("o", 1, status="Filled", leaves_qty=Decimal(0))
    orders.record([filled, alice.order("o", 1), alice.order("other", 1)])

    found = orders.active_at(alice.run.run_id, alice.account.account_id, "LTCUSDT", make.at(1))

    assert [state.order_id for state in found] == ["other"]


def test_only_the_asked_symbol_and_run_count_for_active_orders(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    orders = repositories.for_user(session, alice.user.user_id).orders
    orders.record([alice.order("o", 1, symbol="SOLUSDT")])
    account_id = alice.account.account_id

    assert orders.active_at(alice.run.run_id, account_id, "LTCUSDT", make.at(9)) == []
    assert orders.active_at("another run", account_id, "SOLUSDT", make.at(9)) == []


def test_the_open_orders_of_an_account_are_those_whose_newest_state_is_open(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """Conditional orders that wait are open too; of two states of one time the ended one counts."""
    orders = repositories.for_user(session, alice.user.user_id).orders
    nothing = Decimal(0)
    orders.record(
        [
            *_life(alice),
            alice.order("waits", 4, status="Untriggered"),
            alice.order("old", 1),
            alice.order("at once", 3, status="Filled", leaves_qty=nothing),
            alice.order("at once", 3),
            alice.order("part", 2, symbol="SOLUSDT"),
            alice.order("part", 3, symbol="SOLUSDT", status="PartiallyFilled"),
        ]
    )
    account_id = alice.account.account_id

    assert orders.open_of(account_id, make.at(2)) == [("SOLUSDT", "part"), ("LTCUSDT", "waits")]
    assert ("LTCUSDT", "old") in orders.open_of(account_id, make.at(1))
    assert orders.open_of("ghost", make.at(0)) == []


def test_the_audit_learns_which_payments_of_funding_are_stored(
    session: Session, alice: "Tenant", bob: "Tenant"
) -> None:
    funding = repositories.as_admin(session).funding
    funding.record([alice.funding("f1"), bob.funding("f2")])

    assert funding.known(alice.account.account_id, ["f1", "f2", "f3"]) == {"f1"}


def test_a_funding_payment_is_stored_once_and_comes_back(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    funding = repositories.for_user(session, alice.user.user_id).funding
    paid = alice.funding("f1", side=SideType.SELL, amount=Decimal("0.01626"))

    assert funding.record([paid]) == [0]
    assert funding.record([paid]) == []

    assert funding.by_account_range(alice.account.account_id, make.at(0), make.at(9)) == [paid]
