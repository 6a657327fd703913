"""What a broken law says."""

from gridcore.clock import Instant
from simvenue.campaign.laws import Law, LawBroken


def test_a_broken_law_says_which_one_what_and_when() -> None:
    broken = LawBroken(Law.LEDGER_BALANCES, "expected 1, found 2", Instant(7))
    assert str(broken) == "ledger_balances: expected 1, found 2"
    assert broken.law is Law.LEDGER_BALANCES
    assert broken.at == 7


def test_a_law_judged_at_the_end_has_no_time() -> None:
    assert LawBroken(Law.BOOKS_AGREE, "differ").at is None


def test_a_broken_law_is_no_assertion_that_an_optimised_run_would_drop() -> None:
    assert not issubclass(LawBroken, AssertionError)
