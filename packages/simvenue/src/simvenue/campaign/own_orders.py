"""Which orders at the venue carry our identity, computed from the configuration alone."""

from collections.abc import Iterator, Sequence

from gridcore.config import IdentitySalt
from gridcore.instrument import Ticks
from gridcore.intents import client_order_id, decode_wire_id
from gridcore.session.setup import StrategySetup
from gridcore.sides import DirectionType, SideType
from simvenue.book import RestingOrder
from simvenue.venue import SimVenue


class OwnOrders:
    """Tells our orders from those of another hand."""

    __slots__ = ("_known", "_setups")

    def __init__(self, setups: Sequence[StrategySetup]) -> None:
        self._setups = {setup.instrument.symbol: setup for setup in setups}
        self._known: dict[tuple[str, str, int], bool] = {}

    def resting(self, venue: SimVenue, symbol: str) -> Iterator[RestingOrder]:
        """Our orders that rest at the venue, oldest first."""
        for market in venue.clearing.markets:
            if market.symbol == symbol:
                for order in market.book.orders.values():
                    if self.owns(
                        symbol, order.wire_id, order.direction, order.side, int(order.price)
                    ):
                        yield order

    def owns(
        self, symbol: str, wire_id: str, direction: DirectionType, side: SideType, price: int
    ) -> bool:
        """Whether a wire id decodes to the identity of exactly this order of ours (I-1)."""
        key = (symbol, wire_id, price)
        known = self._known.get(key)
        if known is None:
            identity = self.identity(symbol, direction, side, price)
            known = identity is not None and decode_wire_id(wire_id) == identity
            self._known[key] = known
        return known

    def identity(
        self, symbol: str, direction: DirectionType, side: SideType, price: int
    ) -> str | None:
        """client_order_id of a level; None on a symbol that we do not trade."""
        setup = self._setups.get(symbol)
        if setup is None:
            return None
        return client_order_id(
            setup.strat_id if setup.salt is IdentitySalt.STRAT_ID else None,
            symbol,
            side,
            setup.instrument.price_text(Ticks(price)),
            direction,
        )
