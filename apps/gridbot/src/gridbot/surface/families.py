"""The three kinds of families that `/metrics` is made of, each labelled with its account.

It knows names and labels; it refuses to know what is counted.
"""

from collections.abc import Sequence
from decimal import Decimal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

PREFIX = "gridbot"


def gauge(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    """A value of now; its first label is the account."""
    return GaugeMetricFamily(f"{PREFIX}_{name}", help_text, labels=["account", *labels])


def counter(name: str, help_text: str, *labels: str) -> CounterMetricFamily:
    """A count since the process began; its first label is the account."""
    return CounterMetricFamily(f"{PREFIX}_{name}", help_text, labels=["account", *labels])


def add_known(
    family: GaugeMetricFamily,
    labels: Sequence[str],
    value: Decimal | float | None,
    unit: Decimal = Decimal(1),
) -> None:
    """Add a sample in units of `unit`; an unknown value has none."""
    if value is not None:
        family.add_metric(labels, float(value) * float(unit))
