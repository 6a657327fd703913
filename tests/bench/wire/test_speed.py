"""The speed at `--speed max`: a short run against a real simulator."""

from dataclasses import replace

import pytest

from appkit.exits import UserError
from bench.wire import speed
from bench.wire.speed import Speed, Speeds


def test_every_trade_of_every_market_arrives_several_to_a_frame() -> None:
    measured = speed.measure(0.3, ["three symbols"])

    assert [found.market for found in measured.found] == list(speed.MARKETS)[1:]
    for found in measured.found:
        assert found.trades > found.frames > 0
        assert found.missing == 0
        assert found.tickers <= 30 * found.seconds


def test_a_name_of_no_market_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        UserError, match=r"'default configuration, three symbols'.*found \['dense'\]"
    ):
        speed.measure(1.0, ["dense"])


def test_the_target_is_a_rate_without_holes() -> None:
    good = Speed(market="dense", seconds=2.0, trades=100_000, frames=100, tickers=20, missing=0)

    assert good.good()
    assert "dense: 50,000 trades/s" in good.text()
    assert not replace(good, trades=99_999).good()
    assert not replace(good, missing=1).good()


def test_every_market_has_to_meet_the_target() -> None:
    good = Speed(market="dense", seconds=2.0, trades=100_000, frames=100, tickers=20, missing=0)
    slow = replace(good, market="sparse", trades=10_000)

    assert Speeds(found=(good, good)).good()
    assert not Speeds(found=(good, slow)).good()
    assert Speeds(found=(good, slow)).text() == good.text() + slow.text()
