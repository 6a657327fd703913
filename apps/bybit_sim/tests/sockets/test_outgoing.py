import asyncio
from collections.abc import Callable
from typing import Any

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.sockets.outgoing import Outgoing


class FakeWire:
    """Keeps what is written; can hold a writer back until `gate` opens."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.pings: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.on_ping: Callable[[bytes], None] = lambda payload: None

    async def send(self, body: bytes) -> Any:
        await self.gate.wait()
        self.sent.append(body)

    async def ping(self, payload: Any) -> Any:
        self.pings.append(payload)
        self.on_ping(payload)


def outgoing_with(*faults: Any, clock: Callable[[], int] = lambda: 0, **limits: Any) -> Any:
    return Outgoing(FaultBoard(1, faults), clock, **limits)


def test_frames_are_written_in_order_until_the_end() -> None:
    async def story() -> Any:
        outgoing, wire = outgoing_with(), FakeWire()
        outgoing.tell(b"ack")
        outgoing.offer("order", b"row")
        outgoing.end()
        await outgoing.run(wire)
        return wire.sent

    assert asyncio.run(story()) == [b"ack", b"row"]


def test_answers_are_spared_by_the_faults_of_frames() -> None:
    async def story() -> Any:
        lost = Fault(kind=WireFault.FRAME_LOST, from_ms=0, until_ms=10)
        outgoing, wire = outgoing_with(lost), FakeWire()
        outgoing.tell(b"ack")
        outgoing.offer("order", b"row")
        outgoing.end()
        await outgoing.run(wire)
        return wire.sent

    assert asyncio.run(story()) == [b"ack"]


def test_a_client_that_does_not_read_overflows_and_the_writer_ends() -> None:
    async def story() -> Any:
        outgoing, wire = outgoing_with(frames_max=3), FakeWire()
        for _ in range(4):
            outgoing.offer("order", b"row")
        await outgoing.run(wire)
        return outgoing, wire.sent

    outgoing, sent = asyncio.run(story())
    assert outgoing.overflowed
    assert sent == []


def test_bytes_count_as_well_as_frames() -> None:
    outgoing = outgoing_with(bytes_max=10)

    outgoing.offer("order", b"12345")
    outgoing.offer("order", b"123456")

    assert outgoing.overflowed


def test_bytes_that_are_written_count_no_more() -> None:
    async def story() -> Any:
        outgoing, wire = outgoing_with(bytes_max=10), FakeWire()
        running = asyncio.ensure_future(outgoing.run(wire))
        for _ in range(3):
            outgoing.offer("order", b"123456")
            await outgoing.drained()
        outgoing.end()
        await running
        return outgoing.overflowed, len(wire.sent)

    assert asyncio.run(story()) == (False, 3)


def test_silence_swallows_what_comes_and_what_waits() -> None:
    async def story() -> Any:
        outgoing, wire = outgoing_with(), FakeWire()
        outgoing.tell(b"before")
        outgoing.silence()
        outgoing.tell(b"after")
        outgoing.end()
        await outgoing.run(wire)
        return wire.sent

    assert asyncio.run(story()) == []


def test_drained_waits_until_the_last_frame_is_written() -> None:
    async def story() -> Any:
        outgoing, wire = outgoing_with(), FakeWire()
        wire.gate.clear()
        outgoing.offer("order", b"row")
        running = asyncio.ensure_future(outgoing.run(wire))
        drained = asyncio.ensure_future(outgoing.drained())
        await asyncio.sleep(0)
        before = drained.done(), outgoing.waiting
        wire.gate.set()
        await drained
        after = list(wire.sent), outgoing.waiting
        outgoing.end()
        await running
        return before, after

    assert asyncio.run(story()) == ((False, 1), ([b"row"], 0))


def test_a_client_has_read_everything_once_it_answers_a_ping_sent_after_it() -> None:
    async def story() -> Any:
        outgoing, wire = outgoing_with(), FakeWire()
        outgoing.offer("order", b"row")
        running = asyncio.ensure_future(outgoing.run(wire))
        proven = asyncio.ensure_future(outgoing.proven())
        while not wire.pings:
            await asyncio.sleep(0)
        outgoing.pong(b"of another ping")
        for _ in range(5):
            await asyncio.sleep(0)
        unproven = proven.done()
        outgoing.pong(wire.pings[0])
        await proven
        outgoing.end()
        await running
        return unproven, wire.sent

    assert asyncio.run(story()) == (False, [b"row"])


def test_without_news_since_the_last_proof_no_ping_is_needed() -> None:
    async def story() -> Any:
        outgoing, wire = outgoing_with(), FakeWire()
        wire.on_ping = outgoing.pong
        outgoing.offer("order", b"row")
        running = asyncio.ensure_future(outgoing.run(wire))
        await outgoing.proven()
        await outgoing.proven()
        outgoing.end()
        await running
        return len(wire.pings)

    assert asyncio.run(story()) == 1


def test_a_client_that_is_gone_keeps_nobody_waiting() -> None:
    class Broken(FakeWire):
        async def send(self, body: bytes) -> Any:
            raise ConnectionResetError

    async def story() -> Any:
        outgoing = outgoing_with()
        outgoing.offer("order", b"row")
        proven = asyncio.ensure_future(outgoing.proven())
        ended = await asyncio.gather(outgoing.run(Broken()), return_exceptions=True)
        await proven
        return ended

    assert isinstance(asyncio.run(story())[0], ConnectionResetError)


def test_a_delayed_frame_is_written_when_its_time_has_come() -> None:
    async def story() -> Any:
        now = [0]
        late = Fault(kind=WireFault.FRAME_DELAYED, from_ms=0, until_ms=10, amount=1, count=1)
        outgoing, wire = outgoing_with(late, clock=lambda: now[0]), FakeWire()
        running = asyncio.ensure_future(outgoing.run(wire))
        outgoing.offer("order", b"late")
        outgoing.offer("order", b"next")
        await outgoing.drained()
        before = list(wire.sent)
        now[0] = 1
        while len(wire.sent) < 2:
            await asyncio.sleep(0)
        outgoing.end()
        await running
        return before, wire.sent

    assert asyncio.run(story()) == ([b"next"], [b"next", b"late"])
