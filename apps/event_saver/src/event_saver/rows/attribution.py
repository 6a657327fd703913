"""Whose order it was: strategy and position of executions, and how surely they are known.

It knows orders and wire ids; it refuses to know rows and databases.
"""

from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal

from grid_db.words import Attribution
from gridcore.instrument import decimal_text
from gridcore.intents import client_order_id, decode_wire_id
from gridcore.message import message
from gridcore.sides import BUY, DirectionType, SideType

LONG_INDEX, SHORT_INDEX = 1, 2
"""positionIdx of hedge mode (bybit.md A.4)."""
ORDERS_MAX = 100_000
_INDEXES = {DirectionType.LONG: LONG_INDEX, DirectionType.SHORT: SHORT_INDEX}


@message
class StrategyName:
    """A strategy that trades a symbol; `salt` enters its orders' identity, None in old recordings
    (ARCHITECTURE.md 4, identity)."""

    strat_id: str
    symbol: str
    salt: str | None


@message
class Owner:
    """Strategy and position of an order or execution; None: unknown."""

    strat_id: str | None
    position_idx: int | None
    found_by: Attribution


class Owners:
    """Remembers the latest orders and finds owners: by row, by order, by wire id, by closed size.

    Of orders it remembers the newest 100,000.
    """

    __slots__ = ("_orders", "_strategies")

    def __init__(self, strategies: Sequence[StrategyName]) -> None:
        self._strategies = tuple(strategies)
        self._orders: OrderedDict[str, Owner] = OrderedDict()

    def of_order(
        self,
        *,
        symbol: str,
        order_id: str,
        wire_id: str,
        side: SideType,
        price: Decimal | None,
        position_idx: int | None,
    ) -> Owner:
        """The owner of an order, remembered for its executions."""
        named = self._named(symbol, wire_id, side, price)
        if position_idx in (LONG_INDEX, SHORT_INDEX):
            strat_id = None if named is None else named.strat_id
            owner = Owner(strat_id=strat_id, position_idx=position_idx, found_by=Attribution.ROW)
        else:
            owner = named or _nobody()
        self._orders[order_id] = owner
        self._orders.move_to_end(order_id)
        if len(self._orders) > ORDERS_MAX:
            self._orders.popitem(last=False)
        return owner

    def of_execution(
        self,
        *,
        symbol: str,
        order_id: str,
        wire_id: str,
        side: SideType,
        order_price: Decimal | None,
        closed: Decimal | None,
        position_idx: int | None,
    ) -> Owner:
        """The owner of an execution."""
        order = self._orders.get(order_id)
        named = self._named(symbol, wire_id, side, order_price)
        strat_id = named.strat_id if named is not None else None
        if order is not None and order.strat_id is not None:
            strat_id = order.strat_id
        if position_idx in (LONG_INDEX, SHORT_INDEX):
            return Owner(strat_id=strat_id, position_idx=position_idx, found_by=Attribution.ROW)
        if order is not None and order.position_idx is not None:
            return Owner(
                strat_id=strat_id, position_idx=order.position_idx, found_by=Attribution.ORDER
            )
        if named is not None:
            return named
        if closed is None:
            return _nobody()
        # A buy opens a long, or closes a short.
        index = LONG_INDEX if (side is BUY) is (closed == 0) else SHORT_INDEX
        return Owner(strat_id=None, position_idx=index, found_by=Attribution.CLOSED_SIZE)

    def _named(
        self, symbol: str, wire_id: str, side: SideType, price: Decimal | None
    ) -> Owner | None:
        """The configured strategy whose identity the wire id bears."""
        identity = decode_wire_id(wire_id)
        if identity is None or price is None or not price:
            return None
        price_text = decimal_text(price)
        for strategy in self._strategies:
            if strategy.symbol != symbol:
                continue
            for direction, index in _INDEXES.items():
                theirs = client_order_id(strategy.salt, symbol, side, price_text, direction)
                if theirs == identity:
                    return Owner(
                        strat_id=strategy.strat_id,
                        position_idx=index,
                        found_by=Attribution.WIRE_ID,
                    )
        return None


def _nobody() -> Owner:
    return Owner(strat_id=None, position_idx=None, found_by=Attribution.NONE)
