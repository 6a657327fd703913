"""The configurations of a run: a synthetic market with accounts, and the bots on them.

It knows the words of both configurations; it refuses to know what is played.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One strategy; `amount` and the levels as gridbot's configuration has them."""

    name: str
    account: str
    symbol: str
    amount: str
    levels: int
    step_pct: str = "0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Accounts are named after what trades on them; prices are where the markets begin.

    `speed`: market time per wall time; `volatility_pct`: a year; `vip_level`: of the rate limits,
    0 to 3.
    """

    seed: int
    speed: int
    prices: Mapping[str, int]
    accounts: Sequence[str]
    strategies: Sequence[Strategy]
    volatility_pct: float
    trades_per_second: float = 4.0
    partial_fills: int = 0
    vip_level: int = 3

    @property
    def secrets(self) -> dict[str, str]:
        """The environment's variables that hold the keys."""
        found: dict[str, str] = {}
        for name in self.accounts:
            found[f"{name.upper()}_KEY"] = key_of(name)
            found[f"{name.upper()}_SECRET"] = secret_of(name)
        return found

    def exchange(self) -> str:
        """The simulator's configuration."""
        symbols = "".join(f"  {name}: {{price: {price}}}\n" for name, price in self.prices.items())
        accounts = "".join(
            f"  - {{name: {name}, uid: {100 + number}, partial_fills: {self.partial_fills}, "
            f"keys: [{{key: {key_of(name)}, secret: {secret_of(name)}}}]}}\n"
            for number, name in enumerate(self.accounts)
        )
        return (
            f"seed: {self.seed}\nspeed: {self.speed}x\nvip_level: {self.vip_level}\n"
            f"address_limit: false\nsymbols:\n{symbols}"
            f"synth: {{trades_per_second: {self.trades_per_second}, "
            f"volatility_pct: {self.volatility_pct}}}\n"
            f"accounts:\n{accounts}"
        )

    def bot(self, url: str, *more: str) -> str:
        """The daemon's configuration for a simulator: of the accounts on which anything trades.

        `more`: further lines of it.
        """
        trading = {one.account for one in self.strategies}
        accounts = "".join(
            f'  - {{name: {name}, api_key: "env:{name.upper()}_KEY", '
            f'api_secret: "env:{name.upper()}_SECRET", environment: "{url}"}}\n'
            for name in self.accounts
            if name in trading
        )
        strategies = "".join(
            f"  - {{strat_id: {one.name}, account: {one.account}, symbol: {one.symbol}, "
            f'amount: "{one.amount}", grid_count: {one.levels}, grid_step: {one.step_pct}}}\n'
            for one in self.strategies
        )
        lines = "".join(f"{line}\n" for line in more)
        return f"accounts:\n{accounts}strategies:\n{strategies}clock_speed: {self.speed}\n{lines}"


def key_of(account: str) -> str:
    """The key of an account."""
    return f"{account}-key-0123456789"


def secret_of(account: str) -> str:
    """The secret of an account."""
    return f"{account}-secret-of-the-bench-9876543210"
