"""Nobody waits for a database in vain: what the writers say stands in the way of a gap."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from event_saver.codec import Item, Record, time_of
from event_saver.gaps.hindrance import WAITING, Hindrance
from event_saver.times import instant
from event_saver.writer.batches import Away, BatchLimits, Outcome, Written
from event_saver.writer.queue import DroppingQueue
from event_saver.writer.writer import Writer
from grid_db.records import Gap, PublicTrade
from grid_db.words import Stream
from gridcore.clock import Instant


class Database:
    """Takes everything, unless it is away."""

    def __init__(self) -> None:
        self.away = False

    def write(self, items: Sequence[Item]) -> Outcome:
        return Away(text="locked") if self.away else Written(inserted=len(items))

    def bury(self, item: Item, text: str) -> Outcome:
        return self.write([item])


class Bench:
    def __init__(self, records: dict[str, Record]) -> None:
        trade, gap = records["PublicTrade"], records["Gap"]
        assert isinstance(trade, PublicTrade)
        assert isinstance(gap, Gap)
        self.trade, self.gap = trade, gap
        self.database = Database()
        self.writers = {name: self._writer(name) for name in ("trades", "tickers", "main")}
        self.hindrance = Hindrance(self.writers)

    def _writer(self, name: str) -> Writer[Item]:
        return Writer(
            name,
            DroppingQueue[Item](10),
            self.database,
            limits=BatchLimits(age_us_max=0),
            at_of=time_of,
            clock=lambda: Instant(7),
        )


@pytest.fixture
def bench(records: dict[str, Record]) -> Bench:
    return Bench(records)


def test_nothing_hinders_while_everything_is_written(bench: Bench) -> None:
    assert bench.hindrance(bench.gap) == ""


@pytest.mark.parametrize("stream", [Stream.TRADES, Stream.TICKERS, Stream.EXECUTIONS])
def test_a_database_that_a_writer_found_away_is_not_asked_again_for_a_gap(
    bench: Bench, stream: Stream
) -> None:
    bench.database.away = True
    bench.writers["tickers"].put([bench.trade])
    bench.writers["tickers"].turn()

    assert bench.hindrance(replace(bench.gap, stream=stream)) == "the database is away: locked"


def test_a_gap_of_trades_waits_for_the_rows_before_it_and_for_no_others(bench: Bench) -> None:
    assert instant(bench.trade.exchange_ts) <= instant(bench.gap.from_ts)
    later = replace(bench.trade, exchange_ts=bench.gap.to_ts)
    bench.writers["trades"].put([later])
    assert bench.hindrance(bench.gap) == ""
    bench.writers["trades"].put([bench.trade])

    assert bench.hindrance(bench.gap) == WAITING
    assert bench.hindrance(replace(bench.gap, stream=Stream.TICKERS)) == ""

    bench.writers["trades"].turn()
    assert bench.hindrance(bench.gap) == ""


def test_a_gap_of_orders_waits_for_the_orders_that_were_open_when_it_began(bench: Bench) -> None:
    """An order that ended in an outage is asked for by its id, which only its row tells."""
    orders = replace(bench.gap, stream=Stream.ORDERS)
    bench.writers["trades"].put([bench.trade])
    bench.writers["tickers"].put([bench.trade])
    assert bench.hindrance(orders) == ""
    bench.writers["main"].put([bench.trade])

    assert bench.hindrance(orders) == WAITING
    assert bench.hindrance(replace(bench.gap, stream=Stream.WALLET)) == ""

    bench.writers["main"].turn()
    assert bench.hindrance(orders) == ""


def test_where_no_trades_are_recorded_none_wait(bench: Bench) -> None:
    assert Hindrance({})(bench.gap) == ""
