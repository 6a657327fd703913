"""A run over small tapes: what it asks, what it counts, where it starts and ends, what it keeps."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from appkit.exits import RunFailed
from backtest.config_parts import WindDownMode
from backtest.feeds import Bands, Stream, TradeStream
from backtest.outcome import Fill, FillKind, RunOutcome
from backtest.runner import BandViolated, Run, run_backtest
from backtest.wiring import Opening, RunPlan
from gridcore.clock import HOUR_US, SECOND_US, Instant
from gridcore.config import SidePolicy
from gridcore.events import Event
from gridcore.instrument import Ticks
from gridcore.session.effects import CancelOrder, LedgerKind, PlaceOrder
from simvenue import FillModel, LiquidationPolicy, SimVenue
from simvenue.standing import Standing, StandingLeg, StandingOrder
from tapes import Tape
from tapes.scan import load_or_build

START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
SYMBOL = "BTCUSDT"
MakePlan = Callable[..., RunPlan]
MakeTape = Callable[..., Tape]
MakeWaves = Callable[..., list[int]]


def played(plan: RunPlan, *, tick_by_tick: bool = False) -> tuple[Run, RunOutcome]:
    run = Run(plan, tick_by_tick=tick_by_tick, progress=None)
    return run, run.play()


def sum_of_entries(outcome: RunOutcome) -> Decimal:
    return sum((entry.amount for entry in outcome.ledger), Decimal(0))


@pytest.mark.parametrize("policy", SidePolicy)
@pytest.mark.parametrize("model", [FillModel.STRICT_CROSS, FillModel.TOUCH, FillModel.QUEUE])
def test_our_books_equal_the_wallet_of_the_venue(
    swings: Tape, make_plan: MakePlan, policy: SidePolicy, model: FillModel
) -> None:
    """A-12: the wallet is the opening balance and the sum of the entries, each to 1e-8."""
    plan = make_plan(
        {SYMBOL: swings},
        grid={"side_policy": policy},
        venue={"fill_model": model, "place_latency_us": 70_000},
        spec={"funding_interval_us": 120 * SECOND_US},
    )

    run, outcome = played(plan)

    assert len(outcome.fills) > 5
    assert run.session.balance == run.venue.wallet == outcome.final_wallet
    assert sum_of_entries(outcome) == outcome.final_wallet
    assert (outcome.ledger[0].kind, outcome.ledger[0].amount) == (LedgerKind.CASH, Decimal(100_000))
    assert all(entry.amount == round(entry.amount, 8) for entry in outcome.ledger)
    assert {entry.kind for entry in outcome.ledger} == {*LedgerKind}


def test_skipping_leaves_out_rows_that_change_nothing(swings: Tape, make_plan: MakePlan) -> None:
    plan = make_plan({SYMBOL: swings})

    skipping, every_row = run_backtest(plan), run_backtest(plan, tick_by_tick=True)

    assert skipping.ticks == every_row.ticks == 600
    assert skipping.wakes < 300
    assert every_row.wakes >= 600
    assert skipping.fills == every_row.fills


def test_audits_are_asked_in_time_and_answered(trade_tape: MakeTape, make_plan: MakePlan) -> None:
    """An answered position audit tells a nearer liquidation that no fill and no row told."""
    prices = [10_000, 9_975, *[9_974 - row // 20 for row in range(100)]]
    tape = trade_tape(prices)
    quiet = make_plan({SYMBOL: tape}, balance="300", amount="2000", leverage=50)
    audited = replace(quiet, safety=replace(quiet.safety, audit_positions_s=10))

    without, asked = run_backtest(quiet), run_backtest(audited)

    assert without.fills == asked.fills
    assert asked.wakes > without.wakes
    nearest = asked.min_liquidation_distance_pct[SYMBOL]
    assert nearest < without.min_liquidation_distance_pct[SYMBOL]


def test_every_audit_due_before_the_end_wakes_the_run(
    trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    """Audits are due at multiples of their intervals from the start; an age is looked at when two
    intervals and 10 s have passed since the answer it counts from."""
    tape = trade_tape([10_000, 10_000], every_us=HOUR_US)
    plan = make_plan(
        {SYMBOL: tape},
        venue={"funding_enabled": False},
        safety={"audit_orders_s": 600, "audit_positions_s": 900, "audit_wallet_s": 3600},
    )

    outcome = run_backtest(plan, tick_by_tick=True)

    due = {*range(600, 3601, 600), *range(900, 3601, 900), 3600}
    due |= {1210, 2410, 1810}  # the book's age, the book's again, the positions'
    assert outcome.wakes == len(due) + 2


def test_orders_that_the_venue_rejects_are_counted_by_code(
    swings: Tape, make_plan: MakePlan
) -> None:
    """110020: more orders than the exchange keeps for one symbol."""
    plan = make_plan({SYMBOL: swings}, venue={"max_orders_per_symbol": 4})

    outcome = run_backtest(plan)

    assert set(outcome.orders_rejected) == {"110020"}
    assert outcome.orders_rejected["110020"] > 0
    assert outcome.max_open_orders <= 12


def crash(trade_tape: MakeTape, make_plan: MakePlan, policy: LiquidationPolicy) -> RunPlan:
    prices = [*range(10_000, 7_000, -7), *range(7_000, 10_000, 9)]
    return make_plan(
        {SYMBOL: trade_tape(prices)},
        balance="200",
        amount="600",
        leverage=50,
        risk={"enabled": False},
        safety={"session_loss_pct": None},
        venue={"liquidation_policy": policy, "fill_model": FillModel.TOUCH},
    )


def test_a_liquidation_ends_the_run_where_it_happens(
    trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    """18.4: an outcome with its time and equity, not an error."""
    plan = crash(trade_tape, make_plan, LiquidationPolicy.STOP)

    run, outcome = played(plan)

    (liquidation,) = outcome.liquidations
    assert liquidation.equity <= liquidation.maintenance_margin
    assert outcome.end == liquidation.at == outcome.fills[-1].at
    assert outcome.ticks == (outcome.end - START) // SECOND_US + 1 < 700
    assert outcome.fills[-1].kind is FillKind.LIQUIDATION
    assert run.session.balance == outcome.final_wallet == sum_of_entries(outcome) >= 0


def test_a_run_goes_on_after_a_liquidation_with_what_is_left(
    trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    plan = crash(trade_tape, make_plan, LiquidationPolicy.CONTINUE)

    run, outcome = played(plan)

    assert len(outcome.liquidations) >= 1
    assert outcome.ticks == len(plan.tapes[SYMBOL].trades)
    assert run.session.standing_modes() == []
    assert run.session.balance == outcome.final_wallet == sum_of_entries(outcome)


def test_winding_down_leaves_no_position_and_conserves_cash(
    swings: Tape, make_plan: MakePlan
) -> None:
    """B-11 and A-12: every leg closed at the last price, as taker, at the end of the tape."""
    plan = make_plan({SYMBOL: swings}, wind_down=WindDownMode.CLOSE_ALL)

    left, closed = run_backtest(replace(plan, wind_down=WindDownMode.LEAVE_OPEN)), played(plan)[1]

    wound = [fill for fill in closed.fills if fill.kind is FillKind.WIND_DOWN]
    assert [leg.size for leg in closed.legs] == [0, 0]
    assert any(leg.size for leg in left.legs)
    assert [fill.client_order_id for fill in wound] == [
        f"wind_down_{leg.direction.value}" for leg in left.legs if leg.size
    ]
    assert {fill.at for fill in wound} == {int(swings.trades.time[-1])} == {closed.end}
    assert {fill.price for fill in wound} == {Decimal("0.1") * int(swings.trades.price[-1])}
    assert not any(fill.is_maker for fill in wound)
    assert closed.final_equity == closed.final_wallet == sum_of_entries(closed)
    assert list(closed.fills[: len(left.fills)]) == list(left.fills)


def test_a_window_plays_the_rows_from_start_to_before_end(
    swings: Tape, make_plan: MakePlan
) -> None:
    first, end = Instant(START + 100 * SECOND_US), Instant(START + 400 * SECOND_US)
    plan = make_plan({SYMBOL: swings}, start=first, end=end)

    outcome = run_backtest(plan)

    assert (outcome.start, outcome.end) == (first, end - SECOND_US)
    assert outcome.ticks == 300
    assert all(first <= fill.at < end for fill in outcome.fills)
    assert outcome.fills


def test_a_window_without_rows_is_refused(swings: Tape, make_plan: MakePlan) -> None:
    plan = make_plan({SYMBOL: swings}, start=Instant(START + HOUR_US))

    with pytest.raises(RunFailed, match="no row between start and end"):
        run_backtest(plan)


def test_two_symbols_end_with_the_later_tape(
    tmp_path: Path, write_trade_tape: MakeTape, make_waves: MakeWaves, make_plan: MakePlan
) -> None:
    """Everything is closed at the end of the run, whichever symbol is named first."""
    tapes = {
        "BTCUSDT": write_trade_tape(tmp_path / "a", make_waves(300)),
        "ETHUSDT": write_trade_tape(tmp_path / "b", make_waves(200, seed=2), symbol="ETHUSDT"),
    }
    plan = make_plan(tapes, wind_down=WindDownMode.CLOSE_ALL)

    for tick_by_tick in (False, True):
        outcome = run_backtest(plan, tick_by_tick=tick_by_tick)

        assert outcome.end == START + 299 * SECOND_US
        wound = {fill.at for fill in outcome.fills if fill.kind is FillKind.WIND_DOWN}
        assert wound == {outcome.end}


def test_a_declared_gap_stops_opening_until_it_is_over(
    trade_tape: MakeTape, make_waves: MakeWaves, make_plan: MakePlan
) -> None:
    """A gap listed in the manifest is a stream-lost event: no opens until the stream is back."""
    prices = make_waves(600)
    gap = (START + 100 * SECOND_US, START + 500 * SECOND_US)
    gapless = make_plan({SYMBOL: trade_tape(prices, "whole")})
    lost = make_plan({SYMBOL: trade_tape(prices, "gap", gaps=[gap])})

    usual, careful = run_backtest(gapless), run_backtest(lost)

    assert careful.denials["mode"] > usual.denials.get("mode", 0)
    assert len(careful.fills) < len(usual.fills)


def test_progress_counts_all_rows_at_last(swings: Tape, make_plan: MakePlan) -> None:
    told: list[int] = []

    run_backtest(make_plan({SYMBOL: swings}), tick_by_tick=True, progress=told.append)

    assert told == sorted(told)
    assert len(told) > 2
    assert told[-1] == 600


# -- what must never happen ------------------------------------------------------------------


class Overlooking(TradeStream):
    """A stream that overlooks the row it should find: our fault, made on purpose."""

    def find(self, bands: Bands, limit: int) -> int:
        return min(super().find(bands, limit) + 1, limit)


def overlooking(plan: RunPlan) -> Run:
    run = Run(plan, tick_by_tick=False, progress=None)
    tape, spec = plan.tapes[SYMBOL], plan.symbols[SYMBOL]
    lying: list[Stream] = [
        Overlooking(tape, load_or_build(tape), spec.instrument, 0, (0, len(tape.trades)))
    ]
    run.streams = lying
    run.valuing = lying
    return run


def test_a_skipped_row_that_matters_is_noticed(swings: Tape, make_plan: MakePlan) -> None:
    with pytest.raises(BandViolated, match="BTCUSDT: expected row 0 to change nothing"):
        overlooking(make_plan({SYMBOL: swings})).play()


def test_a_last_row_that_matters_is_noticed_when_the_tape_ends(
    trade_tape: MakeTape, make_plan: MakePlan
) -> None:
    with pytest.raises(BandViolated, match="expected row 0"):
        overlooking(make_plan({SYMBOL: trade_tape([10_000])})).play()


# -- requests --------------------------------------------------------------------------------


class Listening(SimVenue):
    """The venue, which keeps what it was asked."""

    asked: list[tuple[Instant, PlaceOrder | CancelOrder]]

    def submit(self, request: PlaceOrder | CancelOrder, now: Instant) -> list[Event]:
        self.asked.append((now, request))
        return super().submit(request, now)


@pytest.mark.parametrize("policy", SidePolicy)
@pytest.mark.parametrize("latency_us", [0, 80_000])
def test_pushes_that_repeat_change_no_request_no_fill_and_no_book(
    swings: Tape, make_plan: MakePlan, policy: SidePolicy, latency_us: int
) -> None:
    """ADR 0004."""
    runs = []
    for repeat in (False, True):
        plan = make_plan(
            {SYMBOL: swings},
            balance="2000",
            amount="500",
            grid={"side_policy": policy},
            venue={
                "repeat_in_pushes": repeat,
                "place_latency_us": latency_us,
                "cancel_latency_us": latency_us,
            },
        )
        run = Run(plan, tick_by_tick=False, progress=None)
        venue = Listening(plan.venue, tuple(plan.symbols.values()), run.start)
        venue.asked = []
        run.venue = venue
        runs.append((venue.asked, run.play()))

    (quiet_asked, quiet), (repeated_asked, repeated) = runs
    assert quiet_asked == repeated_asked
    assert len(quiet_asked) == quiet.orders_placed + quiet.orders_cancelled > 20
    assert quiet.fills == repeated.fills
    assert quiet.ledger == repeated.ledger
    assert quiet.legs == repeated.legs


PLAYING = """
import sys
from hashlib import sha256
from pathlib import Path
from backtest.config import load_config
from backtest.runner import run_backtest
from backtest.tables import trades_csv
from backtest.wiring import Selection, wire
from gridcore.clock import Instant
file = Path(sys.argv[1])
plan = wire(load_config(file), file, Selection(tapes={}), Instant(0)).plan
outcome = run_backtest(plan)
told = repr((outcome.fills, outcome.ledger, outcome.denials, outcome.grid_changes))
print(sha256(told.encode()).hexdigest(), len(outcome.fills))
"""


def test_trades_do_not_depend_on_the_hash_seed(
    project: Path, make_tape: Callable[..., Path], make_waves: MakeWaves
) -> None:
    """A-13 and section 4, Purity: byte for byte, whatever PYTHONHASHSEED says."""
    make_tape(project / "waves", [price * 10 for price in make_waves(400)], tick_size="0.1")
    file = project / "backtest.yaml"
    file.write_text(file.read_text().replace("BTCUSDT: tape", "BTCUSDT: waves"), encoding="utf-8")

    told = {
        subprocess.run(
            [sys.executable, "-c", PLAYING, str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1")
    }

    (one,) = told
    assert int(one.split()[1]) > 20


@pytest.mark.parametrize("cut_s", [97, 300, 451])
def test_a_run_that_is_begun_where_another_stood_goes_on_like_it(
    swings: Tape, make_plan: MakePlan, cut_s: int
) -> None:
    """V-3: recorded orders, positions, wallet and grid are all that a run needs to begin with."""
    plan = make_plan({SYMBOL: swings})
    cut = Instant(START + cut_s * SECOND_US)
    whole = run_backtest(plan)
    first, _ = played(replace(plan, end=cut))

    second = run_backtest(
        replace(
            plan,
            start=cut,
            initial_balance=first.venue.wallet,
            venue=replace(plan.venue, initial_balance=first.venue.wallet),
            opening=opening_of(first),
        )
    )

    assert [facts(fill) for fill in second.fills] == [
        facts(fill) for fill in whole.fills if fill.at >= cut
    ]
    assert len(second.fills) > 5
    assert second.final_wallet == whole.final_wallet
    assert second.final_equity == whole.final_equity


def opening_of(run: Run) -> Opening:
    """How a run stands, as a recording tells it."""
    strategy = run.session.strategies[SYMBOL]
    instrument = strategy.instrument
    rows = [
        {"side": str(tag.value), "price": str(instrument.price(Ticks(level)))}
        for level, tag in zip(strategy.engine.levels, strategy.engine.side_tags(), strict=True)
    ]
    orders = tuple(
        StandingOrder(
            symbol=SYMBOL,
            order_id=f"was-{order.order_id}",
            wire_id=order.wire_id,
            direction=order.direction,
            side=order.side,
            price=Ticks(int(order.price)),
            qty=order.qty,
            filled=order.filled,
            at=order.at,
        )
        for order in run.venue.open_orders(SYMBOL)
    )
    legs = tuple(
        StandingLeg(symbol=SYMBOL, direction=leg.direction, size=leg.size, entry=leg.entry)
        for leg in run.venue.legs(SYMBOL)
        if leg.entry is not None
    )
    return Opening(standing=Standing(orders=orders, legs=legs), grids={SYMBOL: rows})


def facts(fill: Fill) -> tuple[object, ...]:
    """What a fill is, without the ids that a process mints."""
    return (
        fill.at,
        fill.client_order_id,
        fill.direction,
        fill.side,
        fill.price,
        fill.qty,
        fill.realised,
        fill.fee,
    )


def test_partial_fills_are_the_same_for_the_same_seed_with_and_without_skipping(
    swings: Tape, make_plan: MakePlan
) -> None:
    plan = make_plan(
        {SYMBOL: swings}, venue={"partial_fills": 600, "partial_fills_seed": "7 100001"}
    )
    other = replace(plan, venue=replace(plan.venue, partial_fills_seed="8 100001"))

    fills = run_backtest(plan).fills
    parts = [fill for fill in fills if fill.qty != max(one.qty for one in fills)]

    assert len(parts) > 5
    assert run_backtest(plan, tick_by_tick=True).fills == fills
    assert run_backtest(other).fills != fills
