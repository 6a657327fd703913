"""How an account of the exchange is set up. It refuses to act."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bybit_sim.exchange.words import ApiKey
from simvenue import FillModel

CROSS = "REGULAR_MARGIN"
ISOLATED = "ISOLATED_MARGIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSpec:
    """One account. Money in USDT, fees as fractions of the value, latencies in microseconds.

    `partial_fills`: so many of a thousand fills are cut to a part, by `seed`. `leverage`: by
    symbol, where it differs from `default_leverage`. `margin_mode` is what account/info says;
    margin is computed for cross margin in any case.
    """

    uid: int
    name: str
    keys: tuple[ApiKey, ...]
    balance: Decimal
    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.00055")
    hedge_mode: bool = True
    margin_mode: str = CROSS
    leverage: Mapping[str, Decimal] = field(default_factory=dict)
    default_leverage: Decimal = Decimal(10)
    fill_model: FillModel = FillModel.STRICT_CROSS
    partial_fills: int = 0
    latency_us: int = 0
    seed: int = 0
