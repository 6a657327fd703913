"""Commands by chat: allowed ones only, over the same bus, and the gravest in two steps."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gridbot.telegram.commands import new_code
from gridcore.clock import SECOND_US, Instant
from gridcore.session.modes import ModeCause

Make = Callable[..., Any]


@pytest.fixture
def main(make_account: Make) -> Any:
    return make_account()


@pytest.fixture
def desk(make_desk: Make, main: Any) -> Any:
    return make_desk(main)


def modes(account: Any) -> list[str]:
    """What the operator asks of an account."""
    return [
        one.mode.name for one in account.session.standing_modes() if one.cause is ModeCause.OPERATOR
    ]


def rows(desk: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in desk.audit.read_text().splitlines()]


@pytest.mark.parametrize(("text", "mode"), [("/pause", "NO_OPEN"), ("/closeonly", "CLOSE_ONLY")])
def test_a_command_reaches_the_session_and_resume_takes_it_back(
    desk: Any, main: Any, text: str, mode: str
) -> None:
    (answer,) = desk.ask(text)
    assert modes(main) == [mode]
    assert answer is not None
    assert answer.startswith("main: ")
    assert answer.endswith(" done")

    assert desk.ask("/resume") == ["main: resume done"]
    assert modes(main) == []


def test_everything_is_answered_while_paused(desk: Any) -> None:
    desk.ask("/pause")

    status, orders, profit, positions = desk.ask("/status", "/orders", "/profit", "/positions")

    assert status.splitlines()[:2] == ["main: paused", "NO_OPEN account: operator, 0 s"]
    assert orders.startswith("main: ")
    assert profit.startswith("main: today ")
    assert positions == "main: no positions"


def test_it_is_written_down_who_asked_for_what(desk: Any, chat: int) -> None:
    desk.ask("/pause main btcusdt")

    told = [(row["command"], row["symbol"], row["source"], row["what"]) for row in rows(desk)]
    source = f"telegram:{chat}"
    assert told == [
        ("pause", "BTCUSDT", source, "asked"),
        ("pause", "BTCUSDT", source, "handled"),
    ]


def test_a_stranger_gets_no_answer_and_stands_in_the_audit_log_once_a_minute(
    desk: Any, main: Any
) -> None:
    assert desk.ask("/pause", "/status", "/cancelall", chat=666) == [None, None, None]

    assert modes(main) == []
    told = [(row["command"], row["source"], row["why"]) for row in rows(desk)]
    assert told == [("pause", "telegram:666", "not an allowed chat")]


def test_cancelling_everything_takes_the_code_that_was_told(desk: Any, main: Any) -> None:
    asked, wrong = desk.ask("/cancelall", "/cancelall 4711")
    assert f"({main.session.open_orders} rest on main)" in asked
    assert asked.endswith("\n/cancelall 0815")
    assert "found '4711'" in wrong
    assert modes(main) == []

    assert desk.ask("/cancelall")[0] == asked
    assert desk.ask("/cancelall 0815") == ["main: cancel-all done"]

    assert modes(main) == ["HALT"]


def test_a_code_holds_for_a_minute_and_once(desk: Any, main: Any) -> None:
    desk.ask("/cancelall")
    desk.wall = Instant(60 * SECOND_US + 1)
    assert desk.ask("/cancelall 0815") == [
        "too late: nothing was cancelled; begin again with /cancelall"
    ]

    desk.ask("/cancelall")
    desk.ask("/cancelall 0815", "/resume")
    (again,) = desk.ask("/cancelall 0815")

    assert "expected one of the accounts" in again
    assert modes(main) == []


def test_a_code_of_one_chat_is_none_of_another(desk: Any, main: Any, chat: int) -> None:
    desk.ask("/cancelall")
    assert desk.ask("/cancelall 0815", chat=666) == [None]
    assert modes(main) == []
    assert desk.ask("/cancelall 0815", chat=chat) == ["main: cancel-all done"]


def test_a_command_is_for_all_accounts_or_for_the_one_that_is_named(
    make_desk: Make, make_account: Make
) -> None:
    first, second = make_account("first"), make_account("second")
    desk = make_desk(first, second)

    assert desk.ask("/pause second") == ["second: pause done"]
    assert (modes(first), modes(second)) == ([], ["NO_OPEN"])
    assert desk.ask("/closeonly") == ["first: close-only done\nsecond: close-only done"]
    status, one = desk.ask("/status", "/status second")
    assert (status.count("orders rest"), one.count("orders rest")) == (2, 1)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/paus", "/paus: no such command; did you mean /pause?"),
        ("/xyzzy", "/xyzzy: no such command; /help lists them"),
        ("/pause maine", "expected one of the accounts main, found 'maine'"),
        ("/status maine", "expected one of the accounts main, found 'maine'"),
        ("/pause main BTCUSDT now", "expected [ACCOUNT [SYMBOL]], found more words"),
        (
            "/pause main ETHUSDT",
            "main: expected a symbol that main trades, found 'ETHUSDT'; did you mean BTCUSDT?",
        ),
        ("hello", None),
        ("", None),
        ("/", "/: no such command; /help lists them"),
    ],
)
def test_what_is_not_understood_says_what_would_be(
    desk: Any, main: Any, text: str, answer: str | None
) -> None:
    assert desk.ask(text) == [answer]
    assert modes(main) == []


@pytest.mark.parametrize("text", ["/help", "/start", "/HELP@grid_bot"])
def test_help_lists_every_command(desk: Any, text: str) -> None:
    (answer,) = desk.ask(text)

    for name in ("status", "orders", "profit", "positions", "pause", "resume", "closeonly"):
        assert f"/{name} " in answer
    assert "/cancelall" in answer


def test_a_session_that_is_slow_is_not_reported_as_done(desk: Any, main: Any) -> None:
    main.deaf = True

    assert desk.ask("/pause") == ["main: pause given, but not handled yet"]


def test_before_any_account_has_started_there_is_nothing_to_command(
    make_desk: Make, main: Any
) -> None:
    desk = make_desk(main)
    desk.accounts.clear()

    assert desk.ask("/pause", "/status", "/cancelall") == ["no account has started yet"] * 3


def test_codes_are_four_digits() -> None:
    codes = {new_code() for _ in range(50)}

    assert all(len(code) == 4 and code.isdigit() for code in codes)
    assert len(codes) > 1
