from typing import Any

from bybit_adapter.credentials import Credentials
from bybit_adapter.errors import ErrorKind, Unanswered
from bybit_adapter.paging import Stop
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest import calls
from bybit_adapter.rest.caller import Caller
from bybit_adapter.rest.listing import by_fields, list_pages, list_stretch
from bybit_adapter.rest.words import Listing
from gridcore.clock import DAY_US, Instant

TIME_MS = 1_780_000_000_000
NOW = Instant(TIME_MS * 1000)
PATH = "/v5/execution/list"
IDENTITY = by_fields("execId")


def page(exchange: Any, *ids: str, cursor: str = "") -> Any:
    return exchange.ok({"list": [{"execId": one} for one in ids], "nextPageCursor": cursor})


def ids(listing: Listing) -> list[object]:
    return [row["execId"] for row in listing.rows]


def stretch(caller: Caller, days: int, pages_max: int = 10) -> Listing:
    return list_stretch(
        caller,
        calls.EXECUTIONS,
        {"category": "linear"},
        start=Instant(NOW - days * DAY_US),
        end=NOW,
        identity=IDENTITY,
        pages_max=pages_max,
    )


def open_stretch(caller: Caller) -> Listing:
    return list_stretch(
        caller,
        calls.EXECUTIONS,
        {"category": "linear"},
        start=Instant(NOW - DAY_US),
        end=None,
        identity=IDENTITY,
        pages_max=1,
    )


def test_the_cursor_goes_back_as_it_came(exchange: Any, caller: Caller) -> None:
    """bybit.md A.1: it is percent-encoded already."""
    cursor = "132766%3A2%2C132766%3A2"
    exchange.script(PATH, page(exchange, "3", "2", cursor=cursor), page(exchange, "1"))

    listing = list_pages(
        caller, calls.EXECUTIONS, {"category": "linear"}, identity=IDENTITY, pages_max=5
    )

    assert ids(listing) == ["3", "2", "1"]
    assert (listing.complete, listing.stop) == (True, Stop.END)
    assert (listing.asked_at, listing.exchange_at) == (NOW, NOW)
    assert [one.query for one in exchange.seen] == [
        "category=linear",
        f"category=linear&cursor={cursor}",
    ]


def test_a_listing_that_fails_half_way_says_so(exchange: Any, caller: Caller) -> None:
    exchange.script(PATH, page(exchange, "3", cursor="a"), exchange.raw(502))

    listing = list_pages(
        caller, calls.EXECUTIONS, {"category": "linear"}, identity=IDENTITY, pages_max=5
    )

    assert ids(listing) == ["3"]
    assert (listing.complete, listing.stop) == (False, Stop.FAILED)
    assert isinstance(listing.failure, Unanswered)


def test_rows_that_are_none_are_a_failure(exchange: Any, caller: Caller) -> None:
    exchange.script(PATH, exchange.ok({"list": ["x"]}))

    listing = list_pages(
        caller, calls.EXECUTIONS, {"category": "linear"}, identity=IDENTITY, pages_max=5
    )

    assert isinstance(listing.failure, Unanswered)
    assert listing.failure.kind is ErrorKind.MALFORMED
    assert listing.exchange_at == NOW


def test_a_long_stretch_is_asked_in_windows_of_seven_days(exchange: Any, caller: Caller) -> None:
    """A43."""
    exchange.script(PATH, page(exchange, "4", "3", cursor="a"), page(exchange, "2"), page(exchange))

    listing = stretch(caller, days=10)

    assert ids(listing) == ["4", "3", "2"]
    assert listing.complete
    asked = [one.parameters for one in exchange.seen]
    assert [one.get("cursor") for one in asked] == [None, "a", None]
    assert [(one["startTime"], one["endTime"]) for one in asked] == [
        ("1779395200001", "1780000000000"),
        ("1779395200001", "1780000000000"),
        ("1779136000000", "1779395200000"),
    ]


def test_a_stretch_without_an_end_reaches_beyond_our_idea_of_the_present(
    exchange: Any, caller: Caller, clock: Any
) -> None:
    """What happened a moment ago is listed although the two clocks differ."""
    clock.advance(-500_000)
    exchange.script(PATH, page(exchange, "1"))

    open_stretch(caller)

    assert exchange.seen[0].parameters["endTime"] == "1780000059500"


