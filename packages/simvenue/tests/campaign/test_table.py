"""The report that a campaign ends with."""

from simvenue.campaign.table import events_per_second, report
from simvenue.campaign.tally import Failure, Tally


def make_tally() -> Tally:
    tally = Tally()
    tally.seeds = [(1, 10)]
    tally.events = 12_345
    tally.microseconds = 2_500_000
    tally.restarts = 3
    tally.faults = {"crash": 4}
    tally.survived = {"crash": 3}
    tally.rows = {"PENDING+ACCEPTED": 1_000}
    tally.denials = {"coverage": 7}
    tally.causes = {"stream_lost": 2}
    return tally


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_the_first_line_counts_seeds_events_seconds_and_restarts() -> None:
    head = report(make_tally()).splitlines()[0]
    assert head == "10 seeds, 12,345 events in 2.5 s (4,938 events/s), 3 restarts, 0 failed"


def test_faults_show_how_often_they_acted_and_how_many_runs_survived_them() -> None:
    assert line_of(report(make_tally()), "crash").split() == ["crash", "4", "3"]


def test_what_was_never_reached_is_marked() -> None:
    text = report(make_tally())
    assert line_of(text, "PENDING+REFUSED").endswith("never reached")
    assert line_of(text, "affordability").endswith("never reached")
    assert line_of(text, "deposit").endswith("never reached")
    assert line_of(text, "PENDING+ACCEPTED").split() == ["PENDING+ACCEPTED", "1,000"]
    assert line_of(text, "coverage ").split() == ["coverage", "7"]


def test_a_failing_seed_shows_its_law_the_command_that_replays_it_and_its_faults() -> None:
    tally = make_tally()
    tally.failures.append(
        Failure(seed=17, law="books_agree", what="differ", faults=('{"kind": "crash"}',))
    )
    text = report(tally)
    assert "seed 17 broke books_agree: differ" in text
    assert 'python -m simvenue.campaign --replay 17 --faults \'[{"kind": "crash"}]\'' in text
    assert '    {"kind": "crash"}' in text


def test_without_failures_it_says_that_every_law_held() -> None:
    assert report(make_tally()).endswith("every law held")


def test_no_time_measured_means_no_speed() -> None:
    assert events_per_second(Tally()) == 0
