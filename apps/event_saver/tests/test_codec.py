"""The journal's lines: every record comes back equal, and every other line is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_saver.codec import KINDS, Record, Unreadable, decode, encode, time_of
from event_saver.times import instant


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_record_comes_back_equal_and_of_the_same_types(
    records: dict[str, Record], kind: str
) -> None:
    record = records[kind]

    line = encode(record)

    assert b"\n" not in line
    assert decode(line) == record
    assert repr(decode(line)) == repr(record)


def test_the_time_of_a_record_is_the_exchanges(records: dict[str, Record]) -> None:
    trade = records["PublicTrade"]
    assert time_of(trade) == 1_800_000_000_123_000
    assert time_of(records["Gap"]) == 0
    assert instant(trade.exchange_ts) == time_of(trade)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"kind":"Nothing","values":{}}',
        b'{"kind":"PublicTrade","values":{}}',
        b'{"kind":"PublicTrade","values":7}',
        b"\xff",
    ],
)
def test_a_line_that_is_no_record_is_kept_with_the_reason(line: bytes) -> None:
    found = decode(line)

    assert isinstance(found, Unreadable)
    assert found.line == line.decode("utf-8", "replace")
    assert found.text


def test_a_line_that_could_not_be_read_stays_as_it_was() -> None:
    assert encode(Unreadable(line="{torn", text="no JSON")) == b"{torn"


@given(
    name=st.sampled_from(["price", "exchange_ts", "environment", "seq", "trade_id", "side"]),
    value=st.one_of(
        st.none(), st.booleans(), st.floats(), st.text(max_size=5), st.lists(st.none())
    ),
)
def test_a_value_of_another_type_makes_no_record_of_wrong_types(
    records: dict[str, Record], name: str, value: object
) -> None:
    content = json.loads(encode(records["PublicTrade"]))
    content["values"][name] = value

    found = decode(json.dumps(content).encode())

    if not isinstance(found, Unreadable):
        assert repr(decode(encode(found))) == repr(found)
