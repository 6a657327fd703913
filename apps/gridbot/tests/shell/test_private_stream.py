"""The private stream: lost with its first topic, back with its last, and never by silence."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from bybit_adapter.normalizer.words import DeadLetter
from bybit_adapter.ws_client.words import Connected, Fatal, FatalKind, Outage, Reason, Restored
from gridbot.shell.inbox import Inbox, InboxFull
from gridbot.shell.private_stream import PrivateEar, PrivateStream
from gridbot.shell.words import Item, PrivateFrame
from gridcore.clock import Instant
from gridcore.events import AuthenticationFailed, StreamLost, StreamRestored, WalletUpdate
from gridcore.instrument import Instrument

AT = Instant(1_767_225_600_000_000)
BITCOIN = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
ALL = ("order", "execution", "position", "wallet")


@pytest.fixture
def letters() -> list[DeadLetter]:
    return []


@pytest.fixture
def stream(letters: list[DeadLetter]) -> PrivateStream:
    return PrivateStream({"BTCUSDT": BITCOIN}, letters.append)


def outage(*topics: str, reason: Reason = Reason.CLOSED) -> Outage:
    return Outage(topics=topics, since=AT, noticed_at=Instant(AT + 9), reason=reason, detail="why")


def restored(*topics: str) -> Restored:
    return Restored(
        topics=topics, since=AT, until=Instant(AT + 20), reason=Reason.CLOSED, detail=""
    )


def test_it_is_up_when_every_topic_delivers(stream: PrivateStream) -> None:
    first = stream.restored(restored("order", "execution", "position"))
    second = stream.restored(restored("wallet"))

    assert first == []
    assert second == [StreamRestored(at=Instant(AT + 20), symbol=None)]
    assert stream.up


def test_the_first_topic_that_fails_is_the_loss_and_the_others_are_no_news(
    stream: PrivateStream,
) -> None:
    stream.restored(restored(*ALL))

    first, second = stream.outage(outage("wallet")), stream.outage(outage("order"))

    assert first == [StreamLost(at=AT, symbol=None, reason="closed")]
    assert second == []
    assert not stream.up
    assert stream.restored(restored("order")) == []
    assert len(stream.restored(restored("wallet"))) == 1
    assert stream.restored(restored(*ALL)) == []


def test_a_refused_key_is_told_as_such(stream: PrivateStream) -> None:
    """A38."""
    told = stream.outage(outage(*ALL, reason=Reason.AUTHENTICATION_REFUSED))
    gave_up = stream.fatal(Fatal(kind=FatalKind.AUTHENTICATION, at=AT, detail="33004"))
    other = stream.fatal(Fatal(kind=FatalKind.ABANDONED, at=AT, detail=""))

    assert told == [AuthenticationFailed(at=Instant(AT + 9), text="why")]
    assert gave_up == [AuthenticationFailed(at=AT, text="33004")]
    assert other == []


def test_a_frame_becomes_events_and_says_when_it_was_heard(
    stream: PrivateStream, letters: list[DeadLetter]
) -> None:
    row = {"accountType": "UNIFIED", "coin": [{"coin": "USDT", "walletBalance": "100.5"}]}
    text = json.dumps({"topic": "wallet", "creationTime": AT // 1000, "data": [row]})

    stream.connected()
    found = stream.frame(PrivateFrame(text=text, received_at=Instant(AT + 7)))
    nothing = stream.frame(PrivateFrame(text="{", received_at=Instant(AT + 8)))

    assert [type(one.event) for one in found] == [WalletUpdate]
    assert nothing == []
    assert len(letters) == 1
    assert stream.heard_at == AT + 8


def test_a_pause_is_a_loss_and_a_return_of_a_stream_that_was_up(stream: PrivateStream) -> None:
    while_down = stream.paused(AT, Instant(AT + 6))
    stream.restored(restored(*ALL))

    assert while_down == []
    assert stream.paused(AT, Instant(AT + 6)) == [
        StreamLost(at=AT, symbol=None, reason="the process was away"),
        StreamRestored(at=Instant(AT + 6), symbol=None),
    ]
    assert stream.up


@pytest.mark.parametrize(
    "text",
    [
        '{"topic": "order", "data": [{"category": "linear", "symbol": "BTCUSDT"}]}',
        '{"topic": "execution.linear", "data": ["?"]}',
        '{"topic": "position", "data": {}}',
        "{",
    ],
)
def test_after_a_row_that_could_not_be_read_everything_is_compared_once(
    stream: PrivateStream, letters: list[DeadLetter], text: str
) -> None:
    """L30."""
    stream.restored(restored(*ALL))
    before = stream.unread()

    stream.frame(PrivateFrame(text=text, received_at=AT))

    assert before == []
    assert len(letters) == 1
    assert stream.unread() == [
        StreamLost(at=AT, symbol=None, reason="a row could not be read"),
        StreamRestored(at=AT, symbol=None),
    ]
    assert stream.unread() == []


def test_a_row_of_the_wallet_that_could_not_be_read_is_followed_by_the_next(
    stream: PrivateStream, letters: list[DeadLetter]
) -> None:
    stream.restored(restored(*ALL))

    stream.frame(PrivateFrame(text='{"topic": "wallet", "data": ["?"]}', received_at=AT))

    assert [one.topic for one in letters] == ["wallet"]
    assert stream.unread() == []


def test_a_row_that_could_not_be_read_does_not_bring_a_stream_back_that_is_down(
    stream: PrivateStream,
) -> None:
    stream.frame(PrivateFrame(text="{", received_at=AT))

    assert stream.unread() == []
    assert not stream.up


def test_everything_that_is_heard_goes_into_the_inbox_and_only_frames_may_be_refused() -> None:
    async def story() -> list[Item]:
        inbox: Inbox[Item] = Inbox(items_max=1)
        ear = PrivateEar(inbox)
        ear.on_frame("{}", AT)
        with pytest.raises(InboxFull):
            ear.on_frame("{}", AT)
        news: list[tuple[Callable[..., None], object]] = [
            (ear.on_connected, Connected(generation=1, at=AT)),
            (ear.on_outage, outage("wallet")),
            (ear.on_restored, restored("wallet")),
            (ear.on_fatal, Fatal(kind=FatalKind.CONSUMER, at=AT, detail="")),
        ]
        for tell, one in news:
            tell(one)
        return list(inbox.drain())

    assert asyncio.run(story()) == [
        PrivateFrame(text="{}", received_at=AT),
        Connected(generation=1, at=AT),
        outage("wallet"),
        restored("wallet"),
        Fatal(kind=FatalKind.CONSUMER, at=AT, detail=""),
    ]
