"""Rows of REST answers become the kernel's snapshots; the same readers as for the streams.

A row that could not be read makes a listing incomplete: absence in it proves nothing (L30).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from bybit_adapter.normalizer.executions import execution
from bybit_adapter.normalizer.frame import LINEAR, Scales
from bybit_adapter.normalizer.movements import movement
from bybit_adapter.normalizer.numbers import Scale, required_text, text
from bybit_adapter.normalizer.orders import order
from bybit_adapter.normalizer.positions import position
from bybit_adapter.normalizer.trades import recent_trade
from bybit_adapter.normalizer.wallet import wallet
from bybit_adapter.normalizer.words import BadElement, DeadLetter, Reason, Row
from gridcore.clock import Instant
from gridcore.events import (
    CashMoved,
    Execution,
    ExecutionsSnapshot,
    FundingPaid,
    HistorySnapshot,
    OrdersSnapshot,
    OrderUpdate,
    PositionsSnapshot,
    PublicTrade,
    WalletSnapshot,
)
from gridcore.instrument import Instrument

Read = TypeVar("Read")


class RestRows:
    """Builds snapshots of rows. `asked_at` is when the exchange was asked, by its own clock."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        on_dead_letter: Callable[[DeadLetter], None],
    ) -> None:
        self._scales = Scales(instruments)
        self._on_dead_letter = on_dead_letter

    def orders(
        self, symbol: str, rows: Iterable[Row], *, asked_at: Instant, complete: bool
    ) -> OrdersSnapshot:
        """The open limit orders of a symbol; rows of other symbols do not count."""
        updates, whole = self._read(order, symbol, rows, "order/realtime", asked_at)
        return OrdersSnapshot(
            symbol=symbol, asked_at=asked_at, orders=tuple(updates), complete=complete and whole
        )

    def history(
        self, symbol: str, rows: Iterable[Row], *, asked_at: Instant, complete: bool
    ) -> HistorySnapshot:
        """The ended limit orders of a symbol."""
        updates, whole = self._read(order, symbol, rows, "order/history", asked_at)
        return HistorySnapshot(
            symbol=symbol, asked_at=asked_at, orders=tuple(updates), complete=complete and whole
        )

    def order(self, row: Row, *, asked_at: Instant) -> OrderUpdate | None:
        """One order that was asked for by its id; None when it is no limit order of ours."""
        symbol = row.get("symbol")
        if not isinstance(symbol, str) or self._scales.of(symbol) is None:
            return None
        updates, _ = self._read(order, symbol, [row], "order/realtime", asked_at)
        return updates[0] if updates else None

    def executions(
        self,
        symbol: str,
        rows: Iterable[Row],
        *,
        asked_at: Instant,
        since: Instant,
        complete: bool,
    ) -> ExecutionsSnapshot:
        """Executions and funding of a symbol, oldest first: pages come newest first and are not
        stably ordered within one time (bybit.md A.4)."""
        events: list[Execution | FundingPaid]
        events, whole = self._read(execution, symbol, rows, "execution/list", asked_at)
        events.sort(key=_age)
        return ExecutionsSnapshot(
            symbol=symbol,
            asked_at=asked_at,
            since=since,
            executions=tuple(events),
            complete=complete and whole,
        )

    def positions(
        self, symbol: str, rows: Iterable[Row], *, asked_at: Instant
    ) -> PositionsSnapshot:
        """The legs of a symbol that could be read."""
        legs, _ = self._read(position, symbol, rows, "position/list", asked_at)
        return PositionsSnapshot(symbol=symbol, asked_at=asked_at, legs=tuple(legs))

    def wallet(
        self,
        rows: Iterable[Row],
        *,
        asked_at: Instant,
        at: Instant | None = None,
        movements: Sequence[CashMoved] = (),
    ) -> WalletSnapshot | None:
        """The wallet of the first row that has USDT; None without one. `at`: the answer's time."""
        for row in rows:
            try:
                update = wallet(row, asked_at if at is None else at)
            except BadElement as error:
                self._bury("account/wallet-balance", row, str(error), asked_at)
                continue
            if not isinstance(update, Reason):
                return WalletSnapshot(asked_at=asked_at, wallet=update, movements=tuple(movements))
        return None

    def movements(self, rows: Iterable[Row], *, asked_at: Instant) -> list[CashMoved | FundingPaid]:
        """Cash and funding of transaction-log rows (newest first, as answered), oldest first."""
        found: list[CashMoved | FundingPaid] = []
        for row in rows:
            try:
                event = movement(row, self._scales.of, asked_at)
            except BadElement as error:
                self._bury("account/transaction-log", row, str(error), asked_at)
                continue
            if not isinstance(event, Reason):
                found.append(event)
        found.reverse()
        found.sort(key=lambda event: event.at)
        return found

    def recent_trades(
        self, symbol: str, rows: Iterable[Row], *, asked_at: Instant
    ) -> list[PublicTrade]:
        """Public trades of recent-trade rows (newest first, as answered), oldest first."""
        found, _ = self._read(recent_trade, symbol, rows, "market/recent-trade", asked_at)
        found.reverse()
        found.sort(key=lambda event: event.at)
        return found

    # -- inside ----------------------------------------------------------------------------

    def _read(
        self,
        read: Callable[[Row, str, Scale, Instant], Read | Reason],
        symbol: str,
        rows: Iterable[Row],
        source: str,
        asked_at: Instant,
    ) -> tuple[list[Read], bool]:
        """(events of the symbol's rows, whether all of them could be read)."""
        events: list[Read] = []
        whole = True
        for row in rows:
            try:
                if required_text(row, "symbol") != symbol or text(row, "category") not in (
                    "",
                    LINEAR,
                ):
                    continue
                scale = self._scales.of(symbol)
                if scale is None:
                    raise BadElement(f"symbol: expected one that is traded, found {symbol[:40]!r}")
                event = read(row, symbol, scale, asked_at)
            except BadElement as error:
                whole = False
                self._bury(source, row, str(error), asked_at)
                continue
            if not isinstance(event, Reason):
                events.append(event)
        return events, whole

    def _bury(self, source: str, raw: object, why: str, asked_at: Instant) -> None:
        self._on_dead_letter(DeadLetter(topic=source, raw=raw, text=why, received_at=asked_at))


def _age(event: Execution | FundingPaid) -> tuple[Instant, int, str]:
    sequence = event.sequence if isinstance(event, Execution) else 0
    return event.at, sequence, event.exec_id
