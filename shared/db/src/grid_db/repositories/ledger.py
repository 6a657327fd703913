"""What is missing, and what could not be kept: the gap ledger and the dead letters.

Rows without an account are of public streams: every tenant sees them, as it sees the market.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from grid_db import models
from grid_db.records import DeadLetter, Gap
from grid_db.repositories.scope import Scope
from grid_db.repositories.shapes import Shape
from grid_db.upsert import bulk_insert
from grid_db.words import Environment, GapState, Stream

_GAPS: Final = Shape(Gap, models.Gap)
_LETTERS: Final = Shape(DeadLetter, models.DeadLetter)
_CHANGING: Final = (
    "from_ts",
    "to_ts",
    "reason",
    "state",
    "attempts",
    "rows_filled",
    "next_attempt_at",
    "last_error",
)
"""Columns of a gap that may change while it is open."""


class Gaps:
    """The gap ledger. A gap ends once, filled or unrecoverable; it is never forgotten."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def record(self, gaps: Sequence[Gap], now: datetime) -> list[int]:
        """Enter gaps; the positions of those whose id was not there yet. Raises NotOwned."""
        self._scope.require_accounts(gap.account_id for gap in gaps)
        stamps = {"created_at": now, "updated_at": now}
        rows = [_GAPS.values(gap) | stamps for gap in gaps]
        return bulk_insert(self._scope.session, _GAPS.model, rows)

    def store(self, gaps: Sequence[Gap], now: datetime) -> list[int]:
        """Enter gaps, or bring open ones to what is given; the positions of what was stored.

        For a ledger that is kept in memory: an outage that goes on stretches its gap. A gap that
        has ended is left as it is. Raises NotOwned.
        """
        return [
            position
            for position, gap in enumerate(gaps)
            if self.record([gap], now) or self._update(gap, now)
        ]

    def due(self, now: datetime, limit: int = 100) -> list[Gap]:
        """Open gaps whose next attempt has come, the oldest window first."""
        columns = _GAPS.columns
        return self._all(
            columns.state == GapState.OPEN.value,
            sa.or_(columns.next_attempt_at.is_(None), columns.next_attempt_at <= now),
            limit=limit,
        )

    def open(self) -> list[Gap]:
        """All open gaps, the oldest window first."""
        return self._all(_GAPS.columns.state == GapState.OPEN.value)

    def get(self, gap_id: str) -> Gap | None:
        """The gap with this id."""
        found = self._all(_GAPS.columns.gap_id == gap_id)
        return found[0] if found else None

    def overlapping(
        self,
        environment: Environment,
        stream: Stream,
        start: datetime,
        end: datetime,
        account_id: str | None = None,
    ) -> list[Gap]:
        """Gaps of a stream that touch `start` to `end`; `account_id` None: of a public stream."""
        columns = _GAPS.columns
        return self._all(
            columns.environment == environment.value,
            columns.stream == stream.value,
            columns.account_id.is_not_distinct_from(account_id),
            columns.from_ts <= end,
            columns.to_ts >= start,
        )

    def failed(self, gap_id: str, error: str, next_attempt_at: datetime, now: datetime) -> bool:
        """Count an attempt that brought nothing; False when the gap is not open."""
        attempts = _GAPS.columns.attempts + 1
        values = {"attempts": attempts, "last_error": error, "next_attempt_at": next_attempt_at}
        return self._change(gap_id, values, now)

    def fill(self, gap_id: str, rows_filled: int, now: datetime) -> bool:
        """End a gap of which everything was stored; False when it is not open."""
        return self._end(gap_id, GapState.FILLED, {"rows_filled": rows_filled}, now)

    def give_up(self, gap_id: str, error: str, rows_filled: int, now: datetime) -> bool:
        """End a gap that the exchange can no longer fill; False when it is not open."""
        values = {"last_error": error, "rows_filled": rows_filled}
        return self._end(gap_id, GapState.UNRECOVERABLE, values, now)

    def counts(self) -> dict[GapState, int]:
        """How many gaps there are in each state."""
        columns = _GAPS.columns
        query = (
            sa.select(columns.state, sa.func.count())
            .where(self._scope.account_or_public(columns.account_id))
            .group_by(columns.state)
        )
        found = {GapState(state): count for state, count in self._scope.session.execute(query)}
        return {state: found.get(state, 0) for state in GapState}

    def _update(self, gap: Gap, now: datetime) -> bool:
        row = _GAPS.values(gap)
        return self._change(gap.gap_id, {name: row[name] for name in _CHANGING}, now)

    def _end(self, gap_id: str, state: GapState, values: dict[str, object], now: datetime) -> bool:
        ended = {
            "state": state.value,
            "attempts": _GAPS.columns.attempts + 1,
            "next_attempt_at": None,
        }
        return self._change(gap_id, values | ended, now)

    def _change(self, gap_id: str, values: dict[str, object], now: datetime) -> bool:
        columns = _GAPS.columns
        statement = (
            sa.update(_GAPS.table)
            .where(columns.gap_id == gap_id, columns.state == GapState.OPEN.value)
            .where(self._scope.account_or_public(columns.account_id))
            .values(values | {"updated_at": now})
            .returning(columns.gap_id)
        )
        return self._scope.session.scalar(statement) is not None

    def _all(self, *conditions: sa.ColumnElement[bool], limit: int | None = None) -> list[Gap]:
        columns = _GAPS.columns
        query = (
            _GAPS.select()
            .where(self._scope.account_or_public(columns.account_id), *conditions)
            .order_by(columns.from_ts, columns.gap_id)
            .limit(limit)
        )
        return _GAPS.all(self._scope.session, query)


class DeadLetters:
    """What could not be stored, whole; nothing is ever taken out here."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def record(self, letters: Sequence[DeadLetter], now: datetime) -> list[int]:
        """Keep letters; the positions of those whose id was not there yet. Raises NotOwned.

        Their run need not exist: that may be the very fault (L96). Characters that no database
        takes (NUL, halves of surrogate pairs) are written as their \\uXXXX escapes.
        """
        self._scope.require_accounts(letter.account_id for letter in letters)
        rows = [_LETTERS.values(_storable(letter)) | {"created_at": now} for letter in letters]
        return bulk_insert(self._scope.session, _LETTERS.model, rows)

    def recent(self, limit: int = 100) -> list[DeadLetter]:
        """The newest letters, the newest first."""
        columns = _LETTERS.columns
        query = (
            _LETTERS.select()
            .where(self._scope.account_or_public(columns.account_id))
            .order_by(columns.received_at.desc(), columns.letter_id.desc())
            .limit(limit)
        )
        return _LETTERS.all(self._scope.session, query)

    def count(self) -> int:
        """How many there are."""
        columns = _LETTERS.columns
        query = sa.select(sa.func.count(columns.letter_id)).where(
            self._scope.account_or_public(columns.account_id)
        )
        return self._scope.session.scalar(query) or 0


def _storable(letter: DeadLetter) -> DeadLetter:
    return replace(
        letter,
        topic=_escaped(letter.topic),
        reason=_escaped(letter.reason),
        payload=_escaped(letter.payload),
    )


def _escaped(text: str) -> str:
    return text.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode("utf-8")
