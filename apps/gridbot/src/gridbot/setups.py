"""From configuration and terms to what the session is told; it asks nobody and decides nothing."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel

from appkit.configuration import StrictModel
from appkit.configuration import config_hash as fingerprint
from appkit.exits import UserError
from appkit.safety_block import SafetyBlock
from gridbot.config.model import AccountConfig, GridbotConfig
from gridbot.config.strategy import StrategyConfig
from gridbot.terms import SymbolTerms
from gridcore.config import ConfigError
from gridcore.session.account import AccountSession
from gridcore.session.ownership import ForeignOrders, OrphanOrders
from gridcore.session.setup import AccountPolicies, StrategySetup


def setup_of(config: GridbotConfig, strategy: StrategyConfig, terms: SymbolTerms) -> StrategySetup:
    """What the kernel is told of a strategy; UserError when the exchange disagrees with it.

    A hand-written tick size or leverage checks the exchange's, it does not replace it (L116).
    """
    problems = (*terms.problems(), *_contradictions(strategy, terms))
    if problems or terms.leverage is None:
        raise UserError(f"strategy {strategy.strat_id}: {'; '.join(problems)}")
    try:
        sizing = strategy.sizing_at(terms.leverage)
    except ConfigError as error:
        raise UserError(f"strategy {strategy.strat_id}: {error}") from error
    return StrategySetup(
        strat_id=strategy.strat_id,
        instrument=terms.instrument,
        tiers=terms.tiers,
        taker_fee=terms.fees.taker,
        grid=strategy.grid(strategy.side_policy),
        risk=strategy.risk(),
        sizing=sizing,
        safety=config.safety.settings(),
        close_gate=strategy.close_gate,
        time_in_force=strategy.time_in_force,
        salt=strategy.identity_salt,
        anchor_price=strategy.anchor_price,
        margin_mode=terms.mode.margin_mode,
    )


def policies_of(config: GridbotConfig) -> AccountPolicies:
    """What is done about orders that no strategy of ours sent."""
    return AccountPolicies(foreign_orders=config.foreign_orders, orphan_orders=config.orphan_orders)


def session_of(
    config: GridbotConfig, account: AccountConfig, setups: Sequence[StrategySetup]
) -> AccountSession:
    """The kernel of one account, without a memory yet."""
    return AccountSession(account.name, setups, config.safety.settings(), policies_of(config))


class _WhatDecides(StrictModel):
    account: str
    environment: str
    strategies: tuple[StrategyConfig, ...]
    safety: SafetyBlock
    orphan_orders: OrphanOrders
    foreign_orders: ForeignOrders


def account_config(config: GridbotConfig, account: AccountConfig) -> BaseModel:
    """The part of the configuration that decisions of one account depend on; it has no secrets."""
    return _WhatDecides(
        account=account.name,
        environment=account.environment,
        strategies=config.strategies_of(account),
        safety=config.safety,
        orphan_orders=config.orphan_orders,
        foreign_orders=config.foreign_orders,
    )


def config_hash(config: GridbotConfig, account: AccountConfig) -> str:
    """SHA-256 in hex of `account_config`: equal where a session would decide alike."""
    return fingerprint(account_config(config, account))


def _contradictions(strategy: StrategyConfig, terms: SymbolTerms) -> list[str]:
    pairs: tuple[tuple[str, Decimal | None, Decimal | None], ...] = (
        ("tick_size", strategy.tick_size, terms.instrument.tick_size),
        ("leverage", strategy.leverage, terms.leverage),
    )
    return [
        f"{terms.symbol}: {key} {written} of the configuration contradicts the exchange's {found}; "
        f"remove the key, or change it there"
        for key, written, found in pairs
        if written is not None and found is not None and written != found
    ]
