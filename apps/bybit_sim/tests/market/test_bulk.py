"""Rows played at once leave everything as rows played one by one: the law of the bulk path."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import ApiKey, Lifetime, NewOrder, OrderType, Push
from bybit_sim.market.bulk import play_quiet
from bybit_sim.market.facts import BTCUSDT, ETHUSDT, SymbolFacts
from bybit_sim.market.feed import Feed
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import TickerRow, TradeRow
from gridcore.clock import HOUR_US, MINUTE_US, SECOND_US, Instant
from gridcore.sides import BUY, SELL
from simvenue import FillModel
from tapes import Tape

MakeTape = Callable[..., Tape]
SYMBOLS = (BTCUSDT, ETHUSDT)
START = Instant(1_767_571_200 * SECOND_US)


class Row(NamedTuple):
    """One row of a drawn market: a trade when `ticker` is None, else the ticker's distances from
    the price: bid, ask, mark (in hundredths), and its rate."""

    symbol: int
    wait_us: int
    price: int
    qty: int
    ticker: tuple[int | None, int | None, int | None, int | None] | None


class Order(NamedTuple):
    """A placement of an account, after so many steps of the feed."""

    account: int
    symbol: int
    long: bool
    opens: bool
    price: int | None
    qty: int


known = st.tuples(st.just(-1), st.just(1), st.integers(-30, 30), st.integers(-3, 3))
maybe = st.tuples(
    st.sampled_from([-1, None]),
    st.sampled_from([1, None]),
    st.sampled_from([0, None]),
    st.sampled_from([1, None]),
)
waits = st.sampled_from([0, 1, SECOND_US, 7 * SECOND_US, MINUTE_US, 20 * MINUTE_US, 2 * HOUR_US])
near = st.integers(985, 1015)
market_rows = st.builds(
    Row,
    symbol=st.integers(0, 1),
    wait_us=waits,
    price=st.one_of(near, near, near, near, st.integers(890, 1110)),
    qty=st.integers(1, 5),
    ticker=st.one_of(st.none(), st.none(), known, known, known, maybe),
)
placed = st.builds(
    Order,
    account=st.integers(0, 1),
    symbol=st.integers(0, 1),
    long=st.booleans(),
    opens=st.sampled_from([True, True, False]),
    price=st.one_of(st.none(), near, near),
    qty=st.integers(1, 20),
)


def tapes_of(make: MakeTape, rows: Sequence[Row]) -> list[tuple[SymbolFacts, Tape]]:
    trades: list[list[tuple[int, ...]]] = [[], []]
    tickers: list[list[tuple[int | None, ...]]] = [[], []]
    now = 0
    for place in range(2):
        trades[place].append((0, 1000, 1, 1, 1))
        tickers[place].append((0, 2, 1000, 999, 1001, 10_000, 1))
    for place, row in enumerate(rows):
        now, seq = now + row.wait_us, place + 3
        if row.ticker is None:
            trades[row.symbol].append((now, row.price, row.qty, 1 if place % 2 else -1, seq))
            continue
        bid, ask, mark, rate = row.ticker
        quotes = [None if one is None else row.price + one for one in (bid, ask)]
        moved = None if mark is None else 10 * row.price + mark
        tickers[row.symbol].append((now, seq, row.price, *quotes, moved, rate))
    return [
        (facts, make(trades[place], tickers[place], facts=facts))
        for place, facts in enumerate(SYMBOLS)
    ]


def spec(number: int, balance: int = 20, **changes: Any) -> AccountSpec:
    return AccountSpec(
        uid=1001 + number,
        name=f"account {number}",
        keys=(ApiKey(key=f"key-{number}", secret="secret"),),
        balance=Decimal(balance),
        **changes,
    )


def opened(specs: Sequence[AccountSpec]) -> Exchange:
    markets = {
        facts.symbol: SymbolMarket(facts, START, seed=place) for place, facts in enumerate(SYMBOLS)
    }
    for market in markets.values():
        market.records_tickers = True
        market.log.followed = True
    return Exchange([Account(one, markets, START) for one in specs], markets, START)


def place(exchange: Exchange, order: Order) -> None:
    facts = SYMBOLS[order.symbol]
    price = order.price
    account = list(exchange.accounts.values())[order.account]
    account.create(
        NewOrder(
            symbol=facts.symbol,
            side=BUY if order.long is order.opens else SELL,
            order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
            qty=str(facts.instrument.qty_step * order.qty * (50 if order.symbol else 5)),
            price=None if price is None else str(facts.instrument.tick_size * price),
            lifetime=Lifetime.IOC if price is None else Lifetime.GTC,
            position_idx=1 if order.long else 2,
            order_link_id="",
            reduce_only=not order.opens,
            close_on_trigger=False,
        ),
        exchange.now,
    )


def played(
    exchange: Exchange, feed: Feed, orders: Sequence[Order], limit: int | None
) -> list[Push]:
    """The pushes of a run: in bulk with a limit, without one row by row."""
    pushes: list[Push] = []
    first = feed.next_step()
    assert first is not None
    pushes += exchange.play(first)
    for order in orders:
        place(exchange, order)
    while feed.next_at() is not None:
        told = None if limit is None else play_quiet(exchange, feed, limit)
        if told is None:
            step = feed.next_step()
            assert step is not None
            told = exchange.play(step)
        pushes += told
    return pushes


def everything(exchange: Exchange) -> dict[str, object]:
    """All that accounts and markets show."""
    found: dict[str, object] = {"now": exchange.now}
    for account in exchange.accounts.values():
        found[account.name] = account.dump(exchange.now)
    for symbol, market in exchange.markets.items():
        found[f"{symbol} market"] = {
            "ticker": market.ticker_fields(),
            "last": (market.last, market.now, market.ticker_due),
            "trades": market.trade_rows(1000),
            "frames": market.log.take_frames(market.now),
            "funding": market.funding_rows(None, None, 200),
            "candles": [market.kline_rows(one, None, None, 200) for one in ("1", "3", "60", "D")],
            "closed": market.klines.take_closed(),
        }
    return found


@pytest.mark.untraced
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(market_rows, min_size=25, max_size=60),
    orders=st.lists(placed, max_size=8),
    model=st.sampled_from(list(FillModel)),
    partial_fills=st.sampled_from([0, 500]),
    latency_us=st.sampled_from([0, 30 * SECOND_US, 2 * HOUR_US]),
    balance=st.sampled_from([20, 500]),
    limit=st.sampled_from([1, 3, 1024]),
    shift=st.sampled_from([0, 0, 5, -5]),
)
def test_played_at_once_is_played_one_by_one(
    tape: MakeTape,
    rows: list[Row],
    orders: list[Order],
    model: FillModel,
    partial_fills: int,
    latency_us: int,
    balance: int,
    limit: int,
    shift: int,
) -> None:
    """Fills, funding, liquidations, requests in transit; candles, the day, the log, tickers."""
    tapes = tapes_of(tape, rows)
    specs = [
        spec(0, balance, fill_model=model, partial_fills=partial_fills),
        spec(1, balance, latency_us=latency_us, default_leverage=Decimal(50)),
    ]
    runs = []
    for one in (None, limit):
        exchange, feed = opened(specs), Feed(tapes)
        feed.shift("ETHUSDT", shift)
        pushes = played(exchange, feed, orders, one)
        runs.append((pushes, everything(exchange)))

    assert runs[1][0] == runs[0][0]
    assert runs[1][1] == runs[0][1]


class Watching:
    """An exchange that notes what it is asked to play."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.steps: list[tuple[str, int]] = []

    @property
    def now(self) -> Instant:
        return self.exchange.now

    @property
    def markets(self) -> dict[str, SymbolMarket]:
        return self.exchange.markets

    def next_deadline(self) -> Instant | None:
        return self.exchange.next_deadline()

    def advance(self, now: Instant) -> tuple[Push, ...]:
        return self.exchange.advance(now)

    def quiet_band(self, symbol: str) -> Any:
        return self.exchange.quiet_band(symbol)

    def play(self, step: Any) -> tuple[Push, ...]:
        for row in step.rows:
            kind = {TradeRow: "trade", TickerRow: "ticker"}[type(row)]
            self.steps.append((f"{kind} {row.symbol[:3]}", row.seq))
        return self.exchange.play(step)


