"""The control messages of all sockets: reading them, and the plain answers (bybit.md B.2).

It knows JSON and the socket's signature; it refuses to know topics and orders.
"""

from dataclasses import dataclass

import orjson

from bybit_sim.rest.parameters import is_whole
from bybit_sim.rest.signing import key_refusal, signature_matches
from bybit_sim.sockets.words import Clocks, FindKey, KeyHolder
from simvenue.limits import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One message of a client. `req_id` None: none was sent (`reqId` on the trade socket)."""

    op: str
    args: tuple[object, ...]
    req_id: str | None
    header: dict[str, object]


def read_control(text: str) -> Control | None:
    """The message in `text`; None when it is not a JSON object with a text under "op"."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(frame, dict) or not isinstance(frame.get("op"), str):
        return None
    args, header = frame.get("args", []), frame.get("header", {})
    req_id = frame.get("req_id", frame.get("reqId"))
    return Control(
        op=frame["op"],
        args=tuple(args) if isinstance(args, list) else (args,),
        req_id=None if req_id is None else str(req_id),
        header=header if isinstance(header, dict) else {},
    )


PARAMETERS_WRONG = Refusal(10001, "Params Error")
KEY_UNKNOWN = Refusal(10003, "API key is invalid.")
SIGNATURE_WRONG = Refusal(10004, "Error sign, please check your signature generation algorithm.")
LATE = Refusal(10001, "Params Error: expires must be later than the server's time")


def check_login(
    args: tuple[object, ...], find_key: FindKey, address: str, clocks: Clocks
) -> KeyHolder | Refusal:
    """Who signed `[key, expires_ms, signature of "GET/realtime" + expires]`, or why it fails.

    `expires` is judged by the one of the two clocks that it is nearer to: a client may follow
    market time or its own clock, and must not be late by the one that it follows.
    """
    if len(args) != 3 or not isinstance(args[0], str) or not isinstance(args[2], str):
        return PARAMETERS_WRONG
    expires = str(args[1])
    if isinstance(args[1], bool) or not is_whole(expires):
        return PARAMETERS_WRONG
    holder = find_key(args[0])
    if holder is None:
        return KEY_UNKNOWN
    if not signature_matches(holder.key.secret, f"GET/realtime{expires}".encode(), args[2]):
        return SIGNATURE_WRONG
    expires_us = int(expires) * 1000
    clock_us = min((clocks.wall_us, clocks.market), key=lambda now: abs(now - expires_us))
    if expires_us <= clock_us:
        return LATE
    return key_refusal(holder.key, address) or holder


def answer(control_op: str, success: bool, text: str, conn_id: str, req_id: str | None) -> bytes:
    """The answer of public and private sockets; without a req_id it has no such key."""
    frame: dict[str, object] = {"success": success, "ret_msg": text, "conn_id": conn_id}
    if req_id is not None:
        frame["req_id"] = req_id
    frame["op"] = control_op
    return orjson.dumps(frame)
