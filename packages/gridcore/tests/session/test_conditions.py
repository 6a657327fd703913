"""Every cause of a mode: what asks for it, what may still leave, and the event that ends it.

One story per cause; a story stops where its mode stands and goes on to what ends it. No mode ends
by accident, and none stands for ever (L25, L29).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import DAY_US, MINUTE_US, SECOND_US, Instant, utc_midnight
from gridcore.config import SafetyConfig
from gridcore.events import (
    AuthenticationFailed,
    CashKind,
    CashMoved,
    Event,
    FundingPaid,
    HostCondition,
    HostReport,
    Liquidated,
    OperatorAction,
    OperatorCommand,
    OrderStatus,
    SessionStarted,
    StreamLost,
    StreamRestored,
    SymbolReport,
    Ticker,
    WalletSnapshot,
)
from gridcore.instrument import Steps
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    AskSnapshot,
    CancelOrder,
    CancelReason,
    Effects,
    PlaceOrder,
    SnapshotKind,
)
from gridcore.session.modes import ACCOUNT, Mode, ModeCause
from gridcore.session.ownership import ForeignOrders
from gridcore.session.setup import AccountPolicies, StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Resting, Run

BTC = "BTCUSDT"
ETH = "ETHUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]
Asks = Callable[[Effects], list[AskSnapshot]]
Story = Callable[["Run"], Iterator[None]]
NO_OPEN, CLOSE_ONLY, HALT, SILENT = Mode.NO_OPEN, Mode.CLOSE_ONLY, Mode.HALT, Mode.SILENT
OPEN, CLOSE = "open", "close"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story of one cause, and what it promises."""

    story: Story
    mode: Mode
    scope: str
    price: int
    leaves: set[str]
    known: bool
    legs: bool
    options: dict[str, Any]
    policies: AccountPolicies


LEAVES = {NO_OPEN: {CLOSE}, CLOSE_ONLY: {CLOSE}, HALT: set[str](), SILENT: set[str]()}
SCENARIOS: dict[ModeCause, Scenario] = {}


def scenario(
    cause: ModeCause,
    mode: Mode,
    scope: str = BTC,
    *,
    price: int = 10_000,
    leaves: set[str] | None = None,
    known: bool = True,
    legs: bool = True,
    policies: AccountPolicies | None = None,
    **options: Any,
) -> Callable[[Story], Story]:
    """Registers the story of a cause."""

    def register(story: Story) -> Story:
        SCENARIOS[cause] = Scenario(
            story=story,
            mode=mode,
            scope=scope,
            price=price,
            leaves=LEAVES[mode] if leaves is None else leaves,
            known=known,
            legs=legs,
            options=options,
            policies=policies or AccountPolicies(),
        )
        return story

    return register


@pytest.fixture(scope="session")
def account(make_run: Runs) -> Callable[..., "Run"]:
    """An account that holds 10 steps in both directions and has no orders yet."""

    def make(
        *setups: StrategySetup,
        known: bool = True,
        legs: bool = True,
        policies: AccountPolicies | None = None,
        **options: Any,
    ) -> "Run":
        run = make_run(*setups, **options)
        if policies is not None:
            run.session = AccountSession("account", run.setups, run.safety, policies)
        if legs:
            qty = run.exchange.instruments[BTC].qty(10)
            for direction in (LONG, SHORT):
                run.exchange.legs[BTC, direction] = (qty, Decimal(1000))
        if known:
            run.start()
            run.wait(2 * SECOND_US)
        return run

    return make


def stands(run: "Run", cause: ModeCause) -> bool:
    return any(request.cause is cause for request in run.session.standing_modes())


def kinds_of(orders: list[PlaceOrder], scope: str) -> set[str]:
    """What kinds of orders leave in a scope."""
    direction = scope.partition("/")[2]
    return {
        CLOSE if order.reduce_only else OPEN
        for order in orders
        if not direction or order.direction.value == direction
    }


def empty(run: "Run") -> None:
    """Every order is withdrawn by another hand, so that all levels are free."""
    run.deliver()
    for order in list(run.exchange.orders.values()):
        for event in run.exchange.withdraw(order):
            run.send(event)


def command(run: "Run", action: OperatorAction, symbol: str | None = None) -> Effects:
    return run.send(OperatorCommand(at=run.now, action=action, symbol=symbol))


def resume(run: "Run", symbol: str | None = None) -> Effects:
    return command(run, OperatorAction.RESUME, symbol)


def paid(run: "Run", amount: str) -> Effects:
    """Funding is paid (negative) or received."""
    run.wait(1000)
    run.exchange.wallet += Decimal(amount)
    return run.send(
        FundingPaid(
            symbol=BTC,
            at=run.now,
            exec_id=f"F{run.now}",
            direction=LONG,
            qty=Steps(1),
            rate=Decimal(0),
            price=Decimal(1000),
            amount=Decimal(amount),
        )
    )


def report(run: "Run", **changes: Any) -> Effects:
    """What the exchange says of the symbol."""
    fields: dict[str, Any] = {
        "symbol": BTC,
        "at": run.now,
        "instrument": run.exchange.instruments[BTC],
        "leverage": Decimal(10),
        "hedge_mode": True,
        "trading": True,
    }
    return run.send(SymbolReport(**(fields | changes)))


