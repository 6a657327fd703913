from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from backtest.opening import setup_of
from backtest.outcome import FillKind
from backtest.recorder import ALERTS_KEPT, Recorder
from backtest.wiring import RunPlan
from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    Event,
    ExecType,
    Execution,
    FillEvidence,
    Liquidated,
    Liquidation,
    PositionUpdate,
    Ticker,
    WalletUpdate,
)
from gridcore.instrument import Steps, Ticks
from gridcore.session.account import AccountSession
from gridcore.session.effects import (
    Effects,
    FillRecord,
    LedgerEntry,
    LedgerKind,
    Notice,
    Record,
    Severity,
)
from gridcore.sides import DirectionType, SideType
from tapes import Tape

START = Instant(1_767_229_200_000_000)
SYMBOL = "BTCUSDT"


@pytest.fixture
def plan(swings: Tape, make_plan: Callable[..., RunPlan]) -> RunPlan:
    return make_plan({SYMBOL: swings})


@pytest.fixture
def session(plan: RunPlan) -> AccountSession:
    return AccountSession("test", [setup_of(plan, one) for one in plan.strategies], plan.safety)


@pytest.fixture
def recorder(plan: RunPlan, session: AccountSession) -> Recorder:
    return Recorder(session, {SYMBOL: plan.symbols[SYMBOL].instrument})


def execution(wire_id: str = "a" * 16 + "-1", kind: ExecType = ExecType.TRADE) -> Execution:
    return Execution(
        symbol=SYMBOL,
        at=START,
        sequence=1,
        exec_id="X1",
        order_id="O1",
        wire_id=wire_id,
        direction=DirectionType.LONG,
        side=SideType.SELL,
        price=Ticks(10_020),
        qty=Steps(5),
        leaves=Steps(0),
        closed=Steps(3),
        fee=Decimal("0.1002"),
        kind=kind,
        is_maker=True,
        evidence=FillEvidence.CROSSED,
    )


def entry(kind: LedgerKind, amount: str) -> LedgerEntry:
    return LedgerEntry(
        at=START,
        kind=kind,
        symbol=SYMBOL,
        direction=DirectionType.LONG,
        amount=Decimal(amount),
        reference="X1",
    )


def effects(*records: Record, notices: tuple[Notice, ...] = ()) -> Effects:
    return Effects(records=records, requests=(), notices=notices)


def alert(number: int) -> Notice:
    return Notice(
        at=START,
        logger="gridcore.session",
        event="odd",
        severity=Severity.ALERT,
        fields=(("number", str(number)),),
    )


OURS = FillRecord(
    at=START,
    symbol=SYMBOL,
    strat_id="grid-BTCUSDT",
    direction=DirectionType.LONG,
    side=SideType.SELL,
    price=Ticks(10_020),
    qty=Steps(5),
    fee=Decimal("0.1002"),
    realised=Decimal("0.5"),
    client_order_id="a" * 16,
    wire_id="a" * 16 + "-1",
    order_id="O1",
    exec_id="X1",
    level=4,
)


def test_a_fill_of_our_own_order_is_told_with_its_level_and_identity(recorder: Recorder) -> None:
    fee, realised = entry(LedgerKind.FEE, "-0.1002"), entry(LedgerKind.REALISED, "0.5")

    recorder.take(execution(), effects(OURS, fee, realised))

    (fill,) = recorder.fills
    assert (fill.strat_id, fill.client_order_id, fill.level) == ("grid-BTCUSDT", "a" * 16, 4)
    assert (fill.price, fill.qty, fill.closed_qty) == (
        Decimal("1002.0"),
        Decimal("0.005"),
        Decimal("0.003"),
    )
    assert (fill.fee, fill.realised) == (Decimal("0.1002"), Decimal("0.5"))
    assert (fill.kind, fill.evidence, fill.is_maker) == (
        FillKind.GRID,
        FillEvidence.CROSSED,
        True,
    )
    assert recorder.ledger == [fee, realised]


def test_an_execution_that_is_nobodys_order_is_a_liquidation_of_the_symbol(
    recorder: Recorder,
) -> None:
    """Its profit is what the books say; it has no level."""
    taken = replace(execution("", ExecType.BUST), closed=Steps(0), evidence=None)

    recorder.take(
        taken, effects(entry(LedgerKind.FEE, "-0.1002"), entry(LedgerKind.REALISED, "-7"))
    )

    (fill,) = recorder.fills
    assert (fill.kind, fill.level, fill.strat_id) == (FillKind.LIQUIDATION, -1, "grid-BTCUSDT")
    assert (fill.realised, fill.closed_qty) == (Decimal(-7), Decimal(0))
    assert fill.evidence is FillEvidence.TAKER


