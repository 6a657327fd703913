"""The words of the certificate."""

from decimal import Decimal

from comparator.certificate.classes import EXPLAINED_PAIRS, FillClass, failed, passed


def test_a_finding_keeps_its_facts_in_order() -> None:
    found = passed("why", ("b", 1), ("a", Decimal(2)))

    assert found.passes
    assert found.facts == (("b", 1), ("a", Decimal(2)))
    assert not failed("why not").passes


def test_a_gap_or_an_unexplained_pair_is_not_counted_as_matched() -> None:
    assert {FillClass.QUEUE, FillClass.LATENCY, FillClass.PARTIAL_FILL} == EXPLAINED_PAIRS
