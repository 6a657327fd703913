"""One account of the exchange: what REST calls ask of it and what its private streams tell.

It refuses to know requests, sockets and the wall clock; `now` is market time.
"""

from collections.abc import Mapping
from decimal import Decimal
from random import Random

from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.books import Books
from bybit_sim.exchange.dump import account_dump
from bybit_sim.exchange.hands import OwnHands
from bybit_sim.exchange.ids import Ids
from bybit_sim.exchange.intake import Intake
from bybit_sim.exchange.legs import BookedLeg
from bybit_sim.exchange.order_desk import OrderDesk
from bybit_sim.exchange.outbox import Outbox
from bybit_sim.exchange.rows import execution_row, order_row
from bybit_sim.exchange.settings import Settings
from bybit_sim.exchange.statements import Statements
from bybit_sim.exchange.taking import Taking
from bybit_sim.exchange.transactions import Transactions
from bybit_sim.exchange.wallet import fee_row, info_row, key_row
from bybit_sim.exchange.words import (
    Amendment,
    ApiKey,
    ExecutionRecord,
    NewOrder,
    OrderRecord,
    Push,
    Row,
)
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import TickerRow, TradeRow
from gridcore.clock import Instant
from gridcore.sides import LONG, SHORT
from simvenue import LiquidationPolicy, SimVenue, SymbolSpec, VenueConfig
from simvenue.limits import Refusal


