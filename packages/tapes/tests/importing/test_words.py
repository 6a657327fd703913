"""Sides, symbols and ids."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapes.importing.fields import Fields
from tapes.importing.words import (
    NO_SIDE,
    differs_from,
    hash_fields,
    taker_sides,
    text_hashes,
)

FieldsOf = Callable[[Sequence[str]], Fields]


@pytest.mark.parametrize(
    ("word", "side"),
    [
        *(("Buy", 1), ("BUY", 1), ("b", 1), ("1", 1), ("+1", 1)),
        *(("Sell", -1), ("s", -1), ("-1", -1)),
        *(("", 0), ("0", 0), ("Unknown", 0), ("bid", NO_SIDE), ("2", NO_SIDE)),
    ],
)
def test_a_side_is_read_in_every_spelling(fields_of: FieldsOf, word: str, side: int) -> None:
    assert taker_sides(fields_of([word])).tolist() == [side]


def test_only_the_same_symbol_is_the_same(fields_of: FieldsOf) -> None:
    fields = fields_of(["BTCUSDT", "BTCUSD", "btcusdt", ""])

    assert differs_from(fields, "BTCUSDT").tolist() == [False, True, True, True]


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(st.text("abC-1", max_size=5), min_size=1, max_size=8))
def test_equal_texts_have_equal_hashes_and_different_ones_differ(
    variant: Callable[[Any], Any], fields_of: FieldsOf, texts: list[str]
) -> None:
    fields = fields_of(texts)
    hashes = np.zeros(len(texts), np.uint64)

    with np.errstate(over="ignore"):
        variant(hash_fields)(fields.text, fields.starts, fields.ends, False, hashes)

    assert hashes.tolist() == text_hashes(fields, fold_case=False).tolist()
    assert len(set(hashes.tolist())) == len(set(texts))
    assert [value == 0 for value in hashes] == [text == "" for text in texts]


def test_capitals_count_as_small_letters_when_folded(fields_of: FieldsOf) -> None:
    first, second = text_hashes(fields_of(["SeLL", "sell"]), fold_case=True)

    assert first == second
