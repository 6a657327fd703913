"""Modes: everybody may ask, the worst request wins, each one keeps its cause and age (L29)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import Instant
from gridcore.saved import Saved
from gridcore.session.modes import ACCOUNT, Mode, ModeBoard, ModeCause, ModeRequest

SCOPES = (ACCOUNT, "BTCUSDT", "BTCUSDT/long", "BTCUSDT/short", "ETHUSDT", "ETHUSDT/long")

REQUESTS = st.builds(
    ModeRequest,
    scope=st.sampled_from(SCOPES),
    cause=st.sampled_from(ModeCause),
    mode=st.sampled_from([Mode.NO_OPEN, Mode.CLOSE_ONLY, Mode.HALT]),
    ended_by=st.just("something"),
    since=st.integers(0, 100).map(Instant),
)


def request(
    scope: str,
    cause: ModeCause = ModeCause.RECONCILE,
    mode: Mode = Mode.NO_OPEN,
    since: int = 1,
) -> ModeRequest:
    return ModeRequest(scope=scope, cause=cause, mode=mode, ended_by="x", since=Instant(since))


@pytest.mark.parametrize(
    ("scope", "concerned"),
    [
        (ACCOUNT, {"BTCUSDT/long", "BTCUSDT/short", "ETHUSDT/long", "ETHUSDT/short"}),
        ("BTCUSDT", {"BTCUSDT/long", "BTCUSDT/short"}),
        ("BTCUSDT/short", {"BTCUSDT/short"}),
    ],
)
def test_a_request_concerns_its_scope_and_nothing_else(scope: str, concerned: set[str]) -> None:
    board = ModeBoard()

    board.ask(request(scope))

    for symbol in ("BTCUSDT", "ETHUSDT"):
        for direction in ("long", "short"):
            expected = Mode.NO_OPEN if f"{symbol}/{direction}" in concerned else Mode.NORMAL
            assert board.mode(symbol, direction) is expected


def test_a_repeated_request_changes_nothing_and_keeps_its_age() -> None:
    board = ModeBoard()
    assert board.ask(request("BTCUSDT", since=1))
    version = board.version

    assert not board.ask(request("BTCUSDT", since=50))

    assert board.standing()[0].since == 1
    assert board.version == version


def test_the_same_cause_may_ask_for_another_mode() -> None:
    board = ModeBoard()
    board.ask(request("BTCUSDT", mode=Mode.NO_OPEN))

    assert board.ask(request("BTCUSDT", mode=Mode.HALT))

    assert board.mode("BTCUSDT", "long") is Mode.HALT
    assert len(board.standing()) == 1


def test_a_request_stands_until_its_own_cause_withdraws_it_l38() -> None:
    board = ModeBoard()
    board.ask(request("BTCUSDT", ModeCause.RECONCILE))

    assert not board.withdraw("BTCUSDT", ModeCause.STREAM_LOST)
    assert not board.withdraw(ACCOUNT, ModeCause.RECONCILE)
    assert board.mode("BTCUSDT", "long") is Mode.NO_OPEN

    assert board.withdraw("BTCUSDT", ModeCause.RECONCILE)
    assert board.mode("BTCUSDT", "long") is Mode.NORMAL
    assert not board.any_standing


def test_standing_requests_are_listed_oldest_first() -> None:
    board = ModeBoard()
    for scope, since in (("ETHUSDT", 9), ("BTCUSDT", 3), (ACCOUNT, 9)):
        board.ask(request(scope, since=since))

    assert [asked.scope for asked in board.standing()] == ["BTCUSDT", ACCOUNT, "ETHUSDT"]


@given(st.lists(REQUESTS), st.lists(st.tuples(st.sampled_from(SCOPES), st.sampled_from(ModeCause))))
def test_the_worst_request_wins(
    asked: list[ModeRequest], withdrawn: list[tuple[str, ModeCause]]
) -> None:
    board, plain = ModeBoard(), dict[tuple[str, ModeCause], Mode]()
    for one in asked:
        board.ask(one)
        plain[one.scope, one.cause] = one.mode
    for scope, cause in withdrawn:
        assert board.withdraw(scope, cause) is (plain.pop((scope, cause), None) is not None)

    for symbol in ("BTCUSDT", "ETHUSDT"):
        for direction in ("long", "short"):
            scopes = {ACCOUNT, symbol, f"{symbol}/{direction}"}
            expected = max(
                (mode for (scope, _), mode in plain.items() if scope in scopes),
                default=Mode.NORMAL,
            )
            assert board.mode(symbol, direction) is expected
    assert board.any_standing is bool(plain)


@given(st.lists(REQUESTS))
def test_restore_is_the_inverse_of_snapshot(asked: list[ModeRequest]) -> None:
    board, restored = ModeBoard(), ModeBoard()
    restored.ask(request("stale"))
    for one in asked:
        board.ask(one)

    restored.restore([Saved(part) for part in json.loads(json.dumps(board.snapshot()))])

    assert restored.snapshot() == board.snapshot()
    assert restored.standing() == board.standing()
