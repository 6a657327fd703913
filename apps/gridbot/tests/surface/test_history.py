"""What an operator looks back on."""

import json
from decimal import Decimal
from typing import Any

import pytest

from gridbot.surface.history import ALERTS_KEPT, FILLS_KEPT, History
from gridcore.clock import DAY_US, Instant, utc_midnight
from gridcore.events import OperatorAction, OperatorCommand, TimerFired
from gridcore.saved import SavedStateError
from gridcore.session.effects import Effects, Notice, Severity


def watched(account: Any) -> History:
    history = History({account.name: account})
    account.observers = (history,)
    return history


def recent(history: History) -> dict[str, Any]:
    return dict(history.of("main").recent(FILLS_KEPT, ALERTS_KEPT))


def command(account: Any, action: OperatorAction) -> None:
    account.take(OperatorCommand(at=account.now, action=action, symbol=None))


def test_every_fill_is_kept_with_what_it_brought(make_account: Any) -> None:
    account = make_account()
    history = watched(account)
    account.start()

    account.tick(997_000)
    account.tick(1_003_000)

    fills = recent(history)["fills"]
    assert [(one["side"], one["direction"], one["price"]) for one in fills[:2]] == [
        ("Buy", "long", "99800"),
        ("Sell", "long", "100000"),
    ]
    assert fills[0]["qty"] == "0.005"
    realised = sum(Decimal(one["realised"]) - Decimal(one["fee"]) for one in fills)
    assert realised == account.session.balance - 10_000
    assert history.of("main").profit_today(account.now) == realised


def test_a_day_has_its_sums_and_its_fills(make_account: Any) -> None:
    account = make_account()
    history = watched(account)
    account.start()
    account.tick(997_000)
    today = utc_midnight(account.now)
    count = len(recent(history)["fills"])

    of_account = history.of("main")

    assert of_account.fills_of(today) == str(count)
    assert of_account.fills_of(Instant(today - DAY_US)) == "0"
    assert of_account.day(today) == recent(history)["days"][-1]
    assert of_account.day(Instant(today - DAY_US)) is None


def test_a_day_with_more_fills_than_are_kept_says_so(make_account: Any) -> None:
    account = make_account()
    history = watched(account)
    account.start()
    while len(recent(history)["fills"]) < FILLS_KEPT:
        account.tick(997_000)
        account.tick(1_003_000)

    assert history.of("main").fills_of(utc_midnight(account.now)) == f"{FILLS_KEPT} or more"


def test_equity_and_prices_become_lines(make_account: Any) -> None:
    account = make_account()
    history = watched(account)
    account.start()

    account.walk(90)

    lines: Any = history.of("main").lines()
    times = [time for time, _ in lines["prices"]["BTCUSDT"]]
    assert len(times) == 93
    assert times == sorted(times)
    assert lines["prices"]["BTCUSDT"][-1][1] == str(Decimal(account.prices["BTCUSDT"]) / 10)
    assert len(lines["equity"]) == 2  # a point a minute
    assert Decimal(lines["equity"][0][1]) > 9_000


def test_a_mode_is_told_when_it_begins_and_when_it_ends(make_account: Any) -> None:
    account = make_account()
    account.start()
    history = watched(account)

    command(account, OperatorAction.HALT)
    for _ in range(12):
        account.tick(1_000_000)
    command(account, OperatorAction.RESUME)

    asked, ended = recent(history)["alerts"]
    assert (asked["event"], asked["fields"]["mode"]) == ("mode_asked", "HALT")
    assert ended["event"] == "mode_ended"
    assert ended["severity"] == "info"
    assert ended["fields"] == {
        "scope": "account",
        "cause": "operator",
        "mode": "HALT",
        "after_s": "12",
    }


def test_what_repeats_is_counted_instead(account: Any) -> None:
    history = watched(account)

    for second in range(3):
        notice = Notice(
            at=Instant(account.now + second),
            logger="gridcore.session",
            event="books_in_doubt",
            severity=Severity.ALERT,
            fields=(("symbol", "BTCUSDT"), ("reference", "")),
        )
        told = Effects(records=(), requests=(), notices=(notice,))
        history.observe("main", TimerFired(at=account.now), told, account.now)

    assert recent(history)["alerts"] == [
        {
            "at_us": account.now + 2,
            "event": "books_in_doubt",
            "severity": "alert",
            "fields": {"symbol": "BTCUSDT"},
            "count": 3,
        }
    ]


def test_denials_of_single_orders_are_no_alerts(make_account: Any) -> None:
    account = make_account(balance=60)
    history = watched(account)
    account.start()

    assert account.session.denials()
    assert "order_denied" not in {one["event"] for one in recent(history)["alerts"]}


def test_memory_comes_back_as_json_and_what_comes_later_joins_it(make_account: Any) -> None:
    account = make_account()
    history = watched(account)
    account.start()
    account.walk(60)

    again = History({"main": account})
    again.restore(json.loads(json.dumps(history.snapshot())))

    assert again.snapshot() == history.snapshot()
    account.observers = (again,)
    account.walk(60, seed=2)
    assert len(recent(again)["fills"]) > len(recent(history)["fills"]) > 0


def test_the_memory_of_an_account_that_does_not_come_back_is_kept(make_account: Any) -> None:
    account = make_account()
    history = watched(account)
    account.start()

    again = History({})
    again.restore(history.snapshot())

    assert again.snapshot() == history.snapshot()


@pytest.mark.parametrize(
    "memory",
    [
        [],
        {},
        {"format": 2, "accounts": {}},
        {"format": 1, "accounts": {"main": {}}},
        {"format": 1, "accounts": {"main": {"fills": [1]}}},
    ],
)
def test_what_is_no_memory_is_refused_and_changes_nothing(account: Any, memory: object) -> None:
    history = watched(account)
    account.tick(997_000)
    before = history.snapshot()

    with pytest.raises(SavedStateError):
        history.restore(memory)

    assert history.snapshot() == before