def test_a_stretch_without_an_end_reaches_the_present_of_an_exchange_that_is_far_ahead(
    exchange: Any, caller: Caller, clock: Any
) -> None:
    """Our clock was minutes behind: the windows made by it would lack what is newest."""
    clock.advance(-600_000_000)
    exchange.script(
        PATH,
        exchange.coded(10002, "invalid request, please check your server timestamp"),
        page(exchange, "1"),
        page(exchange, "2", "1"),
    )

    listing = open_stretch(caller)

    assert ids(listing) == ["2", "1"]
    assert listing.complete
    assert listing.asked_at == NOW
    assert exchange.requests(PATH)[-1].parameters["endTime"] == "1780000060000"


def test_the_present_is_the_sessions_where_it_has_a_clock_of_its_own(
    exchange: Any,
) -> None:
    """A market of last winter, played ten times as fast: one window, not one for every week since.

    Found by gridbot's hour at speed: each question of executions was 46 windows long.
    """
    exchange.script(PATH, page(exchange, "1"))
    caller = Caller(
        endpoint=exchange.endpoint,
        credentials=Credentials(key="key", secret="secret"),
        limiter=RateLimiter(),
        now=lambda: Instant(NOW + 300 * DAY_US),
        timeout_s=2,
        stamp=lambda: NOW,
    )

    listing = open_stretch(caller)

    caller.close()
    assert (ids(listing), listing.complete) == (["1"], True)
    assert len(exchange.seen) == 1


def test_a_present_that_is_never_reached_leaves_the_listing_incomplete(
    exchange: Any, caller: Caller
) -> None:
    times = iter(range(TIME_MS + 100_000, TIME_MS + 10_000_000, 100_000))
    exchange.script(PATH, lambda seen: exchange.ok({"list": []}, time_ms=next(times)))

    listing = open_stretch(caller)

    assert (listing.complete, listing.stop) == (False, Stop.OVERTAKEN)
    assert len(exchange.seen) == 3


def test_a_listing_was_asked_when_its_first_answered_question_left(
    exchange: Any, caller: Caller, clock: Any
) -> None:
    """By a clock that was wrong it would claim to know of orders that were sent later."""
    clock.advance(600_000_000)
    exchange.script(PATH, exchange.coded(10002, "timestamp"), page(exchange, "1"))

    listing = list_pages(
        caller, calls.EXECUTIONS, {"category": "linear"}, identity=IDENTITY, pages_max=1
    )

    assert listing.asked_at == NOW


def test_the_cap_counts_the_pages_of_all_windows(exchange: Any, caller: Caller) -> None:
    """A42: truncated, and told."""
    exchange.script(PATH, page(exchange, "2"))

    listing = stretch(caller, days=30, pages_max=2)

    assert (listing.complete, listing.stop) == (False, Stop.PAGE_CAP)
    assert len(exchange.seen) == 2


def test_a_window_that_is_cut_off_ends_the_reading(exchange: Any, caller: Caller) -> None:
    """No older window is read beyond a hole."""
    exchange.script(PATH, page(exchange, "9", cursor="a"), exchange.raw(500), page(exchange, "1"))

    listing = stretch(caller, days=30)

    assert ids(listing) == ["9"]
    assert (listing.complete, listing.stop) == (False, Stop.FAILED)
    assert len(exchange.seen) == 2


def test_twelve_thousand_executions_are_all_read(exchange: Any, caller: Caller, clock: Any) -> None:
    """A42: an outage of half an hour in a wild market."""

    def answer(seen: Any) -> Any:
        clock.advance(50_000)
        number = int(seen.parameters.get("cursor", "0"))
        rows = [str(number * 100 + one) for one in range(100)]
        return page(exchange, *rows, cursor="" if number == 119 else str(number + 1))

    exchange.script(PATH, answer)

    listing = stretch(caller, days=1, pages_max=1000)

    assert listing.complete
    assert len(listing.rows) == 12_000


def test_rows_are_told_apart_by_the_named_fields() -> None:
    identity = by_fields("symbol", "positionIdx")

    assert identity({"symbol": "A", "positionIdx": 1}) != identity(
        {"symbol": "A", "positionIdx": 2}
    )
    assert identity({"symbol": "A", "positionIdx": 1, "size": "1"}) == identity(
        {"symbol": "A", "positionIdx": 1, "size": "2"}
    )
