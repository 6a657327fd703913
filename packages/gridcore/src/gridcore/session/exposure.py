"""Margin arithmetic of the gates, from the mirror's last stored values.

Conservative: per leg value * max(1/leverage, tier rate), hedging ignored.
"""

from collections.abc import Sequence
from decimal import Decimal

from gridcore.instrument import Instrument
from gridcore.session.mirror import MirroredPair, MirroredWallet
from gridcore.session.reservations import Reservations
from gridcore.tiers import InitialRates, RiskTiers

ZERO = Decimal(0)


class Exposure:
    """Positions and orders of one strategy, valued."""

    __slots__ = (
        "_pair",
        "_pair_version",
        "_rates",
        "_required",
        "_reserved",
        "_reserved_version",
        "_taker_fee",
        "_unit",
        "_values",
    )

    def __init__(
        self,
        instrument: Instrument,
        tiers: RiskTiers,
        leverage: Decimal,
        taker_fee: Decimal,
        pair: MirroredPair,
        reserved: Reservations,
    ) -> None:
        self._rates = InitialRates(tiers, leverage)
        self._taker_fee = taker_fee
        self._pair = pair
        self._reserved = reserved
        self._unit = instrument.tick_size * instrument.qty_step
        self._pair_version = -1
        self._reserved_version = -1
        self._values = [ZERO, ZERO]
        self._required = [ZERO, ZERO]

    def _refresh(self) -> None:
        reserved = self._reserved
        if self._reserved_version == reserved.version and self._pair_version == self._pair.version:
            return
        self._reserved_version = reserved.version
        self._pair_version = self._pair.version
        for index, leg in enumerate(self._pair.legs):
            value = leg.value + self._unit * reserved.open_value[index]
            if value != self._values[index]:
                self._values[index] = value
                self._required[index] = self._rates.margin(value)

    def notional(self, price: int, steps: int) -> Decimal:
        """Value of an order in quote currency."""
        return self._unit * (price * steps)

    def required(self) -> Decimal:
        """Initial margin of positions and opens."""
        self._refresh()
        return self._required[0] + self._required[1]

    def required_with(self, direction: int, price: int, steps: int) -> Decimal:
        """The same with one more open, its taker fee included."""
        self._refresh()
        added = self._unit * (price * steps)
        return (
            self._rates.margin(self._values[direction] + added)
            + self._required[1 - direction]
            + added * self._taker_fee
        )

    def value_with(self, price: int, steps: int) -> Decimal:
        """Value of both legs and all opens, with one more open."""
        self._refresh()
        return self._values[0] + self._values[1] + self._unit * (price * steps)

    def direction_value_with(self, direction: int, price: int, steps: int) -> Decimal:
        """Value of one leg and its opens, with one more open."""
        self._refresh()
        return self._values[direction] + self._unit * (price * steps)

    def loss(self) -> Decimal:
        """Unrealised profit of both legs when it is negative, else 0."""
        long, short = self._pair.legs
        total = long.unrealised + short.unrealised
        return total if total < 0 else ZERO


class AccountExposure:
    """The strategies that share one wallet."""

    __slots__ = ("_members", "_wallet")

    def __init__(self, wallet: MirroredWallet) -> None:
        self._wallet = wallet
        self._members: Sequence[Exposure] = ()

    def join(self, member: Exposure) -> None:
        """Add a strategy's exposure."""
        self._members = (*self._members, member)

    def affords(self, member: Exposure, direction: int, price: int, steps: int) -> bool:
        """Whether the wallet carries everything with one more open; unknown means no."""
        balance = self._wallet.balance
        if balance is None:
            return False
        required = member.required_with(direction, price, steps)
        free = balance
        for other in self._members:
            free += other.loss()
            if other is not member:
                required += other.required()
        return required <= free
