"""pybit's HTTP object, tamed: it signs and sends, and gives back the answer as it came.

Its sleeping retries, its redirections and its reading of answers are off (bybit.md C.6).
"""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from pybit.unified_trading import HTTP

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import Endpoint
from bybit_adapter.rest.bounded import BoundedAdapter
from gridcore.clock import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer as it came; header names are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def checked_timeout(timeout_s: float) -> float:
    """The time limit of a call; ValueError for one that would switch the limit off (L121)."""
    if not (math.isfinite(timeout_s) and timeout_s > 0):
        raise ValueError(f"expected a timeout above 0 seconds, found {timeout_s}")
    return timeout_s


class PybitSession(HTTP):  # type: ignore[misc]
    """One connection pool, for one thread. Its methods return a Reply or raise what requests does.

    `exchange_now`: the exchange's time as far as we know, which signs.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        credentials: Credentials | None,
        timeout_s: float,
        recv_window_ms: int,
        exchange_now: Callable[[], Instant],
    ) -> None:
        super().__init__(
            api_key=None if credentials is None else credentials.key,
            api_secret=None if credentials is None else credentials.secret,
            rsa_authentication=credentials is not None and credentials.rsa,
            timeout=checked_timeout(timeout_s),
            recv_window=recv_window_ms,
            max_retries=1,
            force_retry=False,
            log_requests=False,
        )
        self.endpoint = endpoint.rest_url
        for scheme in ("http://", "https://"):
            self.client.mount(scheme, BoundedAdapter())
        self.exchange_now = exchange_now
        # An answer elsewhere would carry our signature to a host that nobody chose.
        self.client.max_redirects = 0
        if endpoint.is_loopback:
            self.client.trust_env = False

    def __repr__(self) -> str:
        return f"PybitSession({self.endpoint})"

    def __post_init__(self) -> None:
        logger = logging.getLogger(HTTP.prepare_payload.__module__)
        chosen = list(logger.handlers)
        super().__post_init__()
        # Where a program has set up no logging, every object of pybit would add a printer.
        logger.handlers[:] = chosen

    @staticmethod
    def prepare_payload(method: str, parameters: dict[str, Any]) -> str:
        """The payload to sign: for a GET exactly the text that requests will put on the wire."""
        payload: str = HTTP.prepare_payload(method, parameters)
        if method != "GET" or not payload:
            return payload
        prepared = requests.Request("GET", f"http://host/?{payload}").prepare()
        assert prepared.url is not None
        return str(prepared.url.partition("?")[2])

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _prepare_headers(
        self, payload: Any, recv_window: int, content_type: str = "application/json"
    ) -> dict[str, str]:
        timestamp = self.exchange_now() // 1000
        signature: str = self._auth(payload=payload, recv_window=recv_window, timestamp=timestamp)
        return {
            "Content-Type": content_type,
            "X-BAPI-API-KEY": self.api_key,
            "X-BAPI-SIGN": signature,
            "X-BAPI-SIGN-TYPE": "2",
            "X-BAPI-TIMESTAMP": str(timestamp),
            "X-BAPI-RECV-WINDOW": str(recv_window),
        }

    def _check_status_code(self, *unused: Any) -> None:
        """The status is part of the reply."""

    # pybit's own reading of an answer is where it sleeps, repeats and loses the code.
    def _handle_response(self, response: requests.Response, *unused: Any) -> Reply:
        return Reply(status=response.status_code, headers=response.headers, body=response.content)
