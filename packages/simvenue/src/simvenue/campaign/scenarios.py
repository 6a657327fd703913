"""A scenario from a seed: account, market and faults. The same seed gives the same scenario.

It draws from one random source; it refuses to play anything.
"""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from gridcore.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Instant
from gridcore.config import (
    CloseGate,
    GridConfig,
    RiskConfig,
    SafetyConfig,
    SidePolicy,
    SizingConfig,
)
from gridcore.instrument import Instrument
from gridcore.message import message
from gridcore.session.setup import StrategySetup
from gridcore.tiers import RiskTier, RiskTiers
from simvenue.campaign.fault_draw import draw_faults
from simvenue.campaign.market_walk import Walk, WalkStyle, merged
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.messages import FillModel, FundingPrice, LiquidationPolicy, SymbolSpec, VenueConfig

FIRST_DAY = Instant(1_767_225_600 * SECOND_US)
"""2026-01-01T00:00:00Z."""

STORM_US = (12 * MINUTE_US, 18 * MINUTE_US)
"""Shortest and longest time in which faults act."""

SETTLING_US = 40 * SECOND_US
"""Between the end of the last fault and the calm: what was delayed arrives."""

CALM_US = 13 * MINUTE_US
LONG_CALM_US = 36 * MINUTE_US
"""The calm after a refused key: its halt lasts 30 minutes."""

CALM_ROWS = 150

PLAYED_MARKETS: tuple[tuple[Instrument, int], ...] = tuple(
    (
        Instrument(
            symbol=symbol,
            tick_size=Decimal(tick),
            qty_step=Decimal(step),
            min_qty=Decimal(least),
            max_qty=Decimal(most),
            min_notional=Decimal(5),
        ),
        ticks,
    )
    for symbol, tick, step, least, most, ticks in (
        ("BTCUSDT", "0.1", "0.001", "0.001", "100", 950_000),
        ("ETHUSDT", "0.01", "0.01", "0.01", "5000", 340_000),
        ("SOLUSDT", "0.01", "0.1", "0.3", "20000", 18_500),
        ("XRPUSDT", "0.0001", "0.1", "1", "300000", 21_000),
        ("DOGEUSDT", "0.00001", "1", "40", "5000000", 19_000),
    )
)
"""Instruments of different ticks and steps, each with a price in ticks to start near."""

TIERS = RiskTiers(
    tiers=(
        RiskTier(
            max_value=Decimal(4_000),
            maintenance_rate=Decimal("0.005"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.01"),
        ),
        RiskTier(
            max_value=Decimal(40_000),
            maintenance_rate=Decimal("0.01"),
            deduction=Decimal(20),
            initial_rate=Decimal("0.05"),
        ),
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.05"),
            deduction=Decimal(1_620),
            initial_rate=Decimal("0.2"),
        ),
    )
)

FILL_MODELS = (FillModel.STRICT_CROSS, FillModel.TOUCH, FillModel.LAST_CROSS, FillModel.BOOK_TOUCH)
STEPS_PCT = ("0.1", "0.2", "0.3", "0.5", "0.8")
LEVERAGES = (2, 5, 10, 10, 25)


@message
class _Account:
    """What the strategies of one wallet share. `order` is the value of one order in USDT."""

    order: int
    wallet: Decimal
    leverage: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    fill_model: FillModel
    safety: SafetyConfig


