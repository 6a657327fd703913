"""Signatures over the raw query or body, and the clock rule (bybit.md A.1)."""

import io
import json
from typing import Any

import pytest
import requests
from Crypto.PublicKey import RSA
from pybit._http_manager import generate_signature
from pybit.unified_trading import HTTP
from requests.adapters import BaseAdapter

from bybit_sim.rest.signing import Credentials, credentials_of, signature_matches, time_refusal
from bybit_sim.rest.words import HttpRequest
from gridcore.clock import Instant
from simvenue.limits import Refusal

MS = 1000
SERVER = Instant(1_700_000_000_000 * MS)


def test_missing_headers_are_named_and_the_window_has_a_default() -> None:
    assert credentials_of({"x-bapi-api-key": "k"}) == Refusal(
        10001, "empty value: apiTimestamp[] apiKey[k] apiSignature[]"
    )
    assert credentials_of(
        {"x-bapi-api-key": "k", "x-bapi-timestamp": "1", "x-bapi-sign": "s"}
    ) == Credentials(key="k", timestamp="1", recv_window="5000", signature="s")


@pytest.mark.parametrize(
    ("timestamp_ms", "accepted"),
    [
        (1_699_999_994_999, False),
        (1_699_999_995_000, True),
        (1_700_000_000_000, True),
        (1_700_000_000_999, True),
        (1_700_000_001_000, False),
    ],
)
def test_a_timestamp_may_be_as_old_as_the_window_and_less_than_a_second_ahead(
    timestamp_ms: int, accepted: bool
) -> None:
    assert (time_refusal(str(timestamp_ms), "5000", (SERVER,)) is None) is accepted


