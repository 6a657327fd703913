"""A tick or a step changes: the book is emptied, a new session takes over what keeps its sense."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.events import OperatorAction, OperatorCommand, SessionStarted, SymbolReport
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.saved import SavedStateError
from gridcore.session.account import AccountSession
from gridcore.session.rebuilding import memory_for
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC, ETH = "BTCUSDT", "ETHUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]


@pytest.fixture
def traded(make_run: Runs, make_setup: Setups) -> "Run":
    """Two grids stand; one long order of each symbol has filled."""
    run = make_run(make_setup(), make_setup(ETH, "other"))
    run.start()
    run.wait(2 * SECOND_US)
    for symbol in (BTC, ETH):
        run.tick(10_000, symbol)
        run.wait(SECOND_US)
        run.fill(LONG, BUY, 9900, symbol=symbol)
        run.tick(9_950, symbol)
        run.wait(5 * SECOND_US)
    return run


def finer(instrument: Instrument) -> Instrument:
    """A tenth of the tick, a tenth of the step."""
    return replace(
        instrument,
        tick_size=instrument.tick_size / 10,
        qty_step=instrument.qty_step / 10,
        min_qty=instrument.min_qty / 10,
    )


def report(run: "Run", instrument: Instrument, **changes: Any) -> None:
    fields: dict[str, Any] = {
        "leverage": Decimal(10),
        "hedge_mode": True,
        "trading": True,
    } | changes
    run.send(SymbolReport(symbol=BTC, at=run.now, instrument=instrument, **fields))


def changed(run: "Run") -> Instrument:
    """The exchange trades with another tick and step from now on, and says so."""
    other = finer(run.setups[0].instrument)
    report(run, other)
    run.exchange.instruments = {**run.exchange.instruments, BTC: other}
    return other


def rebuild(run: "Run", instrument: Instrument, *, answered: bool = True) -> AccountSession:
    """What a shell does once the session awaits it; the session before."""
    before = run.session
    run.setups = (replace(run.setups[0], instrument=instrument), run.setups[1])
    run.session = run.fresh_session()
    memory = json.loads(json.dumps(before.snapshot()))
    run.session.restore(memory_for(run.session, memory, [BTC]))
    run.send(SessionStarted(at=run.now))
    if answered:
        run.deliver()
        report(run, instrument)
        run.wait(5 * SECOND_US)
    return before


def test_a_changed_tick_empties_the_book_of_its_symbol_alone(traded: "Run") -> None:
    other = traded.book(ETH)
    assert not traded.session.awaits_rebuilding(BTC)

    changed(traded)
    assert not traded.session.awaits_rebuilding(BTC), "the empty book has to be proven first"
    traded.wait(10 * SECOND_US)
    traded.tick(9_950)

    assert (traded.book(), traded.book(ETH)) == ([], other)
    assert traded.session.awaits_rebuilding(BTC)
    assert not traded.session.awaits_rebuilding(ETH)


def test_the_grid_stands_again_on_the_new_tick_and_the_books_go_on(traded: "Run") -> None:
    balance, eth = traded.session.balance, traded.book(ETH)
    other = changed(traded)
    traded.wait(10 * SECOND_US)

    before = rebuild(traded, other)
    traded.tick(99_500)
    traded.tick(99_500, after_us=2 * SECOND_US)

    assert traded.modes() == set()
    opens = {(side, price) for direction, side, price, _ in traded.book() if direction == "long"}
    assert ("Buy", 98_505) in opens, "1 % below 9950.0, which no tick of 0.1 can say"
    closes = [row for row in traded.book() if row[:2] == ("long", "Sell")]
    assert sum(steps for *_, steps in closes) == 100, "0.1 coins in steps of 0.001"
    assert traded.book(ETH) == eth
    assert (traded.session.balance, before.balance) == (balance, balance)


def test_until_positions_and_book_are_told_anew_nothing_opens(traded: "Run") -> None:
    other = changed(traded)
    traded.wait(10 * SECOND_US)
    traded.prompt = False

    rebuild(traded, other, answered=False)
    traded.tick(99_500)

    assert traded.book() == []
    causes = {cause for scope, cause, _ in traded.modes() if scope == BTC}
    assert {"unknown_book", "unknown_position"} <= causes


def test_a_tick_that_comes_back_before_the_rebuilding_ends_it(traded: "Run") -> None:
    known = traded.setups[0].instrument
    report(traded, finer(known))
    report(traded, known)
    traded.tick(9_950)
    traded.wait(10 * SECOND_US)
    traded.tick(9_950)

    assert traded.modes() == set()
    assert not traded.session.awaits_rebuilding(BTC)
    assert traded.book()


def test_the_operators_word_outlives_the_rebuilding(traded: "Run") -> None:
    traded.send(OperatorCommand(at=traded.now, action=OperatorAction.NO_OPEN, symbol=BTC))
    other = changed(traded)
    traded.wait(10 * SECOND_US)

    rebuild(traded, other)

    assert traded.modes() == {(BTC, "operator", "NO_OPEN")}


def test_orders_that_still_rest_after_a_change_between_two_processes_are_found(
    traded: "Run",
) -> None:
    """The process was away while the tick changed; what was in flight then is not remembered."""
    resting = set(traded.exchange.orders)
    for order in traded.exchange.orders.values():
        request = order.request
        if request.symbol == BTC:
            price, qty = Ticks(request.price * 10), Steps(request.qty * 10)
            order.request = replace(request, price=price, qty=qty)
            order.leaves *= 10
    other = finer(traded.setups[0].instrument)
    traded.exchange.instruments = {**traded.exchange.instruments, BTC: other}

    traded.now = Instant(traded.now + 60 * SECOND_US)
    rebuild(traded, other)
    traded.tick(100_000)
    traded.tick(100_000, after_us=2 * SECOND_US)

    live = {order.order_id for order in traded.session.live_orders() if order.symbol == BTC}
    assert live == {
        order.order_id for order in traded.exchange.orders.values() if order.request.symbol == BTC
    }
    assert live & resting, "those that lie on the new grid's levels are adopted"
    assert traded.modes() == set()


def test_a_symbol_that_is_no_longer_traded_leaves_its_books_behind(
    traded: "Run", make_setup: Setups
) -> None:
    before = traded.session
    traded.tick(9_950)
    traded.setups = (traded.setups[1],)
    traded.session = traded.fresh_session()

    traded.session.restore(memory_for(traded.session, before.snapshot(), [BTC]))
    traded.start()
    traded.wait(600 * SECOND_US)
    traded.tick(9_950, ETH)

    assert traded.session.balance == before.balance
    assert traded.session.ledger.leg_size(BTC, LONG) == Decimal("0.1")
    assert {order.symbol for order in traded.session.live_orders()} == {ETH}
    assert not [mode for mode in traded.modes() if mode[0].startswith(BTC)]


def test_a_symbol_that_is_new_starts_beside_those_that_go_on(
    make_run: Runs, make_setup: Setups
) -> None:
    both = (make_setup(), make_setup(ETH, "other"))
    run = make_run(*both)
    run.setups = both[:1]
    run.session = run.fresh_session()
    run.start()
    run.tick(10_000)
    run.wait(SECOND_US)
    standing = run.book()

    memory = run.session.snapshot()
    run.setups = both
    run.session = run.fresh_session()
    run.session.restore(memory_for(run.session, memory, [ETH]))
    run.start()
    run.wait(2 * SECOND_US)
    run.tick(10_000, ETH)

    assert (run.book(), len(run.book(ETH))) == (standing, len(standing))


def test_what_is_no_memory_of_a_session_is_refused(make_run: Runs, make_setup: Setups) -> None:
    run = make_run(make_setup())

    with pytest.raises(SavedStateError, match="'sweep'"):
        memory_for(run.session, {"strategies": {}, "state": {}}, [BTC])
