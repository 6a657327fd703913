"""The exchanges that the accounts of one process are on."""

from bybit_adapter.rate_limiter import RateLimiter
from gridbot.config.model import GridbotConfig
from gridbot.shell.exchange import Exchange
from gridbot.shell.reactions import Reactions

UNLIMITED = 10**9


def exchanges_of(config: GridbotConfig, reactions: Reactions) -> dict[str, Exchange]:
    """One for each environment that accounts name; the address's budget is shared by all."""
    limiter = RateLimiter(address_cap=UNLIMITED) if config.lockstep else RateLimiter()
    found: dict[str, Exchange] = {}
    for account in config.accounts:
        if account.environment not in found:
            found[account.environment] = Exchange(
                account.endpoint,
                limiter,
                timeout_s=config.rest_fetch_timeout,
                speed=config.clock_speed,
                lockstep=config.lockstep,
                reactions=reactions,
            )
    return found