def another(run: "Run", wire_id: str, order_id: str, price: int = 9900) -> "Resting":
    """Another order rests on the exchange, a copy of the one at a level."""
    pattern = run.exchange.resting(BTC, LONG, BUY, price)
    copy = replace(pattern, order_id=order_id, request=replace(pattern.request, wire_id=wire_id))
    run.exchange.orders[order_id] = copy
    return copy


def twin_of(
    run: "Run", order_id: str, direction: DirectionType, side: SideType, price: int
) -> "Resting":
    """A second order of ours at one level, as only a lost reply can leave behind."""
    pattern = run.exchange.resting(BTC, direction, side, price)
    request = replace(pattern.request, wire_id=f"{pattern.request.client_order_id}-1")
    twin = replace(pattern, order_id=order_id, request=request)
    run.exchange.orders[order_id] = twin
    run.exchange.now = run.now
    run.send(run.exchange.update(twin, OrderStatus.NEW))
    return twin


# -- nothing is known -------------------------------------------------------------------------


def first_reports(run: "Run") -> dict[ModeCause, list[Event]]:
    """What makes book, position and wallet known."""
    return {
        ModeCause.UNKNOWN_BOOK: [run.exchange.listing(BTC)],
        ModeCause.UNKNOWN_POSITION: [
            run.exchange.position(BTC, LONG),
            run.exchange.position(BTC, SHORT),
        ],
        ModeCause.UNKNOWN_WALLET: [run.exchange.wallet_update()],
    }


def all_known_but(run: "Run", cause: ModeCause) -> Iterator[None]:
    reports = first_reports(run)
    for other, events in reports.items():
        for event in events if other is not cause else events[1:]:
            run.send(event)
    yield
    run.send(reports[cause][0])


@scenario(ModeCause.UNKNOWN_BOOK, NO_OPEN, known=False)
def unknown_book(run: "Run") -> Iterator[None]:
    return all_known_but(run, ModeCause.UNKNOWN_BOOK)


@scenario(ModeCause.UNKNOWN_POSITION, NO_OPEN, known=False)
def unknown_position(run: "Run") -> Iterator[None]:
    """One leg is reported: it may close, and the other leg is not flat but unknown (L48, A26)."""
    return all_known_but(run, ModeCause.UNKNOWN_POSITION)


@scenario(ModeCause.UNKNOWN_WALLET, NO_OPEN, ACCOUNT, known=False, leaves=set())
def unknown_wallet(run: "Run") -> Iterator[None]:
    """Not even a close can be sized: how much is risked depends on the wallet."""
    return all_known_but(run, ModeCause.UNKNOWN_WALLET)


@scenario(ModeCause.UNKNOWN_LIQUIDATION, NO_OPEN)
def unknown_liquidation(run: "Run") -> Iterator[None]:
    run.exchange.liquidation[BTC, LONG] = None
    run.send(run.exchange.position(BTC, LONG))
    yield
    run.send(run.exchange.position(BTC, SHORT))
    assert stands(run, ModeCause.UNKNOWN_LIQUIDATION), "the other leg is no answer (L25)"
    run.exchange.liquidation[BTC, LONG] = Decimal(500)
    run.send(run.exchange.position(BTC, LONG))


# -- what was known is old --------------------------------------------------------------------


def reports(run: "Run", kept: ModeCause | None = None) -> None:
    """Fresh reports of everything except what grows old; all other answers are lost."""
    run.waiting.clear()
    run.exchange.now = run.now
    fresh: dict[ModeCause, list[Event]] = {
        ModeCause.STALE_BOOK: [run.exchange.listing(BTC)],
        ModeCause.STALE_POSITION: [
            run.exchange.position(BTC, LONG),
            run.exchange.position(BTC, SHORT),
        ],
        ModeCause.STALE_WALLET: [run.exchange.wallet_update()],
    }
    for cause, events in fresh.items():
        if cause is not kept:
            for event in events:
                run.send(event)
    run.waiting.clear()


def grows_old(run: "Run", cause: ModeCause, limit_s: int) -> Iterator[None]:
    """Two audit intervals and 10 s after its last report a value is too old."""
    run.prompt = False
    reports(run)
    until = Instant(run.now + limit_s * SECOND_US)
    while run.now + 10 * SECOND_US < until:
        run.wait(10 * SECOND_US)
        reports(run, cause)
    run.wait(until - run.now - 1)
    assert not stands(run, cause)
    run.wait(1)
    yield
    run.wait(300 * SECOND_US)
    reports(run, cause)
    assert stands(run, cause), "only its own report ends it"
    reports(run)
    run.prompt = True


@scenario(ModeCause.STALE_BOOK, NO_OPEN)
def stale_book(run: "Run") -> Iterator[None]:
    return grows_old(run, ModeCause.STALE_BOOK, 2 * 61 + 10)


@scenario(ModeCause.STALE_POSITION, NO_OPEN)
def stale_position(run: "Run") -> Iterator[None]:
    return grows_old(run, ModeCause.STALE_POSITION, 2 * 63 + 10)


@scenario(ModeCause.STALE_WALLET, NO_OPEN, ACCOUNT)
def stale_wallet(run: "Run") -> Iterator[None]:
    return grows_old(run, ModeCause.STALE_WALLET, 2 * 300 + 10)


@scenario(ModeCause.STALE_TICKER, NO_OPEN)
def stale_ticker(run: "Run") -> Iterator[None]:
    """A28: the shell tells of the silence."""
    run.send(StreamLost(at=run.now, symbol=BTC, reason="no ticker for 60 s"))
    yield
    run.send(StreamRestored(at=run.now, symbol=BTC))


