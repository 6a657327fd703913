from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.words import RunStatus, RunType, SnapshotSource
from gridcore.sides import SideType

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant

LIVE, BACKTEST = SnapshotSource.LIVE, SnapshotSource.BACKTEST
BUY, SELL = SideType.BUY, SideType.SELL


def test_a_position_told_again_is_one_row_and_a_changed_one_is_another(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """A journal that is replayed after a crash repeats rows; W38: they have an identity."""
    positions = repositories.for_user(session, alice.user.user_id).positions
    same_time = [alice.position("1"), alice.position("2")]

    assert positions.record([*same_time, *same_time]) == [0, 1]
    assert positions.record(same_time) == []

    assert positions.by_run_range(alice.run.run_id, make.at(0), make.at(9)) == same_time


def test_the_newest_row_of_a_leg_is_told_for_each_source(session: Session, alice: "Tenant") -> None:
    positions = repositories.for_user(session, alice.user.user_id).positions
    live, tested = alice.position("1", 1), alice.position("2", 5, source=BACKTEST)
    short = alice.position("3", 9, side=SELL)
    positions.record([live, tested, short])
    account_id = alice.account.account_id

    assert positions.latest(account_id, "LTCUSDT", BUY, LIVE) == live
    assert positions.latest(account_id, "LTCUSDT", BUY, BACKTEST) == tested
    assert positions.latest(account_id, "LTCUSDT", BUY, None) == tested
    assert positions.latest(account_id, "SOLUSDT", BUY, None) is None


@pytest.mark.parametrize(
    ("seconds", "size"), [(0.9, None), (1, "1"), (2.9, "1"), (3, "3"), (99, "3")]
)
def test_a_leg_is_known_as_of_a_time(
    session: Session, alice: "Tenant", make: "Makers", seconds: float, size: str | None
) -> None:
    positions = repositories.for_user(session, alice.user.user_id).positions
    positions.record([alice.position("3", 3), alice.position("1", 1)])

    found = positions.latest_before(
        alice.run.run_id, alice.account.account_id, "LTCUSDT", BUY, make.at(seconds), LIVE
    )

    assert (None if found is None else found.size) == (None if size is None else Decimal(size))


def test_of_two_rows_of_one_time_the_one_stored_last_counts(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    tenant = repositories.for_user(session, alice.user.user_id)
    tenant.wallets.record([alice.wallet("100"), alice.wallet("90")])
    tenant.grids.record([alice.grid("[1]"), alice.grid("[2]")])
    account_id, strat_id = alice.account.account_id, alice.strategy.strat_id

    wallet = tenant.wallets.latest(account_id, "USDT")
    coins = tenant.wallets.all_coins_latest_before(alice.run.run_id, account_id, make.at(1))
    grid = tenant.grids.latest(alice.run.run_id, account_id, strat_id)

    assert wallet == alice.wallet("90")
    assert coins == [alice.wallet("90")]
    assert grid == alice.grid("[2]")


def test_the_wallet_as_of_a_time_has_one_row_for_each_coin(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """A quiet coin's last row is old, and still counts."""
    wallets = repositories.for_user(session, alice.user.user_id).wallets
    rows = [
        alice.wallet("1", 1, coin="BTC"),
        alice.wallet("100", 2),
        alice.wallet("110", 3),
        alice.wallet("120", 4),
    ]
    wallets.record(rows)
    run_id, account_id = alice.run.run_id, alice.account.account_id

    found = wallets.all_coins_latest_before(run_id, account_id, make.at(3))

    assert found == [rows[0], rows[2]]
    assert wallets.latest_before(run_id, account_id, "USDT", make.at(3)) == rows[2]
    assert wallets.latest_before(run_id, account_id, "USDT", make.at(1)) is None


def test_a_grid_without_a_fingerprint_is_stored_whenever_it_comes(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    grids = repositories.for_user(session, alice.user.user_id).grids
    unnamed, named = alice.grid("[]", raw_fingerprint=None), alice.grid("[]")

    assert grids.record([unnamed, unnamed, named, named]) == [0, 1, 2]


def test_the_grid_of_a_time_is_of_a_run_that_was_active_then(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """L88: once a row of an ended run matched, and the wrong grid was seeded."""
    tenant = repositories.for_user(session, alice.user.user_id)
    tenant.grids.record([alice.grid("[1]", 1)])
    tenant.runs.finish(alice.run.run_id, RunStatus.COMPLETED, make.at(5))
    tenant.runs.start(replace(alice.run, run_id="next", start_ts=make.at(10)))
    tenant.grids.record([alice.grid("[2]", 11, run_id="next")])
    account_id, strat_id = alice.account.account_id, alice.strategy.strat_id

    def grid_at(seconds: float) -> str | None:
        found = tenant.grids.at_or_before(account_id, strat_id, "LTCUSDT", make.at(seconds))
        by_name = tenant.grids.of_any_account_at_or_before(strat_id, "LTCUSDT", make.at(seconds))
        assert found == by_name
        return None if found is None else found.grid_json

    assert [grid_at(second) for second in (0, 1, 5, 6, 10, 11)] == [
        None,
        "[1]",
        "[1]",
        None,
        None,
        "[2]",
    ]


def test_grids_of_recordings_and_backtests_seed_nothing(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    tenant = repositories.for_user(session, alice.user.user_id)
    for run_type in (RunType.RECORDING, RunType.BACKTEST):
        tenant.runs.start(replace(alice.run, run_id=run_type.value, run_type=run_type))
        tenant.grids.record([alice.grid("[]", 1, run_id=run_type.value)])

    found = tenant.grids.at_or_before(
        alice.account.account_id, alice.strategy.strat_id, "LTCUSDT", make.at(9)
    )

    assert found is None


def test_the_lookup_within_a_run_sees_no_other_run(session: Session, alice: "Tenant") -> None:
    """It decides what this run has still to write: another run's row must not count."""
    grids = repositories.for_user(session, alice.user.user_id).grids
    grids.record([alice.grid("[1]")])

    found = grids.latest("another run", alice.account.account_id, alice.strategy.strat_id)

    assert found is None
