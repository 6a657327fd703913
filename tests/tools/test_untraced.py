"""A heavy test runs without the tracer of the coverage, and the next one with it again."""

import sys
from types import FrameType

import pytest

from tools.untraced import without_tracer


@pytest.fixture
def traced() -> bool:
    return sys.gettrace() is not None


@pytest.mark.untraced
def test_a_marked_test_and_its_fixtures_have_no_tracer(traced: bool) -> None:
    assert not traced
    assert sys.gettrace() is None


@pytest.mark.parametrize("breaks", [False, True])
def test_the_tracer_from_before_comes_back_however_the_block_ends(breaks: bool) -> None:
    calls: list[str] = []

    def tracer(frame: FrameType, event: str, arg: object) -> None:
        calls.append(f"{event} {frame.f_code.co_name}")

    def called() -> None:
        if breaks:
            raise LookupError

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        with without_tracer():
            called()
    except LookupError:
        pass
    finally:
        after = sys.gettrace()
        sys.settrace(before)

    assert after is tracer
    assert "call called" not in calls