@scenario(ModeCause.STREAM_LOST, NO_OPEN, ACCOUNT)
def stream_lost(run: "Run") -> Iterator[None]:
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.send(StreamRestored(at=run.now, symbol=BTC))
    yield
    run.wait(2 * SECOND_US)
    run.send(StreamRestored(at=run.now, symbol=None))


@scenario(ModeCause.RECONCILE, NO_OPEN)
def reconcile(run: "Run") -> Iterator[None]:
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.wait(2 * SECOND_US)
    run.prompt = False
    run.send(StreamRestored(at=run.now, symbol=None))
    answers = list(run.waiting)
    run.waiting.clear()
    yield
    for event in answers:
        assert stands(run, ModeCause.RECONCILE), "every answer is needed"
        run.send(event)
    run.prompt = True


# -- refusals ---------------------------------------------------------------------------------


@scenario(ModeCause.LIQUIDATED, HALT, ACCOUNT)
def liquidated(run: "Run") -> Iterator[None]:
    run.send(Liquidated(at=run.now, equity=Decimal(1), maintenance_margin=Decimal(2)))
    yield
    run.wait(3600 * SECOND_US)
    run.send(StreamLost(at=run.now, symbol=None, reason="closed"))
    run.send(StreamRestored(at=run.now, symbol=None))
    resume(run, BTC)
    assert stands(run, ModeCause.LIQUIDATED), "the account's operator only"
    resume(run)


@scenario(ModeCause.AUTHENTICATION, HALT, ACCOUNT, legs=False)
def authentication(run: "Run") -> Iterator[None]:
    """A23: five refusals of the key in a row, then one probe after 30 min."""
    run.exchange.refuse_places.extend([10003] * 5)
    run.tick(10_000)
    assert not stands(run, ModeCause.AUTHENTICATION), "four refusals in a row"
    run.tick(10_000)
    begun_at = run.now
    yield
    run.wait(begun_at + 30 * MINUTE_US - run.now - 1)
    assert stands(run, ModeCause.AUTHENTICATION), "no other answer ends it"
    run.wait(SECOND_US)


@scenario(ModeCause.BALANCE, NO_OPEN, ACCOUNT, legs=False)
def balance(run: "Run") -> Iterator[None]:
    """A21: no retry, closes unaffected, opens resume by a newer wallet, 60 s later at least."""
    run.exchange.refuse_places.append(110007)
    run.tick(10_000)
    begun_at = run.now
    run.hold(LONG, 20)
    run.deposit("100")
    yield
    run.wait(begun_at + 60 * SECOND_US - run.now - 1)
    assert stands(run, ModeCause.BALANCE)
    run.wait(10 * SECOND_US)


# -- losses -----------------------------------------------------------------------------------


@scenario(ModeCause.LOSS_LIMIT, HALT, ACCOUNT, safety=SafetyConfig(session_loss_limit=Decimal(50)))
def loss_limit(run: "Run") -> Iterator[None]:
    """A31: two losses of 40 with a limit of 50. A32: midnight clears, and it stays clear."""
    paid(run, "-40")
    assert not stands(run, ModeCause.LOSS_LIMIT)
    paid(run, "-40")
    yield
    paid(run, "60")
    midnight = utc_midnight(run.now) + DAY_US
    run.wait(midnight - run.now - 1)
    assert stands(run, ModeCause.LOSS_LIMIT), "a later profit does not lift it"
    run.wait(1)
    assert not stands(run, ModeCause.LOSS_LIMIT)
    run.wait(3600 * SECOND_US)


@scenario(
    ModeCause.DRAWDOWN,
    HALT,
    ACCOUNT,
    legs=False,
    wallet="100",
    safety=SafetyConfig(drawdown_limit_pct=Decimal(5), session_loss_pct=None),
)
def drawdown(run: "Run") -> Iterator[None]:
    """20 steps are 0.2 coins: 25 of price are 5, which is 5 % of 100."""
    run.hold(LONG, 20)
    run.wait(5 * SECOND_US)
    run.tick(9751)
    assert not stands(run, ModeCause.DRAWDOWN)
    run.tick(9750)
    yield
    run.wait(2 * DAY_US)
    assert stands(run, ModeCause.DRAWDOWN), "midnight is no answer to it"
    resume(run)


# -- the process ------------------------------------------------------------------------------


def host(run: "Run", condition: HostCondition, *, stands: bool) -> None:
    run.send(HostReport(at=run.now, condition=condition, stands=stands))


def host_story(condition: HostCondition) -> Story:
    """A condition of the process stands, and is over."""

    def story(run: "Run") -> Iterator[None]:
        host(run, condition, stands=True)
        host(run, condition, stands=True)
        yield
        run.wait(3600 * SECOND_US)
        assert stands(run, ModeCause(condition.name.lower())), "time alone does not end it"
        host(run, condition, stands=False)

    return story


scenario(ModeCause.JOURNAL_UNWRITABLE, HALT, ACCOUNT)(host_story(HostCondition.JOURNAL_UNWRITABLE))
scenario(ModeCause.LEASE_UNRENEWED, NO_OPEN, ACCOUNT)(host_story(HostCondition.LEASE_UNRENEWED))
scenario(ModeCause.LEASE_LOST, SILENT, ACCOUNT)(host_story(HostCondition.LEASE_LOST))


