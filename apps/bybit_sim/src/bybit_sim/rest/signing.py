"""Who sends a request, and whether it is theirs and fresh (bybit.md A.1).

It verifies the raw query or body and refuses to read either.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from bybit_sim.exchange.words import ApiKey
from bybit_sim.rest import rsa
from bybit_sim.rest.answers import (
    ADDRESS_UNBOUND,
    KEY_EXPIRED,
    KEY_INVALID,
    OUT_OF_WINDOW,
    PARAMETER_ERROR,
    SIGNATURE_WRONG,
)
from bybit_sim.rest.parameters import is_whole
from bybit_sim.rest.ports import AccountPort, ExchangePort
from bybit_sim.rest.words import HttpRequest
from gridcore.clock import Instant
from simvenue.limits import Refusal

RECV_WINDOW_MS = 5000
AHEAD_MS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The signature headers of one request."""

    key: str
    timestamp: str
    recv_window: str
    signature: str


def credentials_of(headers: Mapping[str, str]) -> Credentials | Refusal:
    """Reads the headers; a refusal names those that are missing."""
    found = Credentials(
        key=headers.get("x-bapi-api-key", ""),
        timestamp=headers.get("x-bapi-timestamp", ""),
        recv_window=headers.get("x-bapi-recv-window", str(RECV_WINDOW_MS)),
        signature=headers.get("x-bapi-sign", ""),
    )
    if found.key and found.timestamp and found.signature:
        return found
    return Refusal(
        PARAMETER_ERROR,
        f"empty value: apiTimestamp[{found.timestamp}] apiKey[{found.key}] "
        f"apiSignature[{found.signature}]",
    )


def signature_matches(secret: str, text: bytes, signature: str) -> bool:
    """HMAC-SHA256 in lower-case hex; base64 of RSA when the "secret" is a public key in PEM."""
    if secret.startswith(rsa.PEM_BEGINS):
        return rsa.verifies(secret, text, signature)
    expected = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))


def time_refusal(timestamp: str, recv_window: str, clocks: tuple[Instant, ...]) -> Refusal | None:
    """None if `server - recv_window <= timestamp < server + 1000` (ms) by one of the clocks.

    The first clock is the one that a refusal shows.
    """
    for name, text in (("X-BAPI-TIMESTAMP", timestamp), ("X-BAPI-RECV-WINDOW", recv_window)):
        if not is_whole(text):
            return Refusal(PARAMETER_ERROR, f"params error: {name} invalid")
    sent_ms, window_ms = int(timestamp), int(recv_window)
    servers_ms = [clock // 1000 for clock in clocks]
    if any(server - window_ms <= sent_ms < server + AHEAD_MS_MAX for server in servers_ms):
        return None
    return Refusal(
        OUT_OF_WINDOW,
        "invalid request, please check your server timestamp or recv_window param. "
        f"req_timestamp[{sent_ms}],server_timestamp[{servers_ms[0]}],recv_window[{window_ms}]",
    )


def key_refusal(key: ApiKey, address: str) -> Refusal | None:
    """None if the key may be used from the address now."""
    if key.expired:
        return Refusal(KEY_EXPIRED, "Your api key has expired.")
    if "*" not in key.ips and address not in key.ips:
        return Refusal(
            ADDRESS_UNBOUND, "Unmatched IP, please check your API key's bound IP addresses."
        )
    return None


def caller_of(
    exchange: ExchangePort, request: HttpRequest, found: Credentials, clocks: tuple[Instant, ...]
) -> tuple[AccountPort, ApiKey] | Refusal:
    """The account and key that a request was signed with, or why it does not count."""
    owner = exchange.account_of(found.key)
    if owner is None:
        return Refusal(KEY_INVALID, "API key is invalid.")
    late = time_refusal(found.timestamp, found.recv_window, clocks)
    if late is not None:
        return late
    payload = (
        request.body if request.method == "POST" else request.query.encode(errors="surrogateescape")
    )
    head = f"{found.timestamp}{found.key}{found.recv_window}"
    if not signature_matches(owner[1].secret, head.encode() + payload, found.signature):
        origin = head + payload.decode(errors="replace")
        return Refusal(
            SIGNATURE_WRONG,
            "error sign! please check your signature generation algorithm. "
            f"origin_string[{origin}]",
        )
    return key_refusal(owner[1], request.address) or owner
