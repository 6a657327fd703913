import hashlib
import hmac
from typing import Any

import orjson
import pytest

from bybit_sim.exchange.words import ApiKey
from bybit_sim.sockets.control import answer, check_login, read_control
from bybit_sim.sockets.words import Clocks, KeyHolder
from gridcore.clock import Instant

WALL_US = 1_795_000_000_000_000
MARKET_US = 1_767_571_200_000_000
CLOCKS = Clocks(market=Instant(MARKET_US), wall_us=WALL_US, elapsed_ms=0)
HOLDER = KeyHolder(uid=7, key=ApiKey(key="k", secret="s"))
EXPIRED = KeyHolder(uid=7, key=ApiKey(key="k", secret="s", expired=True))
BOUND = KeyHolder(uid=7, key=ApiKey(key="k", secret="s", ips=("10.0.0.9",)))


def test_a_message_is_read_with_its_args_and_id() -> None:
    control = read_control('{"op":"subscribe","args":["order"],"req_id":"r"}')

    assert control is not None
    assert (control.op, control.args, control.req_id) == ("subscribe", ("order",), "r")


@pytest.mark.parametrize("text", ["", "ping", "[]", "1", '{"args":[]}', '{"op":1}', '{"op":'])
def test_what_is_no_message_is_none(text: str) -> None:
    assert read_control(text) is None


def test_the_trade_sockets_id_and_header_are_read_as_well() -> None:
    control = read_control('{"op":"order.create","reqId":5,"header":{"a":"b"},"args":{}}')

    assert control is not None
    assert (control.req_id, control.header, control.args) == ("5", {"a": "b"}, ({},))


def test_an_answer_without_req_id_has_no_such_key() -> None:
    assert orjson.loads(answer("auth", True, "", "c", None)) == {
        "success": True,
        "ret_msg": "",
        "conn_id": "c",
        "op": "auth",
    }
    assert orjson.loads(answer("ping", True, "pong", "c", ""))["req_id"] == ""


def signed(expires_ms: int, secret: Any = "s") -> Any:
    text = f"GET/realtime{expires_ms}".encode()
    return ("k", expires_ms, hmac.new(secret.encode(), text, hashlib.sha256).hexdigest())


def outcome(args: Any, holder: Any = HOLDER, address: Any = "127.0.0.1") -> Any:
    found = check_login(args, lambda _: holder, address, CLOCKS)
    return "ok" if isinstance(found, KeyHolder) else found.code


def test_the_signature_is_the_documented_one() -> None:
    """bybit.md B.2: hex of HMAC_SHA256(secret, "GET/realtime" + expires)."""
    signature = "5691ea9fc0a0b279310149ce83a80d4b7fd6f066f60a3c9aa8d22f447b7d5016"
    too_late = 10001

    assert outcome(("k", 1, signature)) == too_late
    assert outcome(("k", 2, signature)) == 10004


def test_expires_may_be_a_text() -> None:
    key, expires, signature = signed(WALL_US // 1000 + 1000)

    assert outcome((key, str(expires), signature)) == "ok"


@pytest.mark.parametrize(
    ("expires_ms", "expected"),
    [
        (WALL_US // 1000 + 1, "ok"),
        (WALL_US // 1000, 10001),
        (WALL_US // 1000 - 3000, 10001),
        (MARKET_US // 1000 + 1, "ok"),
        (MARKET_US // 1000, 10001),
        (MARKET_US // 1000 - 3000, 10001),
    ],
)
def test_an_authentication_must_not_have_expired_by_the_clock_that_the_client_follows(
    expires_ms: int, expected: object
) -> None:
    assert outcome(signed(expires_ms)) == expected


def test_each_way_to_be_refused_has_its_code() -> None:
    good = signed(WALL_US // 1000 + 1000)

    assert outcome(good, holder=None) == 10003
    assert outcome((*good[:2], good[2].upper())) == 10004
    assert outcome((*good[:2], "\u00e9")) == 10004
    assert outcome(good, holder=EXPIRED) == 33004
    assert outcome(good, holder=BOUND) == 10010
    assert outcome(good, holder=BOUND, address="10.0.0.9") == "ok"


@pytest.mark.parametrize(
    "args", [(), ("k",), ("k", 1), (1, 1, "x"), ("k", True, "x"), ("k", "soon", "x"), ("k", 1, 1)]
)
def test_args_of_another_form_are_a_parameter_error(args: Any) -> None:
    assert outcome(args) == 10001
