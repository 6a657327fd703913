"""The exchange as gaps and audits ask it: the adapter's REST client behind one shape of answer."""

from collections.abc import Callable, Mapping

from appkit.exits import RunFailed, UserError
from bybit_adapter.errors import Rejected
from bybit_adapter.paging import Stop
from bybit_adapter.rest.instruments import InstrumentTerms
from bybit_adapter.rest.market import TRADES_MAX
from bybit_adapter.rest.words import Answer, Listing
from bybit_adapter.rest_client import RestClient, wait_until
from event_saver.gaps.filling import Listed
from event_saver.gaps.plan import Stretch
from event_saver.rows.private import Kind
from event_saver.writer.writer import wall_clock
from gridcore.clock import DAY_US, SECOND_US, Instant
from gridcore.instrument import Instrument

ASKED_S_MAX = 60.0
"""How long a start may wait for the exchange to name its instruments."""
HISTORY_US = 7 * DAY_US
"""How far back one order is looked for by its creation."""
GLANCE_US = SECOND_US // 5
"""How often a start that waits looks whether it is given up."""


class RestExchange:
    """Asks with the client of each account, and without a key for the market. Safe in threads."""

    def __init__(self, market: RestClient, accounts: Mapping[str, RestClient]) -> None:
        self._market = market
        self._accounts = accounts

    def recent_trades(self, symbol: str) -> Listed:
        """The newest public trades; a full listing has older ones before it."""
        listing = self._market.market.recent_trades(symbol)
        full = len(listing.rows) >= TRADES_MAX
        return Listed(
            rows=listing.rows,
            complete=listing.complete,
            too_many=full,
            text=_text(listing),
            asked_at=listing.asked_at,
        )

    def executions(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        """The executions of a stretch, of every type."""
        orders = self._accounts[account_id].orders
        return _listed(orders.executions(stretch.start, stretch.end, symbol))

    def order_history(self, account_id: str, symbol: str, stretch: Stretch) -> Listed:
        """The orders created in a stretch that have ended."""
        orders = self._accounts[account_id].orders
        return _listed(orders.history(stretch.start, stretch.end, symbol))

    def order(self, account_id: str, symbol: str, order_id: str) -> Listed:
        """One order, open or ended: what is no longer among the last that ended, the history of a
        week may know."""
        client = self._accounts[account_id]
        found = client.orders.open_orders(symbol, order_id=order_id)
        if found.rows or not found.complete:
            return _listed(found)
        since = Instant(client.exchange_now() - HISTORY_US)
        return _listed(client.orders.history(since, symbol=symbol, order_id=order_id))

    def state(self, account_id: str, symbol: str, kind: Kind) -> Listed:
        """Open orders or both legs of a symbol, or the wallet."""
        client = self._accounts[account_id]
        if kind is Kind.ORDER:
            return _listed(client.orders.open_orders(symbol))
        if kind is Kind.POSITION:
            return _listed(client.account.positions(symbol))
        assert kind is Kind.WALLET, f"{kind} has no state to ask for"
        answer = client.account.wallet()
        if isinstance(answer, Answer):
            at = answer.asked_at if answer.exchange_at is None else answer.exchange_at
            return Listed(rows=(answer.row,), complete=True, too_many=False, text="", asked_at=at)
        return Listed(
            rows=(),
            complete=False,
            too_many=False,
            text=answer.text,
            asked_at=client.exchange_now(),
        )


def instrument_of(
    market: RestClient,
    symbol: str,
    is_stopping: Callable[[], bool],
    asked_s_max: float = ASKED_S_MAX,
) -> Instrument:
    """A symbol's instrument, asked for until the exchange answers.

    UserError when the exchange does not list it; RunFailed when it does not answer in time, or
    when the start is given up.
    """
    deadline = wall_clock() + asked_s_max * SECOND_US
    delay_us = SECOND_US // 2
    while True:
        terms = market.market.instrument(symbol)
        if isinstance(terms, InstrumentTerms):
            return terms.to_instrument()
        if isinstance(terms, Rejected) and not terms.retryable:
            raise UserError(f"{symbol}: {terms.text}", "check the symbols of the configuration")
        again_at = wall_clock() + delay_us
        while not is_stopping() and (now := wall_clock()) < min(again_at, deadline):
            wait_until(Instant(min(again_at, now + GLANCE_US)))
        if is_stopping() or wall_clock() >= deadline:
            raise RunFailed(f"{symbol}: the exchange does not answer: {terms.text}")
        delay_us = min(2 * delay_us, 8 * SECOND_US)


def _listed(listing: Listing) -> Listed:
    return Listed(
        rows=listing.rows,
        complete=listing.complete,
        too_many=listing.stop is Stop.PAGE_CAP,
        text=_text(listing),
        asked_at=listing.asked_at,
    )


def _text(listing: Listing) -> str:
    if listing.complete:
        return ""
    return listing.stop.value if listing.failure is None else listing.failure.text
