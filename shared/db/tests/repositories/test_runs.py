from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from grid_db import repositories
from grid_db.repositories import NotOwned
from grid_db.words import RunStatus, RunType

if TYPE_CHECKING:
    from shared.db.tests.repositories.conftest import Makers, Tenant


def test_a_run_comes_back_with_what_it_ran_with(session: Session, alice: "Tenant") -> None:
    """W37, L86: configuration, versions, host and process were never written."""
    runs = repositories.for_user(session, alice.user.user_id).runs
    run = replace(
        alice.run,
        run_id="recording",
        strategy_id=None,
        run_type=RunType.RECORDING,
        gridcore_version="0.1.0",
        code_version="abc123-dirty",
        config_snapshot='{"symbols":["LTCUSDT"]}',
        config_hash="5f",
        host="host",
        pid=4711,
    )

    runs.start(run)

    assert runs.get("recording") == run


def test_a_run_ends_once(session: Session, alice: "Tenant", make: "Makers") -> None:
    runs = repositories.for_user(session, alice.user.user_id).runs

    assert runs.heartbeat(alice.run.run_id, make.at(4)) is True
    assert runs.finish(alice.run.run_id, RunStatus.FAILED, make.at(5)) is True
    assert runs.finish(alice.run.run_id, RunStatus.COMPLETED, make.at(6)) is False
    assert runs.heartbeat(alice.run.run_id, make.at(7)) is False

    assert runs.get(alice.run.run_id) == replace(
        alice.run, status=RunStatus.FAILED, end_ts=make.at(5), heartbeat_at=make.at(4)
    )
    assert runs.running() == []


def test_runs_are_found_by_type_account_and_age(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    runs = repositories.for_user(session, alice.user.user_id).runs
    shadow = replace(alice.run, run_id="shadow", run_type=RunType.SHADOW, start_ts=make.at(5))
    public = replace(
        alice.run, run_id="public", account_id=None, strategy_id=None, start_ts=make.at(9)
    )
    for run in (shadow, public):
        runs.start(run)

    assert runs.recent() == [public, shadow, alice.run]
    assert runs.recent(limit=1) == [public]
    assert runs.by_account(alice.account.account_id) == [shadow, alice.run]
    assert runs.by_type(RunType.SHADOW) == [shadow]
    assert runs.latest_of_type(RunType.LIVE) == public
    assert runs.latest_of_type(RunType.LIVE, [RunStatus.FAILED]) is None


def test_a_run_that_shows_no_life_is_abandoned_where_it_was_last_alive(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    """L52: a crash leaves runs "running"; A45: recording goes on from its last sign of life."""
    runs = repositories.for_user(session, alice.user.user_id).runs
    silent = replace(alice.run, run_id="silent")
    alive = replace(alice.run, run_id="alive")
    for run in (silent, alive):
        runs.start(run)
    runs.heartbeat(alice.run.run_id, make.at(20))
    runs.heartbeat("alive", make.at(60))

    closed = runs.close_stale(
        alice.account.account_id, alice.strategy.strategy_id, RunType.LIVE, make.at(60)
    )

    ends = {run.run_id: (run.status, run.end_ts) for run in closed}
    assert ends == {
        "silent": (RunStatus.ABANDONED, make.at(0)),
        alice.run.run_id: (RunStatus.ABANDONED, make.at(20)),
    }
    assert [run.run_id for run in runs.running()] == ["alive"]


def test_stale_runs_of_another_kind_are_left_alone(
    session: Session, alice: "Tenant", make: "Makers"
) -> None:
    runs = repositories.for_user(session, alice.user.user_id).runs
    account_id, strategy_id = alice.account.account_id, alice.strategy.strategy_id

    assert runs.close_stale(account_id, strategy_id, RunType.SHADOW, make.at(99)) == []
    assert runs.close_stale(account_id, None, RunType.LIVE, make.at(99)) == []
    assert runs.close_stale(None, None, RunType.LIVE, make.at(99)) == []


def test_a_run_is_of_its_own_user_account_and_strategy(
    session: Session, alice: "Tenant", bob: "Tenant"
) -> None:
    runs = repositories.for_user(session, alice.user.user_id).runs
    run = replace(alice.run, run_id="another")

    with pytest.raises(NotOwned, match="user "):
        runs.start(replace(run, user_id=bob.user.user_id))
    with pytest.raises(NotOwned, match="account "):
        runs.start(replace(run, account_id=bob.account.account_id))
    with pytest.raises(NotOwned, match="strategy "):
        runs.start(replace(run, strategy_id=bob.strategy.strategy_id))

    assert runs.recent() == [alice.run]
