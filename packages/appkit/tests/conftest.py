"""Shared by appkit's tests: recorded material, and a disk that is full."""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

RECORDED = Path(__file__).parents[3].parent / "shared" / "fixtures"


@pytest.fixture
def recorded() -> Path:
    """The folder of recorded material beside the project; skips where it is absent."""
    if not RECORDED.is_dir():
        pytest.skip("no ../shared/fixtures beside the project")
    return RECORDED


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """A context in which the operating system refuses files longer than 1,000 bytes."""

    @contextmanager
    def full() -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return full