# -- the symbol, the book ---------------------------------------------------------------------


@scenario(ModeCause.SYMBOL_CHANGED, HALT)
def symbol_changed(run: "Run") -> Iterator[None]:
    report(run)
    assert not stands(run, ModeCause.SYMBOL_CHANGED)
    changed = replace(run.exchange.instruments[BTC], tick_size=Decimal("0.5"))
    report(run, instrument=changed)
    yield
    report(run, symbol="XRPUSDT")
    assert stands(run, ModeCause.SYMBOL_CHANGED)
    report(run)


def fill_twins(run: "Run") -> None:
    """Two orders of one level, resting together, fill one after the other; answers wait."""
    run.tick(10_000)
    run.wait(SECOND_US)
    first = run.exchange.resting(BTC, LONG, BUY, 9900)
    second = twin_of(run, "T1", LONG, BUY, 9900)
    run.wait(2 * SECOND_US)
    run.prompt = False
    for order in (first, second):
        run.exchange.now = run.now
        for event in run.exchange.execute(order, 10):
            run.send(event)
        run.wait(10_000)


@scenario(ModeCause.DUPLICATE_FILLS, HALT)
def duplicate_fills(run: "Run") -> Iterator[None]:
    fill_twins(run)
    answers = list(run.waiting)
    run.waiting.clear()
    yield
    run.waiting.clear()
    run.waiting.extend(answers)
    run.prompt = True
    run.deliver()
    run.wait(30 * SECOND_US)


@scenario(ModeCause.ORPHANS, NO_OPEN)
def orphans(run: "Run") -> Iterator[None]:
    """An id of our making, of no strategy that is configured: the operator decides."""
    run.tick(10_000)
    order = another(run, "0123456789abcdef-1", "S1")
    run.send(run.exchange.update(order, OrderStatus.NEW))
    del run.exchange.orders["S1"]
    yield
    run.exchange.orders["S1"] = order
    run.wait(300 * SECOND_US)
    assert stands(run, ModeCause.ORPHANS)
    command(run, OperatorAction.ORPHANS_CANCEL)
    assert "S1" not in run.exchange.orders


@scenario(
    ModeCause.FOREIGN_ORDERS,
    NO_OPEN,
    policies=AccountPolicies(foreign_orders=ForeignOrders.REFUSE),
)
def foreign_orders(run: "Run") -> Iterator[None]:
    run.tick(10_000)
    order = another(run, "by hand", "S1")
    run.send(run.exchange.update(order, OrderStatus.NEW))
    del run.exchange.orders["S1"]
    yield
    run.exchange.orders["S1"] = order
    run.wait(300 * SECOND_US)
    assert stands(run, ModeCause.FOREIGN_ORDERS)
    for event in run.exchange.withdraw(order):
        run.send(event)


@scenario(ModeCause.OPERATOR, HALT, ACCOUNT)
def operator(run: "Run") -> Iterator[None]:
    command(run, OperatorAction.HALT)
    yield
    run.wait(2 * DAY_US)
    assert stands(run, ModeCause.OPERATOR)
    resume(run)


@scenario(ModeCause.GRID_HOLD, NO_OPEN, price=12_000)
def grid_hold(run: "Run") -> Iterator[None]:
    run.tick(10_000)
    run.tick(12_000)
    yield
    run.tick(10_000)


@scenario(ModeCause.EMERGENCY, CLOSE_ONLY, f"{BTC}/short")
def emergency(run: "Run") -> Iterator[None]:
    run.exchange.liquidation[BTC, SHORT] = Decimal(1050)
    run.send(run.exchange.position(BTC, SHORT))
    run.tick(10_000)
    yield
    run.wait(600 * SECOND_US)
    assert stands(run, ModeCause.EMERGENCY), "as long as the severity"
    run.exchange.liquidation[BTC, SHORT] = Decimal(3000)
    run.send(run.exchange.position(BTC, SHORT))
    run.tick(10_000)
    run.wait(60 * SECOND_US - 1)
    assert stands(run, ModeCause.EMERGENCY)
    run.wait(1)


# -- the laws of all stories ------------------------------------------------------------------


@pytest.fixture(scope="session")
def told(account: Callable[..., "Run"]) -> Callable[[Scenario], "Run"]:
    """A run in which a scenario may happen."""

    def make(one: Scenario) -> "Run":
        return account(known=one.known, legs=one.legs, policies=one.policies, **one.options)

    return make


def test_every_cause_has_a_story() -> None:
    assert set(SCENARIOS) == set(ModeCause)


@pytest.mark.parametrize("cause", ModeCause)
def test_a_cause_forbids_what_it_says_until_what_ends_it_a50(
    told: Callable[[Scenario], "Run"], places: Places, cause: ModeCause
) -> None:
    one = SCENARIOS[cause]
    run = told(one)

    story = one.story(run)
    next(story)

    standing = [request for request in run.session.standing_modes() if request.cause is cause]
    assert [(request.scope, request.mode) for request in standing] == [(one.scope, one.mode)]
    assert standing[0].since <= run.now, "its age can be told"
    assert standing[0].ended_by
    withdrawn = run.waiting.copy()
    run.waiting.clear()
    empty(run)
    leaving = kinds_of(places(run.tick(one.price)), one.scope)
    assert leaving == one.leaves
    run.waiting.clear()
    run.waiting.extend(withdrawn)

    assert next(story, "over") == "over"
    assert not stands(run, cause)
    run.prompt = True
    run.wait(70 * SECOND_US)
    run.deliver()
    run.tick(10_000)
    run.tick(10_000)
    assert run.modes() == set()
    assert any(not order.request.reduce_only for order in run.exchange.orders.values())


