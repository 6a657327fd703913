"""The rules on comparisons are told apart and argued for."""

from bbu_reference import comparator_rules
from bbu_reference.framework import Rule

RULES = [rule for rule in vars(comparator_rules).values() if isinstance(rule, Rule)]


def test_every_rule_has_its_own_name_one_sentence_and_a_decision() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES) == 6
    for rule in RULES:
        assert rule.reason.endswith(".")
        assert rule.reason.count(". ") == 0
        assert rule.adr in {"0050", "0051", "0052"}
