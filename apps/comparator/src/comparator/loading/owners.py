"""Which strategy an order is of, by its wire id alone (I-1, L18).

It recomputes identities; it refuses to believe an id that only looks like one of ours.
"""

from collections.abc import Iterable
from decimal import Decimal

from gridcore.config import IdentitySalt
from gridcore.instrument import InstrumentError
from gridcore.intents import client_order_id, decode_wire_id
from gridcore.session.setup import StrategySetup
from gridcore.sides import DirectionType, SideType

Order = tuple[str, SideType, Decimal, DirectionType]


class Owners:
    """The claims of an account's strategies on the orders of their symbols."""

    def __init__(self, setups: Iterable[StrategySetup]) -> None:
        self._setups: dict[str, list[StrategySetup]] = {}
        for setup in setups:
            self._setups.setdefault(setup.instrument.symbol, []).append(setup)
        self._claims: dict[Order, dict[str, str]] = {}

    def strategy_of(
        self,
        link_id: str | None,
        symbol: str,
        side: SideType,
        price: Decimal,
        direction: DirectionType | None,
    ) -> str | None:
        """The strategy whose order at `price` has this id; None when no strategy's has.

        An unknown direction may be either.
        """
        identity = decode_wire_id(link_id)
        if identity is None:
            return None
        for one in (direction,) if direction is not None else DirectionType:
            found = self._claimed((symbol, side, price, one)).get(identity)
            if found is not None:
                return found
        return None

    def _claimed(self, order: Order) -> dict[str, str]:
        """Identity to strategy, of every strategy's order there; remembered: levels come again."""
        claims = self._claims.get(order)
        if claims is None:
            claims = self._claims[order] = {
                identity: setup.strat_id
                for setup in self._setups.get(order[0], ())
                if (identity := _identity(setup, order)) is not None
            }
        return claims


def _identity(setup: StrategySetup, order: Order) -> str | None:
    """None for a price off the tick: it is no level's."""
    symbol, side, price, direction = order
    try:
        ticks = setup.instrument.to_ticks(price)
    except InstrumentError:
        return None
    salt = setup.strat_id if setup.salt is IdentitySalt.STRAT_ID else None
    return client_order_id(salt, symbol, side, setup.instrument.price_text(ticks), direction)
