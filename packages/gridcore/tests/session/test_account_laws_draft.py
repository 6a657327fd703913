"""Laws."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gridcore.events import Ticker
from gridcore.session.setup import StrategySetup
from gridcore.config import SidePolicy

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Action, Run

Plays = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]

NAMES = (
    "tick",
    "tick",
    "tick",
    "jump",
    "eth",
    "deliver",
    "deliver",
    "fill",
    "fill",
    "part",
    "repeat",
    "refuse_place",
    "refuse_cancel",
    "withdraw",
    "wallet",
    "danger",
    "stream",
    "listing",
    "liquidated",
    "wait",
    "lone_update",
)
ACTIONS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 2000)), max_size=60)
POLICIES = st.sampled_from([SidePolicy.FOLLOW, SidePolicy.ON_FILL])
WALLETS = st.sampled_from(["10000", "150", "40"])


def setups_of(make_setup: Setups, policy: SidePolicy) -> tuple[StrategySetup, StrategySetup]:
    grid = {"side_policy": policy, "grid_count": 6}
    return make_setup(grid=grid), make_setup("ETHUSDT", "other", grid=grid)


@given(ACTIONS, POLICIES, WALLETS, st.booleans(), st.integers(0, 10_000))
@settings(max_examples=1000)
def test_restore(play: Plays, make_setup: Setups, actions, policy, wallet, prompt, cut) -> None:
    run = play(actions, *setups_of(make_setup, policy), wallet=wallet, prompt=prompt)
    handled = run.handled
    cut = cut % (len(handled) + 1)
    first = run.fresh_session()
    for event, now, effects in handled[:cut]:
        assert first.handle(event, now) == effects
    memory = json.dumps(first.snapshot())

    second = run.fresh_session()
    second.restore(json.loads(memory))

    assert json.dumps(second.snapshot()) == memory
    for event, now, effects in handled[cut:]:
        assert second.handle(event, now) == effects, event
    assert json.dumps(second.snapshot()) == json.dumps(run.session.snapshot())


@given(ACTIONS, POLICIES, WALLETS, st.booleans(), st.integers(-2000, 2000))
@settings(max_examples=1000)
def test_quiet(play: Plays, make_setup: Setups, actions, policy, wallet, prompt, choice) -> None:
    run = play(actions, *setups_of(make_setup, policy), wallet=wallet, prompt=prompt)
    band = run.session.quiet_band("BTCUSDT")
    if band is None:
        return
    low, high = band
    if low is None and high is None:
        low, high = 9000, 11000
    low = high - 500 if low is None else low
    high = low + 500 if high is None else high
    if high - low < 2:
        return
    price = low + 1 + choice % (high - low - 1)
    before = run.session.snapshot()
    effects = run.session.handle(
        Ticker(symbol="BTCUSDT", at=run.now, last=price, mark=None), run.now
    )
    assert not effects
    after = run.session.snapshot()
    for memory in (before, after):
        part = memory["strategies"]["BTCUSDT"]
        part["ticker"] = None
        part["rules"]["last"] = None
    assert before == after


@given(ACTIONS, POLICIES, WALLETS, st.booleans())
@settings(max_examples=1000)
def test_skip(play: Plays, make_setup: Setups, actions, policy, wallet, prompt) -> None:
    run = play(actions, *setups_of(make_setup, policy), wallet=wallet, prompt=prompt)
    session = run.fresh_session()
    skipped = {}
    for event, now, effects in run.handled:
        if isinstance(event, Ticker):
            band = session.quiet_band(event.symbol)
            if (
                band is not None
                and (band[0] is None or band[0] < event.last)
                and (band[1] is None or event.last < band[1])
            ):
                assert not effects, (event, band, effects)
                skipped[event.symbol] = (event, now)
                continue
            skipped.pop(event.symbol, None)
        else:
            for late, then in skipped.values():
                assert not session.handle(late, then)
            skipped.clear()
        assert session.handle(event, now) == effects
    for late, then in skipped.values():
        assert not session.handle(late, then)
    assert session.snapshot() == run.session.snapshot()
