from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bybit_adapter.rest_client import RestClient
from gridbot.diagnosis.account import diagnose_connection, diagnose_key, diagnose_margin_mode
from gridbot.diagnosis.words import Diagnosis, Health

Start = Callable[..., str]
Client = Callable[..., RestClient]
KEY, TIME, ACCOUNT = "/v5/user/query-api", "/v5/market/time", "/v5/account/info"


@pytest.fixture
def key(canned: Start, client: Client) -> Callable[..., dict[str, Diagnosis]]:
    """Diagnoses a key that the exchange describes otherwise."""

    def diagnose(**changes: Any) -> dict[str, Diagnosis]:
        rest = client(canned({KEY: lambda answer: answer.update(changes)}))
        return {one.subject: one for one in diagnose_key(rest)}

    return diagnose


Key = Callable[..., dict[str, Diagnosis]]


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days, hours=1)).isoformat(timespec="seconds")


def test_a_key_that_may_trade_from_one_address_is_well(key: Key) -> None:
    found = key(ips=["192.0.2.7"], expiredAt=in_days(90))

    assert {one.health for one in found.values()} == {Health.WELL}
    assert found["key's expiry"].text.startswith("the key ends in 90 days")


@pytest.mark.parametrize(
    ("changes", "subject", "health", "words"),
    [
        ({"readOnly": 1}, "key", Health.ILL, "may only read"),
        ({"permissions": {"Spot": ["SpotTrade"]}}, "key", Health.ILL, "may not place orders"),
        (
            {"permissions": {"ContractTrade": ["Order"], "Wallet": ["Withdraw"]}},
            "key",
            Health.ODD,
            "withdraw money too",
        ),
        ({"ips": ["*"]}, "key's address", Health.ODD, "from anywhere"),
        ({"expiredAt": in_days(3)}, "key's expiry", Health.ODD, "ends in 3 days"),
        ({"expiredAt": in_days(-3)}, "key's expiry", Health.ILL, "the key ended at"),
        ({"expiredAt": "some day"}, "key's expiry", Health.ODD, "expected a date"),
        ({"expiredAt": "2099-01-01T00:00:00"}, "key's expiry", Health.ODD, "expected a date"),
        ({"expiredAt": ""}, "key's expiry", Health.WELL, "does not expire"),
    ],
)
def test_what_is_wrong_with_a_key_is_told(
    key: Key, changes: dict[str, Any], subject: str, health: Health, words: str
) -> None:
    """W21."""
    found = key(**changes)[subject]

    assert (found.health, words in found.text) == (health, True)
    assert (found.remedy is None) is (health is Health.WELL)


def test_a_key_that_is_refused_is_one_diagnosis(simulator: Start, client: Client) -> None:
    rest = client(simulator(), key="nobody")
    rest.measure_clock()

    (found,) = diagnose_key(rest)

    assert found.health is Health.ILL
    assert "belong together" in str(found.remedy)


@pytest.mark.parametrize(
    ("ahead_s", "simulated", "health"),
    [(0, False, Health.WELL), (30, False, Health.ODD), (30, True, Health.WELL)],
)
def test_a_clock_that_is_off_is_told_but_at_a_simulator(
    canned: Start, client: Client, ahead_s: int, simulated: bool, health: Health
) -> None:
    def set_clock(answer: Any) -> None:
        now = datetime.now(UTC) + timedelta(seconds=ahead_s)
        answer["timeNano"] = str(int(now.timestamp() * 1_000_000_000))

    found = diagnose_connection(client(canned({TIME: set_clock})), simulated=simulated)

    assert (found.subject, found.health) == ("clock", health)


def test_an_exchange_that_is_not_there_is_ill(client: Client) -> None:
    found = diagnose_connection(client("http://127.0.0.1:9"), simulated=True)

    assert (found.subject, found.health) == ("connection", Health.ILL)


@pytest.mark.parametrize(
    ("mode", "health"),
    [
        ("REGULAR_MARGIN", Health.WELL),
        ("ISOLATED_MARGIN", Health.WELL),
        ("PORTFOLIO_MARGIN", Health.ILL),
    ],
)
def test_portfolio_margin_is_not_for_this_bot(
    canned: Start, client: Client, mode: str, health: Health
) -> None:
    url = canned({ACCOUNT: lambda answer: answer.update(marginMode=mode)})

    assert diagnose_margin_mode(client(url)).health is health


def test_a_margin_mode_that_is_not_told_is_ill(canned: Start, client: Client) -> None:
    assert diagnose_margin_mode(client(canned({ACCOUNT: None}))).health is Health.ILL
