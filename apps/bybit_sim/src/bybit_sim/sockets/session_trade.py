"""A trade connection's protocol: auth, ping and order operations (bybit.md B.5).

It answers messages; it refuses to know orders and how messages travel.
"""

from collections.abc import Mapping
from dataclasses import replace

import orjson

from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.page.requests import RequestLog
from bybit_sim.rest.signing import RECV_WINDOW_MS, time_refusal
from bybit_sim.rest.words import Answer
from bybit_sim.sockets.control import Control, check_login, read_control
from bybit_sim.sockets.words import Clocks, FindKey, Handled, KeyHolder, OrderDesk, SocketKind
from gridcore.clock import Instant
from simvenue.limits import Refusal

REQ_ID_LENGTH_MAX = 36
REQ_IDS_REMEMBERED = 10_000
SERVER_ERROR = 10016
NO_HEADERS: Mapping[str, str] = {}

UNAUTHORISED = Refusal(10004, "Request not authorized: expected op auth first")
ARGS_WRONG = Refusal(10001, "params error: args must hold one object")
REQ_ID_LONG = Refusal(10001, f"params error: reqId is longer than {REQ_ID_LENGTH_MAX}")
REQ_ID_TWICE = Refusal(20006, "Duplicate reqId")


class TradeSession:
    """Who a trade connection is, and what it is answered."""

    def __init__(
        self,
        conn_id: str,
        address: str,
        find_key: FindKey,
        desk: OrderDesk,
        board: FaultBoard,
        log: RequestLog,
    ) -> None:
        self._conn_id = conn_id
        self._address = address
        self._find_key = find_key
        self._desk = desk
        self._board = board
        self._log = log
        self._answers = 0
        self._holder: KeyHolder | None = None
        self._req_ids: dict[str, None] = {}

    @property
    def uid(self) -> int | None:
        """The account, once the client has shown who it is."""
        return None if self._holder is None else self._holder.uid

    def receive(self, text: str, clocks: Clocks) -> Handled:
        """Take one message of the client."""
        control = read_control(text)
        if control is None:
            return self._plain("", None, 10001, "expected a JSON object with an op")
        match control.op:
            case "ping":
                return self._pong(control, clocks)
            case "auth":
                return self._login(control, clocks)
            case op if self._desk.knows(op):
                return self._operate(control, clocks)
            case op:
                return self._plain(op, control.req_id, 10404, "op type is not found")

    def _pong(self, control: Control, clocks: Clocks) -> Handled:
        frame = _head(control.req_id) | {
            "retCode": 0,
            "retMsg": "OK",
            "op": "pong",
            "data": [str(clocks.wall_us // 1000)],
            "connId": self._conn_id,
        }
        return Handled(replies=(orjson.dumps(frame),))

    def _login(self, control: Control, clocks: Clocks) -> Handled:
        if self._holder is not None:
            return self._plain("auth", control.req_id, 20001, "Repeat auth")
        found = check_login(control.args, self._find_key, self._address, clocks)
        if isinstance(found, Refusal):
            return self._plain("auth", control.req_id, found.code, found.text)
        fault = self._board.answer(
            WireFault.AUTH_REFUSED, SocketKind.TRADE, found.uid, clocks.elapsed_ms
        )
        if fault is not None:
            return self._plain("auth", control.req_id, 10004, fault.detail or "Params Error")
        self._holder = found
        return self._plain("auth", control.req_id, 0, "OK")

    def _operate(self, control: Control, clocks: Clocks) -> Handled:
        refusal = self._refusal_of(control, clocks)
        if refusal is not None:
            return self._answered(
                control, clocks, Answer(code=refusal.code, text=refusal.text, result={}, extra={})
            )
        path = "/v5/" + control.op.replace(".", "/")
        fault = self._board.request(path, self.uid, clocks.elapsed_ms)
        if fault is None:
            return self._carried_out(control, clocks)
        match fault.kind:
            case WireFault.REQUEST_LOST:
                return self._unanswered(control, clocks, fault)
            case WireFault.CONNECTION_RESET:
                return replace(self._unanswered(control, clocks, fault), reset=True)
            case WireFault.REPLY_LOST:
                self._carried_out(control, clocks)
                return Handled()
            case WireFault.REQUEST_DELAYED:
                return Handled(
                    later_ms=fault.amount, later=lambda then: self._carried_out(control, then)
                )
            case WireFault.REPLY_DELAYED:
                made = self._carried_out(control, clocks)
                return Handled(later_ms=fault.amount, later=lambda _: made)
            case WireFault.RET_CODE_AFTER:
                self._carried_out(control, clocks)
                return self._failed(control, clocks, fault, fault.amount)
            case WireFault.RET_CODE:
                return self._failed(control, clocks, fault, fault.amount)
            case WireFault.HTTP_STATUS:
                return self._failed(control, clocks, fault, SERVER_ERROR)
            case _:
                return self._carried_out(control, clocks)

    def _carried_out(self, control: Control, clocks: Clocks) -> Handled:
        body = control.args[0]
        assert self._holder is not None, "refused before"
        assert isinstance(body, dict), "refused before"
        made, headers = self._desk.act(self._holder, control.op, body, clocks)
        return self._answered(control, clocks, made, headers)

    def _unanswered(self, control: Control, clocks: Clocks, fault: Fault) -> Handled:
        self._note(control, clocks, None, fault)
        return Handled()

    def _failed(self, control: Control, clocks: Clocks, fault: Fault, code: int) -> Handled:
        text = fault.detail or "Server Timeout"
        made = Answer(code=code, text=text, result={}, extra={})
        return self._answered(control, clocks, made, fault=fault)

    def _refusal_of(self, control: Control, clocks: Clocks) -> Refusal | None:
        if self._holder is None:
            return UNAUTHORISED
        req_id = control.req_id
        if req_id is not None:
            if len(req_id) > REQ_ID_LENGTH_MAX:
                return REQ_ID_LONG
            if req_id in self._req_ids:
                return REQ_ID_TWICE
            self._remember(req_id)
        if len(control.args) != 1 or not isinstance(control.args[0], dict):
            return ARGS_WRONG
        return _outside_window(control.header, clocks)

    def _remember(self, req_id: str) -> None:
        self._req_ids[req_id] = None
        if len(self._req_ids) > REQ_IDS_REMEMBERED:
            del self._req_ids[next(iter(self._req_ids))]

    def _answered(
        self,
        control: Control,
        clocks: Clocks,
        made: Answer,
        headers: Mapping[str, str] = NO_HEADERS,
        fault: Fault | None = None,
    ) -> Handled:
        self._note(control, clocks, made.code, fault)
        frame = _head(control.req_id) | {
            "retCode": made.code,
            "retMsg": made.text,
            "op": control.op,
            "data": made.result,
            "retExtInfo": made.extra,
            "header": {
                **headers,
                "Traceid": f"{self._conn_id}-{self._answers}",
                "Timenow": str(clocks.wall_us // 1000),
            },
            "connId": self._conn_id,
        }
        return Handled(replies=(orjson.dumps(frame),))

    def _note(
        self, control: Control, clocks: Clocks, code: int | None, fault: Fault | None
    ) -> None:
        self._answers += 1
        self._log.note(
            at_ms=clocks.elapsed_ms,
            method="WS",
            path=control.op,
            query="",
            uid=self.uid,
            status=None,
            code=code,
            took_us=0,
            fault="" if fault is None else fault.kind.value,
        )

    def _plain(self, op: str, req_id: str | None, code: int, text: str) -> Handled:
        frame = _head(req_id) | {
            "retCode": code,
            "retMsg": text,
            "op": op,
            "connId": self._conn_id,
        }
        return Handled(replies=(orjson.dumps(frame),))


def _head(req_id: str | None) -> dict[str, object]:
    return {} if req_id is None else {"reqId": req_id}


def _outside_window(header: dict[str, object], clocks: Clocks) -> Refusal | None:
    """10002 unless the timestamp lies in the window by one of the server's clocks (A.1)."""
    return time_refusal(
        str(header.get("X-BAPI-TIMESTAMP", "")),
        str(header.get("X-BAPI-RECV-WINDOW", RECV_WINDOW_MS)),
        (Instant(clocks.wall_us), clocks.market),
    )
