from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from appkit.dates import Window
from apps.comparator.tests.little_market import MAKER, START
from apps.comparator.tests.recording import Recording
from comparator.evidence.recorded import Evidence
from grid_db import models
from grid_db.records import Gap
from grid_db.repositories import as_admin
from grid_db.types import from_microseconds, to_fixed8
from grid_db.words import Environment, Stream
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.events import ExecType
from gridcore.sides import BUY, SELL

Look = Callable[..., Evidence]
EXECUTIONS = models.PrivateExecution.__table__.c
ORDERS = models.OrderState.__table__.c


def late(recording: Recording) -> Window:
    """The second half of the recording."""
    return Window(start=Instant((START + recording.outcome.end) // 2), end=None)


def test_the_market_is_that_of_the_tape(recording: Recording, look: Look) -> None:
    evidence, tape = look(recording), recording.plan.tapes["BTCUSDT"]

    trades, tickers = evidence.trades("BTCUSDT"), evidence.tickers("BTCUSDT")

    assert trades.at.tolist() == tape.trades.time.tolist()
    assert trades.price.tolist() == [
        to_fixed8(int(price) * Decimal("0.1")) for price in tape.trades.price
    ]
    assert tape.tickers is not None
    assert tickers.at.tolist() == tape.tickers.time.tolist()


def test_the_market_of_a_window_is_read_and_more_where_it_is_asked_for(
    recording: Recording, look: Look
) -> None:
    """An order that rests when the window begins was placed before."""
    evidence = look(recording, None, late(recording))
    begin = evidence.run.window.start
    inside = len(evidence.trades("BTCUSDT"))

    since = evidence.level("BTCUSDT", BUY, Decimal(10_000), START, recording.outcome.end)

    assert since.trades == len(recording.plan.tapes["BTCUSDT"].trades.time) > inside
    assert len(evidence.tickers("BTCUSDT")) == len(evidence.trades("BTCUSDT")) == inside
    assert evidence.level("BTCUSDT", SELL, Decimal(1), begin, recording.outcome.end).trades == (
        inside
    )


def test_every_fill_of_the_run_was_reached_by_the_market(recording: Recording, look: Look) -> None:
    """The run's fill model needs a trade beyond the price."""
    evidence = look(recording)

    for fill in recording.outcome.fills:
        found = evidence.level("BTCUSDT", fill.side, fill.price, fill.at, fill.at)
        assert found.beyond > 0


def test_every_order_of_the_run_has_a_life(recording: Recording, look: Look) -> None:
    evidence = look(recording)

    for fill in recording.outcome.fills:
        life = evidence.order(fill.order_id)
        assert life is not None
        assert (life.strat_id, life.side, life.direction) == (
            *("grid-BTCUSDT", fill.side, fill.direction),
        )
        assert life.rests_at(fill.at)
        assert life in evidence.orders_of(fill.client_order_id)
    assert evidence.foreign_orders() == ()
    assert evidence.order("nobody's") is None
    assert evidence.orders_of("nobody's") == ()
    assert len(list(evidence.orders)) == recording.outcome.orders_placed


def test_an_order_that_was_placed_before_the_window_is_known(
    recording: Recording, look: Look
) -> None:
    """Also one that rests for days."""
    evidence = look(recording, None, late(recording))
    before = [life for life in evidence.orders if life.placed_at < evidence.run.window.start]
    assert before
    resting = next(life for life in before if life.rests_at(evidence.run.window.start))

    days_before = from_microseconds(START - 72 * HOUR_US)
    recording.change(
        sa.update(models.OrderState)
        .where(ORDERS.order_id == resting.order_id, ORDERS.status == "New")
        .values(exchange_ts=days_before)
    )

    found = look(recording, None, late(recording)).order(resting.order_id)
    assert found is not None
    assert found.placed_at == START - 72 * HOUR_US


def tampered(recording: Recording, **values: object) -> str:
    """Changes the execution and the order of one fill; the order's id."""
    fill = recording.outcome.fills[3]
    of_order = {name: value for name, value in values.items() if name == "order_link_id"}
    recording.change(
        sa.update(models.PrivateExecution)
        .where(EXECUTIONS.order_id == fill.order_id)
        .values(**values)
    )
    if of_order:
        recording.change(
            sa.update(models.OrderState).where(ORDERS.order_id == fill.order_id).values(**of_order)
        )
    return fill.order_id


def test_what_another_hand_did_is_told(recording: Recording, look: Look) -> None:
    order_id = tampered(recording, order_link_id="by-hand")

    evidence = look(recording)

    assert [life.order_id for life in evidence.foreign_orders()] == [order_id]
    assert {row.order_id for row in evidence.foreign_executions()} == {order_id}


def test_nothing_is_foreign_while_set_ups_are_unknown(recording: Recording, look: Look) -> None:
    tampered(recording, order_link_id="by-hand")
    snapshot = '{"strategy": {"strat_id": "grid-BTCUSDT", "symbol": "BTCUSDT"}}'
    recording.change(sa.update(models.Run).values(config_snapshot=snapshot))

    evidence = look(recording)

    assert (evidence.foreign_orders(), evidence.foreign_executions()) == ((), ())


@pytest.mark.parametrize("kind", [ExecType.ADL, ExecType.BUST])
def test_what_the_exchange_did_is_told_by_its_kind(
    recording: Recording, look: Look, kind: ExecType
) -> None:
    order_id = tampered(recording, exec_type=kind.value)

    evidence = look(recording)

    assert evidence.kinds_of(order_id) == {kind}
    assert {row.order_id for row in evidence.of_kind(kind)} == {order_id}
    assert evidence.kinds_of("nobody's") == frozenset()
    assert len(evidence.of_kind(ExecType.TRADE)) < len(evidence.executions)


def test_funding_of_the_window_is_told(record: Callable[..., Recording], look: Look) -> None:
    recording = record(spec={"funding_interval_us": 60 * SECOND_US})

    evidence = look(recording)

    paid = sum(entry.amount for entry in recording.outcome.ledger if entry.kind == "funding")
    assert sum(row.amount for row in evidence.funding) == paid != 0


def test_the_makers_fee_is_what_executions_state(recording: Recording, look: Look) -> None:
    tampered(recording, fee_rate=Decimal("0.0001"))

    fees = look(recording).maker_fees()

    assert list(fees) == [MAKER, Decimal("0.0001")]
    assert sum(fees.values()) == len(recording.outcome.fills)


def test_the_instrument_is_the_one_that_the_bot_was_told(recording: Recording, look: Look) -> None:
    spec = recording.plan.symbols["BTCUSDT"]

    assert look(recording).instrument("BTCUSDT") == spec.instrument


def test_holes_are_told_by_stream_symbol_and_time(recording: Recording, look: Look) -> None:
    start = from_microseconds(START + 60 * SECOND_US)
    with recording.database.get_session() as session:
        as_admin(session).gaps.record(
            [
                Gap(
                    gap_id="33333333-0000-4000-8000-000000000001",
                    environment=Environment.SIM,
                    account_id=None,
                    stream=Stream.TRADES,
                    symbol="BTCUSDT",
                    from_ts=start,
                    to_ts=start,
                    reason="disconnect",
                )
            ],
            start,
        )

    evidence = look(recording)

    [hole] = evidence.holes(Stream.TRADES)
    assert hole.reason == "disconnect"
    assert evidence.holes(Stream.TRADES, "BTCUSDT", hole.span) == (hole,)
    assert evidence.holes(Stream.TRADES, "ETHUSDT") == ()
    assert evidence.holes(Stream.TICKERS) == ()
    before = evidence.run.window.cut(
        type(hole.span)(start=evidence.run.window.start, end=hole.span.start)
    )
    assert evidence.holes(Stream.TRADES, "BTCUSDT", before) == ()
