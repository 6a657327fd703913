"""Requests and replies are plain values that nobody changes."""

from dataclasses import FrozenInstanceError

import pytest

from bybit_sim.rest.words import HttpReply


def test_a_reply_is_a_value_without_headers_of_its_own() -> None:
    reply = HttpReply(status=200, body=b"{}")

    assert reply == HttpReply(status=200, body=b"{}", headers={})
    with pytest.raises(FrozenInstanceError):
        reply.status = 500  # type: ignore[misc]
