"""Certifies a comparison: every fill of both sides in exactly one place, with its evidence.

It knows tables, their matching and what a recording tells; not which figure is good enough.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from comparator.certificate.bounds import Allowances, Bounds, measured_bounds
from comparator.certificate.cases import Case
from comparator.certificate.classes import EXPLAINED_PAIRS, FillClass
from comparator.certificate.evidence import Evidence
from comparator.certificate.judging import ChargeFinding, Divergence, judge_case, judge_charge
from comparator.certificate.kinship import Kinship
from comparator.exact import ExactColumn
from comparator.fills import FOUND, DirectionFound, Fill, FillTable, Rows
from comparator.loading.spans import Span
from comparator.matching import Matching
from comparator.metrics import Deltas, deltas_of

CASES_MAX = 10_000
"""Divergences that are examined; with more the two are not the same strategy."""
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """What is in one class: pairs, fills alone of each side, charges; notional of both sides."""

    pairs: int = 0
    live: int = 0
    backtest: int = 0
    charges: int = 0
    live_notional: Decimal = _ZERO
    backtest_notional: Decimal = _ZERO

    @property
    def fills(self) -> int:
        """Fills of both sides; a pair is two."""
        return 2 * self.pairs + self.live + self.backtest

    def plus(self, other: "ClassCount") -> "ClassCount":
        """Both together."""
        names = self.__dataclass_fields__
        return ClassCount(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certified:
    """Where every fill is. Row i of `matched_live` is matched with row i of `matched_backtest`.

    `divergences` are the other pairs and fills, by time; `unexamined` of them, the latest, were too
    many to be looked at and count as unexplained. `charges` are the payments of funding.
    """

    live: FillTable
    backtest: FillTable
    window: Span
    allowances: Allowances
    bounds: Bounds
    matched_live: Rows
    matched_backtest: Rows
    divergences: tuple[Divergence, ...]
    unexamined: int
    charges: tuple[ChargeFinding, ...]
    counts: Mapping[FillClass, ClassCount]

    @property
    def unexplained(self) -> tuple[Divergence, ...]:
        """The divergences that no class explains."""
        return tuple(one for one in self.divergences if one.kind is FillClass.UNEXPLAINED)

    @property
    def unexplained_count(self) -> int:
        """Pairs, fills alone and charges that no class explains."""
        count = self.counts[FillClass.UNEXPLAINED]
        return count.pairs + count.live + count.backtest + count.charges

    @property
    def matched_notional_share(self) -> Decimal:
        """The notional that both sides have, of the larger side's notional in the window: 0 to 1.

        A pair that is explained by queue, latency or a partial fill counts with what both have.
        """
        outside = self.counts[FillClass.OUTSIDE_WINDOW]
        live = self.live.columns.notional.total() - outside.live_notional
        backtest = self.backtest.columns.notional.total() - outside.backtest_notional
        whole = max(live, backtest)
        if not whole:
            return _ZERO
        mine = self.live.columns.notional.take(self.matched_live).total()
        theirs = self.backtest.columns.notional.take(self.matched_backtest).total()
        shared = sum(
            (
                min(one.live.notional, one.backtest.notional)
                for one in self.divergences
                if one.kind in EXPLAINED_PAIRS and one.live and one.backtest
            ),
            _ZERO,
        )
        return (min(mine, theirs) + shared) / whole

    @property
    def queue_latency_share(self) -> Decimal:
        """The fills in queue and latency, of all fills of both sides in the window: 0 to 1."""
        whole = len(self.live) + len(self.backtest) - self.counts[FillClass.OUTSIDE_WINDOW].fills
        part = self.counts[FillClass.QUEUE].fills + self.counts[FillClass.LATENCY].fills
        return Decimal(part) / whole if whole else _ZERO


def certify(
    live: FillTable,
    backtest: FillTable,
    matching: Matching,
    evidence: Evidence,
    *,
    allowances: Allowances | None = None,
    cases_max: int = CASES_MAX,
) -> Certified:
    """Put every fill into its place, asking the recording about each one that is not matched.

    A pair is matched when nothing in it differs by more than is allowed. Beyond `cases_max`
    divergences the rest is unexplained without being looked at.
    """
    allowed = allowances or Allowances()
    deltas = deltas_of(live, backtest, matching)
    equal = _equal_pairs(live, backtest, matching, deltas, allowed)
    matched_live, matched_backtest = matching.live[equal], matching.backtest[equal]
    symbols = sorted({*live.symbols(), *backtest.symbols()})
    bounds = measured_bounds(live, matched_live, symbols, evidence, allowed)
    others = _Others.of(live, backtest, matching, equal)
    examined, rest = others.part(slice(cases_max)), others.part(slice(cases_max, None))
    ends = examined.fills(live, backtest)
    ids = (fill.client_order_id for pair in ends for fill in pair if fill is not None)
    kinship = Kinship(live, backtest, matching, ids)
    divergences = tuple(_judged(ends, kinship, evidence, bounds, allowed))
    charges = tuple(judge_charge(one, evidence.window, allowed) for one in evidence.charges())
    matched = _rows_count(live, backtest, _Others(live=matched_live, backtest=matched_backtest))
    return Certified(
        live=live,
        backtest=backtest,
        window=evidence.window,
        allowances=allowed,
        bounds=bounds,
        matched_live=matched_live,
        matched_backtest=matched_backtest,
        divergences=divergences,
        unexamined=len(rest.live),
        charges=charges,
        counts=_counts(matched, divergences, charges, _rows_count(live, backtest, rest)),
    )


def _equal_pairs(
    live: FillTable, backtest: FillTable, matching: Matching, deltas: Deltas, allowed: Allowances
) -> NDArray[np.bool_]:
    mine, theirs = live.columns, backtest.columns
    rows, partners = matching.live, matching.backtest
    inferred = mine.direction_found[rows] == FOUND.index(DirectionFound.INFERRED)
    executions = mine.executions[rows] + theirs.executions[partners]
    return np.asarray(
        (np.abs(deltas.time_us) <= allowed.time_us)
        & (inferred | (mine.direction[rows] == theirs.direction[partners]))
        & _within(deltas.price, allowed.price)
        & _within(deltas.qty, allowed.qty)
        & _within(deltas.fee, allowed.fee_per_execution, executions),
        dtype=np.bool_,
    )


def _within(
    column: ExactColumn, tolerance: Decimal, times: NDArray[np.int64] | int = 1
) -> NDArray[np.bool_]:
    limit = ExactColumn.wide([tolerance], "allowance")
    places = max(limit.places, column.places)
    allowed = int(limit.at_places(places).units[0])
    return np.asarray(np.abs(column.at_places(places).units) <= allowed * times, dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Others:
    """All that is not matched, by time: row numbers of both tables, -1 for a side without a fill.

    At one time pairs come first, then live fills, then backtest fills, each by id.
    """

    live: Rows
    backtest: Rows

    @classmethod
    def of(
        cls,
        live: FillTable,
        backtest: FillTable,
        matching: Matching,
        equal: NDArray[np.bool_],
    ) -> "_Others":
        pairs = matching.live[~equal], matching.backtest[~equal]
        alone, phantoms = matching.live_only, matching.backtest_only
        mine = np.concatenate([pairs[0], alone, np.full(len(phantoms), -1)]).astype(np.int64)
        theirs = np.concatenate([pairs[1], np.full(len(alone), -1), phantoms]).astype(np.int64)
        at = np.concatenate(
            [live.columns.at[pairs[0]], live.columns.at[alone], backtest.columns.at[phantoms]]
        )
        order = np.argsort(at, kind="stable")
        return cls(live=mine[order], backtest=theirs[order])

    def part(self, chosen: slice) -> "_Others":
        return _Others(live=self.live[chosen], backtest=self.backtest[chosen])

    def fills(self, live: FillTable, backtest: FillTable) -> list[tuple[Fill | None, Fill | None]]:
        return list(zip(_fills(live, self.live), _fills(backtest, self.backtest), strict=True))


def _fills(table: FillTable, rows: Rows) -> list[Fill | None]:
    known = np.sort(rows[rows >= 0])
    by_row = dict(zip(known.tolist(), table.select(known).rows(), strict=True))
    return [by_row.get(row) for row in rows.tolist()]


def _judged(
    ends: Sequence[tuple[Fill | None, Fill | None]],
    kinship: Kinship,
    evidence: Evidence,
    bounds: Bounds,
    allowed: Allowances,
) -> Iterator[Divergence]:
    for live, backtest in ends:
        fill = live or backtest
        assert fill is not None
        yield judge_case(
            Case(
                live=live,
                backtest=backtest,
                kin=kinship.kin_of(fill),
                evidence=evidence,
                bounds=bounds,
                allowances=allowed,
            )
        )


def _counts(
    matched: ClassCount,
    divergences: Sequence[Divergence],
    charges: Sequence[ChargeFinding],
    unexamined: ClassCount,
) -> dict[FillClass, ClassCount]:
    counts = {kind: ClassCount() for kind in FillClass}
    counts[FillClass.MATCHED] = matched
    counts[FillClass.UNEXPLAINED] = unexamined
    for one in divergences:
        counts[one.kind] = counts[one.kind].plus(
            ClassCount(
                pairs=int(one.live is not None and one.backtest is not None),
                live=int(one.backtest is None),
                backtest=int(one.live is None),
                live_notional=_ZERO if one.live is None else one.live.notional,
                backtest_notional=_ZERO if one.backtest is None else one.backtest.notional,
            )
        )
    for charge in charges:
        counts[charge.kind] = counts[charge.kind].plus(ClassCount(charges=1))
    return counts


def _rows_count(live: FillTable, backtest: FillTable, others: _Others) -> ClassCount:
    mine, theirs = others.live >= 0, others.backtest >= 0
    return ClassCount(
        pairs=int(np.sum(mine & theirs)),
        live=int(np.sum(mine & ~theirs)),
        backtest=int(np.sum(~mine & theirs)),
        live_notional=live.columns.notional.take(others.live[mine]).total(),
        backtest_notional=backtest.columns.notional.take(others.backtest[theirs]).total(),
    )
