"""Which tickers come: a loss is told once, and the next ticker is the return (A28, ADR 0018)."""

from gridbot.shell.ticker_watch import TickerWatch
from gridbot.shell.words import TickersDown, TickersUp
from gridbot.words import StreamAge
from gridcore.clock import SECOND_US, Instant
from gridcore.events import StreamLost, StreamRestored

B, E = "BTCUSDT", "ETHUSDT"


def at(seconds: int) -> Instant:
    return Instant(seconds * SECOND_US)


def lost(symbol: str, seconds: int, reason: str) -> StreamLost:
    return StreamLost(at=at(seconds), symbol=symbol, reason=reason)


def test_it_is_up_once_every_symbol_is_subscribed_to_or_heard() -> None:
    watch = TickerWatch((B, E), 60)
    before = watch.up
    watch.restored(TickersUp(symbols=(B,)))
    half = watch.up
    watch.seen(E, at(1))

    assert (before, half, watch.up) == (False, False, True)
    assert not watch.heard_all
    watch.seen(B, at(2))
    assert watch.heard_all


def test_a_silence_is_told_once_and_the_next_ticker_ends_it() -> None:
    watch = TickerWatch((B,), 60)
    watch.expect(at(0))

    assert watch.next_deadline() == at(60)
    assert watch.due(at(59)) == []
    assert watch.due(at(60)) == [lost(B, 60, "no ticker for 60 s")]
    assert watch.due(at(999)) == []
    assert watch.seen(B, at(1000)) == [StreamRestored(at=at(1000), symbol=B)]
    assert watch.seen(B, at(1001)) == []
    assert watch.next_deadline() == at(1061)


def test_a_socket_that_closes_is_told_at_once_and_its_silence_is_no_second_loss() -> None:
    watch = TickerWatch((B, E), 60)
    watch.expect(at(0))
    watch.restored(TickersUp(symbols=(B, E)))

    told = watch.down(TickersDown(symbols=(B,), since=at(3), reason="closed"))

    assert told == [lost(B, 3, "closed")]
    assert not watch.up
    assert watch.due(at(100)) == [lost(E, 100, "no ticker for 60 s")]


def test_a_pause_loses_every_symbol_that_was_not_lost_already() -> None:
    watch = TickerWatch((B, E), 60)
    watch.expect(at(0))
    watch.down(TickersDown(symbols=(B,), since=at(3), reason="closed"))

    assert watch.paused(at(10), at(16)) == [lost(E, 10, "the process was away")]


def test_in_lockstep_no_silence_counts() -> None:
    watch = TickerWatch((B,), None)
    watch.expect(at(0))

    assert watch.next_deadline() is None
    assert watch.due(at(10_000)) == []
    assert watch.down(TickersDown(symbols=(B,), since=at(3), reason="closed")) != []


def test_ages_are_shown_of_every_symbol() -> None:
    watch = TickerWatch((B, E), 60)
    watch.seen(B, at(5))
    watch.down(TickersDown(symbols=(E,), since=at(6), reason="closed"))

    assert watch.ages() == [
        StreamAge(name="tickers.BTCUSDT", heard_at=at(5), up=True),
        StreamAge(name="tickers.ETHUSDT", heard_at=None, up=False),
    ]


def test_what_waited_during_a_pause_is_of_before_and_decides_nothing() -> None:
    watch = TickerWatch((B,), 60)
    before = watch.is_of_before(at(5))
    watch.paused(at(10), at(16))

    assert not before
    assert watch.is_of_before(at(15))
    assert not watch.is_of_before(at(16))
