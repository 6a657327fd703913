"""A backtest of a recording is the run that was recorded, whole or from any instant on (A-14)."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import UserError
from apps.comparator.tests.little_market import MAKER, START
from apps.comparator.tests.recording import Recording
from backtest.outcome import Fill
from backtest.runner import run_backtest
from backtest.wiring import RunPlan
from comparator.made_now import ExchangeModel, plan_of, recorded_tapes
from comparator.seeding import seed_of
from grid_db.repositories import as_admin
from gridcore.clock import SECOND_US, Instant
from simvenue.messages import FillModel


def planned(recording: Recording, folder: Path, at: Instant, **model: Any) -> RunPlan:
    setups = recording.setup.setups()
    with recording.database.get_readonly_session() as session:
        tapes = recorded_tapes(
            session, recording.environment, [one.instrument for one in setups], folder
        )
        seed = seed_of(
            as_admin(session),
            account_id=recording.account_id,
            recorder_run=recording.recording_run,
            setups=setups,
            at=at,
        )
    return plan_of(recording.setup, seed, tapes, ExchangeModel(maker_fee=MAKER, **model), None)


def facts(fill: Fill) -> tuple[Any, ...]:
    return (
        fill.at,
        fill.symbol,
        fill.client_order_id,
        fill.direction,
        fill.side,
        fill.price,
        fill.qty,
        fill.fee,
        fill.realised,
    )


@pytest.mark.parametrize("seconds", [0, 60, 150])
@pytest.mark.parametrize("symbols", [("BTCUSDT",), ("BTCUSDT", "ETHUSDT", "SOLUSDT")])
def test_it_is_the_recorded_run_from_any_instant_on(
    record: Any, tmp_path: Path, symbols: tuple[str, ...], seconds: int
) -> None:
    """V-3: from orders, legs, wallet and grid as they were recorded. Of two orders at one price
    either may be the first: what denied one of them until then is not recorded."""
    recording: Recording = record(*symbols)
    at = Instant(START + seconds * SECOND_US)

    outcome = run_backtest(planned(recording, tmp_path, at))

    expected = sorted(facts(fill) for fill in recording.outcome.fills if fill.at >= at)
    assert sorted(facts(fill) for fill in outcome.fills) == expected
    assert len(expected) > 10
    assert outcome.final_wallet == recording.outcome.final_wallet
    assert outcome.final_equity == recording.outcome.final_equity


def test_partial_fills_are_repeated_from_their_seed(recording: Recording, tmp_path: Path) -> None:
    plan = planned(recording, tmp_path, START, partial_fills=300, partial_fills_seed="1")

    fills = run_backtest(plan).fills

    assert [facts(fill) for fill in fills] == [facts(fill) for fill in recording.outcome.fills]


def test_the_exchanges_model_reaches_the_venue(recording: Recording, tmp_path: Path) -> None:
    model = {"fill_model": FillModel.QUEUE, "place_latency_us": 7, "cancel_latency_us": 8}

    plan = planned(recording, tmp_path, START, **model, queue_ahead_factor=Decimal(3))

    venue = plan.venue
    assert (venue.fill_model, venue.place_latency_us, venue.cancel_latency_us) == tuple(
        model.values()
    )
    assert venue.queue_ahead_factor == 3
    assert plan.symbols["BTCUSDT"].typical_trade > 1


def test_symbols_with_different_taker_fees_are_refused(record: Any, tmp_path: Path) -> None:
    recording: Recording = record("BTCUSDT", "ETHUSDT")
    first, second = recording.setup.strategies
    other = replace(second, taker_fee=Decimal("0.001"))
    changed = replace(recording, setup=replace(recording.setup, strategies=(first, other)))

    with pytest.raises(UserError, match="one taker fee"):
        planned(changed, tmp_path, START)
