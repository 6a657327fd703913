"""The manifest says what the columns mean, and its text is checked when read back."""

import json
from dataclasses import replace

import pytest

from tapes.errors import TapeError
from tapes.manifest import (
    BarOrder,
    ColumnRecord,
    Gap,
    Manifest,
    TapeHeader,
    content_hash,
    manifest_from_json,
    manifest_to_json,
)

HEADER = TapeHeader(
    symbol="BTCUSDT",
    tick_size="0.1",
    qty_step="0.001",
    source="test",
    mark_unit="0.01",
    funding_unit="0.00000001",
    bar_order=BarOrder.HIGH_FIRST,
    synthetic_seed=7,
)
COLUMN = ColumnRecord(name="trades.price", file="trades.price.i4", dtype="<i4", rows=2, sha256="ab")
GAP = Gap(start_us=1, end_us=2, reason="outage")
MANIFEST = Manifest(
    header=HEADER,
    trade_rows=2,
    ticker_rows=0,
    first_us=1,
    last_us=9,
    gaps=(GAP,),
    columns=(COLUMN,),
    counters={"rows_read": 3},
    sha256="cd",
)


def test_a_manifest_survives_its_own_text() -> None:
    assert manifest_from_json(manifest_to_json(MANIFEST), "x") == MANIFEST


def test_columns_are_found_by_name() -> None:
    assert MANIFEST.bars
    assert MANIFEST.column("trades.price") == COLUMN
    assert MANIFEST.column("trades.size") is None


@pytest.mark.parametrize(
    "change",
    [
        {"tick_size": "0.2"},
        {"qty_step": "0.01"},
        {"symbol": "ETHUSDT"},
        {"bar_order": BarOrder.LOW_FIRST},
        {"mark_unit": "0.1"},
    ],
)
def test_the_hash_over_all_covers_what_gives_rows_their_meaning(change: dict[str, object]) -> None:
    before = content_hash(HEADER, (COLUMN,), (GAP,))
    changed = replace(HEADER, **change)  # type: ignore[arg-type]

    assert content_hash(changed, (COLUMN,), (GAP,)) != before
    assert content_hash(HEADER, (COLUMN,), ()) != before
    assert content_hash(replace(HEADER, source="other"), (COLUMN,), (GAP,)) == before


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "breaks at line 1"),
        ("[]", "list"),
        ('{"format_version": 2}', "2"),
        ('{"format_version": 1}', "KeyError"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(text: str, found: str) -> None:
    with pytest.raises(TapeError, match=found):
        manifest_from_json(text, "x")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "trades.colour"},
        {"dtype": "<f8"},
        {"file": "../../secret"},
        {"file": ".hidden"},
    ],
)
def test_a_manifest_cannot_point_at_strange_columns_or_files(change: dict[str, str]) -> None:
    body = json.loads(manifest_to_json(MANIFEST))
    body["columns"][0].update(change)

    with pytest.raises(TapeError, match="cannot be used"):
        manifest_from_json(json.dumps(body), "x")


def test_a_header_needs_a_symbol_and_real_units() -> None:
    with pytest.raises(TapeError, match="needs a symbol"):
        replace(HEADER, symbol="")
    with pytest.raises(TapeError, match="mark unit"):
        replace(HEADER, mark_unit="0")