@pytest.mark.parametrize("cause", ModeCause)
def test_a_standing_mode_and_its_end_outlive_a_restart(
    told: Callable[[Scenario], "Run"], cause: ModeCause
) -> None:
    one = SCENARIOS[cause]
    run = told(one)
    story = one.story(run)
    next(story)

    memory = json.loads(json.dumps(run.session.snapshot()))
    run.session = AccountSession("account", run.setups, run.safety, one.policies)
    run.session.restore(memory)
    assert stands(run, cause)

    assert next(story, "over") == "over"
    assert not stands(run, cause)


@pytest.mark.parametrize(
    "cause", [cause for cause, one in SCENARIOS.items() if one.mode not in (NO_OPEN, SILENT)]
)
def test_cancels_leave_whatever_the_mode_l16(
    told: Callable[[Scenario], "Run"], cancels: Cancels, cause: ModeCause
) -> None:
    one = SCENARIOS[cause]
    run = told(one)
    if cause not in (ModeCause.AUTHENTICATION, ModeCause.DRAWDOWN):
        run.tick(10_000)
    story = one.story(run)
    next(story)

    run.prompt = False
    sent = [cancel for _, _, effects in run.handled for cancel in cancels(effects)]
    resting = {order.order_id for order in run.exchange.orders.values()}
    for _ in range(3):
        sent += cancels(run.tick(14_000, after_us=SECOND_US))

    known = {order.order_id for order in run.session.live_orders() if order.order_id}
    assert resting & known <= {cancel.order_id for cancel in sent}


def test_a_process_that_lost_its_lease_sends_nothing_not_even_cancels(
    account: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = account()
    run.tick(10_000)
    resting = len(run.exchange.orders)
    assert resting

    host(run, HostCondition.LEASE_LOST, stands=True)
    command(run, OperatorAction.CANCEL_ALL)
    sent = [cancel for _ in range(3) for cancel in cancels(run.tick(14_000, after_us=SECOND_US))]

    assert (sent, len(run.exchange.orders)) == ([], resting)
    host(run, HostCondition.LEASE_LOST, stands=False)
    run.wait(10 * SECOND_US)
    assert not run.exchange.orders, "the operator's cancel-all goes on"


def test_a_new_process_has_none_of_the_conditions_of_the_one_before(
    account: Callable[..., "Run"],
) -> None:
    run = account()
    for condition in HostCondition:
        host(run, condition, stands=True)

    run.send(SessionStarted(at=run.now))

    assert not any(stands(run, ModeCause(one.name.lower())) for one in HostCondition)


# -- single causes: what else they promise ----------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({"tick_size": Decimal("0.5")}, HALT),
        ({"qty_step": Decimal("0.1"), "min_qty": Decimal("0.1")}, HALT),
        ({"min_notional": Decimal(50)}, NO_OPEN),
        ({"max_qty": Decimal(1)}, NO_OPEN),
        ({"min_qty": Decimal("0.02")}, NO_OPEN),
    ],
)
def test_a_changed_instrument_halts_when_prices_or_quantities_mean_something_else(
    account: Callable[..., "Run"], changes: dict[str, Any], mode: Mode
) -> None:
    run = account()

    report(run, instrument=replace(run.exchange.instruments[BTC], **changes))

    assert run.modes() == {(BTC, "symbol_changed", mode.name)}


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({"hedge_mode": False}, HALT),
        ({"trading": False}, CLOSE_ONLY),
        ({"leverage": Decimal(20)}, NO_OPEN),
    ],
)
def test_changed_settings_of_the_symbol_stop_it_until_they_are_back(
    account: Callable[..., "Run"], changes: dict[str, Any], mode: Mode
) -> None:
    run = account()

    report(run, **changes)
    assert run.modes() == {(BTC, "symbol_changed", mode.name)}
    report(run)

    assert run.modes() == set()


@pytest.mark.parametrize(
    ("changes", "ended_by"),
    [
        ({"leverage": Decimal("5.50")}, "leverage 10 again (it is 5.50), or a restart"),
        (
            {"margin_mode": "PORTFOLIO_MARGIN", "leverage": None},
            "margin mode REGULAR_MARGIN again (it is PORTFOLIO_MARGIN), or a restart",
        ),
        (
            {"margin_mode": "ISOLATED_MARGIN"},
            "margin mode REGULAR_MARGIN again (it is ISOLATED_MARGIN), or a restart",
        ),
        ({"hedge_mode": False}, "hedge mode again"),
        ({"trading": False}, "trading again"),
    ],
)
def test_what_a_hand_has_changed_is_told_with_what_ends_it(
    account: Callable[..., "Run"],
    make_setup: Setups,
    changes: dict[str, Any],
    ended_by: str,
) -> None:
    run = account(replace(make_setup(), margin_mode="REGULAR_MARGIN"))
    report(run, margin_mode="REGULAR_MARGIN")
    assert run.modes() == set()

    told = report(run, **({"margin_mode": "REGULAR_MARGIN"} | changes))

    (asked,) = [dict(one.fields) for one in told.notices if one.event == "mode_asked"]
    assert (asked["cause"], asked["ended_by"]) == ("symbol_changed", ended_by)
    assert [one.ended_by for one in run.session.standing_modes()] == [ended_by]
    report(run, margin_mode="REGULAR_MARGIN")
    assert run.modes() == set()


