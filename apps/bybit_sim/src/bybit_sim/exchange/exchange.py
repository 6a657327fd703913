"""The exchange: its accounts, its markets and market time; one step of a tape moves them all.

It refuses to know sockets, requests and the wall clock.
"""

from collections.abc import Mapping, Sequence

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.words import ApiKey, Push
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import MarketRow, Step, TradeRow
from gridcore.clock import Instant
from simvenue import VenueBand


class Exchange:
    """Accounts by uid and markets by symbol. `now` is market time: the newest instant seen."""

    def __init__(
        self, accounts: Sequence[Account], markets: Mapping[str, SymbolMarket], start: Instant
    ) -> None:
        self.accounts = {account.uid: account for account in accounts}
        self.markets = dict(markets)
        self.now = start
        self._keys = {key.key: (account, key) for account in accounts for key in account.keys}

    def account_of(self, key: str) -> tuple[Account, ApiKey] | None:
        """The account and the key of an API key's text; None when nobody holds it."""
        return self._keys.get(key)

    def play(self, step: Step) -> tuple[Push, ...]:
        """Let one step happen: timers due first, then every account, then the public markets.

        Returns what accounts are told because of it, in order of time.
        """
        pushes = list(self.advance(step.at))
        by_symbol: dict[str, list[MarketRow]] = {}
        for row in step.rows:
            by_symbol.setdefault(row.symbol, []).append(row)
            for account in self.accounts.values():
                if isinstance(row, TradeRow):
                    account.on_trade(row)
                else:
                    account.on_ticker(row)
        for symbol, rows in by_symbol.items():
            self.markets[symbol].play(rows)
        pushes.extend(self.take_pushes())
        return tuple(pushes)

    def next_deadline(self) -> Instant | None:
        """When something happens without a row: funding, a request in transit."""
        due = [account.next_deadline() for account in self.accounts.values()]
        return min((at for at in due if at is not None), default=None)

    def advance(self, now: Instant) -> tuple[Push, ...]:
        """Everything due until `now`, each at its own deadline; market time is `now` afterwards."""
        while (due := self.next_deadline()) is not None and due <= now:
            self._move(due)
            for account in self.accounts.values():
                account.advance(due)
        self._move(now)
        return self.take_pushes()

    def _move(self, now: Instant) -> None:
        self.now = max(self.now, now)
        for market in self.markets.values():
            market.advance(self.now)

    def take_pushes(self) -> tuple[Push, ...]:
        """What the accounts have to tell since the last call, in order of time."""
        pushes: list[Push] = []
        for account in self.accounts.values():
            pushes.extend(account.take_pushes())
        return tuple(sorted(pushes, key=lambda push: push.at))

    def quiet_band(self, symbol: str) -> VenueBand:
        """The narrowest quiet band of all accounts: rows strictly inside cause nothing.

        Prices in whole ticks, the mark in quote currency, as in `SimVenue.quiet_band`.
        """
        bands = [account.venue.quiet_band(symbol) for account in self.accounts.values()]
        return VenueBand(
            trade_low=max((b.trade_low for b in bands if b.trade_low is not None), default=None),
            trade_high=min((b.trade_high for b in bands if b.trade_high is not None), default=None),
            mark_low=max((b.mark_low for b in bands if b.mark_low is not None), default=None),
            mark_high=min((b.mark_high for b in bands if b.mark_high is not None), default=None),
            bid_high=min((b.bid_high for b in bands if b.bid_high is not None), default=None),
            ask_low=max((b.ask_low for b in bands if b.ask_low is not None), default=None),
        )
