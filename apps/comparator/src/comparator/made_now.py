"""A backtest on the spot: the recorded market, the recorded set-up and the recorded beginning.

It builds the plan and the tapes; decisions are the session's and fills the venue's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from appkit.account_setup import AccountSetup
from appkit.exits import UserError
from backtest.config_parts import WindDownMode
from backtest.recordings.job import export_recording
from backtest.recordings.market import RecordedMarket
from backtest.recordings.plan import RecordingRequest, make_plan
from backtest.wiring import RunPlan, StrategyPlan
from comparator.seeding import Seed
from grid_db.words import Environment
from gridcore.clock import Instant
from gridcore.instrument import Instrument, Steps
from gridcore.session.setup import StrategySetup
from simvenue.messages import FillModel, LiquidationPolicy, SymbolSpec, VenueConfig
from tapes.tape import Tape

_SAMPLE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeModel:
    """How the simulated exchange is to fill: what a recording cannot tell of itself.

    `partial_fills` of a thousand fills are cut to a part, drawn from the seed. Latencies in
    microseconds, fees as fractions of the value.
    """

    fill_model: FillModel = FillModel.STRICT_CROSS
    queue_ahead_factor: Decimal = Decimal(1)
    place_latency_us: int = 0
    cancel_latency_us: int = 0
    partial_fills: int = 0
    partial_fills_seed: str = ""
    maker_fee: Decimal


def recorded_tapes(
    session: Session,
    environment: Environment,
    instruments: Sequence[Instrument],
    folder: Path,
) -> dict[str, Tape]:
    """The recorded market of every symbol as a tape in a folder of its own, made or extended.

    TapeError says what is wrong with a recording, or with what is in the folder already.
    """
    tapes: dict[str, Tape] = {}
    for instrument in instruments:
        market = RecordedMarket(session, environment, instrument.symbol)
        request = RecordingRequest(
            target=folder / instrument.symbol,
            environment=environment,
            symbol=instrument.symbol,
            tick_size=f"{instrument.tick_size.normalize():f}",
            qty_step=f"{instrument.qty_step.normalize():f}",
        )
        tapes[instrument.symbol] = export_recording(market, request, make_plan(market, request))
    return tapes


def plan_of(
    setup: AccountSetup,
    seed: Seed,
    tapes: Mapping[str, Tape],
    model: ExchangeModel,
    end: Instant | None,
    *,
    began: Instant | None = None,
) -> RunPlan:
    """What was traded, on what was recorded, from `seed.at` on; `end` is excluded.

    `began`: when the bot's session did, from which its audits count; of a run that begins in the
    middle nobody knows it. All strategies of the account are played on one wallet: they share what
    is available. UserError for symbols with different taker fees: the venue has one.
    """
    setups = setup.setups()
    taker_fees = {one.taker_fee for one in setups}
    if len(taker_fees) != 1:
        raise UserError(
            f"expected one taker fee for the symbols of {setup.account_id}, found {taker_fees}",
            "compare the symbols one by one, with --symbol",
        )
    return RunPlan(
        venue=VenueConfig(
            initial_balance=seed.cash,
            maker_fee=model.maker_fee,
            taker_fee=taker_fees.pop(),
            fill_model=model.fill_model,
            place_latency_us=model.place_latency_us,
            cancel_latency_us=model.cancel_latency_us,
            queue_ahead_factor=model.queue_ahead_factor,
            partial_fills=model.partial_fills,
            partial_fills_seed=model.partial_fills_seed,
            liquidation_policy=LiquidationPolicy.CONTINUE,
        ),
        symbols={
            one.instrument.symbol: _symbol(one, tapes[one.instrument.symbol], model)
            for one in setups
        },
        strategies=tuple(_strategy(one) for one in setups),
        safety=setup.safety,
        tapes=tapes,
        start=seed.at,
        end=end,
        initial_balance=seed.cash,
        wind_down=WindDownMode.LEAVE_OPEN,
        opening=seed.opening,
        legs_follow_orders=True,
        session_start=None if seed.opening.standing.orders else began,
    )


def _symbol(setup: StrategySetup, tape: Tape, model: ExchangeModel) -> SymbolSpec:
    typical = Steps(1)
    if model.fill_model is FillModel.QUEUE and len(tape.trades.size):
        stride = max(1, len(tape.trades.size) // _SAMPLE)
        typical = Steps(int(np.median(tape.trades.size[::stride])))
    return SymbolSpec(
        instrument=setup.instrument,
        tiers=setup.tiers,
        leverage=setup.sizing.leverage,
        typical_trade=typical,
        has_trades=True,
    )


def _strategy(setup: StrategySetup) -> StrategyPlan:
    return StrategyPlan(
        strat_id=setup.strat_id,
        symbol=setup.instrument.symbol,
        grid=setup.grid,
        risk=setup.risk,
        sizing=setup.sizing,
        identity_salt=setup.salt,
        anchor_price=setup.anchor_price,
        time_in_force=setup.time_in_force,
        close_gate=setup.close_gate,
    )