@pytest.mark.parametrize("direction", ["long", "short"])
def test_a_wound_down_leg_is_told_apart_by_its_order_id(recorder: Recorder, direction: str) -> None:
    """B-11: the order id of a wind-down is "wind_down_<direction>"."""
    recorder.take(execution(f"wind_down_{direction}"), effects(entry(LedgerKind.FEE, "-0.1")))

    (fill,) = recorder.fills
    assert (fill.kind, fill.client_order_id) == (FillKind.WIND_DOWN, f"wind_down_{direction}")


def test_entries_without_an_execution_go_to_the_ledger_alone(recorder: Recorder) -> None:
    opening = entry(LedgerKind.CASH, "1000")
    wallet = WalletUpdate(at=START, balance=Decimal(1000), available=None)

    recorder.take(wallet, effects(opening))

    assert recorder.ledger == [opening]
    assert recorder.fills == []


def test_alerts_are_kept_up_to_a_limit_and_counted_beyond(recorder: Recorder) -> None:
    """Everything has a limit; the first alerts are those that explain the rest."""
    event: Event = Ticker(symbol=SYMBOL, at=START, last=1, mark=None)
    quiet = replace(alert(0), severity=Severity.WARNING)

    recorder.take(event, effects(notices=(quiet, *map(alert, range(ALERTS_KEPT + 7)))))

    assert len(recorder.alerts) == ALERTS_KEPT
    assert (recorder.alerts[0], recorder.alerts[-1]) == ("odd number=0", "odd number=999")
    assert recorder.told_alerts() == [*recorder.alerts, "and 7 more"]


def test_a_change_of_the_grid_is_kept_with_the_levels_then_in_force(
    recorder: Recorder, session: AccountSession, plan: RunPlan
) -> None:
    """G-3: the levels around 1,000.0 at 0.2 %, on the tick."""
    ticker = Ticker(symbol=SYMBOL, at=START, last=Ticks(10_000), mark=Decimal(1000))

    recorder.take(ticker, session.handle(ticker, START))

    (change,) = recorder.grid_changes()
    assert (change.at, change.strat_id, change.symbol) == (START, "grid-BTCUSDT", SYMBOL)
    assert change.cause == "built"
    assert len(change.levels) == 11
    assert change.levels[4:7] == (Decimal("998.0"), Decimal("1000.0"), Decimal("1002.0"))
    assert change.levels == tuple(sorted(change.levels))


def test_a_grid_of_another_strategy_is_not_told(recorder: Recorder) -> None:
    event: Event = Ticker(symbol=SYMBOL, at=START, last=1, mark=None)
    foreign = Notice(
        at=START,
        logger="gridcore.grid",
        event="grid_built",
        severity=Severity.INFO,
        fields=(("strat_id", "unheard of"),),
    )

    recorder.take(event, effects(notices=(foreign,)))

    assert recorder.grid_changes() == []


def position(
    direction: DirectionType, mark: str | None, liquidation: Liquidation
) -> PositionUpdate:
    return PositionUpdate(
        symbol=SYMBOL,
        at=START,
        direction=direction,
        size=Steps(5),
        entry=Decimal(100),
        liquidation=liquidation,
        mark=None if mark is None else Decimal(mark),
    )


def test_the_nearest_liquidation_is_kept_for_either_direction(recorder: Recorder) -> None:
    """A long's liquidation lies below the mark, a short's above."""
    recorder.distance(position(DirectionType.LONG, "100", Decimal(80)))
    far = dict(recorder.nearest)
    recorder.distance(position(DirectionType.SHORT, "100", Decimal(105)))
    near = dict(recorder.nearest)
    recorder.distance(position(DirectionType.LONG, "100", Decimal(90)))

    assert [far[SYMBOL], near[SYMBOL], recorder.nearest[SYMBOL]] == [20, 5, 5]


def test_an_unknown_or_absent_liquidation_is_no_distance(recorder: Recorder) -> None:
    recorder.distance(position(DirectionType.LONG, "100", None))
    recorder.distance(position(DirectionType.LONG, "100", NO_LIQUIDATION))
    recorder.distance(position(DirectionType.LONG, None, Decimal(90)))

    assert recorder.nearest == {}


def test_a_liquidation_is_kept_with_equity_and_requirement(recorder: Recorder) -> None:
    recorder.liquidated(Liquidated(at=START, equity=Decimal("1.5"), maintenance_margin=Decimal(2)))

    (one,) = recorder.liquidations
    assert (one.at, one.equity, one.maintenance_margin) == (START, Decimal("1.5"), Decimal(2))
