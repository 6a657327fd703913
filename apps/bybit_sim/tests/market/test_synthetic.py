"""A synthetic market goes on without end, the same for the same seed."""

from pathlib import Path

from bybit_sim.market.facts import BTCUSDT, ETHUSDT
from bybit_sim.market.synthetic import PART_US, SyntheticMarket, SyntheticTapes
from bybit_sim.market.words import TradeRow
from gridcore.clock import Instant

START = Instant(1_767_571_200_000_000)
MARKET = SyntheticMarket(
    seed=5, start=START, prices={"BTCUSDT": 50_000.0}, trades_per_second=0.05, volatility=0.6
)


def test_parts_follow_on_each_other_in_time_and_price(tmp_path: Path) -> None:
    tapes = SyntheticTapes(tmp_path, [BTCUSDT], MARKET)

    (_, first), (_, second) = tapes.next_part()[0], tapes.next_part()[0]

    assert first.trades.time[0] >= START
    assert first.trades.time[-1] < START + PART_US <= second.trades.time[0]
    ends, begins = int(first.trades.price[-1]), int(second.trades.price[0])
    assert abs(begins / ends - 1) < 0.02
    assert abs(int(first.trades.price[0]) / 500_000 - 1) < 0.02


def test_the_same_seed_gives_the_same_market_and_symbols_differ(tmp_path: Path) -> None:
    made = [
        SyntheticTapes(tmp_path / name, [BTCUSDT, ETHUSDT], MARKET).next_part()
        for name in ("one", "two")
    ]

    first, again = made
    assert first[0][1].manifest.sha256 == again[0][1].manifest.sha256
    assert list(first[0][1].trades.time[:9]) != list(first[1][1].trades.time[:9])


def test_the_feed_plays_past_the_end_of_a_part(tmp_path: Path) -> None:
    feed = SyntheticTapes(tmp_path, [BTCUSDT], MARKET).feed()
    count, newest = 0, START

    while (at := feed.next_at()) is not None and at < START + PART_US + PART_US // 6:
        step = feed.next_step()
        assert step is not None
        newest = step.at
        count += sum(isinstance(row, TradeRow) for row in step.rows)

    assert feed.has_tickers("BTCUSDT")
    assert newest > START + PART_US
    assert 400 < count < 2_500
