"""The words of a certificate: the classes of fills, and what a class's test answers.

It knows no test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from comparator.certificate.cases import Case

Fact = str | int | Decimal | None
Facts = tuple[tuple[str, Fact], ...]
"""Names and numbers of the evidence, in the order in which a reader wants them."""


class FillClass(StrEnum):
    """Where a fill belongs; every fill is in exactly one place."""

    MATCHED = "matched"
    QUEUE = "queue"
    """Its price was touched and not traded through: who stood first in the queue is not known."""
    LATENCY = "latency"
    PARTIAL_FILL = "partial_fill"
    REJECTED_OR_GATED = "rejected_or_gated"
    """The exchange or the live session refused the order."""
    ORDER_NOT_RESTING = "order_not_resting"
    """The bot was out, so its order did not stand in the book."""
    DATA_GAP = "data_gap"
    FOREIGN = "foreign"
    """Another hand's: manual, or another program's."""
    ADL_OR_LIQUIDATION = "adl_or_liquidation"
    FUNDING = "funding"
    """A payment, not a trade."""
    OUTSIDE_WINDOW = "outside_window"
    UNEXPLAINED = "unexplained"


EXPLAINED_PAIRS = frozenset({FillClass.QUEUE, FillClass.LATENCY, FillClass.PARTIAL_FILL})
"""Classes in which a pair is still the same order's fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a test found. `text` is one sentence, `facts` are the numbers that it rests on."""

    passes: bool
    text: str
    facts: Facts = ()


def passed(text: str, *facts: tuple[str, Fact]) -> Finding:
    """The evidence puts the case into the class."""
    return Finding(passes=True, text=text, facts=facts)


def failed(text: str, *facts: tuple[str, Fact]) -> Finding:
    """The evidence keeps the case out of the class."""
    return Finding(passes=False, text=text, facts=facts)


Test = Callable[[Case], Finding | None]
"""None: the class cannot concern such a case."""
