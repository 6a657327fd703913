"""The chain: each gate alone, stories of scarce coverage and margin, and that nothing avoids it."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import MINUTE_US, Instant
from gridcore.config import CloseGate, SidePolicy
from gridcore.events import (
    Event,
    Execution,
    OrderStatus,
    OrderUpdate,
    PlaceRejected,
    PositionUpdate,
    TimerFired,
    WalletUpdate,
)
from gridcore.instrument import Instrument
from gridcore.session.effects import Approved, CancelOrder, CancelReason, Effects, PlaceOrder
from gridcore.session.gates import (
    ALLOW,
    CHAIN,
    REDUCING,
    Allow,
    CoverageGate,
    Deny,
    DenyReason,
    LiftedBy,
    ModeGate,
    Proposal,
    SizeGate,
    approve,
    judge,
)
from gridcore.session.modes import Mode
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType, opens

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
LONG_SIDE, SHORT_SIDE = 0, 1
BUYING, SELLING = 0, 1

Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Places = Callable[[Effects], list[PlaceOrder]]
Cancels = Callable[[Effects], list[CancelOrder]]


@pytest.fixture
def wide(make_setup: Setups, started: Runs) -> Callable[..., "Run"]:
    """A run whose nine levels are 9606 9703 9801 9900 (10000) 10100 10201 10303 10406."""

    def make(prompt: bool = True, wallet: str = "10000", **changes: Any) -> "Run":
        grid = {"grid_count": 8} | changes.pop("grid", {})
        setup = make_setup(grid=grid, anchor_price=Decimal(1000), **changes)
        return started(setup, prompt=prompt, wallet=wallet)

    return make


def proposal(run: "Run", price: int, direction: int, side: int) -> Proposal:
    return Proposal(run.session.strategies[BTC], price, direction, side, run.now)


def closes_of(run: "Run", direction: str = "long") -> list[tuple[int, int]]:
    """(price, steps) of the closes that rest."""
    side = "Sell" if direction == "long" else "Buy"
    return [
        (price, steps) for name, way, price, steps in run.book() if (name, way) == (direction, side)
    ]


# -- each gate alone -----------------------------------------------------------------------


def test_the_gates_stand_in_the_order_of_the_architecture_x_5() -> None:
    assert [type(gate).__name__ for gate in CHAIN] == [
        "ModeGate",
        "SizeGate",
        "CoverageGate",
        "AffordabilityGate",
        "MaxMarginGate",
        "BreakerGate",
    ]


@pytest.mark.parametrize(
    ("mode", "opening", "closing"),
    [
        (Mode.NORMAL, True, True),
        (Mode.NO_OPEN, False, True),
        (Mode.CLOSE_ONLY, False, True),
        (Mode.HALT, False, False),
    ],
)
def test_a_mode_denies_opens_and_only_a_halt_denies_closes(
    started: Runs, mode: Mode, opening: bool, closing: bool
) -> None:
    run = started()
    run.session.strategies[BTC].set_mode(LONG_SIDE, mode)
    run.session.strategies[BTC].set_mode(SHORT_SIDE, mode)
    denied = Deny(reason=DenyReason.MODE, lifted_by=LiftedBy.MODE)

    for direction in (LONG_SIDE, SHORT_SIDE):
        for side, allowed in ((direction, opening), (1 - direction, closing)):
            verdict = ModeGate().check(proposal(run, 9900, direction, side))
            assert isinstance(verdict, Allow) if allowed else verdict == denied


def test_gates_that_limit_exposure_let_closes_pass_as_reducing(started: Runs) -> None:
    run = started()

    for gate in CHAIN[3:5]:
        assert gate.check(proposal(run, 10_100, LONG_SIDE, SELLING)) is REDUCING


def test_the_size_gate_gives_an_order_its_quantity_l113(started: Runs) -> None:
    run = started()
    run.tick(10_000)
    asked = proposal(run, 9900, LONG_SIDE, BUYING)
    assert asked.steps == 0

    assert SizeGate().check(asked) is ALLOW

    assert asked.steps == 10


@pytest.mark.parametrize(
    ("wallet", "amount", "instrument", "reason", "lifted_by"),
    [
        ("0", "x0.01", {}, DenyReason.NOTHING_ASKED, LiftedBy.WALLET),
        (
            "10000",
            "b0.1",
            {"min_qty": Decimal(1)},
            DenyReason.BELOW_MINIMUM,
            LiftedBy.BOOKS_CHANGED,
        ),
    ],
)
def test_what_cannot_be_sized_is_denied_with_what_lifts_it(
    make_setup: Setups,
    started: Runs,
    wallet: str,
    amount: str,
    instrument: dict[str, Decimal],
    reason: DenyReason,
    lifted_by: LiftedBy,
) -> None:
    run = started(make_setup(sizing={"amount": amount}, instrument=instrument), wallet=wallet)
    run.tick(10_000)

    denial = judge(proposal(run, 9900, LONG_SIDE, BUYING))

    assert denial == Deny(reason=reason, lifted_by=lifted_by)


def test_without_a_wallet_nothing_can_be_sized(make_run: Runs) -> None:
    run = make_run()
    run.hold(LONG, 10)
    run.tick(10_000)

    verdict = SizeGate().check(proposal(run, 10_100, LONG_SIDE, SELLING))

    assert verdict == Deny(reason=DenyReason.WALLET_UNKNOWN, lifted_by=LiftedBy.WALLET)


def test_only_a_proposal_with_a_size_can_be_approved(started: Runs, places: Places) -> None:
    run = started()
    request = places(run.tick(10_000))[0]

    with pytest.raises(AssertionError, match="must pass the chain"):
        approve(proposal(run, 9900, LONG_SIDE, BUYING), request)


@pytest.mark.parametrize(("direction", "way"), [(LONG_SIDE, LONG), (SHORT_SIDE, SHORT)])
@pytest.mark.parametrize(("side", "order_side"), [(BUYING, BUY), (SELLING, SELL)])
def test_a_proposal_opens_in_the_same_two_of_four_cells_as_an_order_ls_22(
    started: Runs, direction: int, way: DirectionType, side: int, order_side: SideType
) -> None:
    assert proposal(started(), 9900, direction, side).opens is opens(way, order_side)


def test_an_opening_order_needs_no_coverage(started: Runs) -> None:
    run = started()

    assert CoverageGate().check(proposal(run, 9900, LONG_SIDE, BUYING)) is ALLOW


# -- coverage (X-2, X-3) -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("close_gate", "held", "closes"),
    [
        (CloseGate.ALLOW_EQUAL, 0, []),
        (CloseGate.ALLOW_EQUAL, 10, [(10_100, 10)]),
        (CloseGate.ALLOW_EQUAL, 20, [(10_100, 10), (10_201, 10)]),
        (CloseGate.ALLOW_EQUAL, 15, [(10_100, 10), (10_201, 5)]),
        (CloseGate.STRICT, 0, []),
        (CloseGate.STRICT, 10, []),
        (CloseGate.STRICT, 11, [(10_100, 10)]),
        (CloseGate.STRICT, 20, [(10_100, 10)]),
        (CloseGate.STRICT, 21, [(10_100, 10), (10_201, 10)]),
    ],
)
def test_closes_of_one_batch_never_cover_more_than_the_position_ls_24_l13(
    wide: Runs, close_gate: CloseGate, held: int, closes: list[tuple[int, int]]
) -> None:
    run = wide(close_gate=close_gate)
    run.hold(LONG, held)

    run.tick(10_000)

    assert closes_of(run) == closes


def test_short_closes_take_the_highest_buy_levels_first(wide: Runs) -> None:
    run = wide()
    run.hold(SHORT, 15)

    run.tick(10_000)

    assert closes_of(run, "short") == [(9801, 5), (9900, 10)]


def test_a_rest_below_the_minimum_quantity_is_not_offered(wide: Runs) -> None:
    run = wide(instrument={"min_qty": Decimal("0.05")})
    run.hold(LONG, 14)

    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10)]


@pytest.mark.parametrize(
    ("direction", "away", "far", "near"),
    [(LONG, 10_060, 10_201, 10_100), (SHORT, 9940, 9801, 9900)],
)
def test_a_nearer_close_takes_the_coverage_of_the_farthest_one(
    wide: Runs, cancels: Cancels, direction: DirectionType, away: int, far: int, near: int
) -> None:
    run = wide()
    run.hold(direction, 10)
    run.tick(away)  # the near level is within half a step of the market
    assert closes_of(run, direction.value) == [(far, 10)]

    given_up = cancels(run.tick(10_000))
    assert [cancel.reason for cancel in given_up] == [CancelReason.COVERAGE]
    run.tick(10_000)

    assert closes_of(run, direction.value) == [(near, 10)]


def test_a_close_is_not_cut_while_a_farther_one_rests(wide: Runs) -> None:
    run = wide()
    run.hold(LONG, 15)
    run.tick(10_060)
    assert closes_of(run) == [(10_201, 10), (10_303, 5)]

    run.tick(10_000)  # 10100 needs 10: the cut close gives its 5 up
    run.tick(10_000)  # still 5 short: the next farthest gives its 10 up
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10), (10_201, 5)]


def test_freed_coverage_stays_with_the_nearer_close_even_while_it_is_not_eligible(
    wide: Runs,
) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)  # the far close is being given up

    run.deliver()
    run.tick(10_060)
    run.deliver()
    assert closes_of(run) == [], "the far level must not take it back"

    run.tick(10_000)
    assert closes_of(run) == [(10_100, 10)]


def test_freed_coverage_is_free_again_when_the_nearer_level_changes_its_side(wide: Runs) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)
    run.deliver()

    run.tick(10_110)

    assert closes_of(run) == [(10_201, 10)]


def test_no_ticker_is_skipped_at_which_freed_coverage_may_become_free(wide: Runs) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)
    run.deliver()
    run.tick(10_000)
    run.deliver()
    run.tick(10_060)

    band = run.session.quiet_band(BTC)

    assert band is not None
    assert band[1] == 10_100


def test_a_close_on_its_way_is_given_up_once_the_exchange_knows_it(wide: Runs) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.tick(10_060)  # 10201 is sent
    run.tick(10_000)  # 10100 wants its coverage; nothing can be cancelled yet
    assert closes_of(run) == [(10_201, 10)]

    run.deliver()
    run.tick(10_000)
    assert closes_of(run) == [], "given up now"
    run.deliver()
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10)]


def test_a_close_whose_way_ended_in_a_refusal_leaves_its_coverage_to_the_nearer_one(
    wide: Runs,
) -> None:
    run = wide(prompt=False)
    run.hold(LONG, 10)
    run.exchange.refuse_places.append(10001)
    run.tick(10_060)
    while run.exchange.refuse_places:
        run.deliver(1)
    run.tick(10_000)

    run.deliver()
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10)]


def test_a_cancel_for_coverage_leaves_before_the_places_of_its_batch_l14(wide: Runs) -> None:
    """The long open at 9900 is approved first, then the short close there wants coverage."""
    run = wide()
    run.hold(SHORT, 10)
    run.tick(9940)

    requests = run.tick(10_000).requests

    kinds = [type(request) for request in requests]
    assert kinds == [CancelOrder, Approved]


def test_more_position_lets_a_denied_close_go_out_and_a_ticker_alone_does_not(
    wide: Runs, places: Places
) -> None:
    run = wide()
    run.hold(LONG, 10)
    run.tick(10_000)
    assert not places(run.tick(10_000))

    run.hold(LONG, 20)
    run.tick(10_000)

    assert closes_of(run) == [(10_100, 10), (10_201, 10)]


# -- margin (X-4, R-12, LS-25, LS-26, L102) --------------------------------------------------


UNLIMITED = {"max_margin": Decimal(1000)}


@pytest.mark.parametrize(("wallet", "orders"), [("9", 0), ("10", 1), ("41", 4), ("10000", 8)])
def test_opens_go_out_nearest_first_as_far_as_the_wallet_carries_them(
    wide: Runs, wallet: str, orders: int
) -> None:
    """Each order is worth about 100 and needs a tenth; four levels open on each side."""
    run = wide(wallet=wallet, risk=UNLIMITED)

    run.tick(10_000)

    assert len(run.book()) == orders
    assert run.session.denials().get("affordability", 0) == (0 if orders == 8 else 2)


def test_orders_of_one_batch_share_the_wallet_between_two_strategies(
    make_setup: Setups, started: Runs
) -> None:
    setups = [make_setup(*names, risk=UNLIMITED) for names in ((BTC, "a"), ("ETHUSDT", "b"))]
    run = started(*setups, wallet="45")

    run.tick(10_000, BTC)
    run.tick(10_000, "ETHUSDT")

    assert len(run.book(BTC)) == 4
    assert len(run.book("ETHUSDT")) == 0


def test_an_unrealised_loss_of_one_symbol_takes_margin_from_the_other(
    make_setup: Setups, started: Runs
) -> None:
    setups = [make_setup(*names, risk=UNLIMITED) for names in ((BTC, "a"), ("ETHUSDT", "b"))]
    run = started(*setups, wallet="100")
    run.exchange.marks["ETHUSDT"] = Decimal(300)
    run.hold(LONG, 10, symbol="ETHUSDT")  # 0.1 coins from 1000 to 300: 70 lost, 3 margin

    run.tick(10_000, BTC)

    assert len(run.book(BTC)) == 2


def test_a_wallet_event_lets_denied_opens_go_out(wide: Runs) -> None:
    run = wide(wallet="9", risk=UNLIMITED)
    run.tick(10_000)
    run.tick(10_000)
    assert run.book() == []

    run.deposit("10000")
    run.tick(10_000)

    assert len(run.book()) == 8


def test_a_cancelled_open_lets_denied_opens_go_out(wide: Runs) -> None:
    run = wide(wallet="10", risk=UNLIMITED)
    run.tick(10_000)
    resting = run.exchange.resting(BTC, LONG, BUY, 9900)

    for event in run.exchange.withdraw(resting):
        run.send(event)
    run.tick(10_000)

    assert len(run.book()) == 1


@pytest.mark.parametrize(
    ("max_margin", "orders"), [("0.005", 0), ("0.01", 1), ("0.03", 3), ("8", 8)]
)
def test_max_margin_is_read_and_limits_the_value_of_everything_on_the_symbol_ls_26(
    wide: Runs, max_margin: str, orders: int
) -> None:
    run = wide(risk={"max_margin": Decimal(max_margin)})

    run.tick(10_000)

    assert len(run.book()) == orders


def test_a_position_counts_for_max_margin_at_its_mark(wide: Runs) -> None:
    run = wide(risk={"max_margin": Decimal("0.05")})
    run.exchange.marks[BTC] = Decimal(1500)
    run.hold(LONG, 20)  # 0.2 coins at 1500: 300 of 500

    run.tick(10_000)

    opening = [row for row in run.book() if row[:2] != ("long", "Sell")]
    assert len(opening) == 2


# -- the breaker ----------------------------------------------------------------------------


def test_a_placement_refused_three_times_waits_for_its_deadline_and_others_go_on_l36(
    wide: Runs, places: Places
) -> None:
    run = wide()
    run.exchange.refuse_places.extend([10001] * 8 + [10001, *[0] * 7, 10001, *[0] * 7])
    for _ in range(3):
        run.tick(10_000)
    stopped = ("long", "Buy", 9900)
    assert len(run.book()) == 7
    assert stopped not in [row[:3] for row in run.book()]

    assert not places(run.tick(10_000))
    assert run.session.denials()["breaker"] == 1
    assert not places(run.tick(10_000, after_us=59 * 1_000_000))
    assert [order.price for order in places(run.tick(10_000, after_us=1_000_000))] == [9900]


# -- no path avoids the chain ----------------------------------------------------------------


class NaiveAccount:
    """Recomputes what every gate asks from the events alone, without running sums."""

    def __init__(self, setups: tuple[StrategySetup, ...]) -> None:
        self.setups = {setup.instrument.symbol: setup for setup in setups}
        self.legs: dict[tuple[str, DirectionType], PositionUpdate] = {}
        self.wallet: WalletUpdate | None = None
        self.orders: dict[str, tuple[PlaceOrder, int]] = {}
        self.refused: dict[tuple[str, DirectionType, SideType, int], list[Instant]] = {}
        self.blocked: dict[tuple[str, DirectionType, SideType, int], Instant] = {}
        self.cancelling: set[str] = set()

    def take(self, event: Event, now: Instant) -> None:
        """Believe an event."""
        if isinstance(event, PositionUpdate):
            known = self.legs.get((event.symbol, event.direction))
            if known is None or event.at >= known.at:
                self.legs[event.symbol, event.direction] = event
        elif isinstance(event, WalletUpdate):
            if self.wallet is None or event.at >= self.wallet.at:
                self.wallet = event
        elif isinstance(event, PlaceRejected):
            self._refusal(event.wire_id, now)
            self.orders.pop(event.wire_id, None)
        elif isinstance(event, Execution):
            self._left(event.wire_id, event.leaves)
        elif isinstance(event, OrderUpdate):
            if event.status is OrderStatus.CANCELLED:
                if event.wire_id not in self.cancelling:
                    self._refusal(event.wire_id, now)
                self.orders.pop(event.wire_id, None)
            else:
                self._left(event.wire_id, event.leaves)
        elif isinstance(event, TimerFired):
            self.blocked = {key: end for key, end in self.blocked.items() if end > event.at}

    def _left(self, wire_id: str, leaves: int) -> None:
        if wire_id in self.orders:
            order, before = self.orders[wire_id]
            self.orders[wire_id] = (order, min(before, leaves))
            if leaves == 0:
                del self.orders[wire_id]

    def _refusal(self, wire_id: str, now: Instant) -> None:
        if wire_id not in self.orders:
            return
        order = self.orders[wire_id][0]
        key = (order.symbol, order.direction, order.side, int(order.price))
        times = [at for at in self.refused.get(key, []) if now - at < MINUTE_US] + [now]
        self.refused[key] = [] if len(times) >= 3 else times
        if len(times) >= 3:
            self.blocked[key] = Instant(now + MINUTE_US)

    def _value(self, symbol: str, direction: DirectionType) -> Decimal:
        """Position at mark (at entry while unknown) and opens, in quote currency."""
        instrument = self.setups[symbol].instrument
        leg = self.legs[symbol, direction]
        price = leg.mark if leg.mark is not None else leg.entry
        value = instrument.qty(leg.size) * (price or 0)
        for order, leaves in self.orders.values():
            if (order.symbol, order.direction) == (symbol, direction) and not order.reduce_only:
                value += instrument.price(order.price) * instrument.qty(leaves)
        return value

    def _loss(self, symbol: str) -> Decimal:
        total = Decimal(0)
        for direction in (LONG, SHORT):
            leg = self.legs[symbol, direction]
            if leg.size and leg.mark is not None and leg.entry is not None:
                gain = leg.mark - leg.entry if direction is LONG else leg.entry - leg.mark
                total += gain * self.setups[symbol].instrument.qty(leg.size)
        return min(total, Decimal(0))

    def _required(self, symbol: str, direction: DirectionType, added: Decimal) -> Decimal:
        setup = self.setups[symbol]
        return setup.tiers.initial_margin(
            self._value(symbol, direction) + added, setup.sizing.leverage
        )

    def expect_allowed(self, order: PlaceOrder) -> None:
        """Every predicate of the chain holds for an order that is about to leave."""
        setup = self.setups[order.symbol]
        instrument: Instrument = setup.instrument
        key = (order.symbol, order.direction, order.side, int(order.price))
        assert key not in self.blocked
        assert instrument.min_steps <= order.qty <= instrument.max_steps
        assert order.reduce_only is not opens(order.direction, order.side)
        for other, _ in self.orders.values():
            taken = (other.symbol, other.direction, other.price)
            assert taken != (order.symbol, order.direction, order.price), "one order per level"
        assert self.wallet is not None
        if order.reduce_only:
            covered = sum(
                leaves
                for other, leaves in self.orders.values()
                if (other.symbol, other.direction) == (order.symbol, order.direction)
                and other.reduce_only
            )
            after = covered + order.qty
            size = self.legs[order.symbol, order.direction].size
            assert after < size if setup.close_gate is CloseGate.STRICT else after <= size
            return
        added = instrument.price(order.price) * instrument.qty(order.qty)
        assert added >= instrument.min_notional
        required = added * setup.taker_fee
        free = self.wallet.balance
        for symbol in self.setups:
            free += self._loss(symbol) if (symbol, SHORT) in self.legs else 0
            for direction in (LONG, SHORT):
                mine = (symbol, direction) == (order.symbol, order.direction)
                required += self._required(symbol, direction, added if mine else Decimal(0))
        assert required <= free
        value = sum((self._value(order.symbol, side) for side in (LONG, SHORT)), added)
        assert value <= setup.risk.max_margin * self.wallet.balance

    def send(self, order: PlaceOrder) -> None:
        """The order is on its way."""
        assert order.wire_id not in self.orders
        self.orders[order.wire_id] = (order, order.qty)


@given(data=st.data())
def test_every_placement_satisfies_every_gate_recomputed_from_the_events_alone(
    play: Runs, make_setup: Setups, action_names: tuple[str, ...], data: st.DataObject
) -> None:
    actions = data.draw(
        st.lists(
            st.tuples(st.sampled_from(action_names), st.integers(0, 3000)), min_size=30, max_size=80
        )
    )
    grid = {"side_policy": data.draw(st.sampled_from(SidePolicy)), "grid_count": 6}
    close_gate = data.draw(st.sampled_from(CloseGate))
    risk = {"max_margin": data.draw(st.sampled_from([Decimal(8), Decimal("0.06")]))}
    setups = tuple(
        make_setup(symbol, name, grid=grid, close_gate=close_gate, risk=risk)
        for symbol, name in ((BTC, "grid"), ("ETHUSDT", "other"))
    )
    wallet = data.draw(st.sampled_from(["10000", "150", "60"]))
    legs = data.draw(st.sampled_from([(0, 0), (13, 0), (25, 25), (40, 7)]))
    prompt = data.draw(st.booleans())
    run = play(actions, *setups, wallet=wallet, prompt=prompt, legs=legs)

    naive, session = NaiveAccount(setups), run.fresh_session()
    for event, now, recorded in run.handled:
        naive.take(event, now)
        effects = session.handle(event, now)
        assert effects == recorded
        worst = {(mode.scope, mode.mode) for mode in session.standing_modes()}
        for request in effects.requests:
            if isinstance(request, CancelOrder):
                naive.cancelling.add(request.wire_id)
            if not isinstance(request, Approved):
                continue
            order = request.request
            scopes = {"", order.symbol, f"{order.symbol}/{order.direction.value}"}
            limit = Mode.NO_OPEN if not order.reduce_only else Mode.HALT
            assert not any(scope in scopes and mode >= limit for scope, mode in worst)
            naive.expect_allowed(order)
            naive.send(order)


@given(data=st.data())
def test_the_same_ticker_again_asks_for_nothing_and_tells_nothing(
    play: Runs, make_setup: Setups, action_names: tuple[str, ...], data: st.DataObject
) -> None:
    """Denials are lifted by events, never by a ticker alone (L32)."""
    actions = data.draw(
        st.lists(
            st.tuples(st.sampled_from(action_names), st.integers(0, 3000)), min_size=30, max_size=60
        )
    )
    grid = {"side_policy": data.draw(st.sampled_from(SidePolicy)), "grid_count": 6}
    wallet = data.draw(st.sampled_from(["10000", "150", "60"]))
    legs = data.draw(st.sampled_from([(0, 0), (13, 0), (25, 25), (40, 7)]))
    run = play(actions, make_setup(grid=grid), wallet=wallet, legs=legs)
    price = data.draw(st.integers(9000, 11_000))
    run.tick(price)

    for _ in range(3):
        effects = run.tick(price, after_us=0)
        assert not effects, effects
