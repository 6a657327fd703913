"""Bybit's envelope (bybit.md A.1)."""

import json

from bybit_sim.rest.answers import done, envelope, refused
from simvenue.limits import Refusal


def test_an_envelope_holds_the_five_parts_and_the_time_as_a_number() -> None:
    body = envelope(done({"list": []}), 1_700_000_000_123)

    assert json.loads(body) == {
        "retCode": 0,
        "retMsg": "OK",
        "result": {"list": []},
        "retExtInfo": {},
        "time": 1_700_000_000_123,
    }


def test_a_refusal_has_code_and_text_and_an_empty_result() -> None:
    answer = refused(Refusal(110001, "order not exists or too late to cancel"))

    assert (answer.code, answer.text) == (110001, "order not exists or too late to cancel")
    assert answer.result == {}


def test_a_success_may_say_something_else_and_carry_codes_of_its_legs() -> None:
    answer = done({}, {"list": [{"code": 0, "msg": "OK"}]}, text="")

    assert answer.text == ""
    assert answer.extra == {"list": [{"code": 0, "msg": "OK"}]}


def test_a_text_that_repeats_undecodable_bytes_is_still_an_envelope() -> None:
    body = envelope(refused(Refusal(10001, "apiKey[\udcff]")), 0)

    assert json.loads(body)["retMsg"] == "apiKey[?]"
