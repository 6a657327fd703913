"""Whose order it is: by identity alone, so that a restart knows its own (L18, A02, A03, I-4)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.config import IdentitySalt
from gridcore.events import OrderStatus, OrderUpdate
from gridcore.instrument import Instrument, Price, Steps, Ticks
from gridcore.intents import client_order_id, encode_wire_id
from gridcore.session.ownership import Claim, ForeignOrders, OrphanOrders, Owner, Ownership
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

BTC = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
OURS = Ownership([Claim(strat_id="alpha", salt=IdentitySalt.STRAT_ID, instrument=BTC)])


def order(
    wire_id: str,
    price: Price = 998_000,
    side: SideType = BUY,
    direction: DirectionType = LONG,
    symbol: str = "BTCUSDT",
) -> OrderUpdate:
    return OrderUpdate(
        symbol=symbol,
        at=Instant(1),
        order_id="X1",
        wire_id=wire_id,
        direction=direction,
        side=side,
        price=price,
        qty=Steps(1),
        leaves=Steps(1),
        filled=Steps(0),
        status=OrderStatus.NEW,
        reduce_only=False,
    )


def test_an_order_whose_id_hashes_our_strategy_symbol_side_price_and_direction_is_ours_i_1() -> (
    None
):
    """The digits are sha256("alpha_BTCUSDT_Buy_99800.0_long")[:16], taken outside the kernel."""
    assert OURS.classify(order("d7eb8e6783e65794-1p2x")) is Owner.OURS
    assert OURS.classify(order("d7eb8e6783e65794")) is Owner.OURS


def test_another_occurrence_of_the_same_level_is_ours_too_i_7() -> None:
    assert OURS.classify(order("d7eb8e6783e65794-1719792000123")) is Owner.OURS


@pytest.mark.parametrize(
    "changed",
    [
        order("d7eb8e6783e65794-1", price=998_001),
        order("d7eb8e6783e65794-1", side=SELL),
        order("d7eb8e6783e65794-1", direction=SHORT),
        order("d7eb8e6783e65794-1", price=Fraction(9_980_001, 10)),
        order("d7eb8e6783e65794-1", price=Fraction(1_996_001, 2)),
        order("0123456789abcdef-1"),
    ],
    ids=["price", "side", "direction", "off tick", "half a tick", "other hash"],
)
def test_an_id_of_our_form_that_no_strategy_made_for_this_order_is_an_orphan(
    changed: OrderUpdate,
) -> None:
    assert OURS.classify(changed) is Owner.ORPHAN


@pytest.mark.parametrize(
    "wire_id",
    ["", "manual-1", "d7eb8e6783e65794-", "D7EB8E6783E65794-1", "d7eb8e6783e6579-1", "web_1"],
)
def test_an_id_that_does_not_decode_is_foreign_even_at_our_price_a03(wire_id: str) -> None:
    assert OURS.classify(order(wire_id)) is Owner.FOREIGN


def test_on_a_symbol_that_no_strategy_trades_every_order_is_foreign() -> None:
    assert OURS.classify(order("d7eb8e6783e65794-1", symbol="ETHUSDT")) is Owner.FOREIGN
    assert Ownership([]).classify(order("d7eb8e6783e65794-1")) is Owner.FOREIGN


def test_another_strategys_order_on_our_symbol_is_an_orphan_i_4() -> None:
    identity = client_order_id("beta", "BTCUSDT", BUY, "99800.0", LONG)

    assert OURS.classify(order(encode_wire_id(identity, 7))) is Owner.ORPHAN


def test_each_strategy_of_a_symbol_knows_its_own() -> None:
    both = Ownership(
        [
            Claim(strat_id="alpha", salt=IdentitySalt.STRAT_ID, instrument=BTC),
            Claim(strat_id="beta", salt=IdentitySalt.STRAT_ID, instrument=BTC),
        ]
    )
    identity = client_order_id("beta", "BTCUSDT", BUY, "99800.0", LONG)

    assert both.classify(order(encode_wire_id(identity, 7))) is Owner.OURS
    assert both.classify(order("d7eb8e6783e65794-1p2x")) is Owner.OURS


def test_without_salt_the_strategys_name_does_not_matter_i_4() -> None:
    """The digits are sha256("BTCUSDT_Buy_99800.0_long")[:16]."""
    unsalted = Ownership([Claim(strat_id="alpha", salt=IdentitySalt.NONE, instrument=BTC)])

    assert unsalted.classify(order("61bf525ec34a5d86-1")) is Owner.OURS
    assert unsalted.classify(order("d7eb8e6783e65794-1")) is Owner.ORPHAN
    assert OURS.classify(order("61bf525ec34a5d86-1")) is Owner.ORPHAN


@given(
    st.integers(1, 10**9),
    st.sampled_from([BUY, SELL]),
    st.sampled_from([LONG, SHORT]),
    st.integers(0, 36**12),
)
def test_whatever_we_send_is_ours_after_a_restart_l18(
    price: int, side: SideType, direction: DirectionType, suffix: int
) -> None:
    text = BTC.price_text(Ticks(price))
    wire_id = encode_wire_id(client_order_id("alpha", "BTCUSDT", side, text, direction), suffix)

    assert OURS.classify(order(wire_id, price, side, direction)) is Owner.OURS


def test_the_policies_are_spelled_as_in_a_configuration_a03() -> None:
    assert [policy.value for policy in ForeignOrders] == ["ignore", "adopt", "cancel", "refuse"]
    assert [policy.value for policy in OrphanOrders] == ["refuse", "adopt", "cancel"]
