"""Everything a strategy is told at start."""

from decimal import Decimal

from gridcore.config import (
    CloseGate,
    GridConfig,
    IdentitySalt,
    RiskConfig,
    SafetyConfig,
    SizingConfig,
)
from gridcore.instrument import Instrument
from gridcore.message import message
from gridcore.session.effects import TimeInForce
from gridcore.session.ownership import ForeignOrders, OrphanOrders
from gridcore.tiers import RiskTiers


@message
class StrategySetup:
    """Everything a strategy is told at start. `margin_mode`: the account's, "" for unknown."""

    strat_id: str
    instrument: Instrument
    tiers: RiskTiers
    taker_fee: Decimal
    grid: GridConfig
    risk: RiskConfig
    sizing: SizingConfig
    safety: SafetyConfig
    close_gate: CloseGate = CloseGate.ALLOW_EQUAL
    time_in_force: TimeInForce = TimeInForce.POST_ONLY
    salt: IdentitySalt = IdentitySalt.STRAT_ID
    anchor_price: Decimal | None = None
    margin_mode: str = ""


@message
class AccountPolicies:
    """What is done about orders on our symbols that no strategy of ours sent."""

    foreign_orders: ForeignOrders = ForeignOrders.IGNORE
    orphan_orders: OrphanOrders = OrphanOrders.REFUSE