def test_either_clock_of_the_server_will_do_and_a_refusal_shows_the_first() -> None:
    other = Instant(SERVER + 3_600_000_000)

    assert time_refusal(str(other // MS), "5000", (SERVER, other)) is None
    refusal = time_refusal("1", "5000", (SERVER, other))
    assert refusal is not None
    assert refusal.code == 10002
    assert refusal.text == (
        "invalid request, please check your server timestamp or recv_window param. "
        "req_timestamp[1],server_timestamp[1700000000000],recv_window[5000]"
    )


@pytest.mark.parametrize("pair", [("x", "5000"), ("1", "-1"), ("1.5", "5000"), ("1", "9" * 30)])
def test_times_that_are_no_whole_numbers_are_refused(pair: tuple[str, str]) -> None:
    refusal = time_refusal(*pair, (SERVER,))

    assert refusal is not None
    assert refusal.code == 10001


def test_a_signature_is_lower_case_hex_of_the_exact_text() -> None:
    # printf 'GET/realtime1' | openssl dgst -sha256 -hmac secret
    expected = "c1a6629018c1f3a6ffa34cc8cbb9077eb5e02b9f3dff303a59e3d754907fa8fb"

    assert signature_matches("secret", b"GET/realtime1", expected)
    assert not signature_matches("secret", b"GET/realtime2", expected)
    assert not signature_matches("secret", b"GET/realtime1", expected.upper())
    assert not signature_matches("secret", b"GET/realtime1", "\udcff")


def test_a_public_key_in_place_of_the_secret_verifies_rsa_signatures() -> None:
    private = RSA.generate(1024)
    signature = generate_signature(True, private.export_key().decode(), "GET/realtime1")
    public_pem = private.public_key().export_key().decode()

    assert signature_matches(public_pem, b"GET/realtime1", signature)
    assert not signature_matches(public_pem, b"GET/realtime2", signature)


def test_unknown_expired_and_unbound_keys_are_told_apart(client: Any) -> None:
    def code(**how: Any) -> int:
        reply = client.send("GET", "/v5/account/info", "", **how)
        return int(json.loads(reply.body)["retCode"])

    stranger = type(client.keys["own"])(key="stranger", secret="secret")
    liar = type(client.keys["own"])(key="key", secret="wrong")

    assert code(key=stranger) == 10003
    assert code(key=liar) == 10004
    assert code(key=client.keys["expired"]) == 33004
    assert code(key=client.keys["bound"]) == 10010
    assert code(key=client.keys["bound"], address="10.0.0.1") == 0
    assert code(timestamp_ms=client.wall_us // MS - 5001) == 10002
    assert code(timestamp_ms=client.exchange.now // MS) == 0


def test_a_skewed_clock_shifts_both_clocks_of_the_server(client: Any) -> None:
    hour = 3_600_000_000

    def answer(timestamp_us: int) -> Any:
        reply = client.send(
            "GET", "/v5/account/info", "", timestamp_ms=timestamp_us // MS, skew_us=hour
        )
        return json.loads(reply.body)

    assert answer(client.wall_us)["retCode"] == 10002
    assert answer(client.exchange.now)["retCode"] == 10002
    assert answer(client.wall_us + hour)["retCode"] == 0
    assert answer(client.exchange.now + hour)["time"] == (client.exchange.now + hour) // MS


class DeskAdapter(BaseAdapter):
    """Carries the requests of the `requests` library to a desk, without a socket."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self.client = client
        self.texts: list[str] = []

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        path, _, query = request.path_url.partition("?")
        body = request.body or b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        stamp = headers.get("x-bapi-timestamp")
        reply = self.client.desk.handle(
            HttpRequest(
                method=request.method,
                path=path,
                query=query,
                body=body.encode() if isinstance(body, str) else body,
                headers=headers,
                address="127.0.0.1",
                wall_us=self.client.wall_us if stamp is None else int(stamp) * MS,
            )
        )
        self.texts.append(query or str(body))
        response = requests.Response()
        response.status_code = reply.status
        response.raw = io.BytesIO(reply.body)
        response.headers.update(reply.headers)
        response.url = request.url
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def wire(client: Any) -> DeskAdapter:
    return DeskAdapter(client)


@pytest.fixture
def pybit(wire: DeskAdapter) -> HTTP:
    session = HTTP(testnet=False, api_key="key", api_secret="secret", max_retries=1)
    session.endpoint = "http://desk"
    session.client.mount("http://", wire)
    return session


def test_unmodified_pybit_signs_its_queries_as_the_desk_verifies_them(
    pybit: HTTP, wire: DeskAdapter
) -> None:
    answer = pybit.get_open_orders(category="linear", symbol="BTCUSDT", limit=50)

    assert answer["retCode"] == 0
    assert wire.texts == ["category=linear&limit=50&symbol=BTCUSDT"]


def test_unmodified_pybit_signs_its_bodies_as_the_desk_verifies_them(
    pybit: HTTP, client: Any
) -> None:
    answer = pybit.place_order(
        category="linear",
        symbol="BTCUSDT",
        side="Buy",
        orderType="Limit",
        qty=0.01,
        price="50000.1",
        positionIdx="1",
        orderLinkId="a-1",
    )

    assert answer["result"] == {"orderId": "order-0001", "orderLinkId": "a-1"}
    (order,) = client.exchange.account.placed
    assert (order.qty, order.price, order.position_idx) == ("0.01", "50000.1", 1)


def test_a_cursor_survives_pybit_which_sends_it_as_it_came(
    pybit: HTTP, client: Any, an_order: Any, wire: DeskAdapter
) -> None:
    client.exchange.account.open = [an_order(number) for number in range(3)]
    seen: list[str] = []
    cursor = ""
    while True:
        result = pybit.get_open_orders(
            category="linear", settleCoin="USDT", limit=1, cursor=cursor
        )["result"]
        seen += [row["orderId"] for row in result["list"]]
        cursor = result["nextPageCursor"]
        if not cursor:
            break

    assert seen == ["order-0002", "order-0001", "order-0000"]
    assert "%3A" in wire.texts[1]


def test_a_value_that_pybit_signs_unencoded_but_sends_encoded_does_not_verify(pybit: HTTP) -> None:
    with pytest.raises(Exception, match="error sign!"):
        pybit.get_open_orders(category="linear", symbol="BTC USDT")


def test_pybit_raises_what_the_desk_refuses(pybit: HTTP) -> None:
    with pytest.raises(Exception, match=r"\(ErrCode: 10001\)"):
        pybit.get_open_orders(category="linear")
