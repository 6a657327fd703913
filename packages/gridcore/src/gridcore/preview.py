"""The ladder at a price: levels, sizes, spacing, margin, liquidation, and what stands in the way.

A pure look ahead; it refuses to know what is open, resting or recorded.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from itertools import pairwise

from gridcore.config import GridConfig
from gridcore.grid import Grid, GridError
from gridcore.instrument import Instrument, Price, Steps, Ticks
from gridcore.message import message
from gridcore.pnl import LegLiquidation, RiskTiers, pair_liquidation
from gridcore.sides import LONG, SHORT, DirectionType, GridSideType
from gridcore.sizing import Amount, SizeFlag, Sizer

MAX_ORDERS_PER_SYMBOL = 500
"""The exchange's limit on open orders of one symbol (110020)."""

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

_divide = Context(prec=28, rounding=ROUND_HALF_EVEN).divide


class Feasibility(StrEnum):
    """What can stand between a configuration and its grid."""

    LEVELS_IMPOSSIBLE = "levels_impossible"
    NOTHING_ASKED = "nothing_asked"
    BELOW_MINIMUM = "below_minimum"
    TOO_MANY_ORDERS = "too_many_orders"
    MARGIN_ABOVE_WALLET = "margin_above_wallet"
    RAISED = "raised"
    CUT = "cut"
    LIQUIDATED_INSIDE = "liquidated_inside"


@message
class Finding:
    """One obstacle. `blocking` means that the configuration cannot work as it stands."""

    kind: Feasibility
    blocking: bool
    text: str


@message
class LadderRow:
    """One level, lowest first. `qty` is the order that opens there; Wait levels have none."""

    level: int
    price: Decimal
    side: GridSideType
    qty: Decimal
    notional: Decimal
    flag: SizeFlag | None


@message
class Spread:
    """Smallest, middle and largest of a list of distances."""

    least: Decimal
    median: Decimal
    most: Decimal


@message
class SideTotal:
    """What it takes when every opening order of one direction fills, and nothing else."""

    direction: DirectionType
    orders: int
    qty: Decimal
    notional: Decimal
    entry: Decimal | None
    margin: Decimal
    liquidation: LegLiquidation | None


@message
class Preview:
    """The ladder and what follows from it; without rows the levels are impossible."""

    price: Decimal
    rows: Sequence[LadderRow]
    spacing_ticks: Spread | None
    spacing_pct: Spread | None
    long: SideTotal | None
    short: SideTotal | None
    down_pct: Decimal | None
    up_pct: Decimal | None
    findings: Sequence[Finding]

    @property
    def feasible(self) -> bool:
        """Whether no finding is blocking."""
        return not any(finding.blocking for finding in self.findings)


def preview(
    price: Decimal,
    *,
    grid: GridConfig,
    amount: Amount,
    instrument: Instrument,
    wallet: Decimal,
    tiers: RiskTiers,
    leverage: Decimal,
) -> Preview:
    """The ladder that a first build at `price` gives, with a flat position and this wallet (18.8).

    Sizes are those of opening orders without risk multipliers. Raises InstrumentError for a price
    that is no number; everything else that is wrong is a finding.
    """
    center = instrument.to_price(price)
    ladder = Grid(grid)
    try:
        ladder.build(center)
    except GridError as error:
        return _impossible(price, str(error))
    rows = _rows(ladder, center, Sizer(amount, instrument), instrument, wallet)
    levels = [row.price for row in rows]
    gaps = list(pairwise(ladder.levels))
    long = _total(LONG, rows, GridSideType.BUY, levels[0], wallet, tiers, leverage)
    short = _total(SHORT, rows, GridSideType.SELL, levels[-1], wallet, tiers, leverage)
    return Preview(
        price=price,
        rows=rows,
        spacing_ticks=_spread([Decimal(upper - lower) for lower, upper in gaps]),
        spacing_pct=_spread(
            [_divide(Decimal(upper - lower), Decimal(lower)) * HUNDRED for lower, upper in gaps]
        ),
        long=long,
        short=short,
        down_pct=_divide(price - levels[0], price) * HUNDRED,
        up_pct=_divide(levels[-1] - price, price) * HUNDRED,
        findings=_findings(rows, long, short, instrument, wallet),
    )


def _impossible(price: Decimal, reason: str) -> Preview:
    finding = Finding(kind=Feasibility.LEVELS_IMPOSSIBLE, blocking=True, text=reason)
    return Preview(
        price=price,
        rows=(),
        spacing_ticks=None,
        spacing_pct=None,
        long=None,
        short=None,
        down_pct=None,
        up_pct=None,
        findings=(finding,),
    )


