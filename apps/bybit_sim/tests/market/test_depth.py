"""The order book: never crossed, and rebuilt exactly from a snapshot and deltas (bybit.md B.3)."""

from decimal import Decimal
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.exchange.words import PublicFrame
from bybit_sim.market.depth import DepthStream, Levels, Quotes, levels_around
from bybit_sim.market.facts import BTCUSDT
from gridcore.clock import SECOND_US, Instant

quotes = st.tuples(st.integers(1, 400), st.integers(1, 5)).map(
    lambda pair: Quotes(pair[0], pair[0] + pair[1])
)


def decoded(frame: PublicFrame | None) -> dict[str, Any]:
    assert frame is not None
    found: dict[str, Any] = orjson.loads(frame.body)
    return found


def apply(book: dict[str, dict[str, str]], frame: dict[str, Any]) -> None:
    if frame["type"] == "snapshot":
        book["b"], book["a"] = {}, {}
    for side in ("b", "a"):
        for price, qty in frame["data"][side]:
            assert qty != "0.000", "a deleted level is written 0"
            if qty == "0":
                del book[side][price]
            else:
                book[side][price] = qty


@given(quotes=quotes, depth=st.sampled_from([1, 50]), second=st.integers(0, 10**6))
def test_the_book_is_never_crossed_and_has_positive_prices_and_sizes(
    quotes: Quotes, depth: int, second: int
) -> None:
    bids, asks = levels_around(quotes, depth, 3, Instant(second * SECOND_US))

    assert max(bids) == quotes.bid < quotes.ask == min(asks)
    assert min(bids) > 0
    assert len(asks) == depth
    assert min((*bids.values(), *asks.values())) > 0


def test_the_same_seed_and_time_give_the_same_book() -> None:
    around, at = Quotes(1000, 1001), Instant(5 * SECOND_US)

    assert levels_around(around, 50, 3, at) == levels_around(around, 50, 3, at)
    assert levels_around(around, 50, 3, at) != levels_around(around, 50, 4, at)
    assert levels_around(around, 50, 3, at) != levels_around(around, 50, 3, Instant(9 * SECOND_US))


@given(moves=st.lists(st.tuples(quotes, st.integers(0, 40)), min_size=1, max_size=12))
def test_snapshot_and_deltas_give_the_book_of_now_with_consecutive_update_ids(
    moves: list[tuple[Quotes, int]],
) -> None:
    stream = DepthStream(BTCUSDT, 50)
    book: dict[str, dict[str, str]] = {}
    updates = []
    for around, second in moves:
        levels = levels_around(around, 50, 3, Instant(second * SECOND_US))
        frame = stream.change(levels, Instant(second * SECOND_US), 1)
        if frame is None:
            continue
        apply(book, decoded(frame))
        updates.append(decoded(frame)["data"]["u"])

        expected = DepthStream(BTCUSDT, 50).snapshot(levels, Instant(0), 1)
        fresh: dict[str, dict[str, str]] = {}
        apply(fresh, decoded(expected))
        assert book == fresh
    assert updates == list(range(updates[0], updates[0] + len(updates)))


def test_a_delta_holds_only_what_changed_and_deletes_with_0() -> None:
    stream = DepthStream(BTCUSDT, 50)
    stream.snapshot(Levels({100: 5, 99: 7}, {101: 2}), Instant(0), 1)

    frame = decoded(stream.change(Levels({100: 6, 98: 4}, {101: 2}), Instant(2_000), 9))

    assert frame == {
        "topic": "orderbook.50.BTCUSDT",
        "type": "delta",
        "ts": 2,
        "data": {
            "s": "BTCUSDT",
            "b": [["10.00", "0.006"], ["9.90", "0"], ["9.80", "0.004"]],
            "a": [],
            "u": 10_002,
            "seq": 9,
        },
        "cts": 2,
    }


def test_bids_fall_and_asks_rise_from_the_best_price() -> None:
    levels = levels_around(Quotes(1000, 1002), 50, 3, Instant(0))

    data = decoded(DepthStream(BTCUSDT, 50).snapshot(levels, Instant(0), 1))["data"]

    bids, asks = ([Decimal(price) for price, _ in data[side]] for side in ("b", "a"))
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert (bids[0], asks[0]) == (Decimal("100.00"), Decimal("100.20"))


def test_level_1_is_snapshots_only_with_its_time_before_its_type() -> None:
    stream = DepthStream(BTCUSDT, 1)
    stream.snapshot(Levels({100: 5}, {101: 2}), Instant(0), 1)

    frame = stream.change(Levels({99: 5}, {100: 2}), Instant(0), 1)

    assert frame is not None
    assert frame.body.startswith(b'{"topic":"orderbook.1.BTCUSDT","ts":0,"type":"snapshot"')
    assert decoded(frame)["data"]["b"] == [["9.90", "0.005"]]


def test_an_unchanged_book_is_not_told_and_level_1_is_repeated_with_the_same_id() -> None:
    levels = Levels({100: 5}, {101: 2})
    first, fifty = DepthStream(BTCUSDT, 1), DepthStream(BTCUSDT, 50)
    shown = decoded(first.snapshot(levels, Instant(0), 1))
    fifty.snapshot(levels, Instant(0), 1)

    repeated = decoded(first.again(Instant(3 * SECOND_US), 1))

    assert first.change(levels, Instant(1), 1) is None
    assert repeated["data"] == shown["data"]
    assert repeated["ts"] == 3_000
    assert fifty.again(Instant(3 * SECOND_US), 1) is None


def test_a_second_subscriber_gets_the_book_that_the_first_one_has() -> None:
    stream = DepthStream(BTCUSDT, 50)
    shown = decoded(stream.snapshot(Levels({100: 5}, {101: 2}), Instant(0), 1))

    later = decoded(stream.snapshot(Levels({90: 5}, {91: 2}), Instant(0), 1))

    assert later["data"] == shown["data"]


def test_a_subscriber_after_a_pause_gets_the_book_of_now() -> None:
    stream = DepthStream(BTCUSDT, 50)
    stream.snapshot(Levels({100: 5}, {101: 2}), Instant(0), 1)
    stream.followed = False

    later = decoded(stream.snapshot(Levels({90: 5}, {91: 2}), Instant(0), 1))

    assert later["data"]["b"] == [["9.00", "0.005"]]
    assert later["data"]["u"] == 10_002
