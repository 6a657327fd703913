import orjson
import pytest

from bybit_sim.sockets.mangling import NO_NUMBERS, mangled

FRAME = b'{"topic":"order","data":[{"a":"1","b":"2"},{"a":"3","b":"4"}]}'


def test_an_even_turn_takes_a_field_away() -> None:
    assert orjson.loads(mangled(FRAME, 0))["data"] == [{"b": "2"}, {"a": "3", "b": "4"}]


def test_an_odd_turn_makes_a_field_no_number() -> None:
    assert orjson.loads(mangled(FRAME, 1))["data"] == [
        {"a": "1", "b": "2"},
        {"a": NO_NUMBERS[0], "b": "4"},
    ]


def test_in_time_every_field_of_every_element_is_hit() -> None:
    hit = set()
    whole = orjson.loads(FRAME)["data"]
    for turn in range(24):
        for place, element in enumerate(orjson.loads(mangled(FRAME, turn))["data"]):
            hit |= {
                (place, name) for name in whole[place] if element.get(name) != whole[place][name]
            }

    assert {name for _, name in hit} == {"a", "b"}
    assert {place for place, _ in hit} == {0, 1}


def test_data_that_is_one_object_is_its_only_element() -> None:
    spoilt = orjson.loads(mangled(b'{"topic":"tickers.X","data":{"last":"1"}}', 0))

    assert spoilt["data"] == {}


@pytest.mark.parametrize("body", [b'{"op":"pong"}', b'{"data":[]}', b'{"data":[1]}'])
def test_a_frame_without_elements_stays_as_it_is(body: bytes) -> None:
    assert mangled(body, 0) == body
