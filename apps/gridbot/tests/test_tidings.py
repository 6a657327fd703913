"""What people are told: the kernel's notices under their part, and what it does silently."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from appkit.account_setup import AccountSetup
from gridbot.tidings import Tidings
from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, PositionUpdate, StreamLost, StreamRestored, Ticker, TimerFired
from gridcore.instrument import Steps, Ticks
from gridcore.session.effects import (
    NO_EFFECTS,
    Effects,
    FillRecord,
    LedgerEntry,
    LedgerKind,
    Notice,
    Severity,
)
from gridcore.sides import LONG, SideType


class Watched:
    """A session that has lived a while, what it tells, and its time."""

    def __init__(self, life: Any) -> None:
        self.life = life
        self.session = life.session
        for _ in range(60):
            life.step()
        self.now: Instant = life.now
        self.told: list[Notice] = []
        self.tidings = Tidings({"main": self})  # type: ignore[dict-item]
        self.tidings.observe("main", TimerFired(at=self.now), NO_EFFECTS, self.now)
        self.tidings.join(self._hear)

    def _hear(self, account: str, notice: Notice, now: Instant) -> None:
        assert (account, now) == ("main", self.now)
        self.told.append(notice)

    def take(self, event: Event) -> list[tuple[str, str]]:
        """Handle an event; loggers and events of what is told of it."""
        return self.show(self.session.handle(event, self.now), event)

    def show(self, effects: Effects, event: Event | None = None) -> list[tuple[str, str]]:
        """Observe effects; loggers and events of what is told of them."""
        self.told.clear()
        event = TimerFired(at=self.now) if event is None else event
        self.tidings.observe("main", event, effects, self.now)
        return [(one.logger, one.event) for one in self.told]


@pytest.fixture
def watched(
    make_account_setup: Callable[..., AccountSetup], make_life: Callable[..., Any]
) -> Watched:
    return Watched(make_life(make_account_setup().session()))


def effects_of(*records: LedgerEntry | FillRecord, notices: tuple[Notice, ...] = ()) -> Effects:
    return Effects(records=records, requests=(), notices=notices)


def notice(event: str, **fields: str) -> Notice:
    return Notice(
        at=Instant(0),
        logger="gridcore.session",
        event=event,
        severity=Severity.INFO,
        fields=tuple(fields.items()),
    )


def test_a_mode_is_told_when_it_is_asked_for_and_when_it_ends(watched: Watched) -> None:
    asked = watched.take(StreamLost(at=watched.now, symbol="BTCUSDT", reason="gone"))
    assert asked == [("gridcore.session", "mode_asked")]

    watched.now = Instant(watched.now + 7 * SECOND_US)
    watched.take(StreamRestored(at=watched.now, symbol="BTCUSDT"))
    told = list(watched.told)
    last = Ticker(symbol="BTCUSDT", at=watched.now, last=Ticks(10_000), mark=Decimal(1000))
    watched.take(last)
    told += watched.told

    ended = [dict(one.fields) for one in told if one.event == "mode_ended"]
    (lost,) = [one for one in ended if one["cause"] == "stale_ticker"]
    assert (lost["scope"], lost["mode"], lost["after_s"]) == ("BTCUSDT", "NO_OPEN", "7")


def test_danger_of_liquidation_is_told_as_it_grows_and_passes(watched: Watched) -> None:
    def liquidated_at(price: int) -> list[tuple[str, str]]:
        watched.now = Instant(watched.now + SECOND_US)
        watched.take(
            PositionUpdate(
                symbol="BTCUSDT",
                at=watched.now,
                direction=LONG,
                size=Steps(100),
                entry=Decimal(1000),
                liquidation=Decimal(price),
                mark=Decimal(1000),
            )
        )
        told = list(watched.told)
        last = Ticker(symbol="BTCUSDT", at=watched.now, last=Ticks(10_000), mark=Decimal(1000))
        watched.take(last)
        risky = [one for one in (*told, *watched.told) if one.event.startswith("risk_")]
        return [(one.event, one.severity.value) for one in risky]

    assert liquidated_at(500) == []
    assert liquidated_at(980) == [("risk_emergency", "alert")]
    assert liquidated_at(980) == []
    assert liquidated_at(500) == [("risk_none", "info")]


def test_fills_and_cash_are_told_under_the_part_that_they_concern(watched: Watched) -> None:
    fill = FillRecord(
        at=watched.now,
        symbol="BTCUSDT",
        strat_id="grid",
        direction=LONG,
        side=SideType.BUY,
        price=Ticks(9_900),
        qty=Steps(10),
        fee=Decimal("0.01980000"),
        realised=Decimal("0E-8"),
        client_order_id="c",
        wire_id="w",
        order_id="o",
        exec_id="e",
        level=1,
    )

    def entry(kind: LedgerKind) -> LedgerEntry:
        return LedgerEntry(
            at=watched.now,
            kind=kind,
            symbol="BTCUSDT" if kind is LedgerKind.FUNDING else None,
            direction=LONG if kind is LedgerKind.FUNDING else None,
            amount=Decimal("-1.50000000"),
            reference="r",
        )

    told = watched.show(effects_of(fill, *(entry(kind) for kind in LedgerKind)))

    assert told == [
        ("gridcore.engine", "filled"),
        ("gridcore.position", "funding"),
        ("gridcore.position", "cash"),
    ]
    filled, funding, cash = (dict(one.fields) for one in watched.told)
    assert (filled["price"], filled["qty"], filled["fee"], filled["realised"]) == (
        "990",
        "0.1",
        "0.0198",
        "0",
    )
    assert funding == {"symbol": "BTCUSDT", "direction": "long", "amount": "-1.5"}
    assert cash == {"amount": "-1.5"}


@pytest.mark.parametrize(
    ("event", "logger"),
    [
        ("order_denied", "gridcore.engine"),
        ("placement_stopped", "gridcore.engine"),
        ("liquidated", "gridcore.position"),
        ("drawdown", "gridcore.position"),
        ("key_refused", "gridcore.session"),
    ],
)
def test_each_part_s_matters_stand_under_its_logger(
    watched: Watched, event: str, logger: str
) -> None:
    assert watched.show(effects_of(notices=(notice(event),))) == [(logger, event)]


def test_an_emergency_is_the_position_s_other_modes_are_the_session_s(watched: Watched) -> None:
    told = watched.show(
        effects_of(
            notices=(
                notice("mode_asked", cause="emergency"),
                notice("mode_asked", cause="operator"),
            )
        )
    )

    assert [logger for logger, _ in told] == ["gridcore.position", "gridcore.session"]


def test_what_was_told_before_the_start_counts_from_now_and_empty_fields_are_left_out(
    watched: Watched,
) -> None:
    watched.show(effects_of(notices=(notice("order_denied", reason="mode", symbol=""),)))

    (told,) = watched.told
    assert (told.at, told.fields) == (watched.now, (("reason", "mode"),))


def test_a_ticker_that_changes_nothing_is_no_news(watched: Watched) -> None:
    same = watched.session.strategies["BTCUSDT"].last_ticker

    assert watched.take(same) == []
