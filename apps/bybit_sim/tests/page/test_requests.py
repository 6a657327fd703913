"""The ring of recent requests."""

from typing import Any

from bybit_sim.page.requests import QUERY_KEPT, RequestLog

REQUEST: dict[str, Any] = {
    "at_ms": 10,
    "method": "GET",
    "path": "/v5/market/time",
    "query": "",
    "uid": None,
    "status": 200,
    "code": 0,
    "took_us": 300,
}


def test_requests_are_told_oldest_first_and_each_once() -> None:
    log = RequestLog()
    for code in (0, 10001, 10002):
        log.note(**{**REQUEST, "code": code})

    everything = log.since(0)

    assert [(one.serial, one.code) for one in everything] == [(1, 0), (2, 10001), (3, 10002)]
    assert log.since(2) == everything[2:]
    assert log.since(3) == ()


def test_the_oldest_requests_go_when_the_ring_is_full_and_are_still_counted() -> None:
    log = RequestLog(kept=2)

    for _ in range(5):
        log.note(**REQUEST)

    assert [one.serial for one in log.since(0)] == [4, 5]
    assert log.count == 5


def test_a_long_query_is_cut() -> None:
    log = RequestLog()

    log.note(**{**REQUEST, "query": "x" * 10_000})

    assert log.since(0)[0].query == "x" * QUERY_KEPT


def test_a_request_without_a_reply_keeps_its_fault() -> None:
    log = RequestLog()

    log.note(**{**REQUEST, "status": None, "code": None}, fault="reply_lost")

    kept = log.since(0)[0]
    assert (kept.status, kept.code, kept.fault) == (None, None, "reply_lost")
