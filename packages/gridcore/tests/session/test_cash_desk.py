"""Positions, wallet, funding, cash and liquidation: what they do to mirror, books and modes."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gridcore.clock import Instant
from gridcore.events import (
    NO_LIQUIDATION,
    CashKind,
    CashMoved,
    FundingPaid,
    Liquidated,
    OperatorResumed,
    PositionUpdate,
    WalletUpdate,
)
from gridcore.instrument import Steps
from gridcore.session.effects import LedgerEntry, LedgerKind, Severity
from gridcore.session.setup import StrategySetup
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType, SideType

if TYPE_CHECKING:
    from packages.gridcore.tests.session.conftest import Run

BTC = "BTCUSDT"
Runs = Callable[..., "Run"]
Setups = Callable[..., StrategySetup]


def funding(run: "Run", amount: str, exec_id: str = "F1") -> FundingPaid:
    return FundingPaid(
        symbol=BTC,
        at=run.now,
        exec_id=exec_id,
        direction=LONG,
        qty=Steps(10),
        rate=Decimal("0.0001"),
        price=Decimal(1000),
        amount=Decimal(amount),
    )


def cash(run: "Run", amount: str, movement_id: str = "M1") -> CashMoved:
    return CashMoved(
        at=run.now, kind=CashKind.DEPOSIT, amount=Decimal(amount), movement_id=movement_id
    )


# -- positions --------------------------------------------------------------------------------


def test_the_position_is_unknown_until_both_legs_were_reported_l48(make_run: Runs) -> None:
    run = make_run()
    run.send(run.exchange.wallet_update())
    unknown = (BTC, "unknown_position", "NO_OPEN")

    run.send(run.exchange.position(BTC, LONG))
    assert unknown in run.modes()

    run.send(run.exchange.position(BTC, SHORT))
    assert unknown not in run.modes()


def test_an_open_leg_without_a_stated_liquidation_price_stops_opening_until_there_is_one(
    started: Runs,
) -> None:
    run = started()
    unknown = (BTC, "unknown_liquidation", "NO_OPEN")
    run.hold(LONG, 10, liquidation=None)
    run.hold(SHORT, 10, liquidation=None)
    assert unknown in run.modes()
    run.tick(10_000)
    assert [row for row in run.book() if row[:2] in (("long", "Buy"), ("short", "Sell"))] == []

    run.hold(LONG, 10, liquidation=Decimal(100))
    assert unknown in run.modes(), "the other leg is still unknown"
    run.hold(SHORT, 10, liquidation=NO_LIQUIDATION)

    assert unknown not in run.modes()
    run.tick(10_000)
    assert ("long", "Buy", 9900, 10) in run.book()


def test_an_unknown_liquidation_price_ends_with_its_leg(started: Runs) -> None:
    run = started()
    run.hold(LONG, 10, liquidation=None)

    run.hold(LONG, 0, liquidation=None)

    assert run.modes() == set()


def test_a_stale_position_report_changes_nothing(started: Runs) -> None:
    run = started()
    run.hold(LONG, 10)
    before = run.session.snapshot()

    run.send(
        PositionUpdate(
            symbol=BTC,
            at=Instant(run.now - 1),
            direction=LONG,
            size=Steps(99),
            entry=Decimal(1),
            liquidation=None,
            mark=None,
        )
    )

    assert run.session.snapshot() == before


def test_positions_of_other_symbols_are_none_of_our_business(started: Runs) -> None:
    run = started()
    before = run.session.snapshot()

    run.send(
        PositionUpdate(
            symbol="DOGEUSDT",
            at=run.now,
            direction=LONG,
            size=Steps(1),
            entry=Decimal(1),
            liquidation=None,
            mark=None,
        )
    )

    assert run.session.snapshot() == before


@pytest.mark.parametrize(("direction", "side", "price"), [(LONG, SELL, 10_100), (SHORT, BUY, 9900)])
def test_a_leg_that_existed_before_us_realises_against_its_entry(
    make_run: Runs, direction: DirectionType, side: SideType, price: int
) -> None:
    run = make_run()
    run.exchange.legs[BTC, direction] = (Decimal("0.1"), Decimal(1000))
    run.start()
    run.tick(10_000)

    run.fill(direction, side, price)

    assert run.session.ledger.totals[LedgerKind.REALISED] == 1


# -- wallet -----------------------------------------------------------------------------------


def test_the_books_open_with_the_first_wallet_and_are_never_overwritten_l111(
    started: Runs,
) -> None:
    run = started()
    assert run.session.balance == 10_000

    effects = run.deposit("50")

    assert effects.records == ()
    assert run.session.balance == 10_000


def test_a_stale_wallet_report_changes_nothing(started: Runs) -> None:
    run = started()
    run.deposit("5")
    before = run.session.snapshot()

    run.send(WalletUpdate(at=Instant(run.now - 1), balance=Decimal(1), available=Decimal(1)))

    assert run.session.snapshot() == before


def test_without_a_wallet_nothing_opens_and_a_wallet_ends_that(make_run: Runs) -> None:
    run = make_run()
    assert ("", "unknown_wallet", "NO_OPEN") in run.modes()

    run.start()

    assert run.modes() == set()


def test_a_wallet_of_zero_is_known_and_empty_l106(started: Runs) -> None:
    run = started(wallet="0")

    run.tick(10_000)

    assert run.modes() == set()
    assert run.book() == []
    assert run.session.denials()["affordability"] > 0


# -- cash -------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["-0.01", "0.01"])
def test_funding_is_booked_once_with_the_sign_of_the_wallets_change(
    started: Runs, amount: str
) -> None:
    run = started()

    first = run.send(funding(run, amount))
    again = run.send(funding(run, amount))

    assert [record.amount for record in first.records if isinstance(record, LedgerEntry)] == [
        Decimal(amount)
    ]
    assert again.records == ()
    assert run.session.balance == 10_000 + Decimal(amount)


def test_a_cash_movement_is_booked_once(started: Runs) -> None:
    run = started()

    for _ in range(3):
        run.send(cash(run, "25"))
    run.send(cash(run, "-5", "M2"))

    assert run.session.balance == 10_020
    assert run.session.ledger.totals[LedgerKind.CASH] == 10_020


# -- liquidation ------------------------------------------------------------------------------


def test_a_liquidation_halts_everything_but_cancels_until_the_operator_resumes(
    started: Runs,
) -> None:
    run = started()
    run.hold(LONG, 10)
    run.tick(10_000)
    resting = run.exchange.resting(BTC, LONG, SELL, 10_100)

    effects = run.send(Liquidated(at=run.now, equity=Decimal(1), maintenance_margin=Decimal(2)))
    assert effects.notices[-1].severity is Severity.ALERT
    assert ("", "liquidated", "HALT") in run.modes()
    run.tick(10_000)
    assert [row[:3] for row in run.book()] == [("long", "Sell", 10_100)], "opens are cancelled"

    for event in run.exchange.withdraw(resting):
        run.send(event)
    run.tick(10_000)
    assert run.book() == [], "not even a close is placed"

    run.send(OperatorResumed(at=run.now))
    run.tick(10_000)

    assert ("long", "Sell", 10_100, 10) in run.book()
    assert ("long", "Buy", 9900, 10) in run.book()


def test_the_operator_lifts_only_what_waits_for_the_operator(started: Runs) -> None:
    run = started()
    run.hold(LONG, 10, liquidation=None)

    run.send(OperatorResumed(at=run.now))

    assert (BTC, "unknown_liquidation", "NO_OPEN") in run.modes()
