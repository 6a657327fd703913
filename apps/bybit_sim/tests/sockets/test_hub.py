import asyncio
from typing import Any

import orjson

from bybit_sim.exchange.words import PrivateTopic, PublicFrame, Push
from bybit_sim.faults.board import FaultBoard
from bybit_sim.sockets.hub import Hub
from bybit_sim.sockets.outgoing import Outgoing
from gridcore.clock import Instant

TICKERS = PublicFrame(topic="tickers.BTCUSDT", body=b"t")


class Taker:
    """A connection's queue, and what was written of it."""

    def __init__(self) -> None:
        self.outgoing = Outgoing(FaultBoard(1), lambda: 0)
        self.sent: list[bytes] = []

    async def send(self, body: bytes) -> Any:
        self.sent.append(body)

    async def ping(self, payload: Any) -> Any:
        self.outgoing.pong(payload)

    def written(self) -> Any:
        self.outgoing.end()
        asyncio.run(self.outgoing.run(self))
        return self.sent


def push(topic: Any = PrivateTopic.ORDER, uid: Any = 7) -> Any:
    return Push(uid=uid, topic=topic, rows=({"orderId": "o"},), at=Instant(1_700_000_000_123_456))


def test_a_public_frame_goes_to_those_who_subscribed_and_to_nobody_else() -> None:
    hub, taker, other = Hub(), Taker(), Taker()
    hub.subscribe("tickers.BTCUSDT", taker.outgoing)
    hub.subscribe("tickers.ETHUSDT", other.outgoing)

    hub.publish([TICKERS])

    assert taker.written() == [b"t"]
    assert other.written() == []
    assert hub.sent == 1


def test_a_topic_is_wanted_while_somebody_has_it() -> None:
    hub, taker = Hub(), Taker()
    before = hub.wanted("tickers.BTCUSDT")
    hub.subscribe("tickers.BTCUSDT", taker.outgoing)
    during = hub.wanted("tickers.BTCUSDT")
    hub.unsubscribe("tickers.BTCUSDT", taker.outgoing)
    hub.unsubscribe("tickers.BTCUSDT", taker.outgoing)

    assert (before, during, hub.wanted("tickers.BTCUSDT")) == (False, True, False)


def test_private_rows_go_in_the_envelope_with_the_topic_as_it_was_subscribed() -> None:
    """bybit.md B.4: id, topic, creationTime, data."""
    hub, plain, categorised = Hub(), Taker(), Taker()
    hub.subscribe_private(7, "order", plain.outgoing)
    hub.subscribe_private(7, "order.linear", categorised.outgoing)

    hub.push([push()])

    assert orjson.loads(plain.written()[0]) == {
        "id": "7_order_1",
        "topic": "order",
        "creationTime": 1_700_000_000_123,
        "data": [{"orderId": "o"}],
    }
    assert orjson.loads(categorised.written()[0])["topic"] == "order.linear"


def test_another_account_is_told_nothing() -> None:
    hub, taker = Hub(), Taker()
    hub.subscribe_private(8, "order", taker.outgoing)

    hub.push([push(uid=7)])

    assert taker.written() == []


def test_fast_executions_have_no_id_and_the_wallet_has_no_category() -> None:
    """bybit.md B.2, B.4."""
    hub, fast, wallet = Hub(), Taker(), Taker()
    hub.subscribe_private(7, "execution.fast.linear", fast.outgoing)
    hub.subscribe_private(7, "wallet.linear", wallet.outgoing)

    hub.push([push(PrivateTopic.FAST_EXECUTION), push(PrivateTopic.WALLET)])

    assert set(orjson.loads(fast.written()[0])) == {"topic", "creationTime", "data"}
    assert wallet.written() == []


def test_ids_do_not_depend_on_who_listens() -> None:
    hub, taker = Hub(), Taker()
    hub.push([push()])
    hub.subscribe_private(7, "order", taker.outgoing)
    hub.push([push()])

    assert orjson.loads(taker.written()[0])["id"] == "7_order_2"


def test_a_forgotten_connection_gets_nothing_more() -> None:
    hub, taker = Hub(), Taker()
    hub.subscribe("tickers.BTCUSDT", taker.outgoing)
    hub.subscribe_private(7, "order", taker.outgoing)

    hub.forget(taker.outgoing)
    hub.publish([TICKERS])
    hub.push([push()])

    assert taker.written() == []
    assert not hub.wanted("tickers.BTCUSDT")


def test_the_barrier_holds_until_every_client_has_proven_that_it_read() -> None:
    async def story() -> Any:
        hub, taker = Hub(), Taker()
        hub.subscribe("tickers.BTCUSDT", taker.outgoing)
        running = asyncio.ensure_future(taker.outgoing.run(taker))
        hub.publish([TICKERS])
        await hub.barrier()
        sent = list(taker.sent)
        taker.outgoing.end()
        await running
        return sent

    assert asyncio.run(story()) == [b"t"]


def test_drain_returns_when_all_is_written() -> None:
    async def story() -> Any:
        hub, taker = Hub(), Taker()
        hub.subscribe("tickers.BTCUSDT", taker.outgoing)
        running = asyncio.ensure_future(taker.outgoing.run(taker))
        hub.publish([TICKERS, TICKERS])
        await hub.drain()
        sent = list(taker.sent)
        taker.outgoing.end()
        await running
        return sent

    assert asyncio.run(story()) == [b"t", b"t"]


def test_a_client_that_takes_nothing_is_given_up_by_drain() -> None:
    async def story() -> Any:
        hub, taker = Hub(drain_s_max=0.01), Taker()
        hub.subscribe("tickers.BTCUSDT", taker.outgoing)
        hub.publish([TICKERS])
        await hub.drain()
        return taker.outgoing.overflowed, taker.outgoing.waiting

    assert asyncio.run(story()) == (True, 0)


def test_a_drain_of_limited_patience_gives_nobody_up() -> None:
    async def story() -> Any:
        hub, deaf, reading = Hub(), Taker(), Taker()
        running = asyncio.ensure_future(reading.outgoing.run(reading))
        for taker in (deaf, reading):
            hub.subscribe("tickers.BTCUSDT", taker.outgoing)
        hub.publish([TICKERS])
        await hub.drain(0.01)
        seen = deaf.outgoing.overflowed, deaf.outgoing.waiting > 0, list(reading.sent)
        reading.outgoing.end()
        await running
        return seen

    assert asyncio.run(story()) == (False, True, [b"t"])


def test_a_client_that_does_not_answer_is_passed_over_by_the_barrier() -> None:
    async def story() -> Any:
        hub, taker = Hub(proof_s_max=0.01), Taker()
        hub.subscribe_private(7, "order", taker.outgoing)
        hub.push([push()])
        await hub.barrier()
        return taker.outgoing.overflowed

    assert asyncio.run(story()) is False


def test_without_subscribers_nothing_is_waited_for() -> None:
    async def story() -> int:
        hub = Hub()
        hub.push([push()])
        await hub.barrier()
        await hub.drain()
        return hub.sent

    assert asyncio.run(story()) == 0


def test_one_of_two_takers_may_leave() -> None:
    hub, first, second = Hub(), Taker(), Taker()
    hub.subscribe("tickers.BTCUSDT", first.outgoing)
    hub.subscribe("tickers.BTCUSDT", second.outgoing)

    hub.unsubscribe("tickers.BTCUSDT", first.outgoing)
    hub.publish([TICKERS])

    assert (first.written(), second.written()) == ([], [b"t"])
