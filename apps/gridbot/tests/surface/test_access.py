"""Who may ask for what."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from appkit.exits import UserError
from gridbot.surface.access import Access, AccessRefused, Need, is_loopback

TOKEN = "sixteen-letters-or-more"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Wire:
    """The end of a connection: all that a request tells of its caller."""

    def __init__(self, peer: str) -> None:
        self._peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self._peer, 50_000) if name == "peername" else default


def request(
    path: str = "/api/state",
    *,
    peer: str = "127.0.0.1",
    host: str = "127.0.0.1:9101",
    headers: dict[str, str] | None = None,
) -> web.Request:
    transport: Any = Wire(peer)
    return make_mocked_request(
        "GET", path, headers={"Host": host} | (headers or {}), transport=transport
    )


def refusal(access: Access, asked: web.Request, need: Need) -> int | None:
    """The status of the refusal; None when the request may be answered."""
    try:
        access.check(asked, need)
    except AccessRefused as refused:
        return refused.status
    return None


ACCESS = Access("127.0.0.1", TOKEN)
OPEN = Access("0.0.0.0", TOKEN)
MUTE = Access("127.0.0.1", None)


def test_this_machine_reads_without_a_token() -> None:
    assert refusal(ACCESS, request(), Need.READING) is None
    assert refusal(MUTE, request(), Need.READING) is None
    assert refusal(ACCESS, request(peer="::1", host="[::1]:9101"), Need.READING) is None


def test_every_other_machine_reads_with_the_token_only() -> None:
    bare = request(peer="192.0.2.7", host="192.0.2.1:9101")
    signed = request(peer="192.0.2.7", host="192.0.2.1:9101", headers=BEARER)

    assert refusal(OPEN, bare, Need.READING) == 401
    assert refusal(OPEN, signed, Need.READING) is None


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])
def test_a_proxy_on_this_machine_is_not_this_machine(name: str) -> None:
    assert refusal(ACCESS, request(headers={name: "192.0.2.7"}), Need.READING) == 401


def test_a_wrong_token_is_refused_even_where_none_is_needed() -> None:
    wrong = {"Authorization": "Bearer something-else-entirely"}

    assert refusal(ACCESS, request(headers=wrong), Need.READING) == 401


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN.upper()}"},
        {"Cookie": f"token={TOKEN}"},
    ],
)
def test_a_command_needs_the_whole_token_from_this_machine_too(header: dict[str, str]) -> None:
    assert refusal(ACCESS, request(headers=header), Need.COMMAND) == 401
    assert refusal(ACCESS, request(headers=BEARER), Need.COMMAND) is None


def test_without_a_configured_token_no_command_is_taken() -> None:
    assert refusal(MUTE, request(headers=BEARER), Need.COMMAND) == 403
    assert not MUTE.takes_commands
    assert ACCESS.takes_commands


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("need", [Need.READING, Need.COMMAND])
def test_pages_of_other_sites_are_refused_with_the_token_too(
    headers: dict[str, str], need: Need
) -> None:
    assert refusal(ACCESS, request(headers=headers | BEARER), need) == 403


def test_our_own_page_is_answered() -> None:
    own = {"Origin": "http://127.0.0.1:9101", "Sec-Fetch-Site": "same-origin"}

    assert refusal(ACCESS, request(headers=own | BEARER), Need.COMMAND) is None


@pytest.mark.parametrize(
    "host", ["evil.example:9101", "evil.example", "127.0.0.1.evil.example", ""]
)
@pytest.mark.parametrize("need", list(Need))
def test_a_name_that_was_bound_to_us_by_another_site_is_refused(host: str, need: Need) -> None:
    assert refusal(ACCESS, request(host=host, headers=BEARER), need) == 403


def test_the_configured_name_is_our_own() -> None:
    named = Access("Bot.Example", TOKEN)

    asked = request(host="bot.example:9101", headers=BEARER)

    assert refusal(named, asked, Need.READING) is None


@pytest.mark.parametrize(
    "path",
    [
        "/api/../api/state",
        "/api/%2e%2e/api/state",
        "/api//state",
        "//api/state",
        "/api/state/",
        "/api/state%00",
        "/api;x/state",
        "/api\\state",
        "/./api/state",
        "/.env",
        "http://127.0.0.1:9101/api/state",
    ],
)
@pytest.mark.parametrize("need", list(Need))
def test_a_path_is_taken_only_as_it_stands_in_the_table(path: str, need: Need) -> None:
    assert refusal(ACCESS, request(path, headers=BEARER), need) == 404


def test_the_page_itself_needs_nothing() -> None:
    far = request("/", peer="192.0.2.7", host="192.0.2.1:9101")

    assert refusal(OPEN, far, Need.NOTHING) is None


def test_an_open_address_without_a_token_is_refused_at_start() -> None:
    with pytest.raises(UserError, match="expected a token for an address that others can reach"):
        Access("0.0.0.0", None)


def test_a_short_token_is_refused_without_being_told() -> None:
    with pytest.raises(UserError) as refused:
        Access("127.0.0.1", "short")

    assert "short" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("LocalHost", True),
        ("0.0.0.0", False),
        ("192.0.2.1", False),
        ("bot.example", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
