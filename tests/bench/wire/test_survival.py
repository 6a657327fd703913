"""pybit's ways to die: what is played, and what counts as good."""

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from appkit.exits import UserError
from bench.wire import survival
from bench.wire.survival import PROVOCATIONS, Outcome, Survival

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

LIVES = next(row for row in PROVOCATIONS if row.name == "TCP reset")
DIES = next(row for row in PROVOCATIONS if row.name == "exception in the consumer")
GOOD = Outcome(
    provocation=DIES,
    plain_lives=False,
    client_lives=True,
    noticed_s=0.1,
    recovery_s=1.4,
    close_s=0.01,
)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Lets the sockets that websocket-client forgets be warned of here, where it is ignored."""
    yield
    gc.collect()


def test_an_outcome_as_stated_is_good() -> None:
    assert Survival(outcomes=(GOOD,)).good()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"plain_lives": True}, "plain pybit lives"),
        ({"client_lives": False}, "silent"),
        ({"recovery_s": 45.1}, "45.1 s"),
        ({"close_s": 5.0}, "shutdown"),
    ],
)
def test_each_thing_that_is_not_as_stated_is_a_complaint(
    changes: dict[str, object], complaint: str
) -> None:
    found = Survival(outcomes=(replace(GOOD, **changes),))  # type: ignore[arg-type]

    assert not found.good()
    assert complaint in found.text()


def test_plain_pybit_may_die_of_its_own_race_where_it_is_said_to_live() -> None:
    found = Survival(outcomes=(replace(GOOD, provocation=LIVES),))

    assert found.good()
    assert "not as stated" in found.text()


def test_nothing_played_is_not_good() -> None:
    assert not Survival(outcomes=()).good()


def test_rows_that_do_not_exist_are_refused_with_those_that_do() -> None:
    with pytest.raises(UserError, match="TCP reset"):
        survival.measure(["no such row"])


def test_a_consumer_that_fails_kills_plain_pybit_and_not_the_client() -> None:
    found = survival.measure(["exception in the consumer"])

    assert found.good(), found.text()
    assert not found.outcomes[0].plain_lives
