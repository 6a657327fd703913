"""The state as rows."""

import json
from decimal import Decimal
from typing import Any

import pytest

from gridbot.surface.history import History
from gridbot.surface.picture import Health, Picture, age_us, faulty, health_of, health_together
from gridbot.surface.views import RunFacts
from gridbot.words import StreamAge
from gridcore.clock import SECOND_US, Instant
from gridcore.events import OperatorAction, OperatorCommand, StreamLost, StreamRestored
from gridcore.sides import LONG, SHORT


def drawn(account: Any, facts: Any) -> Any:
    history = History({account.name: account})
    picture = Picture({account.name: account}, facts, history)
    return json.loads(json.dumps(picture.state(account.now)))


def command(account: Any, action: OperatorAction) -> None:
    account.take(OperatorCommand(at=account.now, action=action, symbol=None))


def test_levels_and_orders_are_those_of_the_session(account: Any, facts: Any) -> None:
    account.tick(997_000)
    account.tick(998_500)
    strategy = account.session.strategies["BTCUSDT"]

    (row,) = drawn(account, facts)["accounts"]
    (shown,) = row["strategies"]

    assert [float(price) * 10 for price, _ in shown["levels"]] == list(strategy.engine.levels)
    assert {side for _, side in shown["levels"]} == {"Buy", "Sell", "Wait"}
    orders = {(one["link_id"], one["price"], one["leaves"]) for one in shown["orders"]}
    instrument = strategy.instrument
    assert len(orders) == account.session.open_orders == row["open_orders"]
    assert orders == {
        (one.wire_id, f"{instrument.price(one.price).normalize():f}", "0.005")
        for one in account.session.live_orders()
    }
    assert shown["last"] == "99850"


def test_accounts_stand_as_configured_whichever_was_ready_first(make_account: Any) -> None:
    accounts = {name: make_account(name) for name in ("third", "second", "first")}
    facts = RunFacts(
        version="v",
        shadow=False,
        started_at=accounts["first"].now,
        environments=(("first", "demo"), ("second", "demo"), ("third", "mainnet")),
    )

    state: Any = Picture(accounts, facts, History(accounts)).state(accounts["first"].now)

    shown = [(row["name"], row["environment"]) for row in state["accounts"]]
    assert shown == list(facts.environments)


def test_money_adds_up_and_is_exact_text(account: Any, facts: Any) -> None:
    account.walk(60)

    (row,) = drawn(account, facts)["accounts"]

    assert Decimal(row["equity"]) == Decimal(row["balance"]) + Decimal(row["unrealised"])
    assert Decimal(row["balance"]) == sum(Decimal(part) for part in row["ledger"].values())
    legs = [leg for one in row["strategies"] for leg in one["positions"]]
    assert [leg["direction"] for leg in legs] == [LONG.value, SHORT.value]
    assert sum(Decimal(leg["unrealised"]) for leg in legs) == Decimal(row["unrealised"])


def test_before_anything_is_known_everything_is_null_and_nothing_is_zero(
    make_account: Any, facts: Any
) -> None:
    (row,) = drawn(make_account(), facts)["accounts"]

    assert [row[name] for name in ("equity", "balance", "wallet", "profit_today")] == [None] * 4
    (shown,) = row["strategies"]
    assert (shown["last"], shown["levels"], shown["orders"]) == (None, [], [])
    for leg in shown["positions"]:
        assert (leg["known"], leg["qty"], leg["liquidation"]) == (False, None, None)
    causes = {mode["cause"]: mode for mode in row["modes"]}
    assert set(causes) == {"unknown_book", "unknown_position", "unknown_wallet"}
    assert causes["unknown_wallet"]["age_us"] is None


def test_modes_tell_their_age_and_what_ends_them(account: Any, facts: Any) -> None:
    command(account, OperatorAction.CLOSE_ONLY)
    account.tick(1_000_000, span_us=7 * SECOND_US)

    (row,) = drawn(account, facts)["accounts"]

    assert row["modes"] == [
        {
            "scope": "",
            "cause": "operator",
            "mode": "CLOSE_ONLY",
            "ended_by": "the operator's resume",
            "since_us": account.now - 7 * SECOND_US,
            "age_us": 7 * SECOND_US,
        }
    ]
    assert row["strategies"][0]["modes"] == {"long": "CLOSE_ONLY", "short": "CLOSE_ONLY"}


def test_opens_that_a_gate_holds_back_are_shown_with_the_reason(
    make_account: Any, facts: Any
) -> None:
    account = make_account(balance=60)
    account.start()

    (row,) = drawn(account, facts)["accounts"]

    denied = row["strategies"][0]["denied"]
    assert {(one["direction"], one["side"]) for one in denied} == {
        ("long", "Buy"),
        ("short", "Sell"),
    }
    reasons = {one["reason"] for one in denied}
    assert reasons <= set(account.session.denials()) - {"mode", "coverage"}


@pytest.mark.parametrize(
    ("action", "health"),
    [
        (OperatorAction.NO_OPEN, Health.PAUSED),
        (OperatorAction.CLOSE_ONLY, Health.PAUSED),
        (OperatorAction.HALT, Health.HALTED),
        (OperatorAction.RESUME, Health.TRADING),
    ],
)
def test_what_the_operator_asked_for_is_no_fault(
    account: Any, action: OperatorAction, health: Health
) -> None:
    command(account, action)

    assert health_of(account) is health
    assert faulty([account]) == []


def test_a_lost_stream_restricts_and_its_return_trades_again(account: Any) -> None:
    account.take(StreamLost(at=account.now, symbol=None, reason="closed"))
    assert health_of(account) is Health.RESTRICTED

    account.take(StreamRestored(at=account.now, symbol=None))
    account.tick(1_000_000)

    assert health_of(account) is Health.TRADING


def test_a_stream_that_is_down_restricts_before_the_session_knows_it(account: Any) -> None:
    account.down.add("private")

    assert health_of(account) is Health.RESTRICTED


def test_together_the_worst_account_counts(make_account: Any, account: Any) -> None:
    starting = make_account("second")

    assert health_of(starting) is Health.STARTING
    assert health_together([account, starting]) is Health.STARTING
    command(account, OperatorAction.HALT)
    assert health_together([account, starting]) is Health.HALTED
    assert health_together([]) is Health.STARTING


def test_ages_are_never_below_zero_and_unknown_without_a_word() -> None:
    heard = StreamAge(name="private", heard_at=Instant(5), up=True)

    assert age_us(heard, Instant(7)) == 2
    assert age_us(heard, Instant(3)) == 0
    assert age_us(StreamAge(name="private", heard_at=None, up=False), Instant(3)) is None
