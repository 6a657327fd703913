"""Parameters as typed values; what is wrong is refused in Bybit's words (10001)."""

import pytest

from bybit_sim.rest.parameters import (
    BadParameter,
    Body,
    Query,
    Window,
    answered,
    json_object,
    missing,
)
from bybit_sim.rest.words import Answer
from gridcore.clock import Instant

NOW = Instant(1_700_000_000_000_000)
NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000


def test_a_query_is_decoded_once_and_empty_values_are_absent() -> None:
    query = Query("symbol=BTCUSDT&cursor=132766%253A2&baseCoin=")

    assert query.text("symbol") == "BTCUSDT"
    assert query.text("cursor") == "132766%3A2"
    assert query.text("baseCoin") == query.text("settleCoin") == ""


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(BadParameter) as caught:
        Query("symbol=").required("symbol")

    assert caught.value.refusal == (10001, "Missing some parameters that must be filled in, symbol")


def test_a_category_must_be_one_of_four() -> None:
    assert Query("category=spot").category() == "spot"
    assert Query("").category(default="linear") == "linear"
    for text in ("", "category=futures"):
        with pytest.raises(BadParameter, match="Category is invalid"):
            Query(text).category()


@pytest.mark.parametrize("text", ["0", "51", "-1", "1.0", "x", "１", "9" * 5000])
def test_a_limit_outside_its_range_is_refused(text: str) -> None:
    with pytest.raises(BadParameter, match="limit invalid"):
        Query(f"limit={text}").limit(20, 50)


def test_a_limit_has_a_default_and_both_ends_of_its_range() -> None:
    assert Query("").limit(20, 50) == 20
    assert Query("limit=1").limit(20, 50) == 1
    assert Query("limit=50").limit(20, 50) == 50


def test_a_choice_is_one_of_those_allowed() -> None:
    assert Query("openOnly=1").choice("openOnly", ("0", "1"), "0") == "1"
    assert Query("").choice("openOnly", ("0", "1"), "0") == "0"
    with pytest.raises(BadParameter, match="openOnly invalid"):
        Query("openOnly=2").choice("openOnly", ("0", "1"), "0")


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("", (NOW_MS - 7 * DAY_MS, NOW_MS)),
        ("startTime=1000", (1000, 1000 + 7 * DAY_MS)),
        (f"endTime={NOW_MS}", (NOW_MS - 7 * DAY_MS, NOW_MS)),
        (f"startTime=5&endTime={5 + 7 * DAY_MS}", (5, 5 + 7 * DAY_MS)),
    ],
)
def test_a_window_is_seven_days_at_most_and_one_bound_reaches_seven(
    text: str, window: tuple[int, int]
) -> None:
    assert Query(text).window(NOW) == Window(*window)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"startTime=5&endTime={6 + 7 * DAY_MS}", "cannot exceed 7 days"),
        ("startTime=6&endTime=5", "cannot be later"),
        ("startTime=x", "startTime invalid"),
    ],
)
def test_a_window_too_long_or_backwards_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadParameter, match=complaint):
        Query(text).window(NOW)


def test_a_window_holds_both_its_milliseconds_whole() -> None:
    window = Window(1000, 2000)

    assert [window.holds(Instant(at)) for at in (999_999, 1_000_000, 2_000_999, 2_001_000)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_body_keeps_the_types_of_its_sender() -> None:
    body = Body.parse(b'{"qty":"0.01","positionIdx":1,"reduceOnly":true,"price":null}')

    assert body.text("qty") == "0.01"
    assert body.whole("positionIdx") == 1
    assert body.flag("reduceOnly") is True
    assert (body.text("price"), body.whole("mode"), body.flag("closeOnTrigger")) == (
        "",
        None,
        False,
    )


def test_values_of_another_json_type_are_refused() -> None:
    body = Body(
        {"qty": 0.01, "positionIdx": "1", "reduceOnly": "true", "mode": True, "request": [1]}
    )

    for read in (
        lambda: body.text("qty"),
        lambda: body.whole("positionIdx"),
        lambda: body.whole("mode"),
        lambda: body.flag("reduceOnly"),
        lambda: body.bodies("request"),
    ):
        with pytest.raises(BadParameter, match=r"Request parameter error\."):
            read()


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b"1", b"null"])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    assert json_object(raw) is None
    with pytest.raises(BadParameter, match=r"Request parameter error\."):
        Body.parse(raw)


def test_an_echo_repeats_texts_only() -> None:
    assert Body({"symbol": "BTCUSDT"}).echo("symbol") == "BTCUSDT"
    assert Body({"symbol": 7}).echo("symbol") == Body({}).echo("symbol") == ""


def test_writes_need_the_category_that_is_played() -> None:
    Body({"category": "linear"}).require_played_category()

    with pytest.raises(BadParameter, match="category linear only"):
        Body({"category": "spot"}).require_played_category()
    with pytest.raises(BadParameter, match="Category is invalid"):
        Body({}).require_played_category()


def test_a_bad_parameter_becomes_an_answer() -> None:
    def call() -> Answer:
        raise missing("symbol")

    assert answered(call).code == 10001