def test_a_margin_mode_that_is_not_told_is_no_change(
    account: Callable[..., "Run"], make_setup: Setups
) -> None:
    run = account(replace(make_setup(), margin_mode="REGULAR_MARGIN"))

    report(run)

    assert run.modes() == set()


def test_a_leverage_that_is_not_told_is_no_change(account: Callable[..., "Run"]) -> None:
    run = account()

    report(run, leverage=None)

    assert run.modes() == set()


@pytest.mark.parametrize(
    ("action", "mode"),
    [
        (OperatorAction.NO_OPEN, NO_OPEN),
        (OperatorAction.CLOSE_ONLY, CLOSE_ONLY),
        (OperatorAction.HALT, HALT),
        (OperatorAction.CANCEL_ALL, HALT),
    ],
)
@pytest.mark.parametrize("symbol", [None, BTC])
def test_the_operator_stops_the_account_or_a_symbol_until_the_resume_of_the_same(
    account: Callable[..., "Run"],
    make_setup: Setups,
    places: Places,
    action: OperatorAction,
    mode: Mode,
    symbol: str | None,
) -> None:
    run = account(make_setup(), make_setup(ETH, "other"))

    command(run, action, symbol)

    assert run.modes() == {(symbol or ACCOUNT, "operator", mode.name)}
    assert kinds_of(places(run.tick(10_000)), BTC) == LEAVES[mode]
    assert bool(places(run.tick(10_000, ETH))) is (symbol is not None)
    resume(run, ETH if symbol else BTC)
    assert stands(run, ModeCause.OPERATOR), "the other scope's resume is not meant"
    resume(run, symbol)
    assert run.modes() == set()
    run.tick(10_000)
    assert ("long", "Buy", 9900, 10) in run.book()


def test_the_operator_may_tighten_and_loosen(account: Callable[..., "Run"]) -> None:
    run = account()

    for action in (OperatorAction.NO_OPEN, OperatorAction.HALT, OperatorAction.CLOSE_ONLY):
        command(run, action)

    assert run.modes() == {(ACCOUNT, "operator", "CLOSE_ONLY")}


def test_close_only_cancels_resting_opens_and_leaves_closes(account: Callable[..., "Run"]) -> None:
    run = account()
    run.tick(10_000)
    closes = [row for row in run.book() if row[:2] in (("long", "Sell"), ("short", "Buy"))]

    command(run, OperatorAction.CLOSE_ONLY)
    run.tick(10_000)

    assert run.book() == closes


def test_a_lost_ticker_stream_concerns_its_symbol_only_a28(
    account: Callable[..., "Run"], make_setup: Setups, places: Places
) -> None:
    run = account(make_setup(), make_setup(ETH, "other"))

    run.send(StreamLost(at=run.now, symbol=BTC, reason="no ticker for 60 s"))

    assert run.modes() == {(BTC, "stale_ticker", "NO_OPEN")}
    assert kinds_of(places(run.tick(10_000, ETH)), ETH) == {OPEN}


def test_a_wallet_without_anything_available_blocks_all_opens_and_no_close_a27(
    account: Callable[..., "Run"], places: Places
) -> None:
    run = account()
    run.wait(1000)
    run.exchange.now = run.now

    run.send(replace(run.exchange.wallet_update(), available=Decimal(0)))
    assert kinds_of(places(run.tick(10_000)), BTC) == {CLOSE}
    run.deposit("1")

    assert OPEN in kinds_of(places(run.tick(10_000)), BTC)


def test_staleness_of_a_leg_is_not_ended_by_the_other_a26(account: Callable[..., "Run"]) -> None:
    run = account()
    run.prompt = False
    reports(run)
    for _ in range(14):
        run.wait(10 * SECOND_US)
        reports(run, ModeCause.STALE_POSITION)
    assert run.modes() == {(BTC, "stale_position", "NO_OPEN")}

    run.send(run.exchange.position(BTC, LONG))
    assert stands(run, ModeCause.STALE_POSITION)
    run.send(run.exchange.position(BTC, SHORT))

    assert run.modes() == set()


def test_a_stream_refused_for_our_key_halts_at_once_with_an_alert_a38(
    account: Callable[..., "Run"], asks: Asks
) -> None:
    run = account()

    run.send(AuthenticationFailed(at=run.now, text="invalid api key"))

    assert run.modes() == {(ACCOUNT, "authentication", "HALT")}
    assert run.told("key_refused") == 1
    run.send(AuthenticationFailed(at=run.now, text="invalid api key"))
    assert run.told("key_refused") == 1


def test_the_probe_of_the_key_is_repeated_every_minute_while_nobody_answers_a23(
    account: Callable[..., "Run"], asks: Asks
) -> None:
    run = account()
    run.prompt = False
    run.send(AuthenticationFailed(at=run.now, text="invalid api key"))
    halted_at = run.now

    probes: list[float] = []
    while run.now < halted_at + 34 * MINUTE_US:
        for effects in run.wait(SECOND_US):
            probes += [
                (run.now - halted_at) / MINUTE_US
                for request in asks(effects)
                if request.kind is SnapshotKind.WALLET and "key" in request.reason
            ]

    assert probes == [30, 31, 32, 33, 34]
    assert stands(run, ModeCause.AUTHENTICATION)


