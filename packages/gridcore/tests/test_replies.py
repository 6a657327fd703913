"""Replies: values that can be told apart, and that events offers to whoever handles them."""

import pytest

from gridcore import events, replies
from gridcore.clock import Instant

NAMES = (
    "CancelAccepted",
    "CancelRejected",
    "CancelUnknown",
    "PlaceAccepted",
    "PlaceRejected",
    "PlaceUnknown",
    "QuestionRefused",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_reply_is_an_event(name: str) -> None:
    assert getattr(events, name) is getattr(replies, name)


def test_the_same_answer_to_two_requests_is_not_one_answer() -> None:
    first = replies.PlaceUnknown(symbol="BTCUSDT", at=Instant(1), wire_id="a-1", text="timeout")

    assert first == replies.PlaceUnknown(
        symbol="BTCUSDT", at=Instant(1), wire_id="a-1", text="timeout"
    )
    assert first != replies.PlaceUnknown(
        symbol="BTCUSDT", at=Instant(1), wire_id="a-2", text="timeout"
    )
