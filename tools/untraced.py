"""`@pytest.mark.untraced`: a heavy test runs without the tracer of the coverage.

The tracer doubles the time of a test. A law that plays the same lines a thousand times, which
other tests cover, shows nothing new to it. A pytest plugin that the root conftest.py names.
"""

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

MARK = "untraced"


@contextmanager
def without_tracer() -> Iterator[None]:
    """No tracer in this thread inside the block; afterwards the one from before."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Marked: the test and the fixtures made for it are not traced."""
    if item.get_closest_marker(MARK) is None:
        return (yield)
    with without_tracer():
        return (yield)
