"""Public market rows, which belong to an environment and to no tenant.

Numbers are counts of 1e-8 in the table, so that millions are read as integers.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from grid_db.models.base import (
    Base,
    MarketMoment,
    MarketNumber,
    RowId,
    Text,
    Whole,
    one_of,
)
from grid_db.words import Environment
from gridcore.sides import SideType


class PublicTrade(Base):
    """One trade of the market; `side` is the taker's. Those of one time are ordered by (seq, id).

    The unique key is in the order of time: it serves reading a stretch too, and grows at its end
    only. The exchange tells a trade with the same time on the stream and by REST.
    """

    __tablename__ = "public_trades"
    __table_args__ = (
        sa.UniqueConstraint(
            "environment", "symbol", "exchange_ts", "trade_id", name="uq_public_trades_key"
        ),
        one_of("environment", Environment),
        one_of("side", SideType),
        sa.CheckConstraint("price > 0 AND size > 0", name="positive"),
    )

    id: Mapped[RowId]
    environment: Mapped[Text]
    symbol: Mapped[Text]
    trade_id: Mapped[Text]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    side: Mapped[Text | None]
    price: Mapped[MarketNumber]
    size: Mapped[MarketNumber]
    seq: Mapped[Whole | None]


class TickerSnapshot(Base):
    """The market at one time; a quote that is unknown is NULL, never 0."""

    __tablename__ = "ticker_snapshots"
    __table_args__ = (
        sa.UniqueConstraint("environment", "symbol", "exchange_ts", name="uq_ticker_snapshots_key"),
        one_of("environment", Environment),
        sa.CheckConstraint("last_price > 0", name="positive"),
    )

    id: Mapped[RowId]
    environment: Mapped[Text]
    symbol: Mapped[Text]
    exchange_ts: Mapped[MarketMoment]
    local_ts: Mapped[MarketMoment]
    last_price: Mapped[MarketNumber]
    mark_price: Mapped[MarketNumber | None]
    bid1_price: Mapped[MarketNumber | None]
    ask1_price: Mapped[MarketNumber | None]
    funding_rate: Mapped[MarketNumber | None]
    raw_json: Mapped[Text | None]
