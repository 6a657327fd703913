"""Everything that a finished comparison has to tell; it computes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comparator.certificate.certify import Certified
from comparator.certificate.record import CertificateRecord
from comparator.equity import EquityCurve, EquityPoint
from comparator.matching import Matching
from comparator.metrics import Metrics
from comparator.models import ModelFit
from comparator.telemetry import PositionPair
from comparator.verdict import Verdict

PriceLine = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Times in microseconds and prices in quote currency, for pictures only."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """A finished comparison. What was not compared or is not known is empty or None.

    `title` names what was compared; `prices` are the recorded market per symbol; `models` the fits
    of several fill models to the same recording.
    """

    title: str
    matching: Matching
    metrics: Metrics
    certified: Certified
    verdict: Verdict
    record: CertificateRecord
    prices: Mapping[str, PriceLine] = field(default_factory=dict)
    equity: Sequence[EquityPoint] = ()
    live_equity: EquityCurve | None = None
    backtest_equity: EquityCurve | None = None
    positions: Sequence[PositionPair] = ()
    models: Sequence[ModelFit] = ()
