"""Facts of the specification that no module's own test is named after, by their handles."""

from dataclasses import fields
from decimal import Decimal

from gridcore.clock import Instant
from gridcore.config import GridConfig, RiskConfig
from gridcore.engine import GridEngine
from gridcore.events import NO_LIQUIDATION, Ticker
from gridcore.instrument import Instrument
from gridcore.intents import PlaceIntent, client_order_id, decode_wire_id, encode_wire_id
from gridcore.position import LegRisk, PairRisk, RiskRules
from gridcore.session.gates import (
    CHAIN,
    AffordabilityGate,
    BreakerGate,
    CoverageGate,
    DuplicateGate,
    MaxMarginGate,
    ModeGate,
    NotionalGate,
    OpenOrdersGate,
    RateGate,
    SizeGate,
)
from gridcore.sides import BUY, LONG, SHORT, GridSideType, opens
from gridcore.sizing import Sizer, parse_amount
from gridcore.working import OpenOrder, WorkingBook

TICK = Decimal("0.1")
CONFIG = GridConfig(grid_count=6, grid_step=Decimal("0.2"))


def ticker(last: int, at: int = 1_000_000) -> Ticker:
    return Ticker(symbol="BTCUSDT", at=Instant(at), last=last, mark=None)


def engine() -> GridEngine:
    return GridEngine("BTCUSDT", TICK, CONFIG, "s1")


def places(found: GridEngine, last: int, orders: tuple[OpenOrder, ...] = ()) -> list[PlaceIntent]:
    resting = {way: [one for one in orders if one.direction is way] for way in (LONG, SHORT)}
    intents = found.on_event(ticker(last), resting)
    return [intent for intent in intents if isinstance(intent, PlaceIntent)]


def test_every_active_level_wants_an_order_in_both_directions() -> None:
    """E-0, E-2, E-9: the first ticker builds, and both directions use the same grid."""
    found = places(engine(), 1_000_000)

    assert len(found) == 2 * (7 - 1)
    assert {(one.direction, one.side, one.price) for one in found if one.level == 2} == {
        (LONG, BUY, 998_000),
        (SHORT, BUY, 998_000),
    }


def test_a_place_carries_what_the_exchange_needs_except_its_size() -> None:
    """E-8, L113: reduce-only by the table of (direction, side); the size is the session's."""
    for place in places(engine(), 1_000_000):
        assert place.reduce_only is not opens(place.direction, place.side)
        assert "qty" not in {field.name for field in fields(PlaceIntent)}


def test_what_was_asked_is_asked_again_until_the_order_is_seen() -> None:
    """E-10: the engine does not remember its own placements."""
    found = engine()
    first = places(found, 1_000_000)

    assert places(found, 1_000_000) == first
    seen = tuple(
        OpenOrder(
            order_id=one.client_order_id, direction=one.direction, side=one.side, price=one.price
        )
        for one in first
    )
    assert places(found, 1_000_000, seen) == []


def test_only_tickers_yield_intents_and_cancels_come_first() -> None:
    """E-1, E-12."""
    found = engine()
    places(found, 1_000_000)
    stray = OpenOrder(order_id="stray", direction=LONG, side=BUY, price=995_555)

    intents = found.on_event(ticker(1_000_000), {LONG: [stray]})

    assert [isinstance(intent, PlaceIntent) for intent in intents] == [False] + [True] * 12


def test_a_change_of_levels_carries_the_time_of_its_event() -> None:
    """G-15: the exchange time is an argument, not an attribute set beforehand."""
    found = engine()

    (change,) = found.observe(ticker(1_000_000, at=77), WorkingBook(()))

    assert change.at == 77


def test_a_saved_grid_with_tags_out_of_order_is_taken_back() -> None:
    """G-10b: prices are the state, sides can be derived."""
    tags = ("Buy", "Buy", "Wait", "Buy", "Sell", "Sell", "Sell")
    prices = ("99401.2", "99600.4", "99800.0", "100000.0", "100200.0", "100400.4", "100601.2")
    rows = [{"side": tag, "price": price} for tag, price in zip(tags, prices, strict=True)]

    found = GridEngine("BTCUSDT", TICK, CONFIG, "s1", restored_grid=rows)

    assert list(found.levels) == [
        994_012,
        996_004,
        998_000,
        1_000_000,
        1_002_000,
        1_004_004,
        1_006_012,
    ]
    found.observe(ticker(1_000_500), WorkingBook(found.levels))
    assert found.side_tags()[-3:] == [GridSideType.SELL] * 3


def test_identity_knows_neither_size_nor_level_index_and_recurs_over_lifecycles() -> None:
    """I-3, I-6, I-7: one suffix per placement, the same identity every time."""
    identity = client_order_id("s1", "BTCUSDT", BUY, "99800.0", LONG)

    first, second = encode_wire_id(identity, 1_767_571_200_000_000), encode_wire_id(identity, 2)

    assert first != second
    assert decode_wire_id(first) == decode_wire_id(second) == identity == "63c523903aa877f5"


def test_sizes_are_taken_from_the_realised_wallet_balance() -> None:
    """Q-7: x<fraction> of cash, whatever the unrealised profit is."""
    instrument = Instrument(
        symbol="BTCUSDT",
        tick_size=TICK,
        qty_step=Decimal("0.001"),
        min_qty=Decimal("0.001"),
        max_qty=Decimal(100),
        min_notional=Decimal(5),
    )
    sizer = Sizer(parse_amount("x0.01"), instrument)

    assert sizer.opening(1_000_000, Decimal(10_000), Decimal(1)).steps == 1
    assert sizer.opening(1_000_000, Decimal(25_000), Decimal(1)).steps == 3


def pair(*, low_balance: bool) -> PairRisk:
    """A long whose liquidation price is moderately close (0.82 of the market)."""
    return PairRisk(
        long=LegRisk(size=Decimal(1), entry=Decimal(100), liquidation=Decimal(82)),
        short=LegRisk(size=Decimal(1), entry=Decimal(100), liquidation=NO_LIQUIDATION),
        long_margin=Decimal(1),
        short_margin=Decimal(1),
        price=Decimal(100),
        low_balance=low_balance,
    )


def test_risk_is_one_function_of_both_legs_and_has_no_memory() -> None:
    """R-1, R-2, R-3: no linked objects, defaults in one place, the same answer every time."""
    rules = RiskRules(RiskConfig())
    first = rules.judge(pair(low_balance=False))
    rules.judge(pair(low_balance=True))

    assert rules.judge(pair(low_balance=False)) == first
    assert first.multiplier(SHORT, BUY) == Decimal("0.5")
    assert (RiskConfig().min_liq_ratio, RiskConfig().max_liq_ratio) == (
        Decimal("0.8"),
        Decimal("1.2"),
    )


def test_closes_that_free_margin_are_not_throttled_while_the_balance_is_low() -> None:
    """R-11, L103."""
    assert RiskRules(RiskConfig()).judge(pair(low_balance=True)).multiplier(SHORT, BUY) == 1


def test_every_placement_meets_the_gates_in_one_order() -> None:
    """X-5: what it may not exceed comes after what it is; a close passes the four of exposure."""
    assert [type(gate) for gate in CHAIN] == [
        ModeGate,
        DuplicateGate,
        SizeGate,
        CoverageGate,
        AffordabilityGate,
        MaxMarginGate,
        OpenOrdersGate,
        NotionalGate,
        BreakerGate,
        RateGate,
    ]
