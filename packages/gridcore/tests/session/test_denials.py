"""Denials are remembered with what lifts them; a person hears of each once (L32)."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.policy import Limits
from gridcore.saved import Saved
from gridcore.session.denials import Denials
from gridcore.session.gates import Deny, DenyReason, LiftedBy, Proposal
from gridcore.session.setup import StrategySetup
from gridcore.sides import LONG

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
BUYING, SELLING = 0, 1
LONG_SIDE, SHORT_SIDE = 0, 1
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]
Propose = Callable[..., Proposal]


@pytest.fixture(scope="session")
def propose(started: Runs) -> Propose:
    """Builds a proposal at (price, direction, side)."""
    run = started()

    def make(price: int, direction: int = LONG_SIDE, side: int = BUYING) -> Proposal:
        return Proposal(run.session.strategies[BTC], price, direction, side, run.now)

    return make


def deny(reason: DenyReason, lifted_by: LiftedBy) -> Deny:
    return Deny(reason=reason, lifted_by=lifted_by)


MODE = deny(DenyReason.MODE, LiftedBy.MODE)
BOOKS = deny(DenyReason.AFFORDABILITY, LiftedBy.BOOKS_CHANGED)
WALLET = deny(DenyReason.WALLET_UNKNOWN, LiftedBy.WALLET)
COVERAGE = deny(DenyReason.COVERAGE, LiftedBy.COVERAGE_GREW)
AWAITED = deny(DenyReason.COVERAGE, LiftedBy.ORDER_KNOWN)
UNSURE = deny(DenyReason.POSITION_UNSURE, LiftedBy.POSITION)
RATE = deny(DenyReason.RATE, LiftedBy.RATE_DEADLINE)
BREAKER = deny(DenyReason.BREAKER, LiftedBy.LEVEL_DEADLINE)
RETRY = deny(DenyReason.RETRY_LATER, LiftedBy.LEVEL_DEADLINE)
DUPLICATE = deny(DenyReason.DUPLICATE, LiftedBy.ORDER_GONE)

LIFTS: dict[str, Callable[[Denials], object]] = {
    "mode": Denials.mode_changed,
    "books": Denials.books_changed,
    "wallet": Denials.wallet_changed,
    "order known": Denials.order_known,
    "coverage grew": lambda denials: denials.coverage_changed(LONG_SIDE, 6),
    "coverage same": lambda denials: denials.coverage_changed(LONG_SIDE, 5),
    "coverage released": lambda denials: denials.coverage_released(LONG_SIDE),
    "coverage of the other direction": lambda denials: denials.coverage_changed(SHORT_SIDE, 99),
    "position": lambda denials: denials.position_sure(LONG_SIDE),
    "position of the other direction": lambda denials: denials.position_sure(SHORT_SIDE),
    "rate": Denials.rate_free,
    "level": lambda denials: denials.level_due(LONG_SIDE, SELLING, 10_100),
    "another level": lambda denials: denials.level_due(LONG_SIDE, SELLING, 10_201),
    "order gone": lambda denials: denials.order_gone(LONG_SIDE, 10_100),
    "another order gone": lambda denials: denials.order_gone(LONG_SIDE, 10_201),
    "order of the other direction gone": lambda denials: denials.order_gone(SHORT_SIDE, 10_100),
    "levels": Denials.clear,
}


@pytest.mark.parametrize(
    ("denial", "lifted_by"),
    [
        (MODE, {"mode", "levels"}),
        (BOOKS, {"books", "wallet", "levels"}),
        (WALLET, {"wallet", "levels"}),
        (COVERAGE, {"coverage grew", "coverage released", "levels"}),
        (AWAITED, {"coverage grew", "coverage released", "order known", "levels"}),
        (UNSURE, {"position", "levels"}),
        (RATE, {"rate", "levels"}),
        (BREAKER, {"level", "levels"}),
        (RETRY, {"level", "levels"}),
        (DUPLICATE, {"order gone", "level", "levels"}),
    ],
)
def test_a_denial_is_lifted_by_its_kind_of_event_and_by_no_other(
    propose: Propose, denial: Deny, lifted_by: set[str]
) -> None:
    for name, lift in LIFTS.items():
        limits = Limits()
        denials = Denials(limits)
        denials.remember(propose(10_100, LONG_SIDE, SELLING), denial, 5)

        lift(denials)

        denied = limits.denies(LONG_SIDE, SELLING, 10_100)
        denied = denied or (LONG_SIDE, SELLING, 10_100) in denials.levels
        assert denied is (name not in lifted_by), name


def test_a_denial_stands_for_its_level_and_everything_farther_on_its_side(
    propose: Propose,
) -> None:
    limits = Limits()
    denials = Denials(limits)

    denials.remember(propose(9900, LONG_SIDE, BUYING), BOOKS, 0)
    denials.remember(propose(10_100, SHORT_SIDE, SELLING), BOOKS, 0)

    assert [limits.denies(LONG_SIDE, BUYING, price) for price in (9901, 9900, 9899)] == [
        False,
        True,
        True,
    ]
    assert [limits.denies(SHORT_SIDE, SELLING, price) for price in (10_099, 10_100, 10_101)] == [
        False,
        True,
        True,
    ]
    assert not limits.denies(LONG_SIDE, SELLING, 10_100)
    assert not limits.denies(SHORT_SIDE, BUYING, 9900)


@pytest.mark.parametrize("denial", [BREAKER, RETRY, DUPLICATE])
def test_a_denial_of_one_level_concerns_its_level_alone(propose: Propose, denial: Deny) -> None:
    limits = Limits()
    denials = Denials(limits)

    denials.remember(propose(9900), denial, 0)

    assert denials.levels == {(LONG_SIDE, BUYING, 9900): denial.lifted_by}
    assert not any(limits.denies(LONG_SIDE, BUYING, price) for price in (9900, 9801))


def test_the_end_of_an_order_frees_its_level_on_both_sides_but_ends_no_deadline(
    propose: Propose,
) -> None:
    denials = Denials(Limits())
    denials.remember(propose(9900, LONG_SIDE, BUYING), DUPLICATE, 0)
    denials.remember(propose(9900, LONG_SIDE, SELLING), DUPLICATE, 0)
    denials.remember(propose(9801, LONG_SIDE, BUYING), BREAKER, 0)

    denials.order_gone(LONG_SIDE, 9900)
    denials.order_gone(LONG_SIDE, 9801)

    assert denials.levels == {(LONG_SIDE, BUYING, 9801): LiftedBy.LEVEL_DEADLINE}


def test_a_position_report_lets_the_closes_of_its_direction_go_and_nothing_else(
    propose: Propose,
) -> None:
    limits = Limits()
    denials = Denials(limits)
    denials.remember(propose(10_100, LONG_SIDE, SELLING), UNSURE, 0)
    denials.remember(propose(9900, SHORT_SIDE, BUYING), UNSURE, 0)
    denials.remember(propose(9900, LONG_SIDE, BUYING), BOOKS, 0)

    denials.position_sure(LONG_SIDE)

    assert denials.reason(LONG_SIDE, SELLING) is None
    assert denials.reason(SHORT_SIDE, BUYING) is DenyReason.POSITION_UNSURE
    assert denials.reason(LONG_SIDE, BUYING) is DenyReason.AFFORDABILITY
    assert not limits.denies(LONG_SIDE, SELLING, 10_100)


@pytest.mark.parametrize(("denial", "any_waits"), [(RATE, True), (BOOKS, False)])
def test_room_in_the_window_says_whether_anything_waited_for_it(
    propose: Propose, denial: Deny, any_waits: bool
) -> None:
    denials = Denials(Limits())
    denials.remember(propose(9900), denial, 0)

    assert denials.rate_free() is any_waits
    assert not denials.rate_free()


def test_the_same_denial_at_the_same_level_is_news_once(propose: Propose) -> None:
    denials = Denials(Limits())

    assert denials.remember(propose(9900), BOOKS, 0)
    denials.books_changed()
    assert not denials.remember(propose(9900), BOOKS, 0)
    assert denials.remember(propose(9900), MODE, 0)
    assert denials.remember(propose(9801), MODE, 0)

    assert denials.counts == {"affordability": 2, "mode": 2}


def test_coverage_that_shrank_and_grew_back_counts_as_grown(propose: Propose) -> None:
    limits = Limits()
    denials = Denials(limits)
    denials.remember(propose(10_100, LONG_SIDE, SELLING), COVERAGE, 5)

    denials.coverage_changed(LONG_SIDE, 2)
    denials.coverage_changed(LONG_SIDE, 3)

    assert not limits.denies(LONG_SIDE, SELLING, 10_100)


def test_a_raise_to_the_minimum_is_told_once() -> None:
    denials = Denials(Limits())

    assert [denials.first_raise() for _ in range(3)] == [True, False, False]


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(
                [MODE, BOOKS, WALLET, COVERAGE, AWAITED, UNSURE, RATE, BREAKER, DUPLICATE]
            ),
            st.sampled_from([10_100, 10_201]) | st.integers(9000, 11_000),
            st.integers(0, 1),
            st.integers(0, 1),
            st.integers(0, 9),
        ),
        st.sampled_from(sorted(LIFTS)),
    ),
    max_size=20,
)


def perform(
    denials: Denials, propose: Propose, step: str | tuple[Deny, int, int, int, int]
) -> object:
    if isinstance(step, str):
        return LIFTS[step](denials)
    denial, price, direction, side, uncovered = step
    return denials.remember(propose(price, direction, side), denial, uncovered)


@given(STEPS, STEPS)
def test_restored_denials_go_on_as_the_original(
    propose: Propose,
    before: list[str | tuple[Deny, int, int, int, int]],
    after: list[str | tuple[Deny, int, int, int, int]],
) -> None:
    limits, restored_limits = Limits(), Limits()
    denials, restored = Denials(limits), Denials(restored_limits)
    restored.remember(propose(1, 1, 1), BOOKS, 0)
    for step in before:
        perform(denials, propose, step)

    restored.restore(Saved(json.loads(json.dumps(denials.snapshot()))))

    assert json.dumps(restored.snapshot()) == json.dumps(denials.snapshot())
    for step in after:
        assert perform(restored, propose, step) == perform(denials, propose, step)
        assert restored_limits.at == limits.at
        assert restored.levels == denials.levels
        assert restored.counts == denials.counts


def test_an_order_that_is_denied_on_every_ticker_is_told_once_l32(
    make_setup: Setups, started: Runs
) -> None:
    """12 040 identical warnings per hour hid real fills; here one notice per slot."""
    run = started(make_setup(), wallet="5")

    for price in (10_000, 10_001, 9999, 10_000) * 5:
        run.tick(price)

    assert run.told("order_denied") == 4
    assert run.book() == []


def test_events_that_change_nothing_let_orders_be_judged_again_without_telling_again(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup(), wallet="5")
    run.tick(10_000)
    before = run.session.denials()["affordability"]

    for _ in range(5):
        run.deposit("0")
        run.tick(10_000)

    assert run.session.denials()["affordability"] == before + 10
    assert run.told("order_denied") == 4


def test_a_close_denied_for_want_of_a_position_goes_out_once_there_is_one(
    make_setup: Setups, started: Runs
) -> None:
    run = started(make_setup(), wallet="5")
    run.tick(10_000)

    run.hold(LONG, 3)
    run.tick(10_000)

    assert run.book() == [("long", "Sell", 10_100, 3)]
