"""Answers what the tests of the certificate ask, from what was recorded.

It translates words; what an answer means for a fill it refuses to say.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

import numpy as np

from comparator.certificate import evidence as asked
from comparator.evidence.orders import OrderLife
from comparator.evidence.recorded import Evidence
from comparator.loading.spans import Span, holes_between
from grid_db.types import from_fixed8, microseconds
from grid_db.words import Stream
from gridcore.clock import Instant
from gridcore.event_words import OrderStatus
from gridcore.events import ExecType
from gridcore.sides import BUY, LONG, SHORT, DirectionType, SideType

_LOST = {
    Stream.TRADES: asked.Lost.MARKET,
    Stream.TICKERS: asked.Lost.MARKET,
    Stream.EXECUTIONS: asked.Lost.ACCOUNT,
    Stream.ORDERS: asked.Lost.ACCOUNT,
}


class Answers:
    """A recording as the certificate asks it (`certificate.evidence.Evidence`)."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    @property
    def window(self) -> Span:
        """The time that is judged."""
        return self._evidence.run.window

    def level(
        self, symbol: str, side: SideType, price: Decimal, start: int, end: int
    ) -> asked.LevelTrades:
        """The trades from `start` to `end`, both included, at and through a price."""
        found = self._evidence.level(symbol, side, price, start, end)
        return asked.LevelTrades(
            at_price=found.at_price,
            against=found.against,
            beyond=found.beyond,
            first_at=found.first_at,
            first_beyond_at=found.first_beyond_at,
        )

    def order(self, order_id: str) -> asked.OrderLife | None:
        """The recorded life of an order; None: no state of it was recorded."""
        life = self._evidence.order(order_id)
        return None if life is None else _told(life)

    def orders_of(self, client_order_id: str) -> Sequence[asked.OrderLife]:
        """The lives of all orders with an identity, by their first state."""
        return [_told(life) for life in self._evidence.orders_of(client_order_id)]

    def kinds_of(self, order_id: str) -> frozenset[ExecType]:
        """The kinds of the executions of an order."""
        return self._evidence.kinds_of(order_id)

    def interruptions(self, symbol: str) -> Sequence[asked.Interruption]:
        """What was lost of a symbol within the window, by time."""
        found = [
            asked.Interruption(
                lost=lost, symbol=hole.symbol, span=hole.span.cut(self.window), reason=hole.reason
            )
            for stream, lost in _LOST.items()
            for hole in self._evidence.holes(stream, symbol)
        ]
        for strategy in self._evidence.run.strategies:
            if strategy.symbol == symbol:
                found += [
                    asked.Interruption(
                        lost=asked.Lost.BOT, symbol=symbol, span=span, reason="no bot was alive"
                    )
                    for span in holes_between(list(strategy.alive), self.window)
                ]
        return sorted(found, key=lambda one: (one.span.start, one.span.end, one.lost))

    def denials(
        self, symbol: str, direction: DirectionType, side: SideType, price: Decimal
    ) -> Sequence[asked.Denial]:
        """None: a database has no record of what a session's gates denied."""
        return ()

    def charges(self) -> Sequence[asked.FundingCharge]:
        """The payments of funding within the window, by time."""
        return [
            asked.FundingCharge(
                at=Instant(microseconds(row.exchange_ts)),
                symbol=row.symbol,
                direction=LONG if row.side is BUY else SHORT,
                qty=row.qty,
                price=row.price,
                rate=row.funding_rate,
                amount=row.amount,
            )
            for row in self._evidence.funding
        ]

    def typical_trade(self, symbol: str) -> Decimal | None:
        """The median quantity of the public trades; None: there is none."""
        sizes = self._evidence.trades(symbol).size
        if not len(sizes):
            return None
        middle = len(sizes) // 2
        ordered = np.partition(sizes, [max(middle - 1, 0), middle])
        if len(sizes) % 2:
            return from_fixed8(int(ordered[middle]))
        return (from_fixed8(int(ordered[middle - 1])) + from_fixed8(int(ordered[middle]))) / 2

    def latencies_us(self) -> Sequence[int]:
        """For each order of the account's strategies that was placed within the window: from the
        minting of its wire id to the exchange's first word. A second id of one instant is minted
        ahead of the clock: 0."""
        return self._latencies

    @cached_property
    def _latencies(self) -> tuple[int, ...]:
        return tuple(
            max(0, life.placed_at - life.minted_at)
            for life in self._evidence.orders
            if life.minted_at is not None
            and life.strat_id is not None
            and life.steps[0].status == OrderStatus.NEW
            and life.placed_at in self.window
        )


def _told(life: OrderLife) -> asked.OrderLife:
    return asked.OrderLife(
        order_id=life.order_id,
        client_order_id=life.client_order_id,
        symbol=life.symbol,
        side=life.side,
        direction=life.direction,
        price=life.price,
        qty=life.qty,
        filled=life.last.filled or Decimal(0),
        placed_at=life.placed_at if _is_whole(life) else None,
        ended_at=life.ended_at,
        ending=_ending(life),
        reason=life.cancel_reason or "",
        minted_at=life.minted_at,
    )


def _is_whole(life: OrderLife) -> bool:
    """Whether its first state is how it came, and not one of later."""
    return life.is_rejected or life.steps[0].status == OrderStatus.NEW


def _ending(life: OrderLife) -> asked.Ending | None:
    if life.ended_at is None:
        return None
    if life.is_rejected:
        return asked.Ending.REJECTED
    return asked.Ending.FILLED if life.last.status == OrderStatus.FILLED else asked.Ending.CANCELLED
