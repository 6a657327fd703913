"""Public calls: time, instruments, tickers, risk limits, trades, candles and funding rates."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar

from bybit_adapter.errors import ErrorKind, Failure, Rejected
from bybit_adapter.normalizer.numbers import required_number, required_text
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.paging import Page, Pages, read_pages
from bybit_adapter.rest import calls, reading
from bybit_adapter.rest.caller import Caller, malformed
from bybit_adapter.rest.calls import Call
from bybit_adapter.rest.instruments import InstrumentTerms, read_terms
from bybit_adapter.rest.listing import by_fields, list_pages
from bybit_adapter.rest.words import LINEAR, Answer, Listing
from bybit_adapter.windows import MILLISECOND_US
from gridcore.clock import Instant
from gridcore.message import message

TRADES_MAX = 1000
CANDLES_MAX = 1000
FUNDING_RATES_MAX = 200
PAGES_MAX = 100
"""Pages of one listing; reaching it is reported as a listing that is not complete."""

_SYMBOL = by_fields("symbol")
_TIER = by_fields("symbol", "id")
_TRADE = by_fields("execId")


@message
class Candle:
    """One candle; `start` is its first instant, prices in quote currency, volume in base coin."""

    start: Instant
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal


@message
class FundingRate:
    """The rate that was settled at an instant; a long pays when it is positive."""

    symbol: str
    at: Instant
    rate: Decimal


T = TypeVar("T")


@message
class Series(Generic[T]):
    """Values in ascending time; `complete` False: the older part is missing, see `failure`."""

    values: tuple[T, ...]
    complete: bool
    failure: Failure | None


class MarketCalls:
    """Everything that can be asked without a key. Only linear contracts are asked for."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def instruments(self, pages_max: int = PAGES_MAX) -> Listing:
        """All symbols that trade: instruments-info rows."""
        parameters = {"category": LINEAR, "limit": 1000}
        return list_pages(
            self._caller, calls.INSTRUMENTS, parameters, identity=_SYMBOL, pages_max=pages_max
        )

    def instrument(self, symbol: str) -> InstrumentTerms | Failure:
        """The terms of one symbol; Rejected as a parameter when the exchange does not list it."""
        call = calls.INSTRUMENTS
        row = self._only_row(call, symbol)
        if not isinstance(row, Mapping):
            return row
        try:
            return read_terms(row)
        except BadElement as error:
            return malformed(call, f"{symbol}: {error}")

    def tickers(self) -> Listing:
        """The state of every symbol's market: ticker rows."""
        parameters = {"category": LINEAR}
        return list_pages(self._caller, calls.TICKERS, parameters, identity=_SYMBOL, pages_max=1)

    def ticker(self, symbol: str) -> Row | Failure:
        """The state of one symbol's market: its ticker row."""
        return self._only_row(calls.TICKERS, symbol)

    def risk_limits(self, symbol: str | None = None, pages_max: int = PAGES_MAX) -> Listing:
        """The risk-limit rows of a symbol, or of all (15 symbols a page)."""
        parameters = {"category": LINEAR, "symbol": symbol}
        return list_pages(
            self._caller, calls.RISK_LIMITS, parameters, identity=_TIER, pages_max=pages_max
        )

    def recent_trades(self, symbol: str, limit: int = TRADES_MAX) -> Listing:
        """The latest public trades; the exchange serves no others.

        The listing is complete in itself: whether it reaches back far enough is for the caller.
        """
        parameters = {"category": LINEAR, "symbol": symbol, "limit": min(limit, TRADES_MAX)}
        return list_pages(
            self._caller, calls.RECENT_TRADES, parameters, identity=_TRADE, pages_max=1
        )

    def candles(
        self, symbol: str, interval: str, start: Instant, end: Instant, pages_max: int = PAGES_MAX
    ) -> Series[Candle] | Failure:
        """The candles that begin within [start, end]; the newest may not have ended yet.

        `interval` as Bybit writes it: minutes 1 to 720, or D, W, M.
        """
        parameters = {"symbol": symbol, "interval": interval, "limit": CANDLES_MAX}
        walk = _Walk(calls.KLINES, ("start", "end"), _candle_row, "start", CANDLES_MAX)
        return self._series(walk, parameters, start, end, pages_max, _read_candle)

    def funding_rates(
        self, symbol: str, start: Instant, end: Instant, pages_max: int = PAGES_MAX
    ) -> Series[FundingRate] | Failure:
        """The funding rates that were settled within [start, end]."""
        parameters = {"symbol": symbol, "limit": FUNDING_RATES_MAX}
        walk = _Walk(
            calls.FUNDING_HISTORY,
            ("startTime", "endTime"),
            reading.as_row,
            "fundingRateTimestamp",
            FUNDING_RATES_MAX,
        )
        return self._series(walk, parameters, start, end, pages_max, _read_funding_rate)

    def _only_row(self, call: Call, symbol: str) -> Row | Failure:
        answer = self._caller.call(call, {"category": LINEAR, "symbol": symbol})
        if not isinstance(answer, Answer):
            return answer
        try:
            rows = [row for row in reading.rows(answer.row) if row.get("symbol") == symbol]
        except BadElement as error:
            return malformed(call, str(error))
        if rows:
            return rows[0]
        return Rejected(
            kind=ErrorKind.PARAMETER,
            code=10001,
            text=f"{call.path} does not list {symbol}",
            retryable=False,
        )

    def _series(
        self,
        walk: "_Walk",
        parameters: Mapping[str, Any],
        start: Instant,
        end: Instant,
        pages_max: int,
        read: Callable[[Row], T],
    ) -> Series[T] | Failure:
        fetch = walk.fetcher(self._caller, {"category": LINEAR, **parameters}, start, end)
        pages: Pages = read_pages(fetch, identity=by_fields(walk.time_field), pages_max=pages_max)
        try:
            values = tuple(read(row) for row in reversed(pages.rows))
        except BadElement as error:
            return malformed(walk.call, str(error))
        if pages.failure is not None and not values:
            return pages.failure
        return Series(values=values, complete=pages.complete, failure=pages.failure)


