"""Shared material of the certificate's tests: certify hand-made fills against a told recording."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.comparator.tests.told import Certify, One, Tables, Told
from comparator.certificate.bounds import Allowances
from comparator.certificate.certify import Certified, certify
from comparator.certificate.judging import Divergence
from comparator.fills import Fill
from comparator.matching import align


@pytest.fixture
def told() -> Told:
    """A recording of an hour in which nothing happened yet."""
    return Told()


@pytest.fixture
def certified(live: Tables, backtest: Tables, told: Told) -> Certify:
    """Certify live and backtest fills: lists of fills, or of (id, seconds)."""

    def make(
        mine: Sequence[Fill | tuple[Any, ...]] = (),
        theirs: Sequence[Fill | tuple[Any, ...]] = (),
        **allowances: Any,
    ) -> Certified:
        tables = live(*mine), backtest(*theirs)
        return certify(*tables, align(*tables), told, allowances=Allowances(**allowances))

    return make


@pytest.fixture
def one(certified: Certify) -> One:
    """The same when there is exactly one divergence: that."""

    def make(*sides: Any, **allowances: Any) -> Divergence:
        (found,) = certified(*sides, **allowances).divergences
        return found

    return make
