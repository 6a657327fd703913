"""Tells frames with a topic from answers to our own requests (bybit.md B.2).

Knows the envelope only. It refuses to look into a topic's payload.
"""

import orjson

from gridcore.message import message

_FIRST_KEY = '{"topic":"'
_KEY = '"topic":"'
_HEADER_LENGTH = 256


@message
class AuthenticationAnswer:
    """Answer to op auth."""

    accepted: bool
    text: str


@message
class SubscriptionAnswer:
    """Answer to op subscribe; `request` is "" when the exchange echoed none."""

    request: str
    accepted: bool
    text: str


@message
class Pong:
    """Answer to op ping, in any of its three forms."""


@message
class Topic:
    """A frame that carries rows of a topic."""

    name: str


@message
class Unknown:
    """Anything else; the consumer may want to keep it."""


Frame = AuthenticationAnswer | SubscriptionAnswer | Pong | Topic | Unknown


def recognised(text: str) -> Frame:
    """Says what a frame is; never raises, whatever the text."""
    if text.startswith(_FIRST_KEY):
        end = text.find('"', len(_FIRST_KEY))
        if end > 0:
            return Topic(name=text[len(_FIRST_KEY) : end])
    start = text.find(_KEY, 0, _HEADER_LENGTH)
    if start > 0 and (end := text.find('"', start + len(_KEY))) > 0:
        return Topic(name=text[start + len(_KEY) : end])
    return _parsed(text)


def _parsed(text: str) -> Frame:
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Unknown()
    if not isinstance(frame, dict):
        return Unknown()
    topic = frame.get("topic")
    if isinstance(topic, str):
        return Topic(name=topic)
    operation = frame.get("op")
    words = str(frame.get("ret_msg", frame.get("retMsg", "")))
    accepted = frame.get("success") is True or frame.get("retCode") == 0
    if operation == "pong" or words == "pong":
        return Pong()
    if operation == "auth":
        return AuthenticationAnswer(accepted=accepted, text=words)
    if operation == "subscribe":
        request = frame.get("req_id")
        return SubscriptionAnswer(
            request=request if isinstance(request, str) else "", accepted=accepted, text=words
        )
    return Unknown()
