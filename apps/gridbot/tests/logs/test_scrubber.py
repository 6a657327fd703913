"""No secret leaves in a text: neither a known one, nor what looks like one."""

import base64
import json
import traceback
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.exits import CommandError, RunFailed, UserError
from gridbot.logs.scrubber import LENGTH_MIN, Scrubber

BOT = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"


@given(st.text(min_size=LENGTH_MIN, max_size=40), st.text(max_size=20))
def test_a_registered_secret_is_in_no_text_however_it_is_written(secret: str, more: str) -> None:
    scrubber = Scrubber()
    scrubber.register(secret)

    raw = secret.encode()
    for written in (
        secret,
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        raw.hex(),
        base64.b64encode(raw).decode(),
    ):
        assert scrubber.clean(f"<{written}>") == "<***>"
    # Stars themselves may be left over: they are what stands instead.
    assert secret in "***" or secret not in scrubber.clean(more)


def test_a_secret_that_begins_with_another_one_leaves_no_rest() -> None:
    scrubber = Scrubber()
    scrubber.register("swordfish", "swordfish-and-chips")

    assert scrubber.clean("it is swordfish-and-chips") == "it is ***"


def test_a_key_of_several_lines_is_found_line_by_line() -> None:
    scrubber = Scrubber()
    scrubber.register("first line of a long key\nsecond line of a long key")

    assert scrubber.clean("| second line of a long key |") == "| *** |"


def test_none_and_what_is_too_short_are_no_secrets() -> None:
    scrubber = Scrubber()
    scrubber.register(None, "", "abc")

    assert scrubber.clean("abc") == "abc"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"GET https://api.telegram.org/bot{BOT}/getMe", "GET https://api.telegram.org/bot***/getMe"),
        ("postgresql://bot:hunter2@db:5432/grid", "postgresql://bot:***@db:5432/grid"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
        ("{'X-BAPI-API-KEY': 'Xy12', 'X-BAPI-SIGN': 'ff00'}",
         "{'X-BAPI-API-KEY': '***', 'X-BAPI-SIGN': '***'}"),
        ('{"api_secret": "hunter2", "qty": "1"}', '{"api_secret": "***", "qty": "1"}'),
        ("api_key=hunter2&symbol=BTCUSDT", "api_key=***&symbol=BTCUSDT"),
        ("password: hunter2, host: db", "password: ***, host: db"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----.", "***."),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_taken_out_unregistered(text: str, clean: str) -> None:
    assert Scrubber().clean(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "order_denied reason=notional level=12 symbol=BTCUSDT",
        "api_key: env:BYBIT_API_KEY",
        "2026-01-01T01:00:00.000Z filled price=100000.5 qty=0.005",
        "http://127.0.0.1:18100/api/state",
        "design=flat",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert Scrubber().clean(text) == text


def test_its_own_text_shows_nothing() -> None:
    scrubber = Scrubber()
    scrubber.register("swordfish")

    assert repr(scrubber) == "Scrubber()"


def test_an_error_whose_cause_holds_a_secret_is_replaced_by_one_of_clean_words() -> None:
    scrubber = Scrubber()
    scrubber.register("swordfish")
    error = RunFailed("the database is away", "see swordfish")
    error.__cause__ = ConnectionError("swordfish@db refused")

    with pytest.raises(RunFailed) as raised:
        scrubber.raise_clean(error)

    shown = "".join(traceback.format_exception(raised.value))
    assert (raised.value.message, raised.value.hint) == ("the database is away", "see ***")
    assert "swordfish" not in shown


@pytest.mark.parametrize("kind", [UserError, RunFailed])
def test_a_replaced_error_keeps_its_exit_code(kind: type[CommandError]) -> None:
    scrubber = Scrubber()
    scrubber.register("swordfish")

    with pytest.raises(kind) as raised:
        scrubber.raise_clean(kind("the key swordfish is refused"))

    assert raised.value.message == "the key *** is refused"
    assert raised.value.code == kind.code


def test_an_error_without_a_secret_is_left_to_itself() -> None:
    scrubber = Scrubber()
    scrubber.register("swordfish")

    scrubber.raise_clean(KeyError("level"))