def _rows(
    ladder: Grid, center: Price, sizer: Sizer, instrument: Instrument, wallet: Decimal
) -> list[LadderRow]:
    waits = set(ladder.near(center))
    rows = []
    for number, level in enumerate(ladder.levels):
        if level in waits or level == center:
            side, qty, flag = GridSideType.WAIT, ZERO, None
        else:
            side = GridSideType.BUY if level < center else GridSideType.SELL
            sized = sizer.opening(Ticks(level), wallet, ONE)
            qty, flag = instrument.qty(sized.steps or Steps(0)), sized.flag
        price = instrument.price(level)
        rows.append(
            LadderRow(
                level=number, price=price, side=side, qty=qty, notional=price * qty, flag=flag
            )
        )
    return rows


def _spread(distances: Sequence[Decimal]) -> Spread | None:
    if not distances:
        return None
    ordered = sorted(distances)
    middle = len(ordered) // 2
    median = (
        ordered[middle]
        if len(ordered) % 2
        else _divide(ordered[middle - 1] + ordered[middle], Decimal(2))
    )
    return Spread(least=ordered[0], median=median, most=ordered[-1])


def _total(
    direction: DirectionType,
    rows: Sequence[LadderRow],
    side: GridSideType,
    edge: Decimal,
    wallet: Decimal,
    tiers: RiskTiers,
    leverage: Decimal,
) -> SideTotal:
    opens = [row for row in rows if row.side is side and row.qty]
    qty = sum((row.qty for row in opens), ZERO)
    notional = sum((row.notional for row in opens), ZERO)
    if not qty:
        return SideTotal(
            direction=direction,
            orders=0,
            qty=ZERO,
            notional=ZERO,
            entry=None,
            margin=ZERO,
            liquidation=None,
        )
    entry = _divide(notional, qty)
    is_long = direction is LONG
    long_liquidation, short_liquidation = pair_liquidation(
        long_size=qty if is_long else ZERO,
        long_entry=entry if is_long else None,
        short_size=ZERO if is_long else qty,
        short_entry=None if is_long else entry,
        mark=edge,
        wallet=wallet,
        tiers=tiers,
    )
    return SideTotal(
        direction=direction,
        orders=len(opens),
        qty=qty,
        notional=notional,
        entry=entry,
        margin=tiers.initial_margin(notional, leverage),
        liquidation=long_liquidation if is_long else short_liquidation,
    )


def _findings(
    rows: Sequence[LadderRow],
    long: SideTotal,
    short: SideTotal,
    instrument: Instrument,
    wallet: Decimal,
) -> tuple[Finding, ...]:
    findings = _size_findings(rows, instrument, wallet)
    orders = 2 * sum(1 for row in rows if row.side is not GridSideType.WAIT)
    if orders > MAX_ORDERS_PER_SYMBOL:
        findings.append(
            Finding(
                kind=Feasibility.TOO_MANY_ORDERS,
                blocking=True,
                text=f"expected at most {MAX_ORDERS_PER_SYMBOL} orders on {instrument.symbol}, "
                f"found up to {orders}: lower grid_count",
            )
        )
    for total in (long, short):
        findings += _margin_findings(total, rows, wallet)
    return tuple(findings)


def _size_findings(
    rows: Sequence[LadderRow], instrument: Instrument, wallet: Decimal
) -> list[Finding]:
    found: dict[SizeFlag | None, int] = {}
    for row in rows:
        found[row.flag] = found.get(row.flag, 0) + 1
    least = instrument.min_notional
    texts = {
        SizeFlag.NOTHING_ASKED: (
            Feasibility.NOTHING_ASKED,
            True,
            f"the amount asks for nothing with a wallet of {wallet}",
        ),
        SizeFlag.BELOW_MINIMUM: (
            Feasibility.BELOW_MINIMUM,
            True,
            f"below the minimum quantity {instrument.min_qty}: raise amount",
        ),
        SizeFlag.RAISED: (
            Feasibility.RAISED,
            False,
            f"more than 1.5 times what was asked (minimum notional {least}, or a whole step)",
        ),
        SizeFlag.CUT: (
            Feasibility.CUT,
            False,
            f"cut to the maximum quantity {instrument.max_qty}",
        ),
    }
    return [
        Finding(kind=kind, blocking=blocking, text=f"{found[flag]} of {len(rows)} levels: {text}")
        for flag, (kind, blocking, text) in texts.items()
        if flag in found
    ]


def _margin_findings(total: SideTotal, rows: Sequence[LadderRow], wallet: Decimal) -> list[Finding]:
    findings = []
    if total.margin > wallet:
        findings.append(
            Finding(
                kind=Feasibility.MARGIN_ABOVE_WALLET,
                blocking=True,
                text=f"all {total.direction.value} orders filled need a margin of "
                f"{total.margin:.2f}, the wallet has {wallet:.2f}: lower amount or grid_count, "
                "or raise leverage",
            )
        )
    liquidation = total.liquidation
    if isinstance(liquidation, Decimal) and rows[0].price <= liquidation <= rows[-1].price:
        findings.append(
            Finding(
                kind=Feasibility.LIQUIDATED_INSIDE,
                blocking=True,
                text=f"the {total.direction.value} leg is liquidated at {liquidation:.8g}, before "
                "its last order fills",
            )
        )
    return findings
