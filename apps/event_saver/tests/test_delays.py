"""Delays from receipt to commit: what is counted, within which bounds, and what is left out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_saver.codec import Item, Record, Unreadable
from event_saver.delays import BOUNDS_US, DelayCounts, Delays
from event_saver.times import instant, moment
from event_saver.writer.batches import Fate, Settled
from gridcore.clock import SECOND_US, Instant

NOW = Instant(1_800_000_000 * SECOND_US)


def settled(items: Sequence[Item], fate: Fate = Fate.WRITTEN) -> Settled[Item]:
    return Settled(items=items, fate=fate, inserted=len(items), text="")


def counted(record: Any, *delays_us: int) -> DelayCounts:
    """What is counted of records that were received so long before they were committed."""
    delays = Delays(lambda: NOW)
    rows = [replace(record, local_ts=moment(Instant(NOW - one))) for one in delays_us]
    delays.of_stream("trades")(settled(rows))
    return delays.counts("trades")


@pytest.mark.parametrize(
    "kind",
    [
        "PublicTrade",
        "TickerSnapshot",
        "PrivateExecution",
        "OrderState",
        "PositionSnapshot",
        "WalletSnapshot",
        "FundingPayment",
    ],
)
def test_every_row_of_a_stream_is_counted(records: dict[str, Record], kind: str) -> None:
    assert counted(records[kind], 10).total == 1


def test_a_delay_counts_in_every_bound_that_holds_it(records: dict[str, Record]) -> None:
    found = counted(records["PublicTrade"], 400_000, 2 * SECOND_US, 90 * SECOND_US)

    within = dict(zip(BOUNDS_US, found.within, strict=True))
    assert (within[250_000], within[500_000], within[SECOND_US]) == (0, 1, 1)
    assert (within[2 * SECOND_US], within[60 * SECOND_US]) == (2, 2)
    assert (found.total, found.sum_us) == (3, 92_400_000)


@given(delays_us=st.lists(st.integers(0, 100 * SECOND_US), max_size=20))
def test_counts_are_those_of_the_delays_themselves(
    records: dict[str, Record], delays_us: list[int]
) -> None:
    found = counted(records["PublicTrade"], *delays_us)

    assert found == DelayCounts(
        within=tuple(sum(one <= bound for one in delays_us) for bound in BOUNDS_US),
        total=len(delays_us),
        sum_us=sum(delays_us),
    )


def test_a_clock_that_was_corrected_meanwhile_makes_no_negative_delay(
    records: dict[str, Record],
) -> None:
    found = counted(records["PublicTrade"], -5_000)

    assert (found.total, found.sum_us) == (1, 0)


def test_what_no_stream_brought_and_what_was_not_written_is_not_counted(
    records: dict[str, Record],
) -> None:
    delays = Delays(lambda: NOW)
    hear = delays.of_stream("main")

    unreadable = Unreadable(line="?", text="no record")
    hear(settled([records["Gap"], records["DeadLetter"], unreadable]))
    hear(settled([records["PublicTrade"]], Fate.BURIED))
    hear(settled([records["PublicTrade"]], Fate.LOST))

    assert delays.counts("main").total == 0


def test_streams_are_counted_apart(records: dict[str, Record]) -> None:
    trade: Any = records["PublicTrade"]
    delays = Delays(lambda: Instant(instant(trade.local_ts) + 7))

    delays.of_stream("trades")(settled([trade]))

    assert (delays.counts("trades").sum_us, delays.counts("tickers").total) == (7, 0)
