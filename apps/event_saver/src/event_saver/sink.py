"""Records go into grid_db: one transaction for a batch, and what its answer means.

It knows tables and the faults of databases; it refuses to know where records come from.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from event_saver.codec import Item, Unreadable, encode
from event_saver.rows.private import payload
from event_saver.times import moment
from event_saver.writer.batches import Away, Outcome, Refused, Written
from grid_db.factory import DatabaseFactory
from grid_db.records import (
    DeadLetter,
    FundingPayment,
    Gap,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    PublicTrade,
    TickerSnapshot,
    WalletSnapshot,
)
from grid_db.repositories import NotOwned, Repositories, as_admin, for_user
from grid_db.words import Environment, Stream
from gridcore.clock import Instant
from gridcore.message import message

LONGEST_TEXT = 500
_STREAMS: Final[dict[type[object], Stream]] = {
    PublicTrade: Stream.TRADES,
    TickerSnapshot: Stream.TICKERS,
    PrivateExecution: Stream.EXECUTIONS,
    OrderState: Stream.ORDERS,
    PositionSnapshot: Stream.POSITIONS,
    WalletSnapshot: Stream.WALLET,
    FundingPayment: Stream.FUNDING,
}
_AT_FAULT: Final = frozenset({"22", "23", "54"})
"""Classes of SQLSTATE that blame the row: bad value, broken constraint, limit exceeded."""


@message
class Tenant:
    """Whose rows a sink writes; None: public rows, which are nobody's."""

    environment: Environment
    user_id: str | None
    account_id: str | None


class DatabaseSink:
    """Writes for one tenant, or for the public market. `new_id` names letters, `now` dates rows."""

    def __init__(
        self,
        database: DatabaseFactory,
        tenant: Tenant,
        *,
        new_id: Callable[[], str],
        now: Callable[[], Instant],
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._new_id = new_id
        self._now = now

    def write(self, items: Sequence[Item]) -> Outcome:
        """Commit all items in one transaction, or nothing."""
        return self._commit(lambda session: self._store(session, items))

    def bury(self, item: Item, text: str) -> Outcome:
        """Commit an item as a dead letter, whole, with the reason."""
        return self.write([self._letter(item, text)])

    def fill(self, items: Sequence[Item], close: Callable[[int], Sequence[Gap]]) -> Outcome:
        """Commit what a gap had hidden together with what becomes of the gap: all or nothing.

        `close` gets how many of the items were new, and gives the gaps as they are from then on.
        What the database refuses of the items becomes dead letters: a gap is not held up by it.
        """
        outcome = self._fill(items, (), close)
        if not isinstance(outcome, Refused):
            return outcome
        refused = self._refused(items)
        if isinstance(refused, Away):
            return refused
        good = [item for number, item in enumerate(items) if number not in refused]
        letters = [self._letter(items[number], text) for number, text in refused.items()]
        return self._fill(good, letters, close)

    # -- inside ----------------------------------------------------------------------------

    def _fill(
        self,
        items: Sequence[Item],
        letters: Sequence[Item],
        close: Callable[[int], Sequence[Gap]],
    ) -> Outcome:
        def store(session: Session) -> int:
            new = self._store(session, items)
            self._store(session, [*letters, *close(new)])
            return new

        return self._commit(store)

    def _refused(self, items: Sequence[Item]) -> dict[int, str] | Away:
        """Which of the items the database refuses for themselves, and why: by halves."""
        found: dict[int, str] = {}
        parts = [range(len(items))]
        while parts:
            part = parts.pop()
            outcome = self._tried([items[number] for number in part])
            if isinstance(outcome, Away):
                return outcome
            if isinstance(outcome, Refused):
                middle = len(part) // 2
                if middle:
                    parts += [part[:middle], part[middle:]]
                else:
                    found[part[0]] = outcome.text
        return dict(sorted(found.items()))

    def _tried(self, items: Sequence[Item]) -> Outcome:
        """What the database would say to the items; nothing of them is kept."""

        def store(session: Session) -> int:
            new = self._store(session, items)
            session.rollback()
            return new

        return self._commit(store)

    def _commit(self, store: Callable[[Session], int]) -> Outcome:
        try:
            with self._database.get_session() as session:
                new = store(session)
        except (IntegrityError, DataError, NotOwned, OverflowError, ValueError) as error:
            return Refused(text=told(error))
        except DBAPIError as error:
            return answer_of(error)
        except PoolTimeout as error:
            return Away(text=told(error))
        except StatementError as error:
            # A column's type has refused the value before the database saw it.
            return Refused(text=told(error))
        except SQLAlchemyError as error:
            return Away(text=told(error))
        return Written(inserted=new)

    def _store(self, session: Session, items: Sequence[Item]) -> int:
        """Put the items into their tables; how many were new."""
        user_id = self._tenant.user_id
        rows: Repositories = as_admin(session) if user_id is None else for_user(session, user_id)
        now = moment(self._now())
        groups: dict[type[object], list[Item]] = {}
        for item in items:
            groups.setdefault(type(item), []).append(item)
        records: dict[type[object], Callable[[Any], list[int]]] = {
            PublicTrade: rows.trades.record,
            TickerSnapshot: rows.tickers.record,
            PrivateExecution: rows.executions.record,
            OrderState: rows.orders.record,
            PositionSnapshot: rows.positions.record,
            WalletSnapshot: rows.wallets.record,
            FundingPayment: rows.funding.record,
            DeadLetter: lambda letters: rows.dead_letters.record(letters, now),
            Gap: lambda gaps: rows.gaps.store(gaps, now),
            Unreadable: lambda lines: rows.dead_letters.record(
                [self._letter(line, line.text) for line in lines], now
            ),
        }
        return sum(len(records[kind](found)) for kind, found in groups.items())

    def _letter(self, item: Item, text: str) -> DeadLetter:
        if isinstance(item, DeadLetter):
            # What was refused can only be a character that a text column does not take.
            topic, reason = payload(item.topic), payload(item.reason)
            return replace(item, topic=topic, reason=reason, payload=payload(item.payload))
        line = encode(item).decode("utf-8", "replace")
        return DeadLetter(
            letter_id=self._new_id(),
            environment=self._tenant.environment,
            account_id=self._tenant.account_id,
            run_id=getattr(item, "run_id", None),
            stream=_STREAMS.get(type(item), Stream.UNKNOWN),
            topic=type(item).__name__,
            reason=text,
            payload=payload(line),
            received_at=moment(self._now()),
        )


def answer_of(error: DBAPIError) -> Outcome:
    """Whether an error of the driver blames a row, or says that the database is away."""
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        blames = state[:2] in _AT_FAULT
    else:
        # A driver that cannot bind a value asks no server.
        blames = isinstance(error, ProgrammingError)
    return Refused(text=told(error)) if blames else Away(text=told(error))


def told(error: Exception) -> str:
    """What the database said, without the statement and its values."""
    said = getattr(error, "orig", None) or error
    return f"{type(said).__name__}: {said}".splitlines()[0][:LONGEST_TEXT]
