"""What is on its way between a process and the exchange. It refuses to move."""

from enum import IntEnum
from typing import NamedTuple

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.session.effects import AskSnapshot, CancelOrder, PlaceOrder

Sent = PlaceOrder | CancelOrder | AskSnapshot
"""What a process sends."""


class Bound(IntEnum):
    """Where a parcel goes."""

    EXCHANGE = 0
    WAITING_WORKER = 1
    STREAM = 2
    SHELL = 3


class Parcel(NamedTuple):
    """Something on its way; (due, sequence) orders the heap and is unique."""

    due: Instant
    sequence: int
    bound: Bound
    ticket: int
    sent_at: Instant
    request: Sent | None
    event: Event | None
    again: bool
    mute: bool
    """Its reply is lost: the worker hears the reply to the other copy of the request."""
