"""The command bus."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from gridbot.surface.audit import AuditLog
from gridbot.surface.commands import (
    STRANGERS_US,
    WAITING_MAX,
    CommandBus,
    CommandOutcome,
    CommandRefused,
)
from gridbot.surface.words import CommandName
from gridcore.clock import Instant
from gridcore.session.modes import Mode, ModeCause


@pytest.fixture
def audit(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path)


@pytest.fixture
def bus(account: Any, audit: AuditLog) -> CommandBus:
    made = CommandBus({"main": account}, audit, lambda: account.now, wait_s=0.2)
    account.observers = (made,)
    return made


def submit(bus: CommandBus, name: CommandName, **where: Any) -> CommandOutcome:
    asked = {"account": "main", "symbol": None} | where
    return asyncio.run(bus.submit(name, asked["account"], asked["symbol"], "http:127.0.0.1"))


def audited(audit: AuditLog) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in audit.path.read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (CommandName.PAUSE, Mode.NO_OPEN),
        (CommandName.CLOSE_ONLY, Mode.CLOSE_ONLY),
        (CommandName.HALT, Mode.HALT),
        (CommandName.CANCEL_ALL, Mode.HALT),
    ],
)
def test_a_command_reaches_the_session_and_resume_takes_it_back(
    bus: CommandBus, account: Any, name: CommandName, mode: Mode
) -> None:
    outcome = submit(bus, name)

    asked = [one for one in account.session.standing_modes() if one.cause is ModeCause.OPERATOR]
    assert (outcome.handled, outcome.audited) == (True, True)
    assert [(one.scope, one.mode) for one in asked] == [("", mode)]

    submit(bus, CommandName.RESUME)
    assert account.session.standing_modes() == []


def test_cancel_all_leaves_no_order(bus: CommandBus, account: Any) -> None:
    assert account.session.open_orders > 0

    submit(bus, CommandName.CANCEL_ALL)

    assert account.session.open_orders == 0


def test_a_command_for_one_symbol_concerns_that_symbol(bus: CommandBus, account: Any) -> None:
    submit(bus, CommandName.PAUSE, symbol="BTCUSDT")

    assert [one.scope for one in account.session.standing_modes()] == ["BTCUSDT"]


def test_the_audit_log_says_who_asked_for_what_and_what_became_of_it(
    bus: CommandBus, account: Any, audit: AuditLog
) -> None:
    submit(bus, CommandName.HALT, symbol="BTCUSDT")

    row = {
        "at_us": account.now,
        "command": "halt",
        "account": "main",
        "symbol": "BTCUSDT",
        "source": "http:127.0.0.1",
    }
    assert audited(audit) == [row | {"what": "asked"}, row | {"what": "handled"}]


def test_two_commands_of_one_moment_are_told_apart(bus: CommandBus) -> None:
    async def both() -> list[CommandOutcome]:
        names = (CommandName.PAUSE, CommandName.RESUME)
        return await asyncio.gather(*(bus.submit(name, "main", None, "test") for name in names))

    first, second = asyncio.run(both())

    assert (first.handled, second.handled) == (True, True)
    assert first.at < second.at


def test_a_command_that_stays_in_the_inbox_is_said_to_be_unhandled(
    bus: CommandBus, account: Any, audit: AuditLog
) -> None:
    account.deaf = True

    outcome = submit(bus, CommandName.HALT)

    assert not outcome.handled
    assert [line["what"] for line in audited(audit)] == ["asked", "not handled yet"]


def test_a_log_that_cannot_be_written_stops_no_command(bus: CommandBus, audit: AuditLog) -> None:
    audit.path.mkdir()

    outcome = submit(bus, CommandName.HALT)

    assert (outcome.handled, outcome.audited) == (True, False)


@pytest.mark.parametrize(
    ("where", "found", "hint"),
    [
        ({"account": "mian"}, "found 'mian'", "did you mean main?"),
        ({"account": "x"}, "found 'x'", "known: main"),
        ({"symbol": "BTCUSD"}, "found 'BTCUSD'", "did you mean BTCUSDT?"),
        ({"symbol": ""}, "found ''", "known: BTCUSDT"),
    ],
)
def test_a_command_that_names_nothing_here_is_refused_with_what_there_is(
    bus: CommandBus, where: dict[str, str], found: str, hint: str
) -> None:
    with pytest.raises(CommandRefused, match=found) as refused:
        submit(bus, CommandName.HALT, **where)

    assert refused.value.hint == hint


def test_only_so_many_commands_wait_at_once(bus: CommandBus, account: Any) -> None:
    account.deaf = True

    async def flood() -> list[CommandOutcome | BaseException]:
        return await asyncio.gather(
            *(bus.submit(CommandName.PAUSE, "main", None, "x") for _ in range(WAITING_MAX + 1)),
            return_exceptions=True,
        )

    refused = [one for one in asyncio.run(flood()) if isinstance(one, CommandRefused)]
    assert len(refused) == 1


def test_a_refusal_is_written_down(bus: CommandBus, audit: AuditLog) -> None:
    asyncio.run(bus.refused("halt", "http:192.0.2.7", "expected the token"))

    (line,) = audited(audit)
    assert (line["what"], line["source"]) == ("refused", "http:192.0.2.7")
    assert line["why"] == "expected the token"


def test_what_strangers_try_is_one_line_a_minute_for_each_and_then_a_count(
    bus: CommandBus, audit: AuditLog, account: Any
) -> None:
    """Whoever reaches the port can neither fill the disk nor push the genuine lines out of it."""

    async def flood() -> None:
        for _ in range(500):
            await bus.turned_away("halt", "http:192.0.2.7", "expected the token")
        await bus.turned_away("halt", "http:192.0.2.8", "expected the token")
        account.now = Instant(account.now + STRANGERS_US)
        await bus.turned_away("pause", "http:192.0.2.7", "expected the token")

    asyncio.run(flood())

    told = [(row["command"], row["source"], row.get("times")) for row in audited(audit)]
    assert told == [
        ("halt", "http:192.0.2.7", None),
        ("halt", "http:192.0.2.8", None),
        ("pause", "http:192.0.2.7", None),
        ("any", "http:192.0.2.7", 499),
    ]
