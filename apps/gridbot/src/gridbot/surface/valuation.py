"""What positions are worth at the market of now, for the eye: the session decides on its own."""

from decimal import ROUND_HALF_EVEN, Decimal

from appkit.decimals import plain_text
from gridcore.events import NO_LIQUIDATION
from gridcore.message import message
from gridcore.pnl import to_money, unrealised
from gridcore.policy import DIRECTIONS
from gridcore.session.account import AccountSession
from gridcore.session.mirror import MirroredLeg
from gridcore.session.strategy import Strategy
from gridcore.sides import DirectionType

ZERO = Decimal(0)
HUNDRED = Decimal(100)
_HUNDREDTH = Decimal("0.01")


@message
class LegValue:
    """One leg at the market: its value and unrealised profit in quote currency.

    `distance_pct`: how far the market is from its liquidation price, in percent of the market's
    price, below 0 beyond it; None without a position, a price or a known liquidation price.
    """

    direction: DirectionType
    leg: MirroredLeg
    value: Decimal
    unrealised: Decimal
    distance_pct: Decimal | None

    @property
    def liquidation_text(self) -> str | None:
        """The price as text, "none" where the exchange says there is none, None when unknown."""
        liquidation = self.leg.liquidation
        if not self.leg.size or liquidation is NO_LIQUIDATION:
            return "none"
        return plain_text(liquidation) if isinstance(liquidation, Decimal) else None


def market_price(strategy: Strategy) -> Decimal | None:
    """The mark as the ticker has it, else the last price; None before the first ticker."""
    ticker = strategy.last_ticker
    if ticker is None:
        return None
    return strategy.instrument.price(ticker.last) if ticker.mark is None else ticker.mark


def legs_of(strategy: Strategy) -> tuple[LegValue, LegValue]:
    """Both legs of a strategy at its market."""
    price = market_price(strategy)
    long, short = (
        _leg_value(direction, leg, price)
        for direction, leg in zip(DIRECTIONS, strategy.pair.legs, strict=True)
    )
    return long, short


def _leg_value(direction: DirectionType, leg: MirroredLeg, price: Decimal | None) -> LegValue:
    if price is None or not leg.size or leg.entry is None:
        value, profit = to_money(leg.value), to_money(leg.unrealised)
    else:
        value = to_money(leg.qty * price)
        profit = to_money(unrealised(direction, leg.entry, price, leg.qty))
    return LegValue(
        direction=direction,
        leg=leg,
        value=value,
        unrealised=profit,
        distance_pct=distance_pct(direction, leg, price),
    )


def distance_pct(
    direction: DirectionType, leg: MirroredLeg, price: Decimal | None
) -> Decimal | None:
    """How far the price may still move against a leg until its liquidation, in percent."""
    liquidation = leg.liquidation
    if not leg.size or not price or not isinstance(liquidation, Decimal):
        return None
    away = price - liquidation if direction is DIRECTIONS[0] else liquidation - price
    return (away / price * HUNDRED).quantize(_HUNDREDTH, ROUND_HALF_EVEN)


def unrealised_of(session: AccountSession) -> Decimal:
    """Unrealised profit of every leg of the account."""
    legs = (leg for strategy in session.strategies.values() for leg in legs_of(strategy))
    return sum((leg.unrealised for leg in legs), ZERO)


def equity_of(session: AccountSession) -> Decimal:
    """Cash by our own books, and unrealised profit at the market."""
    return session.balance + unrealised_of(session)


def nearest_liquidation_pct(session: AccountSession) -> Decimal | None:
    """The smallest distance to a liquidation of all legs; None where none is near."""
    found = [
        leg.distance_pct
        for strategy in session.strategies.values()
        for leg in legs_of(strategy)
        if leg.distance_pct is not None
    ]
    return min(found, default=None)
