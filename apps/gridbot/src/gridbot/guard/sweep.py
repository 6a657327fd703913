"""Takes our resting orders of one account away, with the guard's own key.

Ours is what bears an identity of a configured strategy; it refuses to touch anything else, and to
know why the orders have to go.
"""

from collections.abc import Sequence

from appkit.exits import CommandError, UserError
from bybit_adapter.normalizer.rest_rows import RestRows
from bybit_adapter.normalizer.words import DeadLetter
from bybit_adapter.rest.account import KeyTerms
from bybit_adapter.rest.instruments import InstrumentTerms
from bybit_adapter.rest.order_words import Accepted, OrderIds
from bybit_adapter.rest.words import Listing
from bybit_adapter.rest_client import RestClient
from gridbot.asking import refusal
from gridbot.config.blocks import GuardPolicy
from gridbot.config.strategy import StrategyConfig
from gridbot.remedies import KEY, in_words
from gridcore.events import OrderUpdate
from gridcore.instrument import Instrument, InstrumentError
from gridcore.message import message
from gridcore.session.ownership import Claim, Owner, Ownership
from gridcore.sides import opens

INSTRUMENTS_KEPT = 4
"""Of a symbol whose tick changed: identities of orders are made of the tick they were placed on."""
CANCELS_MAX = 10
"""Cancels of one step: about a second's worth, then the guard looks whether the daemon is back."""


@message
class Swept:
    """What one step did: orders it found that have to go, and accepted cancels among them.

    `whole`: every order could be listed and read, so that `found` == 0 proves that none is left.
    `trouble`: the last thing that did not work.
    """

    found: int
    cancelled: int
    whole: bool
    trouble: str | None


class Sweep:
    """The orders of one account. All of it blocks; `check` comes first.

    `measures_clock`: signatures follow the exchange's clock, as they do where it runs like ours.
    """

    def __init__(
        self,
        account: str,
        rest: RestClient,
        strategies: Sequence[StrategyConfig],
        policy: GuardPolicy,
        *,
        measures_clock: bool,
    ) -> None:
        self.account = account
        self._rest = rest
        self._strategies = tuple(strategies)
        self._policy = policy
        self._measures_clock = measures_clock
        self._learnt: dict[str, tuple[Instrument, ...]] = {}
        self._tries: dict[str, int] = {}
        self._trouble: str | None = None

    def check(self) -> None:
        """Learn the symbols, and see that the key may cancel; a CommandError says what to mend."""
        if self._measures_clock:
            self._rest.measure_clock()
        terms = self._rest.account.key_terms()
        if not isinstance(terms, KeyTerms):
            raise refusal(f"guard of {self.account}: key", terms)
        if not terms.may_trade:
            raise UserError(
                f"guard of {self.account}: the key may not trade contracts, and cancelling is "
                "trading",
                KEY,
            )
        for strategy in self._strategies:
            found = self._rest.market.instrument(strategy.symbol)
            if not isinstance(found, InstrumentTerms):
                raise refusal(f"{strategy.symbol}: instrument", found)
            trouble = self._learn(found)
            if trouble is not None:
                raise UserError(
                    f"guard of {self.account}: {trouble}",
                    "see whether the symbol trades; what the guard cannot read it cannot cancel",
                )

    def probe(self) -> str | None:
        """What `check` finds amiss now, in words."""
        try:
            self.check()
        except CommandError as error:
            return error.message
        return None

    def begin(self) -> None:
        """Learn anew what may have changed since: ticks, of which identities are made."""
        for strategy in self._strategies:
            found = self._rest.market.instrument(strategy.symbol)
            if isinstance(found, InstrumentTerms):
                self._trouble = self._learn(found) or self._trouble

    def step(self) -> Swept:
        """Look for orders that have to go, and cancel the first of them."""
        self._trouble = None
        whole, ours = self._ours()
        # Those that would not go stand behind the others, or they would keep them from their turn.
        tries = {one.order_id: self._tries.get(one.order_id, 0) for one in ours}
        now = sorted(ours, key=lambda one: tries[one.order_id])[:CANCELS_MAX]
        for order in now:
            tries[order.order_id] += 1
        self._tries = tries
        cancelled = sum(self._cancel(order) for order in now)
        return Swept(found=len(ours), cancelled=cancelled, whole=whole, trouble=self._trouble)

    def _ours(self) -> tuple[bool, list[OrderUpdate]]:
        """Whether all orders are known, and those that have to go."""
        whole, ours = True, []
        for symbol in {one.symbol: None for one in self._strategies}:
            instruments = self._learnt.get(symbol, ())
            if not instruments:
                self._trouble = f"{symbol}: the instrument is not known"
                whole = False
                continue
            listing = self._rest.orders.open_orders(symbol)
            if listing.failure is not None:
                self._trouble = f"{symbol}: open orders: {in_words(listing.failure)}"
                whole = False
                continue
            known, found = self._found(symbol, instruments, listing)
            whole = whole and known
            ours += found
        return whole, ours

    def _found(
        self, symbol: str, instruments: Sequence[Instrument], listing: Listing
    ) -> tuple[bool, list[OrderUpdate]]:
        """The same for one symbol: ours by any of its ticks, as a tick may change under orders."""
        whole, ours = True, dict[str, OrderUpdate]()
        for instrument in instruments:
            ownership = Ownership(
                Claim(strat_id=one.strat_id, salt=one.identity_salt, instrument=instrument)
                for one in self._strategies
                if one.symbol == symbol
            )
            found = RestRows({symbol: instrument}, self._bury).orders(
                symbol, listing.rows, asked_at=listing.asked_at, complete=listing.complete
            )
            whole = whole and found.complete
            for order in found.orders:
                if self._has_to_go(order) and ownership.classify(order) is Owner.OURS:
                    ours[order.order_id] = order
        return whole, list(ours.values())

    def _has_to_go(self, order: OrderUpdate) -> bool:
        return self._policy is GuardPolicy.CANCEL_ALL or opens(order.direction, order.side)

    def _cancel(self, order: OrderUpdate) -> bool:
        """Whether the exchange took the cancel; one that is gone already is found gone next time"""
        ids = OrderIds(symbol=order.symbol, order_id=order.order_id, wire_id=order.wire_id)
        found = self._rest.orders.cancel(ids)
        if isinstance(found, Accepted):
            return True
        self._trouble = f"{order.symbol}: cancel: {in_words(found)}"
        return False

    def _learn(self, terms: InstrumentTerms) -> str | None:
        """Take what the exchange says of a symbol; what is wrong with it, if anything is."""
        try:
            found = terms.to_instrument()
        except InstrumentError as error:
            return f"{terms.symbol}: instrument: {error}"
        before = [one for one in self._learnt.get(terms.symbol, ()) if one != found]
        self._learnt[terms.symbol] = (*before, found)[-INSTRUMENTS_KEPT:]
        return None

    def _bury(self, letter: DeadLetter) -> None:
        self._trouble = f"an order cannot be read: {letter.text}"
