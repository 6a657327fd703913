"""Lines come back as they were, in one canonical form; the values are made from the type hints, so
that a new event or field is tested without a word here."""

import json
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    Event,
    ExecType,
    Execution,
    FillEvidence,
    PositionUpdate,
    Ticker,
    TimerFired,
)
from gridcore.instrument import Instrument, Steps, Ticks
from gridcore.session.codec import (
    FORMAT,
    Header,
    Line,
    TruncatedLine,
    decode_line,
    encode_line,
)
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    CancelReason,
    Effects,
    LedgerEntry,
    LedgerKind,
    Notice,
    PlaceOrder,
    Severity,
    SnapshotKind,
    TimeInForce,
)
from gridcore.session.forms import JournalError
from gridcore.sides import BUY, LONG

KINDS: list[type] = [Header, *get_args(Event), Effects]
POSITIVE = st.decimals("0.0001", 1000, allow_nan=False)
INSTRUMENTS = st.builds(
    Instrument,
    symbol=st.text(),
    tick_size=POSITIVE,
    qty_step=POSITIVE,
    min_qty=POSITIVE,
    max_qty=POSITIVE.map(lambda number: number + 1000),
    min_notional=POSITIVE,
)
MEMORY = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    ),
    max_size=4,
)
SCALARS: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    Fraction: st.fractions(),
    NoneType: st.none(),
    Instrument: INSTRUMENTS,
    dict[str, object]: MEMORY,
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Every value that a type hint allows."""
    hint = getattr(hint, "__supertype__", hint)
    if hint in SCALARS:
        return SCALARS[hint]
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.one_of([values_of(part) for part in parts])
    if origin is Sequence or (origin is tuple and parts[1:] == (Ellipsis,)):
        return st.lists(values_of(parts[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*[values_of(part) for part in parts])
    if origin is Approved:
        return values_of(parts[0]).map(Approved)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    hints = get_type_hints(hint)
    return st.builds(hint, **{field.name: values_of(hints[field.name]) for field in fields(hint)})


def lines_of(kind: type) -> st.SearchStrategy[Line]:
    """Lines whose body is of one class."""
    bodies = values_of(kind)
    if kind is Header:
        bodies = st.builds(
            Header,
            format=st.just(FORMAT),
            config_hash=st.text(),
            code_version=st.text(),
            snapshot=MEMORY,
        )
    return st.builds(Line, seq=st.integers(0), now=st.integers(0).map(Instant), body=bodies)


ANY_LINE = st.sampled_from(KINDS).flatmap(lines_of)


def header(**changes: Any) -> Line:
    body: dict[str, Any] = {
        "format": FORMAT,
        "config_hash": "c0ffee",
        "code_version": "1.0",
        "snapshot": {"b": 1, "a": [None]},
    }
    return Line(seq=0, now=Instant(5), body=Header(**(body | changes)))


# -- inverses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_every_line_comes_back_as_it_was_byte_for_byte(kind: type, data: st.DataObject) -> None:
    line = data.draw(lines_of(kind))

    text = encode_line(line)
    back = decode_line(text)

    assert back == line
    assert type(back.body) is kind
    assert encode_line(back) == text
    assert decode_line(text + "\n") == line


@given(line=ANY_LINE)
def test_a_line_is_one_row_of_ascii_in_the_canonical_form(line: Line) -> None:
    text = encode_line(line)

    assert text.isascii()
    assert len(text.splitlines()) == 1
    assert text == json.dumps(json.loads(text), separators=(",", ":"))
    assert list(json.loads(text)) == ["seq", "now_us", "kind", "body"]
    assert list(json.loads(text)["body"]) == [field.name for field in fields(line.body)]


def test_a_text_that_no_file_could_hold_comes_back() -> None:
    event = TimerFired(at=Instant(1))
    line = Line(
        seq=1,
        now=Instant(1),
        body=Effects(
            records=(),
            requests=(AskSnapshot(kind=SnapshotKind.WALLET, symbol=None, reason="\ud800\n\u2028"),),
            notices=(),
        ),
    )

    assert r'"reason":"\ud800\n\u2028"' in encode_line(line)
    assert decode_line(encode_line(line)) == line
    assert decode_line(encode_line(Line(seq=1, now=Instant(1), body=event))).body == event


# -- the canonical form, by example ------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (
            Ticker(symbol="BTCUSDT", at=Instant(7), last=10_000, mark=None, bid=Fraction(99, 2)),
            (
                '"kind":"Ticker","body":{"symbol":"BTCUSDT","at":7,"last":10000,"mark":null,'
                '"bid":"99/2","ask":null,"funding_rate":null}'
            ),
        ),
        (
            Execution(
                symbol="Ω",
                at=Instant(7),
                sequence=1,
                exec_id="X1",
                order_id="O1",
                wire_id="w",
                direction=LONG,
                side=BUY,
                price=3,
                qty=Steps(2),
                leaves=Steps(0),
                closed=Steps(0),
                fee=Decimal("-0.00100"),
                kind=ExecType.ADL,
                is_maker=False,
                evidence=FillEvidence.PASSED,
            ),
            (
                '"kind":"Execution","body":{"symbol":"\\u03a9","at":7,"sequence":1,"exec_id":"X1",'
                '"order_id":"O1","wire_id":"w","direction":"long","side":"Buy","price":3,"qty":2,'
                '"leaves":0,"closed":0,"fee":"-0.00100","kind":"AdlTrade","is_maker":false,'
                '"evidence":"passed"}'
            ),
        ),
        (
            PositionUpdate(
                symbol="A",
                at=Instant(7),
                direction=LONG,
                size=Steps(1),
                entry=Decimal("1E+2"),
                liquidation=NO_LIQUIDATION,
                mark=None,
            ),
            (
                '"kind":"PositionUpdate","body":{"symbol":"A","at":7,"direction":"long","size":1,'
                '"entry":"1E+2","liquidation":"no liquidation","mark":null}'
            ),
        ),
        (
            Effects(
                records=(
                    LedgerEntry(
                        at=Instant(7),
                        kind=LedgerKind.FEE,
                        symbol=None,
                        direction=None,
                        amount=Decimal("0.1"),
                        reference="X1",
                    ),
                ),
                requests=(
                    CancelOrder(
                        symbol="A", order_id="O1", wire_id="w", reason=CancelReason.REBUILD
                    ),
                    Approved(
                        PlaceOrder(
                            symbol="A",
                            strat_id="grid",
                            client_order_id="c",
                            wire_id="c-1",
                            direction=LONG,
                            side=BUY,
                            price=Ticks(9),
                            qty=Steps(1),
                            reduce_only=False,
                            time_in_force=TimeInForce.POST_ONLY,
                            level=4,
                        )
                    ),
                ),
                notices=(
                    Notice(
                        at=Instant(7),
                        logger="gridcore.session",
                        event="order_denied",
                        severity=Severity.INFO,
                        fields=(("reason", "mode"),),
                    ),
                ),
            ),
            (
                '"kind":"Effects","body":{"records":[{"kind":"LedgerEntry","body":{"at":7,'
                '"kind":"fee","symbol":null,"direction":null,"amount":"0.1","reference":"X1"}}],'
                '"requests":[{"kind":"CancelOrder","body":{"symbol":"A","order_id":"O1",'
                '"wire_id":"w","reason":"rebuild"}},{"kind":"PlaceOrder","body":{"symbol":"A",'
                '"strat_id":"grid","client_order_id":"c","wire_id":"c-1","direction":"long",'
                '"side":"Buy","price":9,"qty":1,"reduce_only":false,"time_in_force":"PostOnly",'
                '"level":4}}],"notices":[{"at":7,"logger":"gridcore.session",'
                '"event":"order_denied","severity":"info","fields":[["reason","mode"]]}]}'
            ),
        ),
        (
            header().body,
            (
                '"kind":"Header","body":{"format":1,"config_hash":"c0ffee","code_version":"1.0",'
                '"snapshot":{"b":1,"a":[null]}}'
            ),
        ),
    ],
    ids=["Ticker", "Execution", "PositionUpdate", "Effects", "Header"],
)
def test_the_form_of_a_line_is_fixed(body: Any, written: str) -> None:
    text = encode_line(Line(seq=3, now=Instant(8), body=body))

    assert text == '{"seq":3,"now_us":8,' + written + "}"
    assert decode_line(text).body == body


# -- refusals ----------------------------------------------------------------------------------

TIMER = '{"seq":3,"now_us":8,"kind":"TimerFired","body":{"at":7}}'
TICKER = encode_line(
    Line(
        seq=3,
        now=Instant(8),
        body=Ticker(symbol="A", at=Instant(7), last=Fraction(1, 2), mark=Decimal("1.0")),
    )
)


@given(line=ANY_LINE, data=st.data())
def test_a_line_cut_anywhere_is_recognised(line: Line, data: st.DataObject) -> None:
    text = encode_line(line)
    cut = data.draw(st.integers(0, len(text) - 1))

    with pytest.raises(TruncatedLine, match="a whole line of JSON"):
        decode_line(text[:cut])


def test_bytes_that_were_never_written_are_a_line_cut_short() -> None:
    """A file may have been given its length before its content when the machine stopped."""
    with pytest.raises(TruncatedLine):
        decode_line("\0" * 40)


@pytest.mark.parametrize(
    "text",
    [TIMER[:-1] + "\n", "\n", "hello\n", "[" * 100_000, '{"seq":' + "1" * 5000 + "}", "1.5", "NaN"],
    ids=["ended", "empty", "words", "deep", "digits", "fraction", "constant"],
)
def test_what_no_crash_leaves_behind_is_refused_as_unreadable(text: str) -> None:
    with pytest.raises(JournalError) as refused:
        decode_line(text)
    assert not isinstance(refused.value, TruncatedLine)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "an object of seq, now_us, kind and body"),
        ("{}", "an object of seq, now_us, kind and body"),
        (TIMER.replace('"seq":3,"now_us":8', '"now_us":8,"seq":3'), "an object of seq, now_us"),
        (TIMER.replace("3", '"3"'), "a whole number"),
        (TIMER.replace("8", "null"), "a whole number"),
        (TIMER.replace('"TimerFired"', "5"), "a text"),
        (TIMER.replace("TimerFired", "Timer"), "line 3: expected one of Header, Ticker, .*'Timer'"),
        (TIMER.replace("7", "7.5"), "whole numbers, and all others as text"),
        (TIMER.replace("7", '"7"'), r"line 3: TimerFired\.at: expected a whole number, found '7'"),
        (TIMER.replace('{"at":7}', "[]"), r"line 3: TimerFired: expected the fields"),
        (TIMER.replace('"at"', '"by"'), r"line 3: TimerFired: expected the fields"),
    ],
)
def test_an_unreadable_line_is_refused_with_what_was_expected_and_found(
    text: str, expected: str
) -> None:
    with pytest.raises(JournalError, match=expected) as refused:
        decode_line(text)
    assert not isinstance(refused.value, TruncatedLine)


@pytest.mark.parametrize(
    "text",
    [
        TIMER.replace(":7", ": 7"),
        TIMER.replace(":7", ":-0"),
        TIMER.replace('"seq":3', '"seq":3,"seq":3'),
        TIMER.replace('"at"', r'"\u0061t"'),
        TIMER + "\n\n",
        TIMER + "\r\n",
        " " + TIMER,
        TICKER.replace('"1/2"', '"2/4"'),
        TICKER.replace('"1/2"', '"4/2"'),
        TICKER.replace('"1/2"', '" 1/2"'),
        TICKER.replace('"1.0"', '" 1.0"'),
        TICKER.replace('"1.0"', '"1_0"'),
        TICKER.replace('"1.0"', '"+1.0"'),
        TICKER.replace('"A"', '"Ω"'),
    ],
)
def test_a_line_that_says_the_same_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(JournalError, match="canonical"):
        decode_line(text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=1)
@given(data=st.data())
def test_every_field_of_every_message_is_checked(kind: type, data: st.DataObject) -> None:
    text = encode_line(data.draw(lines_of(kind)))
    for field in fields(kind):
        parts = json.loads(text)
        parts["body"][field.name] = [[]]
        with pytest.raises(JournalError):
            decode_line(json.dumps(parts, separators=(",", ":")))


@pytest.mark.parametrize("found", [0, 2, "1", None])
def test_another_format_is_refused_before_its_fields_are_looked_at(found: object) -> None:
    parts = json.loads(encode_line(header()))
    parts["body"] = {"format": found, "unheard_of": 1}

    with pytest.raises(JournalError, match=f"line 0: expected journal format 1, found {found!r}"):
        decode_line(json.dumps(parts, separators=(",", ":")))


def test_a_header_without_a_format_is_refused() -> None:
    parts = json.loads(encode_line(header()))
    del parts["body"]["format"]

    with pytest.raises(JournalError, match="expected journal format 1, found None"):
        decode_line(json.dumps(parts, separators=(",", ":")))
