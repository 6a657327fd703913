"""The record of a certificate: what its hash covers, and what it does not."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from apps.comparator.tests.told import Certify, MakeFill, Told
from comparator.certificate.certify import Certified
from comparator.certificate.evidence import Ending
from comparator.certificate.record import CertificateRecord, Links, certificate_of, is_intact
from comparator.verdict import Thresholds, judge

LINKS = Links(
    configuration="c0", code="comparator 0.1.0", tapes={"BTCUSDT": "7a"}, model={"fill": "queue"}
)
Recorded = Callable[..., CertificateRecord]


def record(found: Certified, links: Links = LINKS) -> CertificateRecord:
    thresholds = Thresholds()
    return certificate_of(found, judge(found, thresholds), thresholds, links)


@pytest.fixture
def recorded(certified: Certify, told: Told, make_fill: MakeFill) -> Recorded:
    """One matched pair and one fill in the queue; the queued order's id may be another."""

    def make(order_id: str = "order-b", links: Links = LINKS, **change: Any) -> CertificateRecord:
        told.lives.clear()
        told.prints.clear()
        told.place("b", 15, 20, Ending.FILLED, order_id=order_id)
        told.trade(20, "100")
        mine = [replace(make_fill("a", 10), **change), make_fill("b", 20, order_id=order_id)]
        return record(certified(mine, [("a", 10)]), links)

    return make


def test_two_runs_of_the_same_facts_have_one_hash(recorded: Recorded) -> None:
    assert recorded().sha256 == recorded().sha256
    assert recorded().text() == recorded().text()


def test_order_ids_are_evidence_and_not_a_fact(recorded: Recorded) -> None:
    first, second = recorded("order-1"), recorded("order-2")

    assert first.sha256 == second.sha256
    assert "order-1" not in json.dumps(first.body()["facts"])
    assert "order-1" in first.text()


def test_measured_bounds_are_evidence_and_not_a_fact(recorded: Recorded, told: Told) -> None:
    before = recorded().sha256
    told.latencies = [1, 2, 3]

    assert recorded().sha256 == before


def test_another_fill_is_another_certificate(recorded: Recorded) -> None:
    assert recorded().sha256 != recorded(fee=Decimal("0.04000001")).sha256


@pytest.mark.parametrize(
    "changed",
    [
        replace(LINKS, configuration="c1"),
        replace(LINKS, code="comparator 0.2.0"),
        replace(LINKS, tapes={"BTCUSDT": "7b"}),
        replace(LINKS, model={"fill": "touch"}),
    ],
)
def test_what_it_is_linked_to_is_part_of_it(recorded: Recorded, changed: Links) -> None:
    assert recorded().sha256 != recorded(links=changed).sha256


def test_another_verdict_is_another_certificate(certified: Certify) -> None:
    found = certified([("a", 10)], [("a", 10)])
    thresholds = Thresholds()

    passing = certificate_of(found, judge(found, thresholds), thresholds, LINKS)
    doubted = certificate_of(found, judge(found, thresholds, doubts=["stale"]), thresholds, LINKS)

    assert passing.sha256 != doubted.sha256


def test_a_record_that_was_read_back_is_intact(recorded: Recorded) -> None:
    body = json.loads(recorded().text())

    assert is_intact(body)
    assert body["facts"]["classes"]["queue"]["live"] == 1
    assert body["evidence"]["divergences"][0]["facts"]["traded_at_price"] == "1"


@pytest.mark.parametrize("part", ["facts", "evidence"])
def test_a_record_that_was_changed_is_not(recorded: Recorded, part: str) -> None:
    body = json.loads(recorded().text())
    body[part]["divergences"][0]["class"] = "matched"

    assert not is_intact(body)
