"""What `/metrics` says of each symbol."""

from typing import Any

import pytest

from gridbot.surface.exposure import symbol_families
from gridcore.sides import LONG

Samples = dict[tuple[str, str], float]


def told(account: Any) -> Samples:
    """Every sample of the account's one symbol by its name and its direction, "" without one."""
    return {
        (one.name, one.labels.get("direction", "")): one.value
        for family in symbol_families({account.name: account})
        for one in family.samples
        if "symbol" in one.labels
    }


def test_the_grid_tells_its_step_its_bounds_and_where_it_was_built(account: Any) -> None:
    found = told(account)

    engine = account.session.strategies["BTCUSDT"].engine
    assert found["gridbot_grid_step_ratio", ""] == 0.002
    assert found["gridbot_grid_levels", ""] == len(engine.levels) == 21
    assert found["gridbot_grid_low_price", ""] == engine.levels[0] / 10
    assert found["gridbot_grid_high_price", ""] == engine.levels[-1] / 10
    assert found["gridbot_grid_low_price", ""] < 100_000 < found["gridbot_grid_high_price", ""]
    assert found["gridbot_grid_anchor_price", ""] == 100_000
    assert ("gridbot_grid_held", "") not in found


def test_a_grid_that_is_not_built_yet_has_no_bounds(make_account: Any) -> None:
    found = told(make_account())

    assert found["gridbot_grid_step_ratio", ""] == 0.002
    assert found["gridbot_grid_levels", ""] == 0
    assert ("gridbot_grid_low_price", "") not in found
    assert ("gridbot_last_price", "") not in found


def test_a_held_grid_tells_why(account: Any) -> None:
    account.tick(1_200_000)

    (held,) = [
        one
        for family in symbol_families({account.name: account})
        for one in family.samples
        if one.name == "gridbot_grid_held"
    ]

    assert held.labels["reason"] == account.session.strategies["BTCUSDT"].engine.rules.hold.value


def test_exposure_is_the_position_and_what_resting_opens_would_add(account: Any) -> None:
    account.tick(997_000)

    found = told(account)

    session = account.session
    opening = sum(
        float(one.leaves) / 1000 * float(one.price) / 10
        for one in session.live_orders()
        if one.opens and one.direction is LONG
    )
    leg = session.strategies["BTCUSDT"].pair.legs[0]
    assert opening > 0
    assert found["gridbot_resting_opens_usdt", "long"] == pytest.approx(opening)
    assert found["gridbot_position_usdt", "long"] == float(leg.qty) * 99_700 > 0
    assert found["gridbot_position_unrealised_usdt", "long"] < 0
    assert found["gridbot_position_usdt", "short"] == 0


def test_each_leg_tells_how_far_its_liquidation_is(make_account: Any) -> None:
    account = make_account(balance=400)
    account.start()
    account.tick(975_000)

    found = told(account)

    assert 0 < found["gridbot_position_liquidation_distance_ratio", "long"] < 1
    assert ("gridbot_position_liquidation_distance_ratio", "short") not in found
