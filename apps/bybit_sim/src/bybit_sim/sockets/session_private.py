"""A private connection's protocol: auth, ping, subscribe, unsubscribe (bybit.md B.2).

It answers messages; it refuses to know how they travel.
"""

import orjson

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import WireFault
from bybit_sim.sockets.control import Control, answer, check_login, read_control
from bybit_sim.sockets.words import Clocks, FindKey, Handled, SocketKind
from simvenue.limits import Refusal

PLAIN_TOPICS = frozenset(
    {"order", "execution", "execution.fast", "position", "wallet", "greeks", "dcp"}
)
CATEGORIES = ("linear", "inverse", "spot", "option")
CATEGORISED_TOPICS = frozenset(
    f"{topic}.{category}"
    for topic in ("order", "execution", "execution.fast", "position")
    for category in CATEGORIES
)
CANCEL_ON_DISCONNECT_TOPICS = frozenset({"dcp.future", "dcp.spot", "dcp.option"})
"""Accepted and silent: disconnected cancelling is for institutional accounts only (B.4)."""

KNOWN_TOPICS = PLAIN_TOPICS | CATEGORISED_TOPICS | CANCEL_ON_DISCONNECT_TOPICS
UNAUTHORISED = "Request not authorized"


class PrivateSession:
    """Who a private connection is, and what it is answered."""

    def __init__(self, conn_id: str, address: str, find_key: FindKey, board: FaultBoard) -> None:
        self.uid: int | None = None
        self._conn_id = conn_id
        self._address = address
        self._find_key = find_key
        self._board = board

    def receive(self, text: str, clocks: Clocks) -> Handled:
        """Take one message of the client."""
        control = read_control(text)
        if control is None:
            return self._refuse("", None, "Params Error: expected a JSON object with an op")
        match control.op:
            case "ping":
                return Handled(replies=(self._pong(control, clocks),))
            case "auth":
                return self._login(control, clocks)
            case "subscribe":
                return self._subscribe(control, clocks)
            case "unsubscribe":
                return self._unsubscribe(control)
            case op:
                return self._refuse(op, control.req_id, f"error:handler not found,op:{op}")

    def _pong(self, control: Control, clocks: Clocks) -> bytes:
        frame: dict[str, object] = {} if control.req_id is None else {"req_id": control.req_id}
        frame |= {"op": "pong", "args": [str(clocks.wall_us // 1000)], "conn_id": self._conn_id}
        return orjson.dumps(frame)

    def _login(self, control: Control, clocks: Clocks) -> Handled:
        found = check_login(control.args, self._find_key, self._address, clocks)
        if isinstance(found, Refusal):
            return self._refuse("auth", control.req_id, found.text)
        fault = self._board.answer(
            WireFault.AUTH_REFUSED, SocketKind.PRIVATE, found.uid, clocks.elapsed_ms
        )
        if fault is not None:
            return self._refuse("auth", control.req_id, fault.detail or "Params Error")
        self.uid = found.uid
        return Handled(replies=(answer("auth", True, "", self._conn_id, control.req_id),))

    def _subscribe(self, control: Control, clocks: Clocks) -> Handled:
        topics = tuple(str(topic) for topic in control.args)
        refusal = self._refusal_of(topics, clocks)
        if refusal is not None:
            return self._refuse("subscribe", control.req_id, refusal)
        reply = answer("subscribe", True, "", self._conn_id, control.req_id)
        return Handled(replies=(reply,), subscribed=topics)

    def _unsubscribe(self, control: Control) -> Handled:
        topics = tuple(str(topic) for topic in control.args)
        reply = answer("unsubscribe", True, "", self._conn_id, control.req_id)
        return Handled(replies=(reply,), unsubscribed=topics)

    def _refusal_of(self, topics: tuple[str, ...], clocks: Clocks) -> str | None:
        """Why a subscription fails; one bad topic fails all of them."""
        if self.uid is None:
            return UNAUTHORISED
        if not topics:
            return "Params Error: args is empty"
        for topic in topics:
            if topic not in KNOWN_TOPICS:
                return f"error:handler not found,topic:{topic}"
        categorised = [topic for topic in topics if topic in CATEGORISED_TOPICS]
        streams = [topic for topic in topics if topic in PLAIN_TOPICS and topic != "wallet"]
        if categorised and streams:
            return f"error:topic {streams[0]} and {categorised[0]} cannot be in one request"
        fault = self._board.answer(
            WireFault.ACK_REFUSED, SocketKind.PRIVATE, self.uid, clocks.elapsed_ms, topics
        )
        if fault is not None:
            return fault.detail or f"error:handler not found,topic:{topics[0]}"
        return None

    def _refuse(self, op: str, req_id: str | None, text: str) -> Handled:
        return Handled(replies=(answer(op, False, text, self._conn_id, req_id),))
