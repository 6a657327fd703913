import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appkit.exits import UserError
from appkit.instruments import InstrumentFacts, Listing, import_listing
from gridcore.clock import Instant

DOGE = {
    "symbol": "DOGEUSDT",
    "tick_size": "0.00001",
    "quantity_step": "1",
    "min_order_quantity": "1",
    "max_order_quantity": "43678900",
    "max_leverage": "75.00",
    "funding_interval_minutes": 480,
    "status": "Trading",
}
DOGE_FACTS = InstrumentFacts(
    symbol="DOGEUSDT",
    tick_size=Decimal("0.00001"),
    qty_step=Decimal(1),
    min_qty=Decimal(1),
    max_qty=Decimal(43678900),
    max_leverage=Decimal(75),
    funding_interval_minutes=480,
    status="Trading",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "listing.json"


def imported(file: Path, content: Any, symbols: list[str] | None = None) -> Listing:
    file.write_text(json.dumps(content))
    return import_listing(file, symbols)


def refusal(file: Path, content: Any, symbols: list[str] | None = None) -> str:
    with pytest.raises(UserError) as caught:
        imported(file, content, symbols)
    return caught.value.message


def test_an_inventory_is_read_and_what_it_lacks_stays_unknown(file: Path) -> None:
    content = {"fetched_at_utc": "2026-08-12T05:03:32.237874Z", "records": [DOGE]}
    listing = imported(file, content)
    assert listing.facts == (DOGE_FACTS,)
    assert listing.facts[0].min_notional is None
    assert listing.as_of == 1_786_511_012_237_874
    assert listing.source == "inventory listing.json"


def test_facts_are_stamped_with_the_date_of_the_listing_or_with_now(file: Path) -> None:
    dated = imported(file, {"fetched_at_utc": "2026-01-01", "records": [DOGE]})
    undated = imported(file, [DOGE])
    now = Instant(7)
    assert [one.as_of for one in dated.stamped(now)] == [1_767_225_600_000_000]
    assert [one.as_of for one in undated.stamped(now)] == [7]


def test_an_instruments_answer_is_read_with_its_server_time(file: Path) -> None:
    row = {"symbol": "X", "lotSizeFilter": {"qtyStep": "1"}, "fundingInterval": 60}
    listing = imported(file, {"result": {"list": [row]}, "time": 1_700_000_000_000})
    assert listing.facts[0].qty_step == 1
    assert listing.as_of == 1_700_000_000_000_000
    assert imported(file, {"result": {"list": [row]}, "time": 5}).as_of is None


def test_a_risk_limit_answer_is_read_flat_or_nested_by_symbol(file: Path) -> None:
    """M-7, spec/bybit.md A.3."""
    tier = {
        "symbol": "X",
        "riskLimitValue": "1000",
        "maintenanceMargin": "0.1",
        "initialMargin": "0.2",
    }
    flat = imported(file, {"result": {"list": [tier]}})
    nested = imported(file, {"result": {"list": [[tier]]}})
    assert flat.facts == nested.facts
    assert flat.facts[0].tiers is not None


def test_only_wanted_symbols_are_taken(file: Path) -> None:
    listing = imported(file, [DOGE, {**DOGE, "symbol": "ADAUSDT"}], ["ADAUSDT"])
    assert [one.symbol for one in listing.facts] == ["ADAUSDT"]


def test_a_row_that_cannot_be_read_is_reported_and_not_guessed(file: Path) -> None:
    """N-1: a missing, unparseable or non-positive step or tick."""
    rows = [
        DOGE,
        {**DOGE, "symbol": "A", "tick_size": "0"},
        {**DOGE, "symbol": "B", "quantity_step": "NaN"},
        {**DOGE, "symbol": ""},
        "junk",
    ]
    listing = imported(file, rows)
    assert listing.facts == (DOGE_FACTS,)
    assert listing.refused == (
        "A: tick_size must be above zero, found 0",
        "B: quantity_step must be a number written as text, found 'NaN'",
        "row 4: expected a mapping with a symbol",
        "row 5: expected a mapping with a symbol",
    )


def test_a_wanted_symbol_that_is_missing_or_unreadable_is_refused_with_the_reason(
    file: Path,
) -> None:
    bad = {**DOGE, "symbol": "A", "tick_size": None}
    message = refusal(file, [DOGE, bad], ["A", "B"])
    assert "does not list A, B (A: tick_size must be a number" in message


def test_a_listing_without_any_usable_row_is_refused(file: Path) -> None:
    assert "holds no usable instrument: row 1" in refusal(file, [{**DOGE, "symbol": 5}])


def test_a_symbol_listed_twice_is_refused(file: Path) -> None:
    assert refusal(file, [DOGE, DOGE]).endswith("lists a symbol twice: DOGEUSDT")


@pytest.mark.parametrize("content", [{}, [], 5, {"result": {"list": "x"}}, [{"symbol": "X"}]])
def test_another_json_file_is_refused(file: Path, content: Any) -> None:
    assert "is no instrument listing" in refusal(file, content)


def test_what_is_no_json_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("symbol,tick")
    with pytest.raises(UserError, match="is not JSON"):
        import_listing(tmp_path / "x")
    with pytest.raises(UserError, match="does not exist"):
        import_listing(tmp_path / "y")
    with pytest.raises(UserError, match="cannot read"):
        import_listing(tmp_path)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    with pytest.raises(UserError, match="not a listing"):
        import_listing(tmp_path / "huge")


def test_the_recorded_listing_of_the_exchange_is_read_whole(recorded: Path) -> None:
    listing = import_listing(recorded / "instruments" / "bybit_linear_2026-08-12.json")
    assert (len(listing.facts), listing.refused) == (1748, ())
    found = {one.symbol: one for one in listing.facts}
    assert found["DOGEUSDT"] == DOGE_FACTS
    assert found["BTCUSDT"].max_qty == Decimal(1500)


@pytest.mark.parametrize("shape", ["linear", "linear_symbol_type"])
def test_recorded_instruments_answers_are_read(recorded: Path, shape: str) -> None:
    folder = recorded / "bybit_messages" / "nautilus"
    listing = import_listing(folder / f"http_get_instruments_{shape}.json")
    assert listing.refused == ()
    assert all(one.min_notional is not None for one in listing.facts)
