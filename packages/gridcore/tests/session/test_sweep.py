"""The verified cancel-all: again and again, until a listing shows no order of ours (A33)."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.events import (
    CancelUnknown,
    Event,
    FundingPaid,
    OperatorAction,
    OperatorCommand,
    OrdersSnapshot,
)
from gridcore.instrument import Steps
from gridcore.session.effects import AskSnapshot, CancelOrder, Effects, SnapshotKind
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
ETH = "ETHUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Asks = Callable[[Effects], list[AskSnapshot]]
Cancels = Callable[[Effects], list[CancelOrder]]


def command(run: "Run", action: OperatorAction, symbol: str | None = None) -> Effects:
    return run.send(OperatorCommand(at=run.now, action=action, symbol=symbol))


def cancel_all(run: "Run", symbol: str | None = None) -> Effects:
    return command(run, OperatorAction.CANCEL_ALL, symbol)


def cancel_times(run: "Run", cancels: Cancels, order_id: str) -> list[Instant]:
    """When cancels of an order left."""
    return [
        at
        for _, at, effects in run.handled
        for cancel in cancels(effects)
        if cancel.order_id == order_id
    ]


@pytest.fixture(scope="session")
def ladder(started: Runs) -> Callable[..., "Run"]:
    """A grid of four orders that rest."""

    def make(*setups: StrategySetup, **changes: object) -> "Run":
        run = started(*setups, **changes)
        run.wait(SECOND_US)
        for setup in run.setups:
            run.tick(10_000, setup.instrument.symbol)
        return run

    return make


def test_the_operators_cancel_all_cancels_closes_as_well_and_places_nothing(
    started: Runs, cancels: Cancels
) -> None:
    run = started()
    run.hold(LONG, 20)
    run.tick(10_000)
    closes = [row for row in run.book() if row[:2] == ("long", "Sell")]
    resting = len(run.book())

    effects = cancel_all(run)

    assert closes
    assert len(cancels(effects)) == resting
    assert run.book() == []
    assert not run.tick(10_000).requests
    assert run.modes() == {("", "operator", "HALT")}


def test_it_is_over_when_a_listing_shows_none_and_says_so_once(
    ladder: Callable[..., "Run"],
) -> None:
    run = ladder()

    cancel_all(run)
    assert run.told("all_cancelled") == 0
    run.wait(15 * SECOND_US)
    assert run.told("all_cancelled") == 1
    run.wait(600 * SECOND_US)

    assert run.told("all_cancelled") == 1


def test_without_orders_it_is_over_after_one_look(started: Runs, cancels: Cancels) -> None:
    run = started()
    run.wait(SECOND_US)

    effects = cancel_all(run)
    run.wait(5 * SECOND_US)

    assert not cancels(effects)
    assert run.told("all_cancelled") == 1


@pytest.mark.parametrize("code", [10016, 10006, 110079])
def test_cancels_that_fail_are_repeated_until_the_exchange_shows_none_a33(
    ladder: Callable[..., "Run"], code: int
) -> None:
    run = ladder()
    run.exchange.refuse_cancels.extend([code] * 12)

    cancel_all(run)
    assert len(run.book()) == 4
    run.wait(60 * SECOND_US)

    assert run.book() == []
    assert run.told("all_cancelled") == 1
    assert run.session.open_orders == 0


def test_cancels_without_an_answer_are_repeated_until_the_exchange_shows_none_a33_w18(
    ladder: Callable[..., "Run"],
) -> None:
    run = ladder()
    resting = dict(run.exchange.orders)
    run.prompt = False
    cancel_all(run)
    run.waiting.clear()
    run.exchange.orders.update(resting)
    for order_id in resting:
        run.send(CancelUnknown(symbol=BTC, at=run.now, order_id=order_id, text="no reply"))
    run.waiting.clear()
    run.exchange.orders.update(resting)
    run.prompt = True

    run.wait(60 * SECOND_US)

    assert run.book() == []
    assert run.told("all_cancelled") == 1


def test_it_goes_on_for_as_long_as_one_cancel_fails(
    ladder: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = ladder()
    (first, *_) = run.exchange.orders
    run.exchange.refuse_cancels.extend([10016] * 100)

    cancel_all(run)
    run.wait(600 * SECOND_US)

    assert run.told("all_cancelled") == 0
    times = cancel_times(run, cancels, first)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) > 15, "it does not give up"
    assert max(gaps) <= 40 * SECOND_US
    run.exchange.refuse_cancels.clear()
    run.wait(60 * SECOND_US)
    assert run.told("all_cancelled") == 1


def test_a_failing_cancel_is_not_hammered_a14(
    ladder: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = ladder()
    (first, *_) = run.exchange.orders
    run.exchange.refuse_cancels.extend([10016] * 100)
    since = run.now

    cancel_all(run)
    run.wait(60 * SECOND_US)

    assert len([at for at in cancel_times(run, cancels, first) if at < since + 60 * SECOND_US]) <= 6


def test_a_listing_that_was_asked_before_the_orders_ended_is_no_proof_a33(
    ladder: Callable[..., "Run"], asks: Asks
) -> None:
    run = ladder()
    run.wait(2 * SECOND_US)
    overtaking = run.exchange.listing(BTC)
    run.prompt = False
    cancel_all(run)
    answers: list[Event] = [replace(overtaking, asked_at=run.now)]
    answers += [event for event in run.waiting if not isinstance(event, OrdersSnapshot)]
    run.waiting.clear()
    for event in answers:
        run.send(event)
    ended_at = run.now
    assert run.session.open_orders == 0

    while not run.told("all_cancelled"):
        run.wait(SECOND_US)
        run.deliver()
        assert run.now < ended_at + 60 * SECOND_US

    listings = [
        event.asked_at
        for event, _, _ in run.handled
        if isinstance(event, OrdersSnapshot) and event.asked_at >= ended_at
    ]
    assert listings[1:], "the one that overtook, and one that is a proof"


def test_an_order_of_ours_that_only_the_listing_shows_is_cancelled_as_well_w18(
    ladder: Callable[..., "Run"],
) -> None:
    run = ladder()
    order = run.exchange.resting(BTC, LONG, BUY, 9900)
    run.exchange.orders["O9"] = replace(
        order,
        order_id="O9",
        request=replace(order.request, wire_id=f"{order.request.client_order_id}-1"),
    )

    cancel_all(run)
    run.wait(30 * SECOND_US)

    assert run.book() == []
    assert run.told("all_cancelled") == 1


def test_without_an_answer_to_the_listing_it_does_not_end_l30(
    ladder: Callable[..., "Run"], asks: Asks
) -> None:
    run = ladder()
    run.prompt = False
    cancel_all(run)
    run.deliver()

    fired: list[Effects] = []
    for _ in range(20):
        fired += run.wait(5 * SECOND_US)
        run.waiting.clear()

    assert run.told("all_cancelled") == 0
    assert SnapshotKind.ORDERS in {one.kind for effects in fired for one in asks(effects)}
    run.prompt = True
    run.wait(60 * SECOND_US)
    assert run.told("all_cancelled") == 1


def test_the_operators_resume_ends_it_and_what_was_not_cancelled_stays(
    ladder: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = ladder()
    run.exchange.refuse_cancels.extend([10016] * 4)
    cancel_all(run)
    run.wait(SECOND_US // 2)

    command(run, OperatorAction.RESUME)
    fired = run.wait(120 * SECOND_US)

    assert not [one for effects in fired for one in cancels(effects)]
    assert len(run.book()) == 4
    assert run.modes() == set()


def test_the_operators_cancel_all_of_one_symbol_leaves_the_other_alone(
    ladder: Callable[..., "Run"], make_setup: Setups, cancels: Cancels
) -> None:
    run = ladder(make_setup(), make_setup(ETH, "other"))
    before = run.book(ETH)

    effects = cancel_all(run, BTC)
    for _ in range(20):
        run.tick(10_000, ETH)
        run.wait(SECOND_US)

    assert {cancel.symbol for cancel in cancels(effects)} == {BTC}
    assert run.book(BTC) == []
    assert run.book(ETH) == before
    assert run.modes() == {(BTC, "operator", "HALT")}
    assert run.told("all_cancelled") == 1


def test_the_operators_resume_of_one_symbol_ends_its_cancel_all(
    ladder: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = ladder()
    run.exchange.refuse_cancels.extend([10016] * 4)
    cancel_all(run, BTC)
    run.wait(SECOND_US // 2)

    command(run, OperatorAction.RESUME, BTC)
    fired = run.wait(120 * SECOND_US)

    assert not [one for effects in fired for one in cancels(effects)]


@pytest.mark.untraced
def test_midnight_does_not_end_the_operators_cancel_all(
    ladder: Callable[..., "Run"],
) -> None:
    run = ladder(safety=SafetyConfig(session_loss_limit=Decimal(5)))
    run.exchange.refuse_cancels.extend([10016] * 100_000)
    cancel_all(run)
    run.exchange.wallet -= 6
    run.send(
        FundingPaid(
            symbol=BTC,
            at=run.now,
            exec_id="F1",
            direction=LONG,
            qty=Steps(1),
            rate=Decimal(0),
            price=Decimal(1000),
            amount=Decimal(-6),
        )
    )
    assert run.modes() == {("", "operator", "HALT"), ("", "loss_limit", "HALT")}

    run.wait(23 * 3600 * SECOND_US)
    assert run.modes() == {("", "operator", "HALT")}
    run.exchange.refuse_cancels.clear()
    run.wait(120 * SECOND_US)

    assert run.book() == []
    assert run.told("all_cancelled") == 1


@given(st.lists(st.sampled_from([0, 10016, 110079, 10006]), max_size=30), st.integers(0, 20))
def test_at_most_one_cancel_of_an_order_is_in_flight_l22(
    ladder: Callable[..., "Run"], cancels: Cancels, codes: list[int], delivered: int
) -> None:
    run = ladder()
    run.exchange.refuse_cancels.extend(codes)
    run.prompt = False
    flying: set[str] = set()

    def leave(effects: list[Effects]) -> None:
        for one in effects:
            for cancel in cancels(one):
                assert cancel.order_id not in flying
                flying.add(cancel.order_id)

    leave([cancel_all(run)])
    for number in range(30):
        leave(run.wait(SECOND_US))
        for _ in range((number * delivered) % 4):
            if run.waiting:
                event = run.waiting.popleft()
                flying.discard(str(getattr(event, "order_id", "")))
                leave([run.send(event)])


def test_it_goes_on_after_a_restart(ladder: Callable[..., "Run"]) -> None:
    run = ladder()
    run.exchange.refuse_cancels.extend([10016] * 4)
    cancel_all(run)
    memory = json.loads(json.dumps(run.session.snapshot()))

    run.session = run.fresh_session()
    run.session.restore(memory)
    assert run.session.snapshot()["sweep"] == memory["sweep"]
    run.wait(2 * SECOND_US)
    run.start()
    run.wait(60 * SECOND_US)

    assert run.book() == []
    assert run.told("all_cancelled") == 1
    assert run.modes() == {("", "operator", "HALT")}


def test_the_resume_of_one_symbol_does_not_end_a_cancel_all_of_the_account(
    ladder: Callable[..., "Run"], make_setup: Setups
) -> None:
    run = ladder(make_setup(), make_setup(ETH, "other"))
    run.exchange.refuse_cancels.extend([10016] * 8)
    cancel_all(run)

    command(run, OperatorAction.RESUME, BTC)
    run.wait(60 * SECOND_US)

    assert run.book(BTC) == run.book(ETH) == []
    assert run.told("all_cancelled") == 2


def test_the_resume_of_a_symbol_does_not_end_the_cancel_all_of_the_loss_limit_a33(
    ladder: Callable[..., "Run"],
) -> None:
    run = ladder(safety=SafetyConfig(session_loss_limit=Decimal(5)))
    run.exchange.refuse_cancels.extend([10016] * 8)
    run.exchange.wallet -= 6
    run.send(
        FundingPaid(
            symbol=BTC,
            at=run.now,
            exec_id="F1",
            direction=LONG,
            qty=Steps(1),
            rate=Decimal(0),
            price=Decimal(1000),
            amount=Decimal(-6),
        )
    )

    command(run, OperatorAction.RESUME, BTC)
    run.wait(60 * SECOND_US)

    assert run.modes() == {("", "loss_limit", "HALT")}
    assert run.book() == []
    assert run.told("all_cancelled") == 1


def test_midnight_ends_the_cancel_all_of_the_loss_limit_and_what_is_left_stays_a32(
    ladder: Callable[..., "Run"],
) -> None:
    run = ladder(safety=SafetyConfig(session_loss_limit=Decimal(5)))
    run.wait(HOUR_US * 23 - MINUTE_US - 10 * SECOND_US)
    run.exchange.refuse_cancels.extend([10016] * 100)
    run.exchange.wallet -= 6
    run.send(
        FundingPaid(
            symbol=BTC,
            at=run.now,
            exec_id="F1",
            direction=LONG,
            qty=Steps(1),
            rate=Decimal(0),
            price=Decimal(1000),
            amount=Decimal(-6),
        )
    )
    assert run.modes() == {("", "loss_limit", "HALT")}

    run.wait(2 * MINUTE_US)
    assert run.modes() == set()
    run.exchange.refuse_cancels.clear()
    run.wait(2 * MINUTE_US)

    assert len(run.book()) == 4
    assert run.told("all_cancelled") == 0
