"""What goes wrong in a run of chaos, drawn from its seed: faults of the wire, and kills.

It knows kinds, targets and moments; it refuses to know what they do to the bot. A half-open socket
is noticed by the wall clock, whatever the market's speed: such a run lasts until it has been.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

ORDERS = "/v5/order/create*,/v5/order/cancel*"
LISTINGS = "/v5/order/realtime,/v5/order/history,/v5/execution/list,/v5/position/list"
FRAMES = "order*,execution*,position*,wallet*"

WIRE: Sequence[dict[str, object]] = (
    {"kind": "reply_lost", "target": ORDERS, "chance": 300, "amount": 500},
    {"kind": "request_lost", "target": ORDERS, "chance": 300, "amount": 500},
    {"kind": "connection_reset", "target": ORDERS, "chance": 300},
    {"kind": "reply_delayed", "target": ORDERS, "chance": 500, "amount": 300},
    {"kind": "http_status", "target": f"{ORDERS},{LISTINGS}", "chance": 300, "amount": 502},
    {"kind": "ret_code", "target": f"{ORDERS},{LISTINGS}", "chance": 300, "amount": 10006},
    {"kind": "ret_code", "target": f"{ORDERS},{LISTINGS}", "chance": 300, "amount": 10016},
    {"kind": "ret_code_after", "target": ORDERS, "chance": 300, "amount": 10016},
    {"kind": "ret_code", "target": "/v5/order/create", "chance": 300, "amount": 110072},
    {"kind": "answer_stale", "target": LISTINGS, "chance": 500, "amount": 500},
    {"kind": "frame_lost", "target": FRAMES, "chance": 300},
    {"kind": "frame_repeated", "target": FRAMES, "chance": 500},
    {"kind": "frame_delayed", "target": FRAMES, "chance": 500, "amount": 200},
    {"kind": "frame_reordered", "target": FRAMES, "chance": 300, "amount": 3},
    {"kind": "maintenance", "for_ms": 300},
)
"""Every one stands for a while; `chance` is per mille of what it concerns."""

CUTS: Sequence[dict[str, object]] = (
    {"kind": "*"},
    {"kind": "private"},
    {"kind": "private", "how": "socket_eof"},
    {"kind": "public", "how": "socket_eof"},
    {"kind": "private", "code": 1001},
)
"""Sockets that end at once."""

HALF_OPEN: Sequence[dict[str, object]] = (
    {"kind": "private", "how": "socket_half_open"},
    {"kind": "private", "how": "socket_half_open"},
    {"kind": "public", "how": "socket_half_open"},
)
"""The socket stays open and says nothing any more."""
HALF_OPEN_ONE_IN = 8
NOTICED_S = 55.0
"""Wall time after which nothing is half open: 40 s without a pong, and a new socket."""

FAULTS_MIN, FAULTS_MAX = 2, 8
CUTS_MAX = 3
KILLS_MAX = 2
STANDS_S_MAX = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that goes wrong `at_s` wall seconds after the begin; what: fault, cut or kill."""

    at_s: float
    what: str
    body: dict[str, object]

    @property
    def is_half_open(self) -> bool:
        """Whether it makes sockets half open."""
        return self.body.get("how") == "socket_half_open"


def drawn(seed: int, span_s: float) -> list[Act]:
    """The acts of a seed in order, within so many wall seconds: one kill at least.

    Every eighth seed has a half-open socket, after the last kill, which would end it.
    """
    dice = Random(seed)
    acts = [
        Act(at_s=dice.uniform(0, span_s), what="fault", body=_standing(dice))
        for _ in range(dice.randint(FAULTS_MIN, FAULTS_MAX))
    ]
    acts += [
        Act(at_s=dice.uniform(0, span_s), what="cut", body=dict(dice.choice(CUTS)))
        for _ in range(dice.randint(0, CUTS_MAX))
    ]
    acts += [
        Act(at_s=dice.uniform(0.1 * span_s, 0.9 * span_s), what="kill", body={})
        for _ in range(dice.randint(1, KILLS_MAX))
    ]
    if seed % HALF_OPEN_ONE_IN == HALF_OPEN_ONE_IN // 2:
        killed_s = max(act.at_s for act in acts if act.what == "kill")
        at_s = dice.uniform(killed_s, span_s)
        acts.append(Act(at_s=at_s, what="cut", body=dict(dice.choice(HALF_OPEN))))
    return sorted(acts, key=lambda act: act.at_s)


def lasts_s(acts: Sequence[Act], span_s: float) -> float:
    """How many wall seconds a run lasts: its span, or until a half-open socket was noticed."""
    return max([span_s, *(act.at_s + NOTICED_S for act in acts if act.is_half_open)])


def _standing(dice: Random) -> dict[str, object]:
    for_ms = round(1_000 * dice.uniform(0.2, STANDS_S_MAX))
    return {"for_ms": for_ms, **dice.choice(WIRE)}
