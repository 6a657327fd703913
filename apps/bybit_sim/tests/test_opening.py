from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import UserError
from bybit_sim.config import SimConfig
from bybit_sim.opening import facts_of, open_exchange, open_tape, play_first_prices
from tapes.synth import MarketParameters, make_tape

TIERS = [
    {"max_value": 1000, "maintenance_rate": "0.01", "initial_rate": "0.02"},
    {"maintenance_rate": "0.02", "initial_rate": "0.04", "deduction": 10},
]
DOGE = {
    "tick_size": "0.00001",
    "qty_step": "1",
    "min_qty": "1",
    "max_qty": "1000000",
    "min_notional": "5",
    "max_leverage": "75",
    "funding_interval_minutes": 240,
    "tiers": TIERS,
}


def configured(**symbols: Any) -> SimConfig:
    return SimConfig.model_validate({"symbols": symbols})


def tape(folder: Path, **changes: Any) -> Path:
    parameters = {"seed": 1, "rows": 50, "tick_size": "0.10", "price": 50_000.0, "tickers": True}
    make_tape(folder, MarketParameters(**{**parameters, **changes}))
    return folder


def test_without_tapes_a_synthetic_market_of_every_symbol_is_opened(tmp_path: Path) -> None:
    opened = open_exchange(SimConfig(), tmp_path)

    assert list(opened.exchange.markets) == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert list(opened.exchange.accounts) == [100001, 100002]
    assert opened.exchange.now == opened.feed.next_at()
    found = opened.exchange.account_of("demo-key-2-expired")
    assert found is not None
    assert found[1].expired


def test_the_same_seed_gives_the_same_market_and_another_one_another(tmp_path: Path) -> None:
    def first_rows(seed: int, name: str) -> list[Any]:
        folder = tmp_path / name
        folder.mkdir()
        config = SimConfig.model_validate({"seed": seed, "symbols": {"BTCUSDT": {}}})
        feed = open_exchange(config, folder).feed
        return [feed.next_step() for _ in range(20)]

    assert first_rows(5, "a") == first_rows(5, "b")
    assert first_rows(5, "c") != first_rows(6, "d")


def test_a_tape_is_played_from_its_first_row(tmp_path: Path) -> None:
    path = tape(tmp_path / "tape")

    opened = open_exchange(configured(BTCUSDT={"tape": path}), tmp_path)

    assert opened.feed.next_at() == open_tape(path).manifest.first_us


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"symbol": "ETHUSDT"}, "expected a tape of BTCUSDT, found ETHUSDT"),
        ({"tick_size": "0.5"}, "expected tick 0.10 of BTCUSDT, found 0.5"),
        ({"qty_step": "0.01"}, "expected step 0.001 of BTCUSDT, found 0.01"),
    ],
)
def test_a_tape_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, str], expected: str
) -> None:
    path = tape(tmp_path / "tape", **changes)

    with pytest.raises(UserError, match=expected):
        open_exchange(configured(BTCUSDT={"tape": path}), tmp_path)


def test_no_tape_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        open_exchange(configured(BTCUSDT={"tape": tmp_path / "nothing"}), tmp_path)


def test_what_is_stated_of_a_known_symbol_wins_over_what_is_built_in() -> None:
    stated = {"tick_size": "0.5", "max_leverage": 50, "tiers": TIERS}

    facts = facts_of("BTCUSDT", configured(BTCUSDT={"instrument": stated}))

    assert facts.instrument.tick_size == Decimal("0.5")
    assert facts.instrument.qty_step == Decimal("0.001")
    assert facts.max_leverage == 50
    assert [tier.max_value for tier in facts.tiers.tiers] == [1000, None]
    assert facts.top_limit == 10_000


def test_another_symbol_is_what_is_stated_of_it(tmp_path: Path) -> None:
    config = configured(DOGEUSDT={"instrument": DOGE, "price": "0.25"})

    facts = facts_of("DOGEUSDT", config)
    opened = open_exchange(config, tmp_path)

    assert (facts.base_coin, facts.funding_interval_minutes) == ("DOGE", 240)
    assert facts.instrument.max_qty == 1_000_000
    assert list(opened.exchange.markets) == ["DOGEUSDT"]


def test_another_symbol_of_which_too_little_is_stated_is_refused_with_what_is_missing() -> None:
    with pytest.raises(UserError, match=r"DOGEUSDT: expected the instrument's qty_step.*tiers"):
        facts_of("DOGEUSDT", configured(DOGEUSDT={"instrument": {"tick_size": "0.1"}}))


def test_a_synthetic_market_of_another_symbol_needs_a_price(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the price of a synthetic market"):
        open_exchange(configured(DOGEUSDT={"instrument": DOGE}), tmp_path)


def test_every_symbol_has_a_price_before_the_first_request(tmp_path: Path) -> None:
    opened = open_exchange(SimConfig(), tmp_path)

    play_first_prices(opened)

    assert all(market.last is not None for market in opened.exchange.markets.values())


def test_a_symbol_whose_tape_begins_later_is_not_waited_for(tmp_path: Path) -> None:
    early = tape(tmp_path / "early")
    late = tape(
        tmp_path / "late",
        symbol="ETHUSDT",
        tick_size="0.01",
        qty_step="0.01",
        price=3000.0,
        start_us=1_767_571_200_000_000 + 3_600_000_000,
    )
    config = configured(BTCUSDT={"tape": early}, ETHUSDT={"tape": late})
    opened = open_exchange(config, tmp_path)

    play_first_prices(opened)

    assert opened.exchange.markets["BTCUSDT"].last is not None
    assert opened.exchange.markets["ETHUSDT"].last is None
