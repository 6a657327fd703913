"""The cap on a day's loss, tripped at the whole daemon by an owner who trades at a loss."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bench.gridbot.bot import until
from bench.gridbot.stage import ACCOUNT, LEVELS, SYMBOL
from bench.gridbot.trial import Trial, trial
from gridcore.clock import DAY_US, SECOND_US
from tapes.synth.market import make_tape
from tapes.synth.parameters import MarketParameters

MIDNIGHT_US = 20_454 * DAY_US
TAPE_BEFORE_S, TAPE_S = 250, 3600
CYCLE_QTY = "0.364"
"""Bought and sold again at 100,000 it costs 40 in fees."""
WHILE_US = 20 * SECOND_US


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Trial]:
    """A daemon that may lose 50 a day, some minutes before midnight, in a market that stands."""
    tape = tmp_path / "tape"
    make_tape(
        tape,
        MarketParameters(
            seed=1,
            duration_us=TAPE_S * SECOND_US,
            start_us=MIDNIGHT_US - TAPE_BEFORE_S * SECOND_US,
            trades_per_second=4.0,
            volatility=0.005,
            jumps_per_day=0.0,
            gaps_per_day=0.0,
            tickers=True,
        ),
    )
    with trial(tmp_path / "bot", "safety: {session_loss_limit: 50}", tape=tape) as one:
        one.begin()
        yield one


def lose_40(one: Trial) -> None:
    """The account's owner buys and sells at the market; what it costs is seen."""
    before = Decimal(one.state()["ledger"]["fee"])
    for side in ("Buy", "Sell"):
        one.venue.post(
            "order",
            account=ACCOUNT,
            symbol=SYMBOL,
            side=side,
            qty=CYCLE_QTY,
            position_idx=1,
            reduce_only=side == "Sell",
        )
    until(
        "a loss of 40",
        lambda: Decimal(one.state()["ledger"]["fee"]) > before - 40 and "not yet",
    )


def latches(one: Trial) -> set[tuple[str, str]]:
    """Cause and mode of everything that forbids."""
    return {(mode["cause"], mode["mode"]) for mode in one.state()["modes"]}


def test_a_second_loss_of_40_empties_the_book_until_midnight_when_50_may_be_lost(
    evening: Trial,
) -> None:
    """A31, A33 (half of the cancels fail), A32."""
    lose_40(evening)
    evening.rests()
    after_one = latches(evening)
    failing = evening.venue.fault("ret_code", target="/v5/order/cancel*", chance=500, amount=10016)

    lose_40(evening)
    until("an empty book", lambda: evening.venue.resting(ACCOUNT))
    after_two = latches(evening)
    failed = evening.venue.acted(failing)
    evening.venue.calm()
    until("midnight", lambda: ("loss_limit", "HALT") in latches(evening) and "before")
    began_again_us = evening.now_us()
    evening.rests()
    evening.pass_us(WHILE_US)

    assert after_one == set()
    assert ("loss_limit", "HALT") in after_two
    assert failed > 0
    assert began_again_us >= MIDNIGHT_US
    assert latches(evening) == set()
    assert len(evening.opens()) == LEVELS
