"""The set of checkers that every run is judged by."""

from simvenue.campaign.checkers import all_checkers


def test_every_run_gets_fresh_checkers_of_every_law() -> None:
    one, two = all_checkers(), all_checkers()
    names = [type(checker).__name__ for checker in one]
    assert len(names) == len(set(names)) == 10
    assert names[-1] == "GridChecker"
    assert all(first is not second for first, second in zip(one, two, strict=True))