def test_refusals_of_the_key_that_are_not_in_a_row_halt_nothing_l115(
    account: Callable[..., "Run"],
) -> None:
    run = account(legs=False)
    run.exchange.refuse_places.extend([10003, 10003, 10003, 10003])
    run.tick(10_000)
    run.exchange.refuse_places.extend([10001, 10003, 10003, 10003])

    run.tick(10_000)

    assert not stands(run, ModeCause.AUTHENTICATION)


def test_without_a_newer_wallet_opens_stay_forbidden_and_it_is_asked_for_a21(
    account: Callable[..., "Run"], asks: Asks
) -> None:
    run = account(legs=False)
    run.prompt = False
    run.exchange.refuse_places.append(110007)
    run.tick(10_000)
    run.deliver(3)
    run.waiting.clear()
    assert stands(run, ModeCause.BALANCE)

    fired: list[Effects] = []
    for _ in range(100):
        fired += run.wait(SECOND_US)
        run.waiting.clear()
    assert stands(run, ModeCause.BALANCE)
    assert SnapshotKind.WALLET in {one.kind for effects in fired for one in asks(effects)}
    run.deposit("1")
    run.wait(5 * SECOND_US)

    assert not stands(run, ModeCause.BALANCE)


# -- losses -----------------------------------------------------------------------------------


def test_a_loss_beyond_the_limit_cancels_everything_and_repeats_failing_cancels_a33_w18(
    account: Callable[..., "Run"],
) -> None:
    run = account(safety=SafetyConfig(session_loss_limit=Decimal(50)))
    run.tick(10_000)
    assert run.book()
    run.exchange.refuse_cancels.extend([10016] * 20)

    paid(run, "-50")
    assert run.book()
    run.wait(120 * SECOND_US)

    assert run.book() == []
    assert run.told("loss_limit") == 1
    assert run.told("all_cancelled") == 1


def test_the_limit_is_a_tenth_of_the_days_first_balance_unless_told_otherwise_a31(
    account: Callable[..., "Run"],
) -> None:
    run = account()

    paid(run, "-999.99")
    assert run.modes() == set()
    paid(run, "-0.01")

    assert run.modes() == {(ACCOUNT, "loss_limit", "HALT")}


def test_the_operators_resume_lets_the_day_go_on_and_counts_from_there_a31(
    account: Callable[..., "Run"],
) -> None:
    run = account(safety=SafetyConfig(session_loss_limit=Decimal(50)))
    paid(run, "-80")

    resume(run)
    assert run.modes() == set()
    paid(run, "-40")
    assert run.modes() == set()
    paid(run, "-40")

    assert run.modes() == {(ACCOUNT, "loss_limit", "HALT")}


def test_a_restart_lifts_no_loss_limit_before_midnight(account: Callable[..., "Run"]) -> None:
    run = account(safety=SafetyConfig(session_loss_limit=Decimal(50)))
    paid(run, "-60")
    paid(run, "20")
    memory = json.loads(json.dumps(run.session.snapshot()))

    run.session = run.fresh_session()
    run.session.restore(memory)
    run.wait(2 * SECOND_US)
    run.start()
    assert run.modes() == {(ACCOUNT, "loss_limit", "HALT")}
    run.wait(utc_midnight(run.now) + DAY_US - run.now)

    assert run.modes() == set()


def test_deposits_and_withdrawals_are_neither_loss_nor_drawdown(
    account: Callable[..., "Run"],
) -> None:
    run = account(safety=SafetyConfig(drawdown_limit_pct=Decimal(5)))
    run.wait(1000)
    run.exchange.now = run.now
    run.exchange.wallet -= 5000
    movement = CashMoved(
        at=run.now, kind=CashKind.WITHDRAWAL, amount=Decimal(-5000), movement_id="W1"
    )

    run.send(
        WalletSnapshot(asked_at=run.now, wallet=run.exchange.wallet_update(), movements=(movement,))
    )
    run.tick(10_000)

    assert run.modes() == set()
    assert run.session.balance == 5000


@pytest.mark.parametrize("wallet_first", [False, True])
@pytest.mark.parametrize("amount", [-5000, 5000])
def test_cash_that_moved_apart_from_its_wallet_is_neither_loss_nor_drawdown(
    account: Callable[..., "Run"], amount: int, wallet_first: bool
) -> None:
    """Its own event and the wallet's report come over different ways, in any order."""
    run = account(safety=SafetyConfig(drawdown_limit_pct=Decimal(5)))
    run.wait(1000)
    run.exchange.now = run.now
    run.exchange.wallet += amount
    told: list[Event] = [
        CashMoved(
            at=run.now,
            kind=CashKind.WITHDRAWAL if amount < 0 else CashKind.DEPOSIT,
            amount=Decimal(amount),
            movement_id="W1",
        ),
        run.exchange.wallet_update(),
    ]

    for event in reversed(told) if wallet_first else told:
        run.send(event)
        run.tick(10_000)
        assert run.modes() == set()

    assert run.session.balance == 10_000 + amount


