"""What an account's session was set up with, as a file: a journal can be replayed without the
exchange and after the configuration changed. It holds no secret and refuses to know any."""

import json
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from appkit.atomic import write_text
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
from gridcore.session.account import AccountSession
from gridcore.session.effects import TimeInForce
from gridcore.session.forms import JournalError, form_of
from gridcore.session.setup import AccountPolicies, StrategySetup
from gridcore.tiers import RiskTier, RiskTiers, TierError

FORMAT = 1


class SetupUnreadable(ValueError):
    """The file beside a journal file is missing, or is not what this program writes."""


@message
class TierTerms:
    """A RiskTier. A class of the compiled kernel does not tell that a field may be None."""

    max_value: Decimal | None
    maintenance_rate: Decimal
    deduction: Decimal
    initial_rate: Decimal


@message
class StrategyTerms:
    """A StrategySetup whose tiers are written out."""

    strat_id: str
    instrument: Instrument
    tiers: tuple[TierTerms, ...]
    taker_fee: Decimal
    grid: GridConfig
    risk: RiskConfig
    sizing: SizingConfig
    safety: SafetyConfig
    close_gate: CloseGate
    time_in_force: TimeInForce
    salt: IdentitySalt
    anchor_price: Decimal | None
    margin_mode: str = ""


@message
class AccountSetup:
    """Everything that makes an account's session, and the hash of the configuration behind it."""

    format: int
    account_id: str
    config_hash: str
    strategies: tuple[StrategyTerms, ...]
    safety: SafetyConfig
    policies: AccountPolicies

    def setups(self) -> list[StrategySetup]:
        """What the session's strategies are told at start."""
        return [_setup(terms) for terms in self.strategies]

    def session(self) -> AccountSession:
        """A fresh session."""
        return AccountSession(self.account_id, self.setups(), self.safety, self.policies)


def account_setup(
    account_id: str,
    config_hash: str,
    setups: list[StrategySetup],
    safety: SafetyConfig,
    policies: AccountPolicies,
) -> AccountSetup:
    """The setup of a session made of these parts."""
    return AccountSetup(
        format=FORMAT,
        account_id=account_id,
        config_hash=config_hash,
        strategies=tuple(_terms(setup) for setup in setups),
        safety=safety,
        policies=policies,
    )


def write_setup(path: Path, setup: AccountSetup) -> None:
    """Write a setup, whole or not at all."""
    write_text(path, json.dumps(setup_body(setup), indent=1, allow_nan=False) + "\n")


def read_setup(path: Path) -> AccountSetup:
    """The inverse of write_setup; SetupUnreadable when it cannot be."""
    try:
        return setup_from(json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise SetupUnreadable(f"expected the setup of the journal in {path}, found none") from error
    except (ValueError, RecursionError) as error:
        raise SetupUnreadable(f"{path}: {error}") from error


def setup_body(setup: AccountSetup) -> dict[str, object]:
    """A setup as plain JSON values."""
    body = form_of(AccountSetup).write(setup)
    assert isinstance(body, dict)
    return body


def setup_from(body: object) -> AccountSetup:
    """The inverse of setup_body; SetupUnreadable for anything else."""
    try:
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            found = body.get("format") if isinstance(body, dict) else body
            raise JournalError(f"setup format {FORMAT}", found)
        setup = form_of(AccountSetup).read(body)
        assert isinstance(setup, AccountSetup)
        setup.setups()
    except (JournalError, TierError) as error:
        raise SetupUnreadable(str(error)) from error
    return setup


def _terms(setup: StrategySetup) -> StrategyTerms:
    tiers = tuple(TierTerms(**_values(tier)) for tier in setup.tiers.tiers)
    return StrategyTerms(**(_values(setup) | {"tiers": tiers}))


def _setup(terms: StrategyTerms) -> StrategySetup:
    tiers = RiskTiers([RiskTier(**_values(tier)) for tier in terms.tiers])
    return StrategySetup(**(_values(terms) | {"tiers": tiers}))


def _values(one: StrategySetup | StrategyTerms | RiskTier | TierTerms) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}
