"""What the strategy wants (unsized places, cancels), order identity, and the wire-id codec."""

import re
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from gridcore.clock import Instant
from gridcore.instrument import Ticks
from gridcore.message import message
from gridcore.sides import DirectionType, SideType

WIRE_ID_MAX_LENGTH = 36
_WIRE_ID = re.compile(r"([0-9a-f]{16})(?:-([0-9a-z]{1,19}))?")
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class CancelCause(StrEnum):
    """Why the engine gives up an order, in the words of the recordings (E-5, E-6)."""

    REBUILD = "rebuild"
    SIDE_MISMATCH = "side_mismatch"
    OUTSIDE_GRID = "outside_grid"
    DUPLICATE = "duplicate"


@message
class PlaceIntent:
    """The engine wants an order at a level; its size is not the engine's business (L113)."""

    symbol: str
    direction: DirectionType
    side: SideType
    price: Ticks
    level: int
    reduce_only: bool
    client_order_id: str


@message
class CancelIntent:
    """The engine wants an order gone."""

    symbol: str
    order_id: str
    cause: CancelCause


Intent = PlaceIntent | CancelIntent


def client_order_id(
    strat_id: str | None,
    symbol: str,
    side: SideType,
    price_text: str,
    direction: DirectionType,
) -> str:
    """The 16 hex digits that identify an order across its lifecycles (I-1).

    `price_text` is canonical (`Instrument.price_text`). Quantity, level index and flags are not
    part of the identity (I-3). strat_id None gives the unsalted form (I-4); "" is a salt.
    """
    text = f"{symbol}_{side.value}_{price_text}_{direction.value}"
    if strat_id is not None:
        text = f"{strat_id}_{text}"
    return sha256(text.encode()).hexdigest()[:16]


_PAIRS = [first + second for first in _BASE36 for second in _BASE36]
_LOW = 36**4


@lru_cache(maxsize=64)
def _high_digits(number: int) -> str:
    """The digits before the last four; of a clock they change every second or so."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits


def base36(number: int) -> str:
    """A non-negative whole number in base 36."""
    if number < 0:
        raise ValueError(f"expected a number of 0 or more, found {number}")
    high, low = divmod(number, _LOW)
    first, second = divmod(low, 1296)
    if high:
        return _high_digits(high) + _PAIRS[first] + _PAIRS[second]
    return (_PAIRS[first] + _PAIRS[second]).lstrip("0") or "0"


def mint(now: Instant, last_minted: int) -> int:
    """The next unique suffix: the clock, unless it has not moved on since the last one."""
    return now if now > last_minted else last_minted + 1


def encode_wire_id(identity: str, suffix: int) -> str:
    """`<16 hex>-<base36>`, minted once per placement and reused by every retry of it (I-6)."""
    wire_id = f"{identity}-{base36(suffix)}"
    if len(wire_id) > WIRE_ID_MAX_LENGTH:
        raise ValueError(f"expected at most {WIRE_ID_MAX_LENGTH} characters, found {wire_id!r}")
    return wire_id


def decode_wire_id(text: str | None) -> str | None:
    """The identity inside a wire id: 16 hex digits, optionally "-" and base36 or millis.

    None for anything else: such an order is foreign.
    """
    match = _WIRE_ID.fullmatch(text) if text else None
    return match.group(1) if match else None


def minted_number(text: str) -> int | None:
    """The number inside a wire id of ours; the greater, the later it was minted. None: no such."""
    match = _WIRE_ID.fullmatch(text)
    digits = match.group(2) if match else None
    return int(digits, 36) if digits else None


def recorded_prefix(text: str | None) -> str | None:
    """The identity inside a recorded link id, leniently: what stands before the first hyphen.

    None, "" and nothing before the hyphen give None, a text without hyphen is unchanged (I-5). For
    comparison only.
    """
    return text.split("-", 1)[0] or None if text else None