@pytest.fixture
def calm() -> list[Row]:
    """Two trades and a ticker of each symbol in turn, a second apart, far from any bound."""
    ticker = (-1, 1, 0, 1)
    shapes = [(symbol, seen) for symbol in (0, 1) for seen in (None, None, ticker)]
    return [Row(symbol, SECOND_US, 1000, 1, seen) for _ in range(40) for symbol, seen in shapes]


def test_the_venues_see_only_the_newest_row_of_each_kind_of_each_symbol(
    tape: MakeTape, calm: list[Row]
) -> None:
    watching, feed = Watching(opened([spec(0)])), Feed(tapes_of(tape, calm))
    first = feed.next_step()
    assert first is not None
    watching.exchange.play(first)

    assert play_quiet(watching, feed, 1024) == ()

    assert watching.steps == [
        ("trade BTC", 238),
        ("ticker BTC", 239),
        ("trade ETH", 241),
        ("ticker ETH", 242),
    ]
    assert watching.exchange.markets["BTCUSDT"].log.number == 81
    assert feed.next_at() is None


def test_a_stretch_ends_at_a_settlement_of_funding_also_where_no_account_is(
    tape: MakeTape, calm: list[Row]
) -> None:
    later = [row._replace(wait_us=5 * MINUTE_US) for row in calm]
    exchange, feed = opened([]), Feed(tapes_of(tape, later))
    first = feed.next_step()
    assert first is not None
    exchange.play(first)

    assert play_quiet(exchange, feed, 1024) == ()

    assert feed.next_at() == START + 8 * HOUR_US
    assert play_quiet(exchange, feed, 1024) is None


def test_a_stretch_ends_where_a_request_arrives(tape: MakeTape, calm: list[Row]) -> None:
    """It meets the market of its own instant, not that of the end of the stretch."""
    exchange = opened([spec(0, latency_us=10 * SECOND_US)])
    feed = Feed(tapes_of(tape, calm))
    first = feed.next_step()
    assert first is not None
    exchange.play(first)
    place(exchange, Order(account=0, symbol=0, long=True, opens=True, price=None, qty=20))

    assert play_quiet(exchange, feed, 1024) is not None

    assert feed.next_at() == START + 10 * SECOND_US
