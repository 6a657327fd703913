"""A page that is not up is None, a wrong one an error, and waiting ends."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from appkit.exits import RunFailed
from comparator.closed_loop.pages import Settled, asked, settled, until
from comparator.closed_loop.ports import free_ports
from gridcore.clock import Instant

PAGES = {
    "/settle": b'{"handled_through_us": 12, "in_flight": 0, "ready": true}',
    "/early": b'{"handled_through_us": 0, "in_flight": 3}',
    "/odd": b'{"handled_through_us": "12", "in_flight": 0}',
    "/text": b"recording",
    "/list": b"[]",
}


class Answers(BaseHTTPRequestHandler):
    """Answers with the page of the path."""

    def do_GET(self) -> None:
        body = PAGES[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_settle_page_tells_how_far_a_program_is(port: int) -> None:
    assert settled(port, "/settle") == Settled(through=Instant(12), in_flight=0, ready=True)
    assert settled(port, "/early") == Settled(through=Instant(0), in_flight=3, ready=False)


def test_nobody_listening_is_no_error_yet() -> None:
    (nobody,) = free_ports(1)

    assert asked(nobody, "/settle") is None
    assert settled(nobody, "/settle") is None


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("/text", "expected JSON"),
        ("/list", "expected a JSON object, found list"),
        ("/odd", "expected a whole number as handled_through_us, found '12'"),
    ],
)
def test_something_else_that_listens_there_is_an_error(
    port: int, page: str, complaint: str
) -> None:
    with pytest.raises(RunFailed, match=complaint):
        settled(port, page)


def test_a_proxy_of_the_user_is_not_asked(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (nobody,) = free_ports(1)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{nobody}")

    assert settled(port, "/settle") is not None


def test_waiting_ends_with_what_was_waited_for_with_what_went_wrong_or_with_patience() -> None:
    looks = iter([False, True])
    until("it", lambda: next(looks), lambda: None, patience_s=30)

    def ill() -> None:
        raise RunFailed("the program ended")

    with pytest.raises(RunFailed, match="the program ended"):
        until("it", lambda: False, ill, patience_s=30)
    with pytest.raises(RunFailed, match=r"expected within 0 s: it"):
        until("it", lambda: False, lambda: None, patience_s=0)