@pytest.mark.untraced
@given(
    legs=st.tuples(st.integers(0, 40), st.integers(0, 40)),
    limit=st.integers(1, 20),
    path=st.lists(st.integers(-120, 120), min_size=5, max_size=40),
)
def test_a_drawdown_judged_at_the_edges_of_the_quiet_band_trips_where_every_ticker_does(
    make_run: Runs, legs: tuple[int, int], limit: int, path: list[int]
) -> None:
    def play(*, skipping: bool) -> tuple[list[tuple[int, Effects]], set[tuple[str, str, str]]]:
        safety = SafetyConfig(drawdown_limit_pct=Decimal(limit), session_loss_pct=None)
        run = make_run(wallet="100", safety=safety)
        for direction, steps in zip((LONG, SHORT), legs, strict=True):
            if steps:
                qty = run.exchange.instruments[BTC].qty(steps)
                run.exchange.legs[BTC, direction] = (qty, Decimal(1000))
        run.start()
        last, seen = 10_000, list[tuple[int, Effects]]()
        for number, by in enumerate([0, 0, *path]):
            last = max(1000, last + by)
            run.wait(100_000)
            band = run.session.quiet_band(BTC)
            inside = (
                band is not None
                and (band[0] is None or band[0] < last)
                and (band[1] is None or last < band[1])
            )
            if inside and skipping:
                continue
            effects = run.send(Ticker(symbol=BTC, at=run.now, last=last, mark=None))
            assert not (inside and effects)
            if effects:
                seen.append((number, effects))
        return seen, run.modes()

    assert play(skipping=True) == play(skipping=False)


# -- duplicates -------------------------------------------------------------------------------


def test_orders_of_one_level_that_fill_one_after_the_other_halt_nothing_a18(
    account: Callable[..., "Run"],
) -> None:
    run = account()
    run.tick(10_000)
    first = run.exchange.resting(BTC, LONG, BUY, 9900)
    run.wait(SECOND_US)
    run.fill(LONG, BUY, 9900)
    run.exchange.orders["T1"] = replace(
        first,
        order_id="T1",
        leaves=10,
        filled=0,
        request=replace(first.request, wire_id=f"{first.request.client_order_id}-1"),
    )
    run.wait(SECOND_US)
    run.exchange.now = run.now
    run.send(run.exchange.update(run.exchange.orders["T1"], OrderStatus.NEW))

    run.fill(LONG, BUY, 9900)

    assert run.session.strategies[BTC].pair.legs[0].size == 30
    assert run.told("duplicate_fills") == 0
    assert run.modes() == set()


def test_while_latched_nothing_is_placed_and_duplicates_are_cancelled_x_6_l16(
    account: Callable[..., "Run"], places: Places, cancels: Cancels
) -> None:
    run = account()
    fill_twins(run)
    assert run.modes() >= {(BTC, "duplicate_fills", "HALT")}
    assert run.told("duplicate_fills") == 1
    first = run.exchange.resting(BTC, SHORT, SELL, 10_100)
    twin_of(run, "T2", SHORT, SELL, 10_100)

    effects = run.tick(10_000)
    later = run.tick(9000)

    (cancel,) = [one for one in cancels(effects) if one.reason is CancelReason.DUPLICATE]
    assert cancel.order_id in ("T2", first.order_id)
    assert not places(effects) + places(later)
    assert run.session.strategies[BTC].pair.legs[0].size == 30, "fills are still consumed"


def test_a_latch_without_a_clean_reconcile_ends_after_30_min_with_an_alert_l29(
    account: Callable[..., "Run"],
) -> None:
    run = account()
    fill_twins(run)
    since = next(
        request.since
        for request in run.session.standing_modes()
        if request.cause is ModeCause.DUPLICATE_FILLS
    )

    while run.now < since + 30 * MINUTE_US - SECOND_US:
        run.waiting.clear()
        run.wait(SECOND_US)
        assert stands(run, ModeCause.DUPLICATE_FILLS)
    run.waiting.clear()
    run.wait(SECOND_US)

    assert not stands(run, ModeCause.DUPLICATE_FILLS)
    assert run.told("duplicate_latch_expired") == 1


# -- orders of other hands --------------------------------------------------------------------


def test_a_foreign_order_is_left_alone_by_default_with_one_alert_a03(
    account: Callable[..., "Run"], cancels: Cancels
) -> None:
    run = account()
    run.tick(10_000)
    order = another(run, "by hand", "S1")

    for _ in range(3):
        run.send(run.exchange.update(order, OrderStatus.NEW))
    run.wait(300 * SECOND_US)

    assert run.modes() == set()
    assert run.told("foreign_order") == 1
    assert "S1" in run.exchange.orders


@pytest.mark.parametrize("way", ["adopted", "ended", "gone from the listing"])
def test_an_orphan_stops_its_symbol_until_it_is_adopted_or_gone(
    account: Callable[..., "Run"], way: str
) -> None:
    run = account()
    run.tick(10_000)
    order = another(run, "0123456789abcdef-1", "S1")
    run.exchange.now = run.now
    run.send(run.exchange.update(order, OrderStatus.NEW))
    assert run.modes() == {(BTC, "orphans", "NO_OPEN")}

    if way == "adopted":
        command(run, OperatorAction.ORPHANS_ADOPT, BTC)
    elif way == "ended":
        for event in run.exchange.withdraw(order):
            run.send(event)
    else:
        del run.exchange.orders["S1"]
        run.wait(70 * SECOND_US)

    assert run.modes() == set()
