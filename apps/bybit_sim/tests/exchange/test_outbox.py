"""Pushes wait until they are taken, and what was told is remembered."""

from bybit_sim.exchange.outbox import Outbox
from bybit_sim.exchange.words import PrivateTopic, Push
from gridcore.clock import Instant


def test_a_push_is_taken_once_and_its_rows_stay_told() -> None:
    outbox = Outbox(7)
    outbox.add(PrivateTopic.ORDER, [{"orderId": "a"}, {"orderId": "b"}], Instant(1))
    outbox.add(PrivateTopic.WALLET, [{"coin": []}], Instant(2))

    first, second = outbox.take()

    assert first == Push(
        uid=7, topic=PrivateTopic.ORDER, rows=({"orderId": "a"}, {"orderId": "b"}), at=Instant(1)
    )
    assert (second.topic, second.at) == (PrivateTopic.WALLET, 2)
    assert outbox.take() == ()
    assert outbox.told(PrivateTopic.ORDER) == [{"orderId": "a"}, {"orderId": "b"}]
    assert outbox.told(PrivateTopic.POSITION) == []
