"""What a chat reads: exact, short, and the most important first."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gridbot.telegram.texts import (
    day_text,
    notice_text,
    orders_text,
    positions_text,
    profit_text,
    repeated_text,
    status_text,
)
from gridcore.clock import DAY_US, Instant, utc_midnight
from gridcore.events import PositionUpdate, StreamLost
from gridcore.instrument import Steps
from gridcore.session.effects import Notice, Severity
from gridcore.sides import LONG

Make = Callable[..., Any]


@pytest.fixture
def main(make_account: Make) -> Any:
    return make_account()


@pytest.fixture
def history(make_desk: Make, main: Any) -> Any:
    desk = make_desk(main)
    return desk.history.of("main")


def test_a_notice_says_whose_it_is_what_happened_and_when(start: Instant) -> None:
    notice = Notice(
        at=Instant(start + 1_234_567),
        logger="gridcore.session",
        event="mode_asked",
        severity=Severity.WARNING,
        fields=(("cause", "stale_ticker"), ("ended_by", "a ticker")),
    )

    assert notice_text("main", notice) == (
        "⚠️ main: mode asked\ncause: stale_ticker\nended by: a ticker\n2026-01-01 01:00:01 UTC"
    )


@pytest.mark.parametrize(("times", "often"), [(1, "once"), (2, "2 times")])
def test_a_repetition_says_how_often(times: int, often: str) -> None:
    told = repeated_text("main", "order_vanished", (("symbol", "BTCUSDT"),), times)

    assert told == f"🔁 main: order vanished, {often} more\nsymbol: BTCUSDT"


def test_the_state_shows_modes_and_streams_that_are_down(main: Any, history: Any) -> None:
    main.down = True
    main.take(StreamLost(at=main.now, symbol=None, reason="gone"))

    lines = status_text(main, history, main.now).splitlines()

    assert lines[0] == "main: restricted"
    assert "NO_OPEN account: stream_lost, 0 s" in lines
    assert "streams down: private" in lines
    assert "equity 10000, today 0" in lines
    assert f"{main.session.open_orders} orders rest" in lines


def test_before_the_books_are_open_nothing_is_known(make_account: Make, make_desk: Make) -> None:
    young = make_account(steps=0)
    desk = make_desk(young)
    history = desk.history.of("main")

    assert "equity unknown, today unknown" in status_text(young, history, young.now)
    assert profit_text(young, history, young.now) == "main: the books are not open yet"


def test_orders_are_shown_from_the_market_outwards(main: Any) -> None:
    lines = orders_text(main).splitlines()

    resting = sorted(main.session.live_orders(), key=lambda one: one.price)
    assert lines[0] == f"main: {len(resting)} orders rest"
    assert lines[1].startswith("BTCUSDT at ")
    market = main.session.strategies["BTCUSDT"].last_ticker.last
    buys = [one.price for one in resting if one.side.value == "Buy"]
    nearest = Decimal(min(buys, key=lambda price: abs(price - market))) / 10
    first = next(line for line in lines if line.startswith("  Buy"))
    assert first == f"  Buy 0.1 at {nearest.normalize():f} (opens long)"


def test_a_position_shows_its_profit_and_its_distance_to_liquidation(main: Any) -> None:
    main.take(
        PositionUpdate(
            symbol="BTCUSDT",
            at=Instant(main.now + 1),
            direction=LONG,
            size=Steps(10),
            entry=Decimal(900),
            liquidation=Decimal(500),
            mark=Decimal(1000),
        )
    )

    (name, line) = positions_text(main).splitlines()

    assert name == "main:"
    assert line.startswith("BTCUSDT long 0.1 from 900, open profit +")
    assert ", liquidation 500 (" in line


def test_profit_shows_the_day_and_everything_since_the_books_began(main: Any, history: Any) -> None:
    assert profit_text(main, history, main.now).splitlines() == [
        "main: today 0",
        "balance 10000, equity 10000",
        "since the books began: realised 0, fee 0, funding 0, cash +10000",
    ]


def test_a_day_shows_its_sums_and_fills(main: Any, history: Any) -> None:
    midnight = utc_midnight(main.now)

    assert day_text(main, history, midnight).splitlines() == [
        "main: profit 0, equity 10000",
        "realised 0, fee 0, funding 0, cash +10000",
        "0 fills",
    ]
    assert day_text(main, history, Instant(midnight - DAY_US)) == "main: nothing was booked"
