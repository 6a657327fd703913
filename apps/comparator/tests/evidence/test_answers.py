from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
import sqlalchemy as sa

from apps.comparator.tests.little_market import START
from apps.comparator.tests.recording import Recording
from comparator.certificate.evidence import Ending, Interruption, Lost
from comparator.certificate.evidence import Evidence as Asked
from comparator.evidence.answers import Answers
from comparator.evidence.recorded import Evidence
from comparator.loading.spans import Span
from grid_db import models
from grid_db.records import Gap
from grid_db.repositories import as_admin
from grid_db.types import from_microseconds
from grid_db.words import Environment, Stream
from gridcore.clock import SECOND_US, Instant
from gridcore.events import ExecType
from gridcore.sides import BUY, LONG

ORDERS = models.OrderState.__table__.c
RUNS = models.Run.__table__.c


@pytest.fixture
def answers(look: Callable[..., Evidence]) -> Callable[..., Asked]:
    """A recording as the certificate asks it."""

    def make(recording: Recording) -> Asked:
        return Answers(look(recording))

    return make


Answering = Callable[..., Asked]


def test_the_market_is_told_as_it_was_recorded(
    recording: Recording, answers: Answering, look: Callable[..., Evidence]
) -> None:
    told, evidence = answers(recording), look(recording)
    fill = recording.outcome.fills[4]
    where = ("BTCUSDT", fill.side, fill.price, START, fill.at)

    mine, theirs = told.level(*where), evidence.level(*where)

    assert [mine.at_price, mine.against, mine.beyond] == [
        *(theirs.at_price, theirs.against, theirs.beyond)
    ]
    assert (mine.first_at, mine.first_beyond_at) == (theirs.first_at, theirs.first_beyond_at)
    assert told.window == evidence.run.window


def test_a_typical_trade_is_the_median(
    record: Callable[..., Recording], answers: Answering
) -> None:
    """Of an even number of trades, the mean of the two in the middle."""
    for rows in (240, 241):
        recording = record(rows=rows)
        sizes = recording.plan.tapes["BTCUSDT"].trades.size

        typical = answers(recording).typical_trade("BTCUSDT")

        assert typical == Decimal(str(np.median(sizes))) * Decimal("0.001")


def test_without_trades_none_is_typical(recording: Recording, answers: Answering) -> None:
    recording.change(sa.delete(models.PublicTrade))

    assert answers(recording).typical_trade("BTCUSDT") is None


def test_every_filled_order_has_its_life(recording: Recording, answers: Answering) -> None:
    told = answers(recording)

    for fill in recording.outcome.fills:
        life = told.order(fill.order_id)
        assert life is not None
        assert life.placed_at is not None
        assert life.placed_at <= fill.at
        assert life in told.orders_of(fill.client_order_id)
        assert told.kinds_of(fill.order_id) == {ExecType.TRADE}
        assert (life.ending is Ending.FILLED) is (life.filled == life.qty)
    assert told.order("nobody's") is None


def tampered(recording: Recording, was: str, **values: object) -> str:
    """Changes the state that had this status of one order."""
    fill = recording.outcome.fills[6]
    mine = (ORDERS.order_id == fill.order_id, ORDERS.status == was)
    recording.change(sa.update(models.OrderState).where(*mine).values(**values))
    return fill.order_id


@pytest.mark.parametrize(
    ("status", "ending"), [("Cancelled", Ending.CANCELLED), ("Rejected", Ending.REJECTED)]
)
def test_an_end_has_its_word_and_its_reason(
    recording: Recording, answers: Answering, status: str, ending: Ending
) -> None:
    order_id = tampered(recording, "Filled", status=status, reject_reason="EC_Others")

    life = answers(recording).order(order_id)

    assert life is not None
    assert (life.ending, life.reason) == (ending, "EC_Others")


def test_an_order_without_its_first_state_has_no_time_of_placing(
    recording: Recording, answers: Answering
) -> None:
    order_id = recording.outcome.fills[6].order_id
    recording.change(
        sa.delete(models.OrderState).where(ORDERS.order_id == order_id, ORDERS.status == "New")
    )

    life = answers(recording).order(order_id)

    assert life is not None
    assert life.placed_at is None
    assert life.minted_at is not None


def test_holes_are_told_as_what_they_took_away(recording: Recording, answers: Answering) -> None:
    start = from_microseconds(START + 60 * SECOND_US)
    end = start + timedelta(seconds=1)
    streams = (Stream.TRADES, Stream.EXECUTIONS, Stream.POSITIONS)
    with recording.database.get_session() as session:
        as_admin(session).gaps.record(
            [
                Gap(
                    gap_id=f"33333333-0000-4000-8000-{number:012}",
                    environment=Environment.SIM,
                    account_id=None if stream is Stream.TRADES else recording.account_id,
                    stream=stream,
                    symbol=None,
                    from_ts=start,
                    to_ts=end,
                    reason="disconnect",
                )
                for number, stream in enumerate(streams)
            ],
            start,
        )

    found = answers(recording).interruptions("BTCUSDT")

    span = Span(start=Instant(START + 60 * SECOND_US), end=Instant(START + 61 * SECOND_US + 1))
    assert found == [
        Interruption(lost=lost, symbol=None, span=span, reason="disconnect")
        for lost in (Lost.ACCOUNT, Lost.MARKET)
    ]


def test_a_time_without_the_bot_is_told_of_its_symbol(
    record: Callable[..., Recording], answers: Answering
) -> None:
    recording = record("BTCUSDT", "ETHUSDT")
    cut = START + 100 * SECOND_US
    recording.change(
        sa.update(models.Run)
        .where(RUNS.run_id == recording.live_runs["ETHUSDT"])
        .values(end_ts=from_microseconds(cut))
    )

    told = answers(recording)

    [one] = told.interruptions("ETHUSDT")
    assert (one.lost, one.span) == (*(Lost.BOT, Span(start=Instant(cut + 1), end=told.window.end)),)
    assert told.interruptions("BTCUSDT") == []


def test_latencies_are_from_minting_to_the_exchanges_first_word(
    record: Callable[..., Recording], answers: Answering
) -> None:
    """Ids of one instant are minted ahead of the clock: those orders took no time."""
    at_once = answers(record()).latencies_us()
    late = answers(record(venue={"place_latency_us": 70_000})).latencies_us()

    assert set(at_once) == {0}
    assert max(late) == 70_000
    assert min(late) > 69_900


def test_an_id_with_milliseconds_of_old_has_no_time_of_minting(
    recording: Recording, answers: Answering
) -> None:
    order_id = recording.outcome.fills[6].order_id
    identity = recording.outcome.fills[6].client_order_id
    recording.change(
        sa.update(models.OrderState)
        .where(ORDERS.order_id == order_id)
        .values(order_link_id=f"{identity}-1767229209951")
    )

    life = answers(recording).order(order_id)

    assert life is not None
    assert (life.minted_at, life.client_order_id) == (None, identity)


def test_charges_are_the_recorded_payments(
    record: Callable[..., Recording], answers: Answering
) -> None:
    recording = record(spec={"funding_interval_us": 60 * SECOND_US})

    charges = answers(recording).charges()

    paid = [entry for entry in recording.outcome.ledger if entry.kind == "funding"]
    assert [(one.at, one.direction, one.amount) for one in charges] == [
        (entry.at, entry.direction, entry.amount) for entry in paid
    ]
    assert len(charges) > 1


def test_a_database_knows_of_no_denials(recording: Recording, answers: Answering) -> None:
    assert answers(recording).denials("BTCUSDT", LONG, BUY, Decimal(1000)) == ()
