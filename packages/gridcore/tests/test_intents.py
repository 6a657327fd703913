"""Order identity and the ids on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.intents import (
    base36,
    client_order_id,
    decode_wire_id,
    encode_wire_id,
    mint,
    minted_number,
    recorded_prefix,
)
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

IDENTITY = "61bf525ec34a5d86"


@pytest.mark.parametrize(
    ("strat_id", "symbol", "side", "price", "direction", "identity"),
    [
        (None, "BTCUSDT", BUY, "99800.0", LONG, "61bf525ec34a5d86"),
        (None, "BTCUSDT", BUY, "99800", LONG, "e9b64b484eaf1944"),
        ("btcusdt_main", "BTCUSDT", BUY, "99800.0", LONG, "47e181af212d1bae"),
        ("ltcusdt_test", "LTCUSDT", SELL, "54.2", SHORT, "e5be6720e2fccd3c"),
        ("s1", "BTCUSDT", BUY, "99800.0", LONG, "63c523903aa877f5"),
        ("s1", "BTCUSDT", BUY, "99800.0", SHORT, "6a9c4849ec6551e9"),
    ],
)
def test_an_identity_is_the_recorded_one(
    strat_id: str | None,
    symbol: str,
    side: SideType,
    price: str,
    direction: DirectionType,
    identity: str,
) -> None:
    """I-1, I-4 and the literal ids of strategy.md 1.12."""
    assert client_order_id(strat_id, symbol, side, price, direction) == identity


def test_every_part_changes_the_identity() -> None:
    """A-07."""
    identities = {
        client_order_id("a", "BTCUSDT", BUY, "1.0", LONG),
        client_order_id("b", "BTCUSDT", BUY, "1.0", LONG),
        client_order_id("", "BTCUSDT", BUY, "1.0", LONG),
        client_order_id(None, "BTCUSDT", BUY, "1.0", LONG),
        client_order_id("a", "ETHUSDT", BUY, "1.0", LONG),
        client_order_id("a", "BTCUSDT", SELL, "1.0", LONG),
        client_order_id("a", "BTCUSDT", BUY, "1.1", LONG),
        client_order_id("a", "BTCUSDT", BUY, "1.0", SHORT),
    }

    assert len(identities) == 8


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (35, "z"), (36, "10"), (46655, "zzz"), (46656, "1000")]
)
def test_numbers_in_base_36(number: int, text: str) -> None:
    assert base36(number) == text


def test_a_negative_number_has_no_base_36() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        base36(-1)


@given(st.integers(0, 10**30))
def test_base_36_reads_back(number: int) -> None:
    assert int(base36(number), 36) == number


def test_a_suffix_is_the_clock_unless_it_stands_still() -> None:
    assert mint(Instant(1000), 999) == 1000
    assert mint(Instant(1000), 1000) == 1001
    assert mint(Instant(500), 1000) == 1001


def test_a_wire_id_holds_identity_and_suffix() -> None:
    wire_id = encode_wire_id(IDENTITY, 1_735_689_600_000_000)

    assert wire_id == "61bf525ec34a5d86-h390slnuo0"
    assert decode_wire_id(wire_id) == IDENTITY


def test_a_wire_id_longer_than_the_exchange_takes_is_refused() -> None:
    """I-5: at most 36 characters."""
    with pytest.raises(ValueError, match="at most 36"):
        encode_wire_id(IDENTITY, 36**20)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("61bf525ec34a5d86", IDENTITY),
        ("61bf525ec34a5d86-1746700000123", IDENTITY),
        ("61bf525ec34a5d86-", None),
        ("61BF525EC34A5D86-1", None),
        ("61bf525ec34a5d86-1-2", None),
        ("61bf525ec34a5d8", None),
        ("manual", None),
        ("", None),
        (None, None),
    ],
)
def test_only_our_own_form_decodes(text: str | None, identity: str | None) -> None:
    assert decode_wire_id(text) == identity


@given(st.integers(0, 36**19 - 1))
def test_the_number_that_was_minted_reads_back(number: int) -> None:
    assert minted_number(encode_wire_id(IDENTITY, number)) == number


@pytest.mark.parametrize("text", ["", "61bf525ec34a5d86", "61bf525ec34a5d86-", "adopted-O-1", "w"])
def test_what_nobody_minted_has_no_number(text: str) -> None:
    assert minted_number(text) is None


@pytest.mark.parametrize(
    ("text", "prefix"),
    [(None, None), ("", None), ("-", None), ("abc", "abc"), ("abc-1-2", "abc"), ("-17", None)],
)
def test_a_recorded_prefix_is_what_stands_before_the_first_hyphen(
    text: str | None, prefix: str | None
) -> None:
    """I-5."""
    assert recorded_prefix(text) == prefix


@given(st.integers(0, 10**18), st.integers(0, 10**18))
def test_suffixes_never_repeat(now: int, last: int) -> None:
    assert mint(Instant(now), last) > last
