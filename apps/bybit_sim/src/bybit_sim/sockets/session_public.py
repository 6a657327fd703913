"""A public connection's protocol: ping, subscribe, unsubscribe (bybit.md B.2).

It answers messages; it refuses to know how they travel.
"""

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import WireFault
from bybit_sim.sockets.control import Control, answer, read_control
from bybit_sim.sockets.words import Clocks, Handled, PublicSource, SocketKind

ARGS_LENGTH_MAX = 21_000
"""Characters of all topics that one public connection may be subscribed to."""


class PublicSession:
    """What one public connection has subscribed to, and what it is answered."""

    def __init__(self, conn_id: str, source: PublicSource, board: FaultBoard) -> None:
        self.uid: int | None = None
        self._conn_id = conn_id
        self._source = source
        self._board = board
        self._topics: dict[str, None] = {}

    def receive(self, text: str, clocks: Clocks) -> Handled:
        """Take one message of the client."""
        control = read_control(text)
        if control is None:
            return self._refuse("", "", "Params Error: expected a JSON object with an op")
        req_id = control.req_id or ""
        match control.op:
            case "ping":
                return Handled(replies=(answer("ping", True, "pong", self._conn_id, req_id),))
            case "subscribe":
                return self._subscribe(control, req_id, clocks)
            case "unsubscribe":
                return self._unsubscribe(control, req_id)
            case "auth":
                return self._refuse("auth", req_id, "error:public sockets take no auth")
            case op:
                return self._refuse(op, req_id, f"error:handler not found,op:{op}")

    def _subscribe(self, control: Control, req_id: str, clocks: Clocks) -> Handled:
        topics = tuple(str(topic) for topic in control.args)
        refusal = self._refusal_of(topics, clocks)
        if refusal is not None:
            return self._refuse("subscribe", req_id, refusal)
        self._topics.update(dict.fromkeys(topics))
        reply = answer("subscribe", True, "", self._conn_id, req_id)
        return Handled(replies=(reply,), subscribed=topics)

    def _unsubscribe(self, control: Control, req_id: str) -> Handled:
        topics = tuple(str(topic) for topic in control.args)
        for topic in topics:
            self._topics.pop(topic, None)
        reply = answer("unsubscribe", True, "", self._conn_id, req_id)
        return Handled(replies=(reply,), unsubscribed=topics)

    def _refusal_of(self, topics: tuple[str, ...], clocks: Clocks) -> str | None:
        """Why a subscription fails; one bad topic fails all of them."""
        if not topics:
            return "Params Error: args is empty"
        wanted = {**self._topics, **dict.fromkeys(topics)}
        length = sum(len(topic) for topic in wanted)
        if length > ARGS_LENGTH_MAX:
            return f"error:args size {length} exceeds {ARGS_LENGTH_MAX}"
        fault = self._board.answer(
            WireFault.ACK_REFUSED, SocketKind.PUBLIC, None, clocks.elapsed_ms, topics
        )
        if fault is not None:
            return fault.detail or f"error:handler not found,topic:{topics[0]}"
        for topic in topics:
            if self._source.snapshot_frames(topic) is None:
                return f"error:handler not found,topic:{topic}"
        return None

    def _refuse(self, op: str, req_id: str, text: str) -> Handled:
        return Handled(replies=(answer(op, False, text, self._conn_id, req_id),))
