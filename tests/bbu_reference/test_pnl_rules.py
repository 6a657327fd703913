"""The rules on margins and books are told apart and argued for."""

from bbu_reference import pnl_rules
from bbu_reference.framework import Rule

RULES = [rule for rule in vars(pnl_rules).values() if isinstance(rule, Rule)]


def test_every_rule_has_its_own_name_and_one_sentence() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES) == 8
    for rule in RULES:
        assert rule.reason.endswith(".")
        assert rule.reason.count(". ") == 0
