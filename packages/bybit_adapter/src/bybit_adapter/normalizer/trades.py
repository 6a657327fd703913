"""Public trades: elements of publicTrade frames. The session decides nothing on them."""

from collections.abc import Callable

from bybit_adapter.normalizer.numbers import Scale, moment, shown, text
from bybit_adapter.normalizer.words import (
    BadElement,
    Received,
    Row,
    TradeColumns,
    TradeFrame,
)
from gridcore.clock import Instant
from gridcore.events import PublicTrade
from gridcore.instrument import Steps
from gridcore.sides import BUY, SELL, SideType

TAKER_SIDES: dict[str, SideType] = {"Buy": BUY, "Sell": SELL}


def trade(row: Row, symbol: str, scale: Scale, frame_at: Instant) -> PublicTrade:
    """One trade of a frame; a time that cannot be read is the frame's."""
    return PublicTrade(
        symbol=symbol,
        at=moment(row.get("T")) or frame_at,
        price=scale.required_price(row, "p"),
        qty=_size(row, "v", scale),
        side=_side(row, "S"),
        trade_id=text(row, "i") or None,
    )


def recent_trade(row: Row, symbol: str, scale: Scale, asked_at: Instant) -> PublicTrade:
    """One row of recent-trade (bybit.md A.3), which names the same things in words."""
    return PublicTrade(
        symbol=symbol,
        at=moment(row.get("time")) or asked_at,
        price=scale.required_price(row, "price"),
        qty=_size(row, "size", scale),
        side=_side(row, "side"),
        trade_id=text(row, "execId") or None,
    )


def columns(
    frame: TradeFrame, scale_of: Callable[[str], Scale | None], received_at: Instant
) -> TradeColumns | None:
    """The trades of a frame that was decoded directly, in bulk.

    None: the closer look has to judge element by element (no such instrument, several symbols, a
    price or size that is none).
    """
    rows = frame.data
    if not rows:
        return None
    symbol = rows[0].s
    scale = scale_of(symbol)
    if scale is None or (len(rows) > 1 and [row for row in rows if row.s != symbol]):
        return None
    price_of, size_of = scale.prices, scale.traded
    try:
        prices = [price_of[row.p] for row in rows]
        sizes = [size_of[row.v] for row in rows]
    except BadElement:
        return None
    return TradeColumns(frame, symbol, received_at, prices, sizes)


def events(trades: TradeColumns) -> list[Received]:
    """The same as events, in the frame's order."""
    frame, symbol, received_at = trades.frame, trades.symbol, trades.received_at
    topic, exchange_at = frame.topic, trades.exchange_at
    return [
        Received(
            event=PublicTrade(
                symbol=symbol,
                at=at,
                price=price,
                qty=size,
                side=row.S,
                trade_id=row.i,
            ),
            topic=topic,
            exchange_at=exchange_at,
            received_at=received_at,
            raw=row,
        )
        for row, at, price, size in zip(
            frame.data, trades.at, trades.prices, trades.sizes, strict=True
        )
    ]


def _size(row: Row, name: str, scale: Scale) -> Steps:
    size = scale.required_size(row, name)
    if not size:
        raise BadElement(f"{name}: expected a size above 0, found 0")
    return size


def _side(row: Row, name: str) -> SideType | None:
    value = text(row, name)
    if not value:
        return None
    side = TAKER_SIDES.get(value)
    if side is None:
        raise BadElement(f"{name}: expected Buy or Sell, found {shown(value)}")
    return side
