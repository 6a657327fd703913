"""What the desks share: wire ids that never repeat, and modes that reach the strategies."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.intents import base36, decode_wire_id
from gridcore.session.effects import Effects, PlaceOrder, Severity
from gridcore.session.modes import ACCOUNT, Mode, ModeCause
from gridcore.session.setup import StrategySetup
from gridcore.session.state import AccountState

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
    state = AccountState()

    minted = [state.mint_wire_id(IDENTITY, Instant(now)) for now in clock]

    suffixes = [suffix(wire_id) for wire_id in minted]
    assert suffixes == sorted(set(suffixes))
    assert all(minted_at >= now for minted_at, now in zip(suffixes, clock, strict=True))
    assert all(decode_wire_id(wire_id) == IDENTITY for wire_id in minted)


def test_a_wire_id_is_the_identity_and_the_time_in_base_36() -> None:
    state = AccountState()

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
    state = AccountState()
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
    state = AccountState()
    state.strategies = run.session.strategies
    state.ask_mode(ACCOUNT, ModeCause.LIQUIDATED, "operator", Instant(1), Mode.HALT)
    state.ask_mode(BTC, ModeCause.RECONCILE, "listing", Instant(1))

    state.end_mode(ACCOUNT, ModeCause.LIQUIDATED)
    assert state.strategies[BTC].modes == [Mode.NO_OPEN, Mode.NO_OPEN]
    state.end_mode(ACCOUNT, ModeCause.LIQUIDATED)
    state.end_mode(BTC, ModeCause.RECONCILE)

    assert state.strategies[BTC].modes == [Mode.NORMAL, Mode.NORMAL]