class _Walk:
    """Reads a series that has no cursor, page by page back in time."""

    def __init__(
        self,
        call: Call,
        bounds: tuple[str, str],
        to_row: Callable[[object], Row],
        time_field: str,
        limit: int,
    ) -> None:
        self.call = call
        self.bounds = bounds
        self.to_row = to_row
        self.time_field = time_field
        self.limit = limit

    def fetcher(
        self, caller: Caller, parameters: Mapping[str, Any], start: Instant, end: Instant
    ) -> Callable[[str | None], Page | Failure]:
        """Pages whose cursor is the last millisecond before their oldest row."""
        if end < start:
            raise ValueError(f"expected a start that is not after the end, found {start} > {end}")
        first_ms = -(-start // MILLISECOND_US)
        lower, upper = self.bounds

        def fetch(cursor: str | None) -> Page | Failure:
            end_ms = end // MILLISECOND_US if cursor is None else int(cursor)
            asked = {**parameters, lower: first_ms, upper: end_ms}
            answer = caller.call(self.call, asked)
            if not isinstance(answer, Answer):
                return answer
            try:
                rows = tuple(self.to_row(one) for one in reading.elements(answer.row))
                times = [reading.required_whole(row, self.time_field) for row in rows]
            except BadElement as error:
                return malformed(self.call, str(error))
            oldest = min(times, default=first_ms)
            more = len(rows) >= self.limit and oldest > first_ms
            return Page(rows=rows, cursor=str(oldest - 1) if more else "")

        return fetch


_CANDLE_FIELDS = ("start", "open", "high", "low", "close", "volume", "turnover")


def _candle_row(element: object) -> Row:
    if not isinstance(element, list) or len(element) < len(_CANDLE_FIELDS):
        raise BadElement(f"expected a candle of {len(_CANDLE_FIELDS)} fields, found {element!r}")
    return dict(zip(_CANDLE_FIELDS, element, strict=False))


def _read_candle(row: Row) -> Candle:
    numbers = {name: required_number(row, name) for name in _CANDLE_FIELDS[1:]}
    return Candle(start=reading.required_moment(row, "start"), **numbers)


def _read_funding_rate(row: Row) -> FundingRate:
    return FundingRate(
        symbol=required_text(row, "symbol"),
        at=reading.required_moment(row, "fundingRateTimestamp"),
        rate=required_number(row, "fundingRate"),
    )