class Account:
    """An account with one wallet, its own venue, and everything that ever happened on it.

    Lists are newest first. Refusals carry the exchange's code and text (bybit.md A.6).
    """

    def __init__(
        self, spec: AccountSpec, markets: Mapping[str, SymbolMarket], start: Instant
    ) -> None:
        self.uid, self.name, self.keys = spec.uid, spec.name, spec.keys
        self.margin_mode = spec.margin_mode
        self._spec = spec
        self._start = start
        leverages = {
            symbol: spec.leverage.get(symbol, min(spec.default_leverage, market.facts.max_leverage))
            for symbol, market in markets.items()
        }
        self.venue = _venue(spec, markets, leverages, start)
        legs = {
            (symbol, direction): BookedLeg(symbol=symbol, direction=direction)
            for symbol in markets
            for direction in (LONG, SHORT)
        }
        ids = Ids(spec.seed, spec.uid)
        self._outbox = Outbox(spec.uid)
        self._statements = Statements(spec, markets, self.venue, legs, leverages)
        self._books = Books(
            markets,
            self._statements,
            legs,
            ids,
            self._outbox,
            Transactions(spec.uid, self.venue.wallet),
        )
        source = Random(f"{spec.seed} {spec.uid} taking")
        self._desk = OrderDesk(
            markets,
            self.venue,
            self._books,
            Intake(self.venue, markets),
            Taking(self.venue, source, spec.partial_fills),
            ids,
            spec.latency_us,
        )
        self._settings = Settings(markets, self.venue, self._books, self._statements)
        self._hands = OwnHands(self.venue, self._books)

    @property
    def hedge_mode(self) -> bool:
        """Whether both legs of a symbol can be held at once; only then orders are taken."""
        return self._statements.hedge_mode

    # The market and time

    def on_trade(self, row: TradeRow) -> None:
        """One trade of the market."""
        events = self.venue.on_trade(row.symbol, row.at, row.price, row.qty, row.side)
        if events:
            self._books.take(events, row.at)

    def on_ticker(self, row: TickerRow) -> None:
        """One ticker of the market."""
        events = self.venue.on_ticker(
            row.symbol, row.at, row.last, row.mark, row.bid, row.ask, row.funding_rate
        )
        if events:
            self._books.take(events, row.at)

    def next_deadline(self) -> Instant | None:
        """When something happens without a row: funding, a request whose latency is over."""
        due = (self.venue.next_deadline(), self._desk.next_due())
        return min((at for at in due if at is not None), default=None)

    def advance(self, now: Instant) -> None:
        """Everything due until `now`, each at its own deadline; funding before requests."""
        while (due := self.next_deadline()) is not None and due <= now:
            self._books.take(self.venue.advance(due), due)
            self._desk.advance(due)

    def take_pushes(self) -> tuple[Push, ...]:
        """What the private streams have to tell since the last call."""
        return self._outbox.take()

    # Orders

    def create(self, order: NewOrder, now: Instant) -> OrderRecord | Refusal:
        """Acknowledge an order, or refuse it; its outcome is pushed (bybit.md A.1)."""
        return self._desk.create(order, now, hedge_mode=self.hedge_mode)

    def manual_order(self, order: NewOrder, now: Instant) -> OrderRecord | Refusal:
        """An order of the account's owner by another way than the API: the same rules."""
        return self.create(order, now)

    def amend(self, amendment: Amendment, now: Instant) -> OrderRecord | Refusal:
        """Change price or quantity of an open order."""
        return self._desk.amend(amendment, now)

    def cancel(
        self, symbol: str, order_id: str, order_link_id: str, now: Instant
    ) -> OrderRecord | Refusal:
        """Cancel an open order by its id or, when that is "", by its link id."""
        return self._desk.cancel(symbol, order_id, order_link_id, now)

    def cancel_all(self, symbol: str | None, now: Instant) -> list[OrderRecord]:
        """Cancel the open orders of a symbol or (None) of all, at most 500 of them."""
        return self._desk.cancel_all(symbol, now)

    def open_orders(self, symbol: str | None) -> list[OrderRecord]:
        """Orders that rest."""
        return self._books.orders.open(symbol)

    def ended_orders(self, symbol: str | None, now: Instant) -> list[OrderRecord]:
        """Orders that ended; those without a fill only for 24 h (bybit.md A.4)."""
        return self._books.orders.ended(symbol, now)

    def find_order(self, order_id: str, order_link_id: str) -> OrderRecord | None:
        """The order of an id or, when that is "", of a link id; not while it is in transit."""
        return self._books.orders.find(order_id, order_link_id)

    def executions(self, symbol: str | None) -> list[ExecutionRecord]:
        """Executions and funding."""
        rows = reversed(self._books.executions)
        return [row for row in rows if symbol in (None, row.symbol)]

    # Rows

    def order_row(self, record: OrderRecord) -> Row:
        """An order as order/realtime lists it."""
        return order_row(record)

    def execution_row(self, record: ExecutionRecord) -> Row:
        """An execution as execution/list shows it."""
        return execution_row(record)

    def closed_pnl_rows(self, symbol: str | None) -> list[Row]:
        """Rows of position/closed-pnl: one per closing order, the last updated first."""
        return self._books.closings.rows(symbol)

    def transaction_rows(self) -> list[Row]:
        """Rows of account/transaction-log."""
        return self._books.transactions.rows()

    def position_rows(self, symbol: str | None, now: Instant) -> list[Row]:
        """Rows of position/list, flat legs too; symbol by symbol, long first."""
        symbols = self._statements.leverages if symbol is None else (symbol,)
        return [row for name in symbols for row in self._statements.position_rows(name)]

    def wallet_row(self, now: Instant) -> Row:
        """The row of account/wallet-balance."""
        return self._statements.wallet()

    def info_row(self, now: Instant) -> Row:
        """The result of account/info."""
        return info_row(self.margin_mode, self._start)

    def fee_rows(self, symbol: str | None) -> list[Row]:
        """Rows of account/fee-rate."""
        return [
            fee_row(name, self._spec.taker_fee, self._spec.maker_fee)
            for name in self._statements.leverages
            if symbol in (None, name)
        ]

    def key_row(self, key: ApiKey, now: Instant) -> Row:
        """The result of user/query-api."""
        return key_row(key, self.uid, self.name, self._start, now)

    # Settings and operations from outside

    def set_leverage(self, symbol: str, buy: str, sell: str, now: Instant) -> Refusal | None:
        """Change the leverage of a symbol; None when it is done."""
        return self._settings.set_leverage(symbol, buy, sell, now)

    def switch_mode(self, symbol: str | None, mode: int, now: Instant) -> Refusal | None:
        """Switch the account to one-way (0) or hedge mode (3); None when it is done."""
        return self._settings.switch_mode(symbol, mode)

    def move_cash(self, amount: Decimal, now: Instant) -> None:
        """Deposit (above 0) or withdraw USDT; at most the whole wallet leaves."""
        self._hands.move_cash(amount, now)

    def deleverage(
        self, symbol: str, position_idx: int, qty: Decimal, now: Instant
    ) -> Refusal | None:
        """Let auto-deleveraging take up to `qty` base coin off a leg; None when it is done."""
        return self._hands.deleverage(symbol, position_idx, qty, now)

    def liquidate(self, now: Instant) -> None:
        """Liquidate as if the marks had gone too far: all orders, the worst leg at least."""
        self._hands.liquidate(now)

    def dump(self, now: Instant) -> Row:
        """Everything: orders with every change, executions, positions, wallet, logs, the venue."""
        identity: Row = {"uid": self.uid, "name": self.name, "margin_mode": self.margin_mode}
        return account_dump(identity, self._books, self._statements, self._outbox, self.venue, now)


def _venue(
    spec: AccountSpec,
    markets: Mapping[str, SymbolMarket],
    leverages: Mapping[str, Decimal],
    start: Instant,
) -> SimVenue:
    config = VenueConfig(
        initial_balance=spec.balance,
        maker_fee=spec.maker_fee,
        taker_fee=spec.taker_fee,
        fill_model=spec.fill_model,
        liquidation_policy=LiquidationPolicy.CONTINUE,
        partial_fills=spec.partial_fills,
        partial_fills_seed=f"{spec.seed} {spec.uid}",
    )
    symbols = [
        SymbolSpec(
            instrument=market.facts.instrument,
            tiers=market.facts.tiers,
            leverage=leverages[symbol],
            funding_interval_us=market.facts.funding_interval_us,
            funding_rate=market.facts.funding_rate,
        )
        for symbol, market in markets.items()
    ]
    return SimVenue(config, symbols, start)
