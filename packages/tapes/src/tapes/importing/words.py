"""Reads the columns that are words: taker side, symbol, trade id.

Knows how sources write them; refuses to know numbers.
"""

import numpy as np
import numpy.typing as npt

from tapes.compiled import Integers, compiled
from tapes.importing.decimals import Flags
from tapes.importing.fields import Fields

BUY, SELL, UNKNOWN_SIDE, NO_SIDE = 1, -1, 0, 2

# FNV-1a, 64 bits.
_HASH_START = np.uint64(14_695_981_039_346_656_037)
_HASH_PRIME = np.uint64(1_099_511_628_211)

_SIDE_WORDS = {
    "buy": BUY,
    "b": BUY,
    "1": BUY,
    "+1": BUY,
    "sell": SELL,
    "s": SELL,
    "-1": SELL,
    "": UNKNOWN_SIDE,
    "0": UNKNOWN_SIDE,
    "unknown": UNKNOWN_SIDE,
}


def taker_sides(fields: Fields) -> npt.NDArray[np.int8]:
    """+1 buy, -1 sell, 0 when empty or "unknown", NO_SIDE for any other word; case does not
    matter."""
    hashes = text_hashes(fields, fold_case=True)
    sides = np.full(len(fields), NO_SIDE, np.int8)
    for word, side in _SIDE_WORDS.items():
        sides[hashes == _hash_of(word)] = side
    return sides


def differs_from(fields: Fields, word: str) -> Flags:
    """True where the text is not exactly `word`."""
    different: Flags = text_hashes(fields, fold_case=False) != _hash_of(word)
    return different


def text_hashes(fields: Fields, *, fold_case: bool) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each text; 0 for an empty one."""
    hashes = np.empty(len(fields), np.uint64)
    hash_fields(fields.text, fields.starts, fields.ends, fold_case, hashes)
    return hashes


def _hash_of(word: str) -> np.uint64:
    raw = np.frombuffer(word.encode(), np.uint8)
    place = np.array([0, len(raw)], np.int64)
    one = Fields(text=raw, starts=place[:1], ends=place[1:])
    return np.uint64(text_hashes(one, fold_case=False)[0])


@compiled
def hash_fields(
    text: Integers, starts: Integers, ends: Integers, fold_case: bool, hashes: Integers
) -> None:
    """Fill the hash of every field; capital letters count as small ones when case is folded."""
    for row in range(len(starts)):
        value = _HASH_START
        for place in range(starts[row], ends[row]):
            letter = np.uint64(text[place])
            if fold_case and np.uint64(65) <= letter <= np.uint64(90):
                letter += np.uint64(32)
            value = (value ^ letter) * _HASH_PRIME
        if starts[row] == ends[row]:
            value = np.uint64(0)
        hashes[row] = value
