"""Executions become fills: one fill for each order, whatever number of executions filled it (C-2).

It knows executions as plain records; not where they are stored, nor which of them are trades.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from comparator.fills import DirectionFound, Fill, FillTable, Source
from gridcore.clock import Instant
from gridcore.intents import decode_wire_id
from gridcore.sides import LONG, DirectionType, SideType, opening_side, opposite

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One execution of kind Trade. Unknown is None: `fee`, `realised`, `direction` and the rest.

    `direction` is the one that the recorder found; `closed_size` > 0 says that the execution
    reduced a position.
    """

    at: Instant
    exec_id: str
    order_id: str
    order_link_id: str | None
    symbol: str
    strat_id: str | None
    side: SideType
    direction: DirectionType | None
    closed_size: Decimal | None
    price: Decimal
    qty: Decimal
    fee: Decimal | None
    realised: Decimal | None
    is_maker: bool | None


def client_order_id_of(order_link_id: str | None, order_id: str) -> str:
    """The identity inside a link id; else the link id as it is; without one, the order id (C-2)."""
    return decode_wire_id(order_link_id) or order_link_id or order_id


def group_trades(trades: Iterable[Trade], source: Source) -> FillTable:
    """One fill for each (client_order_id, order_id, symbol, side), as a table.

    The price is the volume-weighted mean; quantity, fee and realised profit are sums in which an
    unknown amount counts as 0; the time is the latest. ValueError as `FillTable.of`.
    """
    groups: dict[tuple[str, str, str, SideType], list[Trade]] = {}
    for trade in trades:
        identity = client_order_id_of(trade.order_link_id, trade.order_id)
        key = (identity, trade.order_id, trade.symbol, trade.side)
        groups.setdefault(key, []).append(trade)
    return FillTable.of((_fill(key[0], group, source) for key, group in groups.items()), source)


def without_link(table: FillTable) -> int:
    """How many fills have no link id, so that their order id stands for it."""
    columns = table.columns
    return int((columns.client_order_id == columns.order_id).sum())


def _fill(identity: str, group: list[Trade], source: Source) -> Fill:
    group.sort(key=lambda trade: (trade.at, trade.exec_id))
    first, last = group[0], group[-1]
    realised = sum((trade.realised or _ZERO for trade in group), _ZERO)
    direction, found = _direction(group, realised)
    return Fill(
        client_order_id=identity,
        symbol=first.symbol,
        strat_id=next((trade.strat_id for trade in group if trade.strat_id is not None), None),
        side=first.side,
        direction=direction,
        direction_found=found,
        notional=sum((trade.price * trade.qty for trade in group), _ZERO),
        qty=sum((trade.qty for trade in group), _ZERO),
        fee=sum((trade.fee or _ZERO for trade in group), _ZERO),
        realised=realised,
        at=last.at,
        first_at=first.at,
        order_id=first.order_id,
        executions=len(group),
        is_maker=_maker(group),
        source=source,
    )


def _direction(group: list[Trade], realised: Decimal) -> tuple[DirectionType, DirectionFound]:
    """The recorded direction; else from what was closed; else from the profit, which may err."""
    for trade in group:
        if trade.direction is not None:
            return trade.direction, DirectionFound.RECORDED
    side = group[0].side
    sizes = [trade.closed_size for trade in group if trade.closed_size is not None]
    if sizes:
        return direction_of(side, closes=any(sizes)), DirectionFound.CLOSED_SIZE
    return direction_of(side, closes=bool(realised)), DirectionFound.INFERRED


def direction_of(side: SideType, *, closes: bool) -> DirectionType:
    """The direction that an order of a side opens, or closes."""
    opened = LONG if side is opening_side(LONG) else opposite(LONG)
    return opposite(opened) if closes else opened


def _maker(group: list[Trade]) -> bool | None:
    """Whether every execution was a maker's; None when one is unknown and none a taker's."""
    known = {trade.is_maker for trade in group}
    if False in known:
        return False
    return None if None in known else True
