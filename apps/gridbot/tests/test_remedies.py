import pytest

from bybit_adapter.errors import (
    AuthenticationRefused,
    ErrorKind,
    Failure,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unanswered,
)
from gridbot.remedies import in_words, may_pass, remedy_of
from gridcore.clock import Instant

REFUSED = Rejected(kind=ErrorKind.CLOCK, code=10002, text="too late", retryable=True)
FAILURES: list[tuple[Failure, str, bool]] = [
    (REFUSED, "set the machine's clock", True),
    (
        Rejected(kind=ErrorKind.PARAMETER, code=10001, text="no symbol", retryable=False),
        "check the symbol",
        False,
    ),
    (
        Rejected(kind=ErrorKind.OTHER, code=99999, text="odd", retryable=False),
        "`gridbot doctor`",
        False,
    ),
    (AuthenticationRefused(code=10003, text="bad key"), "belong together", False),
    (
        RateLimited(not_before=Instant(1), everything=True, code=None, text="busy"),
        "wait a minute",
        True,
    ),
    (Unanswered(kind=ErrorKind.TIMEOUT, code=None, text="silent"), "check the network", True),
    (OutcomeUnknown(kind=ErrorKind.LINK, code=None, text="cut"), "check the network", True),
]


@pytest.mark.parametrize(("failure", "remedy", "passing"), FAILURES)
def test_every_failure_has_a_remedy_and_says_whether_it_may_pass(
    failure: Failure, remedy: str, passing: bool
) -> None:
    assert remedy in remedy_of(failure)
    assert may_pass(failure) is passing


def test_a_code_is_told_where_there_is_one() -> None:
    assert in_words(REFUSED) == "too late (code 10002)"
    assert in_words(Unanswered(kind=ErrorKind.LINK, code=None, text="cut")) == "cut"