def scenario_of(seed: int) -> Scenario:
    """The scenario of a seed: one or two symbols, a storm with faults, then a calm without."""
    draw = Random(seed)
    start = _start(draw)
    storm_end = Instant(start + draw.randrange(*STORM_US))
    calm_from = Instant(storm_end + SETTLING_US)
    markets = draw.sample(PLAYED_MARKETS, 1 if draw.randrange(2) else 2)
    counts = [draw.randint(4, 14) for _ in markets]
    account = _account(draw, sum(counts))
    styles = [_style(draw, instrument, price, account) for instrument, price in markets]
    setups = tuple(
        _setup(draw, account, style, count, f"s{number}")
        for number, (style, count) in enumerate(zip(styles, counts, strict=True), 1)
    )
    symbols = tuple(_spec(draw, style, account) for style in styles)
    venue = _venue(draw, account)
    latency_us = draw.choice((0, 1_000, 20_000, 80_000, 300_000))
    partial_fills = draw.choice((0, 250, 600, 900, 950))
    walks = [
        Walk(draw, style, price + draw.randint(-price // 10, price // 10))
        for style, (_, price) in zip(styles, markets, strict=True)
    ]
    storms = [walk.storm(Instant(start + SECOND_US), calm_from) for walk in walks]
    # The faults come last but one, so that they leave the market of the storm as it is.
    names = [style.instrument.symbol for style in styles]
    faults = draw_faults(draw, names, start, storm_end)
    calm_us = LONG_CALM_US if _halts_for_long(faults) else CALM_US
    end = Instant(calm_from + calm_us)
    calms = [walk.calm(calm_from, end, calm_us // CALM_ROWS) for walk in walks]
    return Scenario(
        seed=seed,
        name=f"seed {seed}",
        setups=setups,
        safety=account.safety,
        venue=venue,
        symbols=symbols,
        tickers=merged([*storms, *calms]),
        faults=faults,
        latency_us=latency_us,
        start=start,
        calm_from=calm_from,
        partial_fills=partial_fills,
    )


def _start(draw: Random) -> Instant:
    """Any instant of a day; one time in five so late that midnight comes on the way."""
    day = FIRST_DAY + draw.randrange(60) * DAY_US
    if draw.randrange(5) == 0:
        return Instant(day + DAY_US - draw.randrange(MINUTE_US, 25 * MINUTE_US))
    return Instant(day + draw.randrange(HOUR_US, 22 * HOUR_US))


def _halts_for_long(faults: Sequence[Fault]) -> bool:
    return any(
        fault.kind in (FaultKind.AUTHENTICATION_REFUSED, FaultKind.TWIN_ORDER) for fault in faults
    )


def _account(draw: Random, levels: int) -> _Account:
    """A wallet between too small for the grid's margin and several times its whole value."""
    order = draw.choice((8, 12, 25, 60, 150))
    leverage = draw.choice(LEVERAGES)
    value = order * levels
    wallet = value * draw.choice((30, 60, 100, 200, 500)) // 100
    if draw.randrange(3) == 0:
        wallet = value * draw.randint(20, 130) // (100 * leverage)
    rebate = draw.randrange(5) == 0
    return _Account(
        order=order,
        wallet=Decimal(max(wallet, 5)),
        leverage=Decimal(leverage),
        maker_fee=Decimal("-0.0001") if rebate else Decimal("0.0002"),
        taker_fee=Decimal("0.00055"),
        fill_model=draw.choice(FILL_MODELS),
        safety=_safety(draw, levels, order),
    )


def _safety(draw: Random, levels: int, order: int) -> SafetyConfig:
    """The defaults as a rule; one time in three some caps that act."""
    if draw.randrange(3):
        return SafetyConfig()
    usual = SafetyConfig()
    return SafetyConfig(
        audit_orders_s=draw.choice((31, 61)),
        audit_positions_s=draw.choice((33, 63)),
        audit_wallet_s=draw.choice((60, 300)),
        max_open_orders=draw.choice((None, draw.randint(2, levels))),
        max_placements_per_minute=draw.choice((None, draw.randint(2, 2 * levels))),
        max_notional=draw.choice((None, Decimal(order * draw.randint(1, levels)))),
        session_loss_pct=draw.choice((usual.session_loss_pct, Decimal("0.5"), Decimal("0.05"))),
        session_loss_limit=draw.choice((None, Decimal(draw.randint(1, 20)) / 10)),
        drawdown_limit_pct=draw.choice((None, Decimal(draw.randint(1, 30)) / 2)),
    )


def _style(draw: Random, instrument: Instrument, price: int, account: _Account) -> WalkStyle:
    """How the market moves; `unit` is a guess of the grid step, replaced by the setup's own."""
    step = Decimal(draw.choice(STEPS_PCT))
    unit = max(int(price * step / 100), 2)
    quoted = account.fill_model is FillModel.BOOK_TOUCH or draw.randrange(4) > 0
    return WalkStyle(
        instrument=instrument,
        unit=unit,
        bad_prints=draw.choice((0, 0, 0, 5)),
        quoted=quoted,
        funding_rate=Decimal(draw.randint(-20, 20)) / 10_000 if draw.randrange(2) else None,
    )


def _setup(
    draw: Random, account: _Account, style: WalkStyle, grid_count: int, name: str
) -> StrategySetup:
    instrument = style.instrument
    price = _usual_price(instrument)
    step = Decimal(style.unit) * 100 / price
    return StrategySetup(
        strat_id=name,
        instrument=instrument,
        tiers=TIERS,
        taker_fee=account.taker_fee,
        grid=GridConfig(
            grid_count=grid_count,
            grid_step=step.quantize(Decimal("0.001")),
            rebalance_threshold=Decimal(draw.choice(("0.2", "0.3", "0.5"))),
            side_policy=SidePolicy.FOLLOW if draw.randrange(10) else SidePolicy.ON_FILL,
        ),
        risk=RiskConfig(
            max_margin=Decimal(draw.choice(("0.3", "1", "3", "8", "8"))),
            min_liq_ratio=Decimal(draw.choice(("0.8", "0.9"))),
        ),
        sizing=SizingConfig(
            amount=_amount(draw, account, instrument, price),
            early_imbalance_multiplier=Decimal(draw.choice(("1", "1", "1.5"))),
            leverage=account.leverage,
        ),
        safety=account.safety,
        close_gate=CloseGate.ALLOW_EQUAL if draw.randrange(5) else CloseGate.STRICT,
    )


def _usual_price(instrument: Instrument) -> int:
    return next(ticks for known, ticks in PLAYED_MARKETS if known.symbol == instrument.symbol)


def _amount(draw: Random, account: _Account, instrument: Instrument, price: int) -> str:
    """About the order's value, in one of the three spellings."""
    kind = draw.choice(("x", "", "b"))
    order = Decimal(account.order)
    if kind == "x":
        return f"x{(order / account.wallet).quantize(Decimal('0.00001'))}"
    if kind == "":
        return str(account.order)
    steps = max(int(order / instrument.notional(price, 1)), 1)
    # Half of the smallest order now and then: it is never large enough.
    if draw.randrange(12) == 0:
        steps = max(instrument.min_steps // 2, 1)
    return f"b{format(instrument.qty(steps), 'f')}"


def _spec(draw: Random, style: WalkStyle, account: _Account) -> SymbolSpec:
    return SymbolSpec(
        instrument=style.instrument,
        tiers=TIERS,
        leverage=account.leverage,
        funding_interval_us=draw.choice((1, 3, 10, 480)) * MINUTE_US,
        funding_rate=Decimal(draw.randint(-30, 30)) / 10_000,
        typical_trade=style.instrument.min_steps,
        has_trades=False,
    )


def _venue(draw: Random, account: _Account) -> VenueConfig:
    return VenueConfig(
        initial_balance=account.wallet,
        maker_fee=account.maker_fee,
        taker_fee=account.taker_fee,
        fill_model=account.fill_model,
        funding_enabled=draw.randrange(5) > 0,
        funding_price=draw.choice((FundingPrice.MARK, FundingPrice.LAST)),
        liquidation_policy=LiquidationPolicy.CONTINUE,
    )
