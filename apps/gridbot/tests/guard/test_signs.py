"""Signs of life: a file that may be unreadable, and pages that may say anything."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gridbot.guard.heartbeat import Heartbeat, write_heartbeat
from gridbot.guard.signs import Signs

ACCOUNTS = frozenset({"main"})
BEAT = Heartbeat(pid=7, number=3, accounts=ACCOUNTS, port=18100, ended=False)
SETTLED = b'{"handled_through_us": 1, "in_flight": 0, "ready": false, "turned_age_s": 0.2}'


@contextmanager
def served(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Pages that always answer so, and what they were asked: path and authorization."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Pages = Callable[[int, bytes], tuple[str, list[tuple[str, str | None]]]]


@pytest.fixture
def pages() -> Iterator[Pages]:
    with ExitStack() as open_ones:
        yield lambda status, body: open_ones.enter_context(served(status, body))


@pytest.mark.parametrize(
    ("status", "body", "lives"),
    [
        (200, SETTLED, True),
        (200, b'{"another": "program"}', False),
        (200, SETTLED.replace(b"1,", b"0,"), False),
        (200, b'{"handled_through_us": "1"}', False),
        (200, SETTLED.replace(b"0.2", b"5.1"), False),
        (200, SETTLED.replace(b"0.2", b"null"), False),
        (200, b"[]", False),
        (200, b"<html>", False),
        (503, SETTLED, False),
    ],
)
def test_pages_answer_when_they_say_how_far_the_daemon_has_come(
    status: int, body: bytes, lives: bool, pages: Pages, tmp_path: Path
) -> None:
    url, asked = pages(status, body)

    found = Signs(tmp_path, lambda _: url, "a-token-of-length", ACCOUNTS).answers(BEAT)

    assert found is lives
    assert asked == [("/api/settled", "Bearer a-token-of-length")]


def test_a_port_that_nobody_listens_on_is_no_answer(tmp_path: Path) -> None:
    assert not Signs(tmp_path, lambda _: "http://127.0.0.1:9", None, ACCOUNTS).answers(BEAT)
    assert not Signs(tmp_path, lambda _: None, None, ACCOUNTS).answers(BEAT)


def test_a_file_that_cannot_be_read_leaves_the_last_sign_as_it_was(tmp_path: Path) -> None:
    signs = Signs(tmp_path, lambda _: None, None, ACCOUNTS)
    assert signs.beat() is None
    write_heartbeat(tmp_path, BEAT)
    assert signs.beat() == BEAT
    (tmp_path / "heartbeat.json").write_text("{", encoding="utf-8")

    assert signs.beat() == BEAT


def test_a_file_that_vanishes_leaves_the_last_sign_as_it_was(tmp_path: Path) -> None:
    """A volume that fails is no daemon that stopped as it was told to."""
    signs = Signs(tmp_path, lambda _: None, None, ACCOUNTS)
    write_heartbeat(tmp_path, BEAT)
    assert signs.beat() == BEAT
    (tmp_path / "heartbeat.json").unlink()

    assert signs.beat() == BEAT


def test_a_daemon_of_other_accounts_in_the_same_folder_gives_no_sign_for_ours(
    tmp_path: Path,
) -> None:
    """Neither that it lives nor that it has ended."""
    signs = Signs(tmp_path, lambda _: None, None, {"main", "spare"})
    ours = replace(BEAT, accounts=frozenset({"main", "spare", "third"}))
    write_heartbeat(tmp_path, BEAT)
    assert signs.beat() is None
    write_heartbeat(tmp_path, ours)
    assert signs.beat() == ours

    write_heartbeat(tmp_path, replace(BEAT, pid=8, number=99, ended=True))

    assert signs.beat() == ours
