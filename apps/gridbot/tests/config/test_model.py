from typing import Any

import pytest
from pydantic import ValidationError

from gridbot.config.model import GridbotConfig

MAIN = {"name": "main", "api_key": "env:KEY", "api_secret": "env:SECRET"}
SPARE = {"name": "spare", "api_key": "env:KEY2", "api_secret": "env:SECRET2"}
GUARD = {"api_key": "env:GUARD_KEY", "api_secret": "env:GUARD_SECRET"}
SIMULATOR = "http://127.0.0.1:18080"


def strategy(strat_id: str, account: str = "main", symbol: str = "BTCUSDT") -> dict[str, str]:
    return {"strat_id": strat_id, "account": account, "symbol": symbol}


def config(**changes: Any) -> GridbotConfig:
    whole = {"accounts": [MAIN], "strategies": [strategy("grid")]} | changes
    return GridbotConfig.model_validate(whole)


def test_strategies_belong_to_their_account() -> None:
    found = config(
        accounts=[MAIN, SPARE],
        strategies=[strategy("a"), strategy("b", "spare"), strategy("c", symbol="ETHUSDT")],
    )

    main = found.account("main")
    assert [one.strat_id for one in found.strategies_of(main)] == ["a", "c"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"accounts": [MAIN, SPARE | {"name": "main"}]}, "main stands twice"),
        (
            {
                "accounts": [MAIN, SPARE | {"api_key": "env:KEY"}],
                "strategies": [strategy("a"), strategy("b", "spare")],
            },
            "a different api_key for each account",
        ),
        (
            {"strategies": [strategy("grid"), strategy("grid", symbol="ETHUSDT")]},
            "grid stands twice",
        ),
        ({"strategies": [strategy("a"), strategy("b")]}, "one strategy on BTCUSDT of account main"),
        ({"strategies": [strategy("a", "mian")]}, "one of the accounts main, found 'mian'"),
        ({"accounts": [MAIN, SPARE]}, "account spare: expected a strategy"),
        ({"strategies": []}, "at least 1 item"),
        ({"clock_speed": 10}, "clock_speed: expected only beside a simulator's URL"),
        ({"lockstep": True}, "lockstep: expected only beside a simulator's URL"),
        ({"symbol_check_s": 601}, "less than or equal to 600"),
        ({"rest_fetch_timeout": 0}, "greater than 0"),
        ({"guard": {"keys": {}}}, "at least 1 item"),
        (
            {"guard": {"keys": {"mian": GUARD}}},
            "guard.keys: expected one of the accounts main, found 'mian'",
        ),
        (
            {"guard": {"keys": {"main": GUARD | {"api_key": "env:KEY"}}}},
            "a key of the guard's own, found the daemon's",
        ),
        (
            {
                "accounts": [MAIN | {"environment": SIMULATOR, "shadow": True}],
                "lockstep": True,
            },
            "expected lockstep or shadow, found both",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(changes: dict[str, Any], reason: str) -> None:
    """live.md 4.2; L122: a timeout of 0 would be none."""
    with pytest.raises(ValidationError, match=reason):
        config(**changes)


def test_one_symbol_may_be_traded_on_two_accounts() -> None:
    found = config(accounts=[MAIN, SPARE], strategies=[strategy("a"), strategy("b", "spare")])

    assert len(found.strategies) == 2


def test_a_shadow_may_stand_beside_the_account_whose_key_it_reads_with() -> None:
    found = config(
        accounts=[MAIN, MAIN | {"name": "twin", "shadow": True, "shadow_balance": "500"}],
        strategies=[strategy("a"), strategy("b", "twin")],
        data_folder="data",
    )

    main, twin = found.accounts
    assert not found.shadows_only
    assert [str(found.folder_of(one)) for one in (main, twin)] == ["data", "data/shadow"]
    assert str(found.home) == "data"


def test_a_process_of_shadows_alone_keeps_everything_apart() -> None:
    found = config(accounts=[MAIN | {"shadow": True}], data_folder="data")

    assert found.shadows_only
    assert str(found.home) == "data/shadow"


def test_the_clock_may_run_fast_at_a_simulator_only() -> None:
    fast = config(accounts=[MAIN | {"environment": SIMULATOR}], clock_speed=10)

    assert (fast.clock_speed, fast.accounts[0].market) == (10, "sim")
    with pytest.raises(ValidationError, match="expected clock_speed or lockstep, found both"):
        config(accounts=[MAIN | {"environment": SIMULATOR}], clock_speed=10, lockstep=True)


def test_plain_http_to_another_machine_is_refused() -> None:
    with pytest.raises(ValidationError, match="requests carry the key"):
        config(accounts=[MAIN | {"environment": "http://10.0.0.1"}])


def test_the_password_of_the_database_does_not_show() -> None:
    found = config(database_url="postgresql://bot:hunter2@db/grid")

    assert "hunter2" not in repr(found)
