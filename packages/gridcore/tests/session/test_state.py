"""What the desks share: wire ids that never repeat, and modes that reach the strategies."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.intents import base36, decode_wire_id
from gridcore.saved import Saved
from gridcore.session.effects import (
    AskSnapshot,
    Effects,
    LedgerEntry,
    LedgerKind,
    PlaceOrder,
    Severity,
    SnapshotKind,
)
from gridcore.session.modes import ACCOUNT, Mode, ModeCause
from gridcore.session.orders import OrderState, TrackedOrder
from gridcore.session.setup import StrategySetup
from gridcore.session.state import AccountState
from gridcore.sides import BUY, LONG

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
ETH = "ETHUSDT"
IDENTITY = "0123456789abcdef"
Setups = Callable[..., StrategySetup]
Runs = Callable[..., "Run"]
Places = Callable[[Effects], list[PlaceOrder]]


def suffix(wire_id: str) -> int:
    return int(wire_id.split("-")[1], 36)


@given(st.lists(st.integers(0, 2**53), min_size=1))
def test_wire_ids_are_unique_and_ascending_even_when_the_clock_stands_or_turns_back(
    clock: list[int],
) -> None:
    state = AccountState(SafetyConfig())

    minted = [state.mint_wire_id(IDENTITY, Instant(now)) for now in clock]

    suffixes = [suffix(wire_id) for wire_id in minted]
    assert suffixes == sorted(set(suffixes))
    assert all(minted_at >= now for minted_at, now in zip(suffixes, clock, strict=True))
    assert all(decode_wire_id(wire_id) == IDENTITY for wire_id in minted)


def test_a_wire_id_is_the_identity_and_the_time_in_base_36() -> None:
    state = AccountState(SafetyConfig())

    assert state.mint_wire_id(IDENTITY, Instant(1)) == f"{IDENTITY}-1"
    assert state.mint_wire_id(IDENTITY, Instant(35)) == f"{IDENTITY}-z"
    assert state.mint_wire_id(IDENTITY, Instant(35)) == f"{IDENTITY}-{base36(36)}"


def test_the_orders_of_one_ticker_have_different_wire_ids(started: Runs, places: Places) -> None:
    run = started()

    wire_ids = [order.wire_id for order in places(run.tick(10_000))]

    assert len(set(wire_ids)) == len(wire_ids) == 4


def test_a_mode_reaches_every_direction_it_concerns_and_is_told_once(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup(), make_setup(ETH, "other"))
    state = AccountState(SafetyConfig())
    state.strategies = run.session.strategies

    asked = [
        state.ask_mode(f"{BTC}/long", ModeCause.EMERGENCY, "x", Instant(1), Mode.CLOSE_ONLY)
        for _ in range(3)
    ]

    assert asked == [True, False, False]
    assert state.strategies[BTC].modes == [Mode.CLOSE_ONLY, Mode.NORMAL]
    assert state.strategies[ETH].modes == [Mode.NORMAL, Mode.NORMAL]
    notices = state.out.drain().notices
    assert [notice.event for notice in notices] == ["mode_asked"]
    assert notices[0].severity is Severity.WARNING
    assert dict(notices[0].fields) == {
        "scope": f"{BTC}/long",
        "cause": "emergency",
        "mode": "CLOSE_ONLY",
        "ended_by": "x",
    }


def test_a_mode_ends_where_it_was_asked_and_the_next_worst_holds(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup())
    state = AccountState(SafetyConfig())
    state.strategies = run.session.strategies
    state.ask_mode(ACCOUNT, ModeCause.LIQUIDATED, "operator", Instant(1), Mode.HALT)
    state.ask_mode(BTC, ModeCause.RECONCILE, "listing", Instant(1))

    state.end_mode(ACCOUNT, ModeCause.LIQUIDATED)
    assert state.strategies[BTC].modes == [Mode.NO_OPEN, Mode.NO_OPEN]
    state.end_mode(ACCOUNT, ModeCause.LIQUIDATED)
    state.end_mode(BTC, ModeCause.RECONCILE)

    assert state.strategies[BTC].modes == [Mode.NORMAL, Mode.NORMAL]


# -- attention, questions, suspicions ---------------------------------------------------------


def order(number: int, sent_at: int = 0) -> TrackedOrder:
    return TrackedOrder(
        order_id=f"O{number}",
        direction=LONG,
        side=BUY,
        price=9900,
        symbol=BTC,
        strat_id="grid",
        client_order_id=IDENTITY,
        wire_id=f"{IDENTITY}-{number}",
        qty=10,
        leaves=10,
        state=OrderState.UNCERTAIN,
        opens=True,
        level=1,
        sent_at=Instant(sent_at),
    )


def test_orders_that_want_attention_share_one_deadline_the_earliest() -> None:
    state = AccountState(SafetyConfig())
    first, second = order(1), order(2)

    state.attend(first, Instant(30))
    state.attend(second, Instant(20))
    assert state.deadlines.next() == 20
    state.let_go(second)
    assert (state.deadlines.next(), second.due, first.due) == (30, None, 30)
    state.let_go(first)

    assert state.deadlines.next() is None
    assert state.attention == {}


def test_attention_asked_again_moves_the_deadline() -> None:
    state = AccountState(SafetyConfig())
    doubtful = order(1)

    state.attend(doubtful, Instant(20))
    state.attend(doubtful, Instant(40))

    assert state.deadlines.next() == doubtful.due == 40


@pytest.mark.parametrize(
    ("known_to", "in_doubt", "since"),
    [
        (None, [], None),
        (700, [], Instant(700)),
        (700, [900], Instant(700)),
        (700, [300, 500], Instant(300)),
        (None, [5], Instant(5)),
    ],
)
def test_executions_are_asked_since_the_watermark_and_since_every_order_in_doubt(
    known_to: int | None, in_doubt: list[int], since: Instant | None
) -> None:
    state = AccountState(SafetyConfig())
    if known_to is not None:
        state.known_to[BTC] = Instant(known_to)
    for number, sent_at in enumerate(in_doubt):
        doubtful = order(number, sent_at)
        state.tracker.add(doubtful)
        state.attend(doubtful, Instant(2000))
    trusted = order(99, 1)
    state.tracker.add(trusted)

    state.want(BTC, Instant(1000), "why", SnapshotKind.EXECUTIONS)

    assert state.out.drain().requests == (
        AskSnapshot(kind=SnapshotKind.EXECUTIONS, symbol=BTC, reason="why", since=since),
    )


def test_executions_are_asked_since_an_order_that_a_listing_lacked() -> None:
    state = AccountState(SafetyConfig())
    state.known_to[BTC] = Instant(700)
    missing = order(1, 300)
    missing.unlisted = 1
    state.tracker.add(missing)

    state.want(BTC, Instant(1000), "why", SnapshotKind.EXECUTIONS)
    state.want(ETH, Instant(1000), "why", SnapshotKind.EXECUTIONS)

    asked = [
        (request.symbol, request.since)
        for request in state.out.drain().requests
        if isinstance(request, AskSnapshot)
    ]
    assert asked == [(BTC, 300), (ETH, None)]


def test_what_is_wanted_is_asked_once_and_again_by_a_deadline() -> None:
    state = AccountState(SafetyConfig())

    for _ in range(2):
        state.want(BTC, Instant(1000), "why", SnapshotKind.ORDERS, SnapshotKind.POSITIONS)

    kinds = [
        request.kind for request in state.out.drain().requests if isinstance(request, AskSnapshot)
    ]
    assert kinds == [SnapshotKind.ORDERS, SnapshotKind.POSITIONS]
    assert state.deadlines.next() == 1000 + 10 * SECOND_US


def test_the_first_suspicion_of_a_symbol_names_the_reason() -> None:
    state = AccountState(SafetyConfig())

    state.suspect(BTC, "first")
    state.suspect(BTC, "second")

    assert state.suspicions == {BTC: "first"}


# -- books ------------------------------------------------------------------------------------


def entry(kind: LedgerKind, amount: str) -> LedgerEntry:
    return LedgerEntry(
        at=Instant(1),
        kind=kind,
        symbol=None,
        direction=None,
        amount=Decimal(amount),
        reference="r",
    )


def test_profits_fees_and_funding_count_for_the_day_and_cash_does_not() -> None:
    state = AccountState(SafetyConfig())
    state.loss.open_day(Decimal(1000), Instant(1))
    cash = entry(LedgerKind.CASH, "500")

    state.enter([cash])
    assert not state.loss_moved
    for kind, amount in (
        (LedgerKind.REALISED, "-3"),
        (LedgerKind.FEE, "-0.5"),
        (LedgerKind.FUNDING, "0.25"),
    ):
        state.enter([entry(kind, amount)])

    assert state.loss_moved
    assert state.loss.profit == Decimal("-3.25")
    assert state.out.drain().records[0] == cash


def test_equity_is_unknown_until_the_books_open_and_counts_every_legs_profit(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup())
    run.exchange.marks[BTC] = Decimal(990)
    run.hold(LONG, 10)
    state = AccountState(SafetyConfig())
    state.strategies = run.session.strategies
    assert state.equity() is None

    state.enter(state.ledger.open(Decimal(100), Instant(1), 0))

    assert state.equity() == 99


def test_restore_is_the_inverse_of_snapshot(make_setup: Setups, started: Runs) -> None:
    run = started(make_setup())
    run.tick(10_000)
    state = AccountState(SafetyConfig())
    state.mint_wire_id(IDENTITY, Instant(77))
    state.tracker.add(order(1))
    state.attend(order(1), Instant(500))
    state.want(BTC, Instant(1000), "why", SnapshotKind.EXECUTIONS)
    state.known_to[BTC] = Instant(5)
    state.unexecuted["w"] = Instant(6)
    state.executions.add("X1")
    state.ask_mode(ACCOUNT, ModeCause.OPERATOR, "x", Instant(7), Mode.HALT)
    state.enter(state.ledger.open(Decimal(9), Instant(8), 0))
    restored = AccountState(SafetyConfig())

    restored.restore(Saved(json.loads(json.dumps(state.snapshot()))))

    assert json.dumps(restored.snapshot()) == json.dumps(state.snapshot())
    assert restored.deadlines.next() == state.deadlines.next() == 500
    assert restored.attention == state.attention
    assert not restored.executions.add("X1")
