"""What comes into an inbox is values: equal by what they say."""

from gridbot.shell.words import Ended, TickersDown, TickersUp
from gridcore.clock import Instant


def test_items_are_compared_by_what_they_say() -> None:
    down = TickersDown(symbols=("BTCUSDT",), since=Instant(5), reason="closed")

    assert down == TickersDown(symbols=("BTCUSDT",), since=Instant(5), reason="closed")
    assert down != TickersDown(symbols=("ETHUSDT",), since=Instant(5), reason="closed")
    assert TickersUp(symbols=("BTCUSDT",)) != TickersUp(symbols=())
    assert Ended(text="a") != Ended(text="b")
