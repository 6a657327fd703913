"""Bounds a whole HTTP answer in time and size; requests itself only bounds each single wait.

A server that sends one byte a second would otherwise hold a worker for ever (L121).
"""

import io
import time
from contextlib import ExitStack
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

BODY_BYTES_MAX = 64 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024


class BoundedAdapter(HTTPAdapter):
    """Reads the body before it gives the answer back, within the one `timeout` of the request."""

    def __init__(self, body_bytes_max: int = BODY_BYTES_MAX) -> None:
        super().__init__()
        self.body_bytes_max = body_bytes_max

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        *options: Any,
        **named: Any,
    ) -> requests.Response:
        """Send and read. ReadTimeout when the answer is not whole in time, ConnectionError when it
        breaks off, cannot be unpacked, or is larger than `body_bytes_max`."""
        assert isinstance(timeout, int | float), "every request has one time limit"
        ends_at = time.monotonic() + timeout
        response = super().send(request, True, timeout, *options, **named)
        body = bytearray()
        with ExitStack() as when_it_fails:
            when_it_fails.callback(response.close)
            self._read(response, body, ends_at, timeout, request)
            when_it_fails.pop_all()
        response.raw = io.BytesIO(body)
        return response

    def _read(
        self,
        response: requests.Response,
        body: bytearray,
        ends_at: float,
        timeout: float,
        request: requests.PreparedRequest,
    ) -> None:
        try:
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                body += chunk
                if time.monotonic() > ends_at:
                    raise requests.exceptions.ReadTimeout(f"no whole answer within {timeout} s")
                if len(body) > self.body_bytes_max:
                    raise requests.exceptions.ConnectionError("the answer is too large")
        except HTTPError as error:
            # requests translates urllib3's errors only where it reads the body itself.
            if isinstance(error, ReadTimeoutError):
                raise requests.exceptions.ReadTimeout(str(error), request=request) from error
            raise requests.exceptions.ConnectionError(str(error), request=request) from error
