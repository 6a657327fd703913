"""gridcore's grid as the vectors drive it."""

from fractions import Fraction

from bbu_reference.grid_rules import GridState
from bbu_reference.grid_subject import GridSubject, grid_config, price_in_ticks

CONFIG = grid_config(2, "10")


def test_a_subject_is_built_updated_and_read() -> None:
    subject = GridSubject(CONFIG, "0.1")

    subject.build("10.0")
    subject.update("9.0", "9.5")

    assert subject.state == GridState(raised=False, sides="BWS", levels=(81, 90, 100), anchor=100)
    assert subject.valid()
    assert subject.middle() == 90


def test_a_refusal_is_kept() -> None:
    subject = GridSubject(CONFIG, "0.1")

    for price in (None, "0", "nan", "0.1"):
        subject.build(price)
        assert subject.state == GridState(raised=True, sides="", levels=(), anchor=None)
    subject.update("1", "nan")

    assert subject.state.raised
    assert subject.middle() is None


def test_a_subject_goes_on_from_a_recorded_state() -> None:
    recorded = GridState(raised=False, sides="BWS", levels=(90, 100, 110), anchor=100)
    subject = GridSubject(CONFIG, "0.1")

    subject.adopt(recorded)

    assert subject.state == recorded
    assert subject.valid()


def test_a_price_off_the_tick_stays_exact() -> None:
    assert price_in_ticks("0.25", "0.1") == Fraction(5, 2)
    assert price_in_ticks(None, "0.1") is None
