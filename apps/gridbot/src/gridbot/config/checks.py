"""Whether a configuration can work with what the exchange says: terms, price and wallet.

It compares and tells; it refuses nothing itself, since a running grid must also be kept when the
wallet has shrunk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bybit_adapter.rate_limiter import Lane, RateLimiter
from gridbot.config.strategy import StrategyConfig
from gridbot.terms import SymbolTerms
from gridcore.clock import SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.preview import Feasibility, LadderRow, Preview, preview
from gridcore.session.caps import Caps
from gridcore.sizing import Amount, AmountKind, parse_amount

CREATE = "/v5/order/create"
PATIENCE_S = 60
"""A ladder that takes longer to place is worth a word: the market moves meanwhile."""
ZERO = Decimal(0)


class Concern(StrEnum):
    """What a configuration can be at odds with, beside the ladder's own feasibility."""

    MINIMUM_AT_THE_EDGE = "minimum_at_the_edge"
    ABOVE_MAX_MARGIN = "above_max_margin"
    ABOVE_MAX_ORDERS = "above_max_orders"
    ABOVE_PLACEMENTS = "above_placements"
    SLOW_TO_PLACE = "slow_to_place"
    MARGINS_ABOVE_WALLET = "margins_above_wallet"
    ABOVE_MAX_LEVERAGE = "above_max_leverage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know. `blocking`: the configuration cannot work as it stands."""

    kind: Feasibility | Concern
    blocking: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyCheck:
    """One strategy's ladder at a price, how many orders that places, and what stands in the way."""

    strat_id: str
    symbol: str
    leverage: Decimal
    preview: Preview
    requests: int
    findings: tuple[Finding, ...]

    @property
    def feasible(self) -> bool:
        """Whether nothing blocks."""
        return not any(one.blocking for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCheck:
    """All strategies of one key together. `seconds`: until the last order of all has left."""

    account: str
    wallet: Decimal
    strategies: tuple[StrategyCheck, ...]
    requests: int
    seconds: Decimal
    findings: tuple[Finding, ...]

    @property
    def feasible(self) -> bool:
        """Whether nothing blocks, in any strategy."""
        return not any(one.blocking for one in self.findings) and all(
            one.feasible for one in self.strategies
        )


def check_strategy(
    strategy: StrategyConfig,
    terms: SymbolTerms,
    *,
    leverage: Decimal,
    safety: SafetyConfig,
    price: Decimal,
    wallet: Decimal,
) -> StrategyCheck:
    """The ladder of a first build at `price` (a configured anchor wins), and all that is odd.

    `leverage` is the account's on the symbol, `wallet` its realised balance.
    """
    amount = parse_amount(strategy.amount)
    grid = strategy.grid(strategy.side_policy)
    ladder = preview(
        price if strategy.anchor_price is None else strategy.anchor_price,
        grid=grid,
        amount=amount,
        instrument=terms.instrument,
        wallet=wallet,
        tiers=terms.tiers,
        leverage=leverage,
    )
    requests = sum(1 for row in ladder.rows if row.qty)
    caps = Caps(grid, strategy.sizing_at(leverage), safety, terms.instrument)
    findings = [
        Finding(kind=one.kind, blocking=one.blocking, text=one.text) for one in ladder.findings
    ]
    findings += _leverage(terms, leverage)
    findings += _edges(ladder, amount, terms.instrument.min_notional, wallet)
    findings += _max_margin(ladder, strategy.max_margin, wallet)
    findings += _caps(requests, caps)
    return StrategyCheck(
        strat_id=strategy.strat_id,
        symbol=strategy.symbol,
        leverage=leverage,
        preview=ladder,
        requests=requests,
        findings=tuple(findings),
    )


def check_account(account: str, checks: Sequence[StrategyCheck], wallet: Decimal) -> AccountCheck:
    """What several strategies come to that share one wallet and one budget of requests."""
    requests = sum(one.requests for one in checks)
    seconds = seconds_to_place(requests)
    findings = []
    if seconds > PATIENCE_S:
        findings.append(
            Finding(
                kind=Concern.SLOW_TO_PLACE,
                blocking=False,
                text=f"{requests} orders take {seconds:.0f} s to place within the exchange's rate "
                "limit; the nearest go first",
            )
        )
    for direction in ("long", "short"):
        totals = [getattr(one.preview, direction) for one in checks]
        margin = sum((one.margin for one in totals if one is not None), ZERO)
        # One strategy alone above the wallet is the ladder's own finding.
        if len(checks) > 1 and margin > wallet:
            findings.append(
                Finding(
                    kind=Concern.MARGINS_ABOVE_WALLET,
                    blocking=False,
                    text=f"all {direction} orders of the account filled need a margin of "
                    f"{margin:.2f}, the wallet has {wallet:.2f}: the last ones will be denied",
                )
            )
    return AccountCheck(
        account=account,
        wallet=wallet,
        strategies=tuple(checks),
        requests=requests,
        seconds=seconds,
        findings=tuple(findings),
    )


def seconds_to_place(orders: int) -> Decimal:
    """How long the rate limit makes that many placements of one key last, on their own."""
    limiter, now = RateLimiter(), Instant(0)
    for _ in range(orders):
        wait = limiter.take("key", CREATE, Lane.OPEN, now)
        while wait is not None:
            now = wait.at
            wait = limiter.take("key", CREATE, Lane.OPEN, now)
    return Decimal(now) / SECOND_US


def _leverage(terms: SymbolTerms, leverage: Decimal) -> list[Finding]:
    most = terms.max_leverage
    if most is None or leverage <= most:
        return []
    return [
        Finding(
            kind=Concern.ABOVE_MAX_LEVERAGE,
            blocking=True,
            text=f"leverage {leverage} is above the {most} that {terms.symbol} allows",
        )
    ]


def _edges(ladder: Preview, amount: Amount, least: Decimal, wallet: Decimal) -> list[Finding]:
    """The amount against the minimum notional, at the lowest and at the highest level."""
    if not ladder.rows:
        return []
    short = [
        f"{_asked(amount, row, wallet):.4f} at the {name} level {row.price}"
        for name, row in (("lowest", ladder.rows[0]), ("highest", ladder.rows[-1]))
        if _asked(amount, row, wallet) < least
    ]
    if not short:
        return []
    return [
        Finding(
            kind=Concern.MINIMUM_AT_THE_EDGE,
            blocking=False,
            text=f"the amount asks for {' and '.join(short)}, the exchange takes {least} at least: "
            "orders are raised to it; raise amount to have the size that you mean",
        )
    ]


def _asked(amount: Amount, row: LadderRow, wallet: Decimal) -> Decimal:
    match amount.kind:
        case AmountKind.QUOTE:
            return amount.value
        case AmountKind.WALLET_FRACTION:
            return amount.value * wallet
        case AmountKind.BASE:
            return amount.value * row.price


def _max_margin(ladder: Preview, most: Decimal, wallet: Decimal) -> list[Finding]:
    worth = sum((row.notional for row in ladder.rows), ZERO)
    if worth <= most * wallet:
        return []
    return [
        Finding(
            kind=Concern.ABOVE_MAX_MARGIN,
            blocking=False,
            text=f"all orders together are worth {worth:.2f}, max_margin {most} allows "
            f"{most * wallet:.2f}: the farthest are not placed",
        )
    ]


def _caps(requests: int, caps: Caps) -> list[Finding]:
    findings = []
    if requests > caps.open_orders:
        findings.append(
            Finding(
                kind=Concern.ABOVE_MAX_ORDERS,
                blocking=False,
                text=f"{requests} orders are more than max_open_orders {caps.open_orders}: the "
                "farthest are not placed",
            )
        )
    if requests > caps.placements:
        minutes = -(-requests // caps.placements)
        findings.append(
            Finding(
                kind=Concern.ABOVE_PLACEMENTS,
                blocking=False,
                text=f"{requests} orders are more than max_placements_per_minute "
                f"{caps.placements}: placing all takes {minutes} minutes",
            )
        )
    return findings
