"""The ways of decoding say the same of the same frames."""

from decimal import Decimal

import pytest

from bench.decoding import INSTRUMENT, WAYS, as_events, frames, in_bulk, naive, play
from gridcore.events import PublicTrade

TEXTS = frames(250, 100, seed=7)


def test_frames_hold_the_trades_that_were_asked_for() -> None:
    assert [len(rows) for rows in naive(TEXTS)] == [100, 100, 50]
    assert frames(250, 100, seed=7) == TEXTS
    assert frames(250, 100, seed=8) != TEXTS


def test_in_bulk_and_as_events_it_is_what_the_naive_way_says() -> None:
    plain = [
        (one.price, one.qty, one.side, one.trade_id, one.at_ms * 1000)
        for rows in naive(TEXTS)
        for one in rows
    ]

    bulk = [
        (INSTRUMENT.price(price), INSTRUMENT.qty(size), row.S.value, row.i, at)
        for one in in_bulk(TEXTS)
        for price, size, row, at in zip(one.prices, one.sizes, one.frame.data, one.at, strict=True)
    ]
    events = [one.event for received in as_events(TEXTS) for one in received]

    assert bulk == plain
    assert [_fields(event) for event in events if isinstance(event, PublicTrade)] == plain


def _fields(event: PublicTrade) -> tuple[Decimal, Decimal, str, str | None, int]:
    side = "" if event.side is None else event.side.value
    return INSTRUMENT.price(event.price), INSTRUMENT.qty(event.qty), side, event.trade_id, event.at


@pytest.mark.parametrize("way", WAYS)
def test_every_way_decodes_every_frame(way: str) -> None:
    assert play(way, TEXTS) == 3
