"""Trades and tickers as records of the database: public rows, which no tenant owns."""

from collections.abc import Iterable
from decimal import Decimal

from bybit_adapter.normalizer.numbers import moment as exchange_moment
from bybit_adapter.normalizer.numbers import required_number, required_text, text, whole
from bybit_adapter.normalizer.trades import TAKER_SIDES
from bybit_adapter.normalizer.words import BadElement, Received, Row, Trade, TradeColumns
from event_saver.times import moment
from grid_db.records import PublicTrade, TickerSnapshot
from grid_db.words import Environment
from gridcore.clock import Instant
from gridcore.events import PublicTrade as TradeEvent
from gridcore.events import Ticker
from gridcore.instrument import Instrument


class PublicRows:
    """Makes records of the public streams of one environment.

    `instruments` are those the normalizer was given.
    """

    def __init__(self, environment: Environment, instruments: dict[str, Instrument]) -> None:
        self._environment = environment
        self._instruments = instruments

    def trades(self, columns: TradeColumns) -> list[PublicTrade]:
        """The trades of one frame, in its order."""
        environment, symbol = self._environment, columns.symbol
        local = moment(columns.received_at)
        return [
            PublicTrade(
                environment=environment,
                symbol=symbol,
                trade_id=row.i,
                exchange_ts=moment(at),
                local_ts=local,
                side=row.S,
                price=Decimal(row.p),
                size=Decimal(row.v),
                seq=row.seq,
            )
            for row, at in zip(columns.frame.data, columns.at, strict=True)
        ]

    def of(self, received: Received) -> PublicTrade | TickerSnapshot | None:
        """The record of one event; None for a trade without an id, which cannot be told apart from
        another, and for events that are not public."""
        event = received.event
        if isinstance(event, Ticker):
            return self._ticker(event, received)
        if not isinstance(event, TradeEvent) or event.trade_id is None:
            return None
        instrument = self._instruments[event.symbol]
        raw = received.raw
        return PublicTrade(
            environment=self._environment,
            symbol=event.symbol,
            trade_id=event.trade_id,
            exchange_ts=moment(event.at),
            local_ts=moment(received.received_at),
            side=event.side,
            price=instrument.price(event.price),
            size=instrument.qty(event.qty),
            seq=raw.seq if isinstance(raw, Trade) else whole(raw, "seq"),
        )

    def listed(self, symbol: str, rows: Iterable[Row], asked_at: Instant) -> list[PublicTrade]:
        """The trades of recent-trade rows (bybit.md A.3), oldest first.

        BadElement when one cannot be read: what a listing hides, it cannot prove.
        """
        local = moment(asked_at)
        found = []
        for row in rows:
            at = exchange_moment(row.get("time"))
            if at is None:
                raise BadElement("time: expected milliseconds of 2010 to 2099, found none")
            found.append(
                PublicTrade(
                    environment=self._environment,
                    symbol=symbol,
                    trade_id=required_text(row, "execId"),
                    exchange_ts=moment(at),
                    local_ts=local,
                    side=TAKER_SIDES.get(text(row, "side")),
                    price=required_number(row, "price"),
                    size=required_number(row, "size"),
                    seq=whole(row, "seq"),
                )
            )
        found.reverse()
        found.sort(key=lambda trade: trade.exchange_ts)
        return found

    def _ticker(self, ticker: Ticker, received: Received) -> TickerSnapshot:
        instrument = self._instruments[ticker.symbol]
        return TickerSnapshot(
            environment=self._environment,
            symbol=ticker.symbol,
            exchange_ts=moment(ticker.at),
            local_ts=moment(received.received_at),
            last_price=instrument.price(ticker.last),
            mark_price=ticker.mark,
            bid1_price=None if ticker.bid is None else instrument.price(ticker.bid),
            ask1_price=None if ticker.ask is None else instrument.price(ticker.ask),
            funding_rate=ticker.funding_rate,
        )
