"""Whose order is it that the exchange reports: ours, an orphan of ours, or another hand's.

It knows identities (I-1 to I-5); it refuses to know which orders we remember having sent.
"""

from collections.abc import Iterable
from enum import Enum, StrEnum

from gridcore.config import IdentitySalt
from gridcore.events import OrderUpdate
from gridcore.instrument import Instrument, Ticks
from gridcore.intents import client_order_id, decode_wire_id
from gridcore.message import message


class ForeignOrders(StrEnum):
    """What is done about an order of another hand."""

    IGNORE = "ignore"
    ADOPT = "adopt"
    CANCEL = "cancel"
    REFUSE = "refuse"


class OrphanOrders(StrEnum):
    """What is done about an order whose id is of our making but of no configured strategy."""

    REFUSE = "refuse"
    ADOPT = "adopt"
    CANCEL = "cancel"


class Owner(Enum):
    """Whose order it is."""

    OURS = "ours"
    ORPHAN = "orphan"
    FOREIGN = "foreign"


@message
class Claim:
    """What makes an order one strategy's own: its name, whether that is hashed, its symbol."""

    strat_id: str
    salt: IdentitySalt
    instrument: Instrument


class Ownership:
    """The claims of all configured strategies."""

    __slots__ = ("_claims",)

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._claims: dict[str, list[Claim]] = {}
        for claim in claims:
            self._claims.setdefault(claim.instrument.symbol, []).append(claim)

    def classify(self, order: OrderUpdate) -> Owner:
        """Whose order it is, by its wire id, symbol, side, price and direction alone (L18).

        An order on a symbol that no strategy trades is foreign whatever its id says: nothing that
        we do there depends on it. A price off the tick is no level's, so it matches no claim.
        """
        claims = self._claims.get(order.symbol)
        identity = decode_wire_id(order.wire_id)
        if claims is None or identity is None:
            return Owner.FOREIGN
        price = order.price
        if isinstance(price, int):
            for claim in claims:
                if identity == _identity(claim, order, Ticks(price)):
                    return Owner.OURS
        return Owner.ORPHAN


def _identity(claim: Claim, order: OrderUpdate, price: Ticks) -> str:
    instrument = claim.instrument
    return client_order_id(
        claim.strat_id if claim.salt is IdentitySalt.STRAT_ID else None,
        instrument.symbol,
        order.side,
        instrument.price_text(price),
        order.direction,
    )
