"""Rows of listings become records, merged with what the streams have told meanwhile."""

from collections.abc import Mapping, Sequence

from event_saver.codec import Item
from event_saver.collectors import PrivateCollector
from event_saver.gaps.filling import Listed
from event_saver.rows.private import Kind, PrivateRows
from event_saver.rows.public import PublicRows


class ListedRows:
    """Knows the makers of rows and the collectors of each account."""

    def __init__(
        self,
        public: PublicRows,
        private: Mapping[str, PrivateRows],
        collectors: Mapping[str, PrivateCollector],
    ) -> None:
        self._public = public
        self._private = private
        self._collectors = collectors

    def trades(self, symbol: str, listed: Listed) -> Sequence[Item]:
        """Public trades, oldest first; BadElement when one cannot be read."""
        return self._public.listed(symbol, listed.rows, listed.asked_at)

    def private(self, account_id: str, kind: Kind, listed: Listed) -> Sequence[Item]:
        """Records of an account, without those of which its stream has told as much or more."""
        rows = self._private[account_id]
        found: list[Item] = []
        for row in listed.rows:
            found.extend(rows.listed(kind, row, listed.asked_at))
        return self._collectors[account_id].merged(found)

    def committed(self, account_id: str, items: Sequence[Item]) -> None:
        """Records of listings are committed: a later listing need not bring them again."""
        self._collectors[account_id].committed(items)
