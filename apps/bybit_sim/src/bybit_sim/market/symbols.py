"""One symbol's public market: what was last seen, trades, candles, and their REST rows.

It takes rows and time; it refuses to know accounts, sockets and the wall clock.
"""

from collections import deque
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from bybit_sim.exchange.words import Row
from bybit_sim.market.day import DayWindow
from bybit_sim.market.depth import Levels, Quotes, level_size, levels_around
from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.klines import INTERVALS, Klines
from bybit_sim.market.rows import hours_text, instrument_row, number_text, risk_rows
from bybit_sim.market.run import TradeRun
from bybit_sim.market.streams import PublicStreams
from bybit_sim.market.texts import Scale, price_text
from bybit_sim.market.trade_log import TradeLog
from bybit_sim.market.words import MarketRow, TradeRow
from gridcore.clock import Instant
from gridcore.instrument import Price

_FUNDINGS_KEPT = 1_000
_OPEN_INTEREST_STEPS = 50_000_000
_CHANGE_UNIT = Decimal("0.000001")
_VALUE_UNIT = Decimal("0.0001")


class SymbolMarket:
    """The market of one symbol. Times are market time, prices in ticks unless stated otherwise.

    `literal`: the ticker says only what rows said, so that a run can be repeated exactly: no quote
    is made up for a tape of trades, and the last price is the recorded ticker's. Otherwise unknown
    quotes are one tick around the last price.
    """

    def __init__(self, facts: SymbolFacts, start: Instant, *, seed: int = 0) -> None:
        self.facts = facts
        self.instrument = facts.instrument
        self.symbol = facts.symbol
        self.seed = seed
        self.now = start
        self.literal = False
        self.records_tickers = False
        """Whether the tape has tickers; the player says so. Else each trade counts as one."""
        self.last: Price | None = None
        self.bid: Price | None = None
        self.ask: Price | None = None
        self.funding_rate: Decimal = facts.funding_rate
        self.next_funding = self._boundary_after(start)
        self.ticker_due = False
        """Whether a row brought a ticker since the publisher last looked."""
        self.log = TradeLog(facts, seed)
        self.day = DayWindow()
        self.klines = Klines(self.day.add)
        self.streams = PublicStreams(facts)
        self._recorded_mark: Decimal | None = None
        self._recorded_last: Price | None = None
        self._fundings: deque[tuple[Instant, Decimal]] = deque(maxlen=_FUNDINGS_KEPT)
        self._prices = Scale(facts.instrument.tick_size)
        self._sizes = Scale(facts.instrument.qty_step)

    # Rows and time

    def play(self, rows: Sequence[MarketRow]) -> None:
        """Take over rows of this symbol, in order, after `advance` to their time."""
        for row in rows:
            if isinstance(row, TradeRow):
                self.log.add(row.at, row.price, row.qty, row.side)
                self.klines.trade(row.at, row.price, row.qty)
                self.last = row.price
                self.ticker_due = self.ticker_due or not self.records_tickers
                continue
            self._recorded_last = row.last
            if row.mark is not None:
                self._recorded_mark = row.mark
            self.bid, self.ask = row.bid, row.ask
            if row.funding_rate is not None:
                self.funding_rate = row.funding_rate
            self.ticker_due = True
            self.last = row.last

    def play_run(self, run: TradeRun) -> None:
        """Take over one or more trades at once, `advance` included: the same as one by one."""
        self.log.add_many(run.times, run.prices, run.qtys, run.sides)
        first, count = 0, len(run.times)
        while first < count:
            at = Instant(int(run.times[first]))
            self.advance(at)
            self.klines.trade(at, int(run.prices[first]), int(run.qtys[first]))
            first += 1
            end = run.first_at_or_after(self.klines.minute_end, first)
            if end > first:
                self.klines.trades(run.prices[first:end], run.qtys[first:end])
            first = end
        self.advance(Instant(int(run.times[-1])))
        self.last = int(run.prices[-1])
        self.ticker_due = self.ticker_due or not self.records_tickers

    def advance(self, now: Instant) -> None:
        """Time passes without a row: candles close, funding settles."""
        if now <= self.now:
            return
        self.now = now
        self.klines.advance(now)
        while self.next_funding <= now:
            self._fundings.append((self.next_funding, self.funding_rate))
            self.next_funding = self._boundary_after(self.next_funding)

    # Prices in quote currency

    @property
    def last_price(self) -> Decimal | None:
        """The last price; None before the first row."""
        return None if self.last is None else self.instrument.price(self.last)

    @property
    def mark(self) -> Decimal | None:
        """The mark price: the recorded one, else the last price; None before the first row."""
        return self.last_price if self._recorded_mark is None else self._recorded_mark

    @property
    def index(self) -> Decimal | None:
        """The index price; tapes hold none, so it is the mark."""
        return self.mark

    @property
    def best_bid(self) -> Decimal | None:
        """The recorded bid; None when no quote is known."""
        return None if self.bid is None else self.instrument.price(self.bid)

    @property
    def best_ask(self) -> Decimal | None:
        """The recorded ask; None when no quote is known."""
        return None if self.ask is None else self.instrument.price(self.ask)

    def price_limits(self) -> tuple[Decimal, Decimal] | None:
        """(highest buy, lowest sell) on the tick; None before the first row.

        Buy: min(max(index, mark * (1 + X)), mark * (1 + Y)); sell: max(min(index, mark * (1 - X)),
        mark * (1 - Y)), with the ratios of riskParameters (bybit.md A.3).
        """
        mark, index = self.mark, self.index
        if mark is None or index is None:
            return None
        near, far = self.facts.price_limit_ratio_x, self.facts.price_limit_ratio_y
        highest = min(max(index, mark * (1 + near)), mark * (1 + far))
        lowest = max(min(index, mark * (1 - near)), mark * (1 - far))
        return self._on_tick(highest, ROUND_FLOOR), self._on_tick(lowest, ROUND_CEILING)

    # The book

    def quotes(self) -> Quotes | None:
        """The best bid and ask that the book is built on; None before the first row.

        Recorded ones as the venues hold them, also when a trade has overtaken them; on a tape of
        trades one tick around the last price.
        """
        if self.last is None:
            return None
        last = int(self.last)
        bid, ask = self.bid, self.ask
        if bid is not None and ask is not None and bid < ask:
            return Quotes(int(bid), int(ask))
        return Quotes(max(last - 1, 1), max(last, 1) + 1)

    def levels(self, depth: int) -> Levels | None:
        """The order book of a depth; None before the first row."""
        quotes = self.quotes()
        return None if quotes is None else levels_around(quotes, depth, self.seed, self.now)

    # REST rows

    def instrument_row(self) -> Row:
        """The row of instruments-info."""
        return instrument_row(self.facts)

    def risk_rows(self) -> list[Row]:
        """The rows of risk-limit."""
        return risk_rows(self.facts)

    def ticker_row(self) -> Row:
        """The row of tickers; before the first row its prices are absent ("")."""
        row: Row = {"symbol": self.symbol}
        row |= self._price_fields()
        row |= self._quote_fields()
        row |= {
            "fundingRate": number_text(self.funding_rate),
            "nextFundingTime": str(self.next_funding // 1000),
            "fundingIntervalHour": hours_text(self.facts.funding_interval_minutes),
            "fundingCap": number_text(self.facts.funding_cap),
            "deliveryTime": "0",
        }
        for name in _ABSENT:
            row[name] = ""
        return row

    def ticker_fields(self) -> Row:
        """The ticker as the stream tells it: that of REST and the direction of the last trade."""
        return self.ticker_row() | {"tickDirection": self.log.direction}

    def trade_rows(self, limit: int) -> list[Row]:
        """The rows of recent-trade, newest first."""
        return self.log.rows(limit)

    def kline_rows(
        self, interval: str, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[list[str]] | None:
        """The rows of kline, newest first; None for an interval that is none (bybit.md A.3)."""
        if interval not in INTERVALS:
            return None
        start = None if start_ms is None else Instant(start_ms * 1000)
        end = None if end_ms is None else Instant(end_ms * 1000)
        price = self._prices.text
        return [
            [
                str(candle.start // 1000),
                price(candle.open),
                price(candle.high),
                price(candle.low),
                price(candle.close),
                self._sizes.text(candle.volume),
                number_text(self._value(candle.value)),
            ]
            for candle in self.klines.newest_first(interval, start, end, limit)
        ]

    def funding_rows(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[Row]:
        """The rows of funding/history, newest first."""
        rows: list[Row] = [
            {
                "symbol": self.symbol,
                "fundingRate": number_text(rate),
                "fundingRateTimestamp": str(at // 1000),
            }
            for at, rate in reversed(self._fundings)
            if (start_ms is None or at // 1000 >= start_ms)
            and (end_ms is None or at // 1000 <= end_ms)
        ]
        return rows[:limit]

    def price_limit_row(self, now: Instant) -> Row:
        """The result of price-limit."""
        limits = self.price_limits()
        highest, lowest = ("", "") if limits is None else map(self._price_text, limits)
        return {
            "symbol": self.symbol,
            "buyLmt": highest,
            "sellLmt": lowest,
            "ts": str(now // 1000),
        }

    # Inside

    def _price_fields(self) -> Row:
        minute, mark, index = self.klines.minute, self.mark, self.index
        last = self._recorded_last if self.literal and self.records_tickers else self.last
        row: Row = {
            "lastPrice": "" if last is None else self._price_text(self.instrument.price(last)),
            "indexPrice": "" if index is None else self._price_text(index),
            "markPrice": "" if mark is None else self._price_text(mark),
            "openInterest": self._sizes.text(_OPEN_INTEREST_STEPS),
            "openInterestValue": "",
            "singleOpenInterest": self._sizes.text(_OPEN_INTEREST_STEPS),
            "singleOpenInterestValue": "",
        }
        if mark is not None:
            interest = self.instrument.qty(_OPEN_INTEREST_STEPS) * mark
            row["openInterestValue"] = row["singleOpenInterestValue"] = self._rounded(interest)
        if minute is None:
            return row | dict.fromkeys(_DAY_FIELDS, "")
        day, price = self.day.summary(minute), self._prices.text
        change = Decimal(minute.close - day.day_ago) / day.day_ago
        return row | {
            "prevPrice24h": price(day.day_ago),
            "price24hPcnt": number_text(change.quantize(_CHANGE_UNIT, ROUND_HALF_EVEN)),
            "highPrice24h": price(day.high),
            "lowPrice24h": price(day.low),
            "prevPrice1h": price(day.hour_ago),
            "turnover24h": self._rounded(self._value(day.value)),
            "volume24h": self._sizes.text(day.volume),
        }

    def _quote_fields(self) -> Row:
        quotes = self.quotes()
        bid: int | None = None if quotes is None else quotes.bid
        ask: int | None = None if quotes is None else quotes.ask
        if self.literal:
            bid = None if self.bid is None else int(self.bid)
            ask = None if self.ask is None else int(self.ask)
        fields: Row = {}
        for name, price in (("bid1", bid), ("ask1", ask)):
            fields[f"{name}Price"] = "" if price is None else self._prices.text(price)
            size = "" if price is None else level_size(self.seed, price, self.now)
            fields[f"{name}Size"] = size if isinstance(size, str) else self._sizes.text(size)
        return fields

    def _boundary_after(self, at: Instant) -> Instant:
        interval = self.facts.funding_interval_us
        return Instant((at // interval + 1) * interval)

    def _on_tick(self, price: Decimal, rounding: str) -> Decimal:
        tick = self.instrument.tick_size
        return (price / tick).to_integral_value(rounding) * tick

    def _value(self, value: int) -> Decimal:
        return self.instrument.tick_size * self.instrument.qty_step * value

    def _price_text(self, price: Decimal) -> str:
        return price_text(self.facts, price)

    @staticmethod
    def _rounded(value: Decimal) -> str:
        return number_text(value.quantize(_VALUE_UNIT, ROUND_HALF_EVEN))


_DAY_FIELDS = (
    "prevPrice24h",
    "price24hPcnt",
    "highPrice24h",
    "lowPrice24h",
    "prevPrice1h",
    "turnover24h",
    "volume24h",
)
_ABSENT = (
    "predictedDeliveryPrice",
    "basisRate",
    "deliveryFeeRate",
    "basis",
    "preOpenPrice",
    "preQty",
    "curPreListingPhase",
    "basisRateYear",
)
