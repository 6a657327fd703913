"""Partial fills by a seeded slice (A09)."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import Execution, OrderUpdate
from gridcore.session.effects import PlaceOrder
from simvenue.messages import FillModel, SymbolSpec
from simvenue.slices import SlicedMatching
from simvenue.venue import SimVenue

Venues = Callable[..., SimVenue]
Specs = Callable[..., SymbolSpec]
Placing = Callable[..., PlaceOrder]
Rows = Callable[..., list[Any]]


def sliced(venue: SimVenue, seed: int, chance: int) -> SlicedMatching:
    (market,) = venue.clearing.markets
    matching = SlicedMatching(market.matching, Random(seed), chance)
    market.matching = matching
    return matching


def executions(events: list[Any]) -> list[Execution]:
    return [event for event in events if isinstance(event, Execution)]


@given(seed=st.integers(0, 10_000), qty=st.integers(2, 500))
def test_an_order_fills_in_several_executions_that_add_up_a09(
    make_venue: Venues, place: Placing, trade: Rows, seed: int, qty: int
) -> None:
    venue = make_venue()
    matching = sliced(venue, seed, 1000)
    trade(venue, 1, 500_000)
    venue.submit(place("a", 499_000, qty), Instant(1))

    events = [event for at in range(2, 40) for event in trade(venue, at, 498_000)]

    fills = executions(events)
    assert sum(fill.qty for fill in fills) == qty
    assert [fill.leaves for fill in fills] == [
        qty - sum(fill.qty for fill in fills[: number + 1]) for number in range(len(fills))
    ]
    assert fills[0].leaves > 0
    assert matching.cuts >= 1
    told = [event.status for event in events if isinstance(event, OrderUpdate)]
    assert told == ["PartiallyFilled"] * (len(fills) - 1) + ["Filled"]


def test_without_a_chance_the_model_inside_decides_alone(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue()
    matching = sliced(venue, 1, 0)
    trade(venue, 1, 500_000)
    venue.submit(place("a", 499_000, 10), Instant(1))

    (fill,) = executions(trade(venue, 2, 498_000))

    assert (fill.qty, fill.leaves, matching.cuts) == (10, 0, 0)


def test_a_single_step_is_never_cut(make_venue: Venues, place: Placing, trade: Rows) -> None:
    venue = make_venue()
    sliced(venue, 1, 1000)
    trade(venue, 1, 500_000)
    venue.submit(place("a", 499_000, 1), Instant(1))

    assert [fill.leaves for fill in executions(trade(venue, 2, 498_000))] == [0]


@pytest.mark.parametrize("model", [FillModel.TOUCH, FillModel.BOOK_TOUCH, FillModel.LAST_CROSS])
def test_every_model_of_prices_is_cut(
    make_venue: Venues, make_spec: Specs, place: Placing, ticker: Rows, model: FillModel
) -> None:
    venue = make_venue(make_spec(has_trades=False), fill_model=model)
    sliced(venue, 3, 1000)
    ticker(venue, 1, 500_000, bid=499_990, ask=500_010)
    venue.submit(place("a", 499_000, 100), Instant(1))

    (fill,) = executions(ticker(venue, 2, 498_000, bid=497_990, ask=498_010))

    assert 0 < fill.qty < 100
    assert fill.leaves == 100 - fill.qty


def test_the_queue_of_the_model_inside_is_kept(
    make_venue: Venues, place: Placing, trade: Rows
) -> None:
    venue = make_venue(fill_model=FillModel.QUEUE)

    matching = sliced(venue, 1, 0)

    assert matching.queue_ahead() == 1
    assert matching.quote_bounds(venue.clearing.markets[0].book).low == 0
