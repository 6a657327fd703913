"""What a shadow's venue is founded on: the terms of the real exchange, and a balance.

It asks nobody.
"""

from collections.abc import Sequence
from decimal import Decimal

from appkit.exits import UserError
from bybit_adapter.rest.words import Answer
from gridbot.asking import balance_in
from gridbot.config.model import AccountConfig
from gridbot.terms import SymbolTerms
from gridcore.clock import MINUTE_US
from simvenue.messages import SymbolSpec, VenueConfig

FUNDING_MINUTES = 480
"""What a perpetual pays funding by where the exchange does not say (bybit.md A.3)."""


def stake(account: AccountConfig, wallet: Answer) -> Decimal:
    """What a shadow begins with in USDT: as configured, else what the real wallet holds.

    UserError when that is nothing.
    """
    if account.shadow_balance is not None:
        return account.shadow_balance
    balance = balance_in(wallet)
    if balance <= 0:
        raise UserError(
            f"account {account.name}: a shadow begins with what the wallet holds, which is nothing",
            "write shadow_balance: 10000 under the account",
        )
    return balance


def venue_config(terms: Sequence[SymbolTerms], balance: Decimal) -> VenueConfig:
    """The venue's settings: the dearest fees of all symbols, and fills only where the market has
    traded beyond an order's price, as our place in the queue is not known."""
    return VenueConfig(
        initial_balance=balance,
        maker_fee=max(one.fees.maker for one in terms),
        taker_fee=max(one.fees.taker for one in terms),
    )


def symbol_spec(terms: SymbolTerms) -> SymbolSpec:
    """One symbol; its terms have a leverage, else no session is set up with them."""
    assert terms.leverage is not None, "a setup refuses terms without leverage"
    minutes = terms.funding_interval_minutes or FUNDING_MINUTES
    return SymbolSpec(
        instrument=terms.instrument,
        tiers=terms.tiers,
        leverage=terms.leverage,
        funding_interval_us=minutes * MINUTE_US,
    )
